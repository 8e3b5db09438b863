"""Text: case, white space, parts and padding. Lengths and positions count characters (code points)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeVar

import polars as pl

from unisono.expressions.kinds import BINARY, TEXT
from unisono.expressions.registry import Family, Operand, binary, number, text
from unisono.expressions.values import WHITE_SPACE, expect_length

TEXTS = Family(title="Text: case, parts, padding")

#: Text for which NULL counts as empty.
_OPTIONAL_TEXT = text("s", takes_null=True)
_ENOUGH = 1 << 40  # characters: more than any text has

# --- case and white space -------------------------------------------------------------------------------------------


@TEXTS.function(
    "LCase",
    text("s"),
    gives=TEXT,
    columnar=lambda s: s.expr.str.to_lowercase(),
    aliases=("LowerCase",),
    examples=('LCase("TeSt") => "test"',),
)
def lcase(s: str) -> str:
    """The text in lower case."""
    return s.lower()


@TEXTS.function(
    "UCase",
    text("s"),
    gives=TEXT,
    columnar=lambda s: s.expr.str.to_uppercase(),
    aliases=("UpperCase",),
    examples=('UCase([accountName]) => "REXAMPLE"', 'UCase([tags]) => ["RED", "BLUE"]'),
)
def ucase(s: str) -> str:
    """The text in upper case."""
    return s.upper()


#: A letter, then letters, digits, combining marks and apostrophes.
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’\u0300-\u036f])*")


#: Letters of which Polars and Python make the same capitals, one for each: Latin without ı, ŉ and ſ, Cyrillic, Han.
CASED = "A-Za-zÀ-ÖØ-Þà-öø-įĴ-ňŊ-ž\u0400-\u045f\u4e00-\u9fff"
#: What begins a word for Polars does so here: no apostrophe, and no letter after a digit. With capitals at beginnings
#: only, there is no word of several letters that is all in capitals.
_EASY_WORDS = rf"\A[{CASED}0-9 ,.;:()&/+-]*\z"
_UNEASY = r"\pL\p{Lu}|[0-9]\pL"


def _p_case(s: Operand) -> pl.Expr:
    is_easy = s.expr.str.contains(_EASY_WORDS) & ~s.expr.str.contains(_UNEASY)
    return pl.when(is_easy).then(s.expr.str.to_titlecase())


@TEXTS.function(
    "PCase",
    text("s"),
    gives=TEXT,
    common=_p_case,
    mentions=4,
    examples=('PCase("robin example") => "Robin Example"', 'PCase("TEsT") => "Test"'),
)
def pcase(s: str) -> str:
    """The first letter of each word in upper case, the rest in lower case; a word all in capitals stays."""
    return _WORD.sub(lambda match: _proper(match.group()), s)


def _proper(word: str) -> str:
    return word if len(word) > 1 and word == word.upper() else word[0].title() + word[1:].lower()


@TEXTS.function(
    "Trim",
    text("s"),
    gives=TEXT,
    columnar=lambda s: s.expr.str.strip_chars(),
    examples=('Trim(" Test ") => "Test"',),
)
def trim(s: str) -> str:
    """The text without white space at both ends."""
    return s.strip(WHITE_SPACE)


@TEXTS.function(
    "LTrim",
    text("s"),
    gives=TEXT,
    columnar=lambda s: s.expr.str.strip_chars_start(),
    examples=('LTrim(" Test ") => "Test "',),
)
def ltrim(s: str) -> str:
    """The text without white space at its beginning."""
    return s.lstrip(WHITE_SPACE)


@TEXTS.function(
    "RTrim",
    text("s"),
    gives=TEXT,
    columnar=lambda s: s.expr.str.strip_chars_end(),
    examples=('RTrim(" Test ") => " Test"',),
)
def rtrim(s: str) -> str:
    """The text without white space at its end."""
    return s.rstrip(WHITE_SPACE)


# --- parts ---------------------------------------------------------------------------------------------------------


def _length(n: Operand) -> pl.Expr:
    """A length, where a negative one means everything."""
    return pl.when(n.expr < 0).then(_ENOUGH).otherwise(n.expr)


def _left(s: Operand, n: Operand) -> pl.Expr:
    return pl.when(n.expr.is_not_null()).then(s.expr.fill_null("").str.slice(0, _length(n)))


def _right(s: Operand, n: Operand) -> pl.Expr:
    return pl.when(n.expr.is_not_null()).then(s.expr.fill_null("").str.tail(_length(n)))


@TEXTS.function(
    "Left",
    _OPTIONAL_TEXT,
    number("n"),
    gives=TEXT,
    columnar=_left,
    mentions=2,
    examples=('Left("Blue Sky", 3) => "Blu"', 'Left([mail], 3) => ""'),
)
def left(s: str | None, n: int) -> str:
    """The first n characters; all of them for a negative n, the empty text for NULL."""
    s = s or ""
    return s if n < 0 else s[:n]


@TEXTS.function(
    "Right",
    _OPTIONAL_TEXT,
    number("n"),
    gives=TEXT,
    columnar=_right,
    mentions=2,
    examples=('Right("Blue Sky", 3) => "Sky"',),
)
def right(s: str | None, n: int) -> str:
    """The last n characters; all of them for a negative n, the empty text for NULL."""
    s = s or ""
    return s if n < 0 or n >= len(s) else s[len(s) - n :]


def mid_columns(s: Operand, start: Operand, n: Operand | None = None) -> pl.Expr:
    characters = s.expr.fill_null("")
    offset, length, known = _span(characters.str.len_chars(), start, n)
    return pl.when(known).then(characters.str.slice(offset, length))


def _mid_binary(s: Operand, start: Operand, n: Operand | None = None) -> pl.Expr:
    data = s.expr.fill_null(pl.lit(b""))
    offset, length, known = _span(data.bin.size(), start, n)
    return pl.when(known).then(data.bin.slice(offset, length))


def _span(size: pl.Expr, start: Operand, n: Operand | None) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Offset and length of what ``Mid`` gives, and whether neither start nor n is NULL."""
    first = start.expr
    whole, known = (first < 1) | (first > size), first.is_not_null()
    length: pl.Expr = pl.lit(_ENOUGH)
    if n:
        whole, known = whole | (n.expr < 0), known & n.expr.is_not_null()
        length = pl.when(whole & (n.expr != 0)).then(_ENOUGH).otherwise(n.expr)
    return pl.when(whole).then(0).otherwise(first - 1), length, known


