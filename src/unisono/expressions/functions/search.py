"""Text: finding, measuring and replacing. Positions count from 1; 0 means that there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial

import polars as pl

from unisono.expressions.kinds import NUMBER, TEXT
from unisono.expressions.registry import Family, Operand, Parameter, number, text
from unisono.expressions.values import MOST_BYTES, Failure, expect_length
from unisono.model.schema import AttributeType

SEARCH = Family(title="Text: finding and replacing")

_COMPARE = text("compare", optional=True, options=("vbBinaryCompare", "vbTextCompare"))

#: A replacement that is longer than this many times what it replaces is done row by row, where it is bounded first.
_MOST_GROWTH = 4


def _len(s: Operand) -> pl.Expr:
    lengths = s.expr.bin.size() if s.kind.scalar is AttributeType.BINARY else s.expr.str.len_chars()
    return lengths.cast(pl.Int64)


@SEARCH.function(
    "Len",
    Parameter(name="s", accepts=frozenset({AttributeType.STRING, AttributeType.REFERENCE, AttributeType.BINARY})),
    gives=NUMBER,
    columnar=_len,
    examples=('Len("Blue Sky") => 8',),
)
def length(s: str | bytes) -> int:
    """The number of characters of a text, or of bytes of a binary."""
    return len(s)


def _in_str(s: Operand, m: Operand, start: Operand | None = None, compare: Operand | None = None) -> pl.Expr | None:
    if s.constant or not _is_exact(compare):
        return None
    rest, skipped = s.expr, pl.lit(0)
    if start is not None and not (start.constant and start.value <= 1):
        skipped = pl.when(start.expr > 1).then(start.expr - 1).otherwise(0)
        rest = s.expr.str.slice(skipped)
    parts = rest.str.splitn(m.value if m.constant else m.expr, 2)
    position = skipped + parts.struct.field("field_0").str.len_chars().cast(pl.Int64) + 1
    found = pl.when(parts.struct.field("field_1").is_not_null()).then(position).otherwise(0)
    if not (m.constant and m.value):  # the empty text is everywhere, also at the end
        anywhere = pl.when(skipped <= s.expr.str.len_chars()).then(skipped + 1).otherwise(0)
        found = pl.when(m.expr == "").then(anywhere).otherwise(found)
    operands = [operand.expr for operand in (s, m, start) if operand is not None and not operand.constant]
    return pl.when(pl.all_horizontal(operand.is_not_null() for operand in operands)).then(found)


def _is_exact(compare: Operand | None) -> bool:
    return compare is None or compare.value == "vbBinaryCompare"


def _without_case(
    find: Callable[..., pl.Expr | None], s: Operand, m: Operand, start: Operand | None = None, _: Operand | None = None
) -> pl.Expr | None:
    """The same in lower case; İ is the only letter that would become two then."""
    texts = [s] if m.constant else [s, m]
    wanted = replace(m, value=_lower_letters(m.value)) if m.constant else replace(m, expr=_lowered(m.expr))
    found = find(replace(s, expr=_lowered(s.expr)), wanted, start)
    if found is None:
        return None
    return pl.when(pl.all_horizontal(~text.expr.str.contains("İ", literal=True) for text in texts)).then(found)


def _lowered(s: pl.Expr) -> pl.Expr:
    """A sigma at the end of a word has a small letter of its own, but only where the word is seen whole."""
    return s.str.replace_all("Σ", "σ", literal=True).str.to_lowercase()


@SEARCH.function(
    "InStr",
    text("s"),
    text("m"),
    number("start", optional=True),
    _COMPARE,
    gives=NUMBER,
    columnar=_in_str,
    common=partial(_without_case, _in_str),
    mentions=6,
    examples=('InStr("robin@example.org", "@") => 6', 'InStr("repEated", "e", 3, vbBinaryCompare) => 7'),
)
def in_str(s: str, m: str, start: int = 1, compare: str = "vbBinaryCompare") -> int:
    """The position where the second text occurs first in the first one, from a start on."""
    s, m = _comparable(s, compare), _comparable(m, compare)
    return s.find(m, max(start, 1) - 1) + 1


def _in_str_rev(s: Operand, m: Operand, start: Operand | None = None, compare: Operand | None = None) -> pl.Expr | None:
    if s.constant or not (_is_exact(compare) and m.constant and m.value) or _overlaps_itself(m.value):
        return None
    part, known = s.expr, s.expr.is_not_null()
    if start is not None:
        part = part.str.slice(0, pl.when(start.expr > 0).then(start.expr).otherwise(_ENOUGH))
        known &= start.expr.is_not_null()
    before = part.str.len_chars().cast(pl.Int64) - part.str.split(m.value).list.last().str.len_chars()
    position = pl.when(before > 0).then(before - len(m.value) + 1).otherwise(0)
    return pl.when(known).then(position)


_ENOUGH = 1 << 40  # characters: more than any text has


def _overlaps_itself(m: str) -> bool:
    """Whether two of it can share a part, so that the last one need not be where a text is split last."""
    return any(m.startswith(m[place:]) for place in range(1, len(m)))


@SEARCH.function(
    "InStrRev",
    text("s"),
    text("m"),
    number("start", optional=True),
    _COMPARE,
    gives=NUMBER,
    columnar=_in_str_rev,
    common=partial(_without_case, _in_str_rev),
    mentions=6,
    examples=('InStrRev("a.b.c", ".") => 4',),
)
def in_str_rev(s: str, m: str, start: int = -1, compare: str = "vbBinaryCompare") -> int:
    """The position where the second text occurs last in the first one; a start limits it to so many characters."""
    s, m = _comparable(s, compare), _comparable(m, compare)
    return s.rfind(m, 0, start if start > 0 else None) + 1


def _comparable(s: str, compare: str) -> str:
    """For a comparison without case: lower case, but each character stays one, since positions are counted."""
    if compare == "vbBinaryCompare":
        return s
    return _lower_letters(s)


def _lower_letters(s: str) -> str:
    return "".join(lower if len(lower := c.lower()) == 1 else c for c in s)


def _expanded(s: str) -> str:
    return s.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t")


def _replace(s: Operand, old: Operand, new: Operand) -> pl.Expr | None:
    if not (old.constant and new.constant and old.value):
        return None
    before, after = _expanded(old.value), _expanded(new.value)
    if _growth({before: after}) > _MOST_GROWTH:
        return None
    return s.expr.str.replace_all(before, after, literal=True)


def _replace_common(s: Operand, old: Operand, new: Operand) -> pl.Expr | None:
    """Of texts that are short enough for whatever comes of them."""
    if not (old.constant and new.constant and old.value):
        return None
    before, after = _expanded(old.value), _expanded(new.value)
    is_short = s.expr.str.len_bytes() <= MOST_BYTES // _growth({before: after})
    return pl.when(is_short).then(s.expr.str.replace_all(before, after, literal=True))


def _growth(replacements: Mapping[str, str]) -> int:
    """How many times as many bytes can come of a text."""
    return max((-(-len(new.encode()) // len(old.encode())) for old, new in replacements.items()), default=1)


@SEARCH.function(
    "Replace",
    text("s"),
    text("old"),
    text("new"),
    gives=TEXT,
    columnar=_replace,
    common=_replace_common,
    mentions=2,
    grows=True,
    aliases=("ReplaceString",),
    examples=('Replace("a-b-c", "-", "") => "abc"', 'Replace([address], "\\r\\n", ", ") => "One Way, Rome"'),
)
def replaced(s: str, old: str, new: str) -> str:
    r"""Every occurrence of the old text replaced by the new; ``\n``, ``\r`` and ``\t`` in them mean the characters."""
    old, new = _expanded(old), _expanded(new)
    if not old:
        return s
    if len(new) > len(old):
        expect_length(len(s) + s.count(old) * (len(new) - len(old)))
    return s.replace(old, new)


@lru_cache(maxsize=256)
def _replacements(pattern: str) -> dict[str, str]:
    """Target by source character of a pattern ``a:x,b:yy,c:``; the first entry for a character counts."""
    replacements: dict[str, str] = {}
    for entry in filter(None, "".join(pattern.split()).split(",")):
        source, colon, target = entry.partition(":")
        if len(source) != 1 or not colon:
            raise Failure("the pattern must be a list like å:a,ß:ss,': of one character and its replacement each")
        replacements.setdefault(source, target)
    return replacements


def _wrong_pattern(pattern: str) -> str | None:
    try:
        _replacements(pattern)
    except Failure as failure:
        return str(failure)
    return None


def _replace_chars(s: Operand, pattern: Operand) -> pl.Expr | None:
    if not pattern.constant:
        return None
    replacements = _replacements(pattern.value)
    if _growth(replacements) > _MOST_GROWTH:
        return None
    return s.expr.str.replace_many(replacements) if replacements else s.expr


def _replace_chars_common(s: Operand, pattern: Operand) -> pl.Expr | None:
    if not pattern.constant:
        return None
    replacements = _replacements(pattern.value)
    is_short = s.expr.str.len_bytes() <= MOST_BYTES // _growth(replacements)
    return pl.when(is_short).then(s.expr.str.replace_many(replacements))


@SEARCH.function(
    "ReplaceChars",
    text("s"),
    text("pattern", check=_wrong_pattern),
    gives=TEXT,
    columnar=_replace_chars,
    common=_replace_chars_common,
    mentions=2,
    grows=True,
    examples=('ReplaceChars("straße", "ß:ss") => "strasse"',),
)
def replace_chars(s: str, pattern: str) -> str:
    """Single characters replaced as the pattern ``a:x,b:yy,c:`` says; white space in the pattern does not count."""
    replacements = _replacements(pattern)
    longest = max(map(len, replacements.values()), default=0)
    if len(s) * longest > MOST_BYTES:
        expect_length(sum(len(replacements.get(c, c)) for c in s))
    return "".join(replacements.get(c, c) for c in s)
