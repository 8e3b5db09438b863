"""Text: finding, measuring and replacing. Positions count from 1; 0 means that there is none."""

from __future__ import annotations

from functools import lru_cache

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
    exact = compare is None or compare.value == "vbBinaryCompare"
    whole = start is None or (start.constant and start.value <= 1)
    if not (exact and whole and m.constant and m.value):
        return None
    parts = s.expr.str.splitn(m.value, 2)
    position = parts.struct.field("field_0").str.len_chars().cast(pl.Int64) + 1
    found = parts.struct.field("field_1").is_not_null()
    return pl.when(found).then(position).when(s.expr.is_not_null()).then(0)


@SEARCH.function(
    "InStr",
    text("s"),
    text("m"),
    number("start", optional=True),
    _COMPARE,
    gives=NUMBER,
    columnar=_in_str,
    mentions=3,
    examples=('InStr("robin@example.org", "@") => 6', 'InStr("repEated", "e", 3, vbBinaryCompare) => 7'),
)
def in_str(s: str, m: str, start: int = 1, compare: str = "vbBinaryCompare") -> int:
    """The position where the second text occurs first in the first one, from a start on."""
    s, m = _comparable(s, compare), _comparable(m, compare)
    return s.find(m, max(start, 1) - 1) + 1


@SEARCH.function(
    "InStrRev",
    text("s"),
    text("m"),
    number("start", optional=True),
    _COMPARE,
    gives=NUMBER,
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
    return "".join(lower if len(lower := c.lower()) == 1 else c for c in s)


def _expanded(s: str) -> str:
    return s.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t")


def _replace(s: Operand, old: Operand, new: Operand) -> pl.Expr | None:
    if not (old.constant and new.constant and old.value):
        return None
    before, after = _expanded(old.value), _expanded(new.value)
    if len(after.encode()) > _MOST_GROWTH * len(before.encode()):
        return None
    return s.expr.str.replace_all(before, after, literal=True)


@SEARCH.function(
    "Replace",
    text("s"),
    text("old"),
    text("new"),
    gives=TEXT,
    columnar=_replace,
    grows=True,
    aliases=("ReplaceString",),
    examples=('Replace("a-b-c", "-", "") => "abc"', 'Replace([address], "\\r\\n", ", ") => "One Way, Rome"'),
)
def replace(s: str, old: str, new: str) -> str:
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
    if any(len(new.encode()) > _MOST_GROWTH * len(old.encode()) for old, new in replacements.items()):
        return None
    return s.expr.str.replace_many(replacements) if replacements else s.expr


@SEARCH.function(
    "ReplaceChars",
    text("s"),
    text("pattern", check=_wrong_pattern),
    gives=TEXT,
    columnar=_replace_chars,
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