@TEXTS.function(
    "Mid",
    _OPTIONAL_TEXT,
    number("start"),
    number("n", optional=True),
    gives=TEXT,
    columnar=mid_columns,
    mentions=4,
    examples=('Mid("Blue Sky", 3, 5) => "ue Sk"', 'Mid("Blue Sky", 6, 999) => "Sky"'),
)
def mid(s: str | None, start: int, n: int | None = None) -> str:
    """n characters (the rest, if n is left out) from a position on; the input if nothing is there, empty for NULL."""
    return _middle(s or "", start, n)


@TEXTS.function(
    "Mid",
    binary("s", takes_null=True),
    number("start"),
    number("n", optional=True),
    gives=BINARY,
    columnar=_mid_binary,
    mentions=4,
    examples=("Mid([objectGUID], 1, 2) => 0x0011",),
)
def mid_binary(s: bytes | None, start: int, n: int | None = None) -> bytes:
    """Of a binary: n bytes (the rest, if n is left out) from a position on; the input if nothing is there."""
    return _middle(s or b"", start, n)


_Cuttable = TypeVar("_Cuttable", str, bytes)


def _middle(s: _Cuttable, start: int, n: int | None) -> _Cuttable:
    if n == 0:
        return s[:0]
    if start < 1 or start > len(s) or (n is not None and n < 0):
        return s
    return s[start - 1 :] if n is None else s[start - 1 : start - 1 + n]


def _word(s: Operand, n: Operand, delimiters: Operand) -> pl.Expr | None:
    if not (delimiters.constant and delimiters.value):
        return None
    first, *others = dict.fromkeys(delimiters.value)
    pieces = s.expr.fill_null("")
    if others:
        pieces = pieces.str.replace_many(dict.fromkeys(others, first))
    index = pl.when(n.expr.is_between(1, _MOST_WORDS)).then(n.expr - 1)
    found = pieces.str.split(first).list.get(index, null_on_oob=True)
    return pl.when(n.expr.is_not_null()).then(found.fill_null(""))


_MOST_WORDS = 1 << 20


@lru_cache(maxsize=256)
def _any_of(characters: str) -> re.Pattern[str]:
    return re.compile("[" + re.escape(characters) + "]")


@TEXTS.function(
    "Word",
    _OPTIONAL_TEXT,
    number("n"),
    text("delimiters"),
    gives=TEXT,
    columnar=_word,
    mentions=2,
    examples=('Word("The quick brown fox", 3, " ") => "brown"',),
)
def word(s: str | None, n: int, delimiters: str) -> str:
    """The n-th piece of the text between any of the delimiters; empty pieces count, and a missing one is empty."""
    s = s or ""
    pieces = _any_of(delimiters).split(s) if delimiters else [s]
    return pieces[n - 1] if 1 <= n <= len(pieces) else ""


def one_character(value: str) -> str | None:
    return None if len(value) == 1 else "exactly one character is needed"


_CHARACTER = text("c", check=one_character)


def _padded(s: str | None, n: int, padding: str, *, at_start: bool) -> str:
    if s is None:
        return ""
    expect_length(n)
    return s.rjust(n, padding) if at_start else s.ljust(n, padding)


def _pad(s: Operand, n: Operand, c: Operand, *, at_start: bool) -> pl.Expr | None:
    if not (n.constant and c.constant and n.value <= _MOST_PADDED):
        return None
    width = max(n.value, 0)
    padded = s.expr.str.pad_start(width, c.value) if at_start else s.expr.str.pad_end(width, c.value)
    return padded.fill_null("")


def _pad_common(s: Operand, n: Operand, c: Operand, *, at_start: bool) -> pl.Expr | None:
    """A short text, or NULL, to a short length."""
    if not c.constant:
        return None
    width = pl.when(n.expr <= _MOST_PADDED).then(n.expr.clip(0))
    padded = s.expr.str.pad_start(width, c.value) if at_start else s.expr.str.pad_end(width, c.value)
    short = pl.when(s.expr.str.len_bytes() <= _MOST_PADDED).then(padded)
    return pl.when(s.expr.is_not_null()).then(short).when(n.expr.is_not_null()).then(pl.lit(""))


_MOST_PADDED = 1024


@TEXTS.function(
    "PadLeft",
    _OPTIONAL_TEXT,
    number("n"),
    _CHARACTER,
    gives=TEXT,
    columnar=lambda s, n, c: _pad(s, n, c, at_start=True),
    common=lambda s, n, c: _pad_common(s, n, c, at_start=True),
    mentions=3,
    grows=True,
    aliases=("LeftPad",),
    examples=('PadLeft("User", 10, "0") => "000000User"',),
)
def pad_left(s: str | None, n: int, c: str) -> str:
    """The text filled up with the character at its beginning to n characters; empty for NULL."""
    return _padded(s, n, c, at_start=True)


@TEXTS.function(
    "PadRight",
    _OPTIONAL_TEXT,
    number("n"),
    _CHARACTER,
    gives=TEXT,
    columnar=lambda s, n, c: _pad(s, n, c, at_start=False),
    common=lambda s, n, c: _pad_common(s, n, c, at_start=False),
    mentions=3,
    grows=True,
    aliases=("RightPad",),
    examples=('PadRight("User", 10, "0") => "User000000"',),
)
def pad_right(s: str | None, n: int, c: str) -> str:
    """The text filled up with the character at its end to n characters; empty for NULL."""
    return _padded(s, n, c, at_start=False)
