"""Values for the kit's objects: samples of every type, and texts that break careless connectors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from unisono.model.schema import AttributeType

_SAMPLES: dict[AttributeType, tuple[Any, ...]] = {
    AttributeType.STRING: ("one", "two", "three"),
    AttributeType.INTEGER: (0, -1, 42, 2**63 - 1, -(2**63)),
    AttributeType.BOOLEAN: (True, False),
    AttributeType.BINARY: (b"\x00\x01\xff", b"plain", bytes(range(256))),
    AttributeType.DATETIME: (
        datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2001, 9, 9, 1, 46, 40, 123456, tzinfo=UTC),
    ),
}


def sample_values(kind: AttributeType) -> tuple[Any, ...]:
    """Single values of the type; none for references, whose values are other objects."""
    return _SAMPLES.get(kind, ())


#: Texts by what is awkward about them. No two are equal, and none is equal to another but for case or blanks.
HOSTILE_TEXTS: dict[str, str] = {
    "empty": "",
    "leading blank": " leading",
    "trailing blank": "trailing ",
    "only blanks": "   ",
    "upper-case twin": "TWIN",
    "lower-case twin": "twin",
    "comma": "a,b",
    "semicolon": "a;b",
    "bar": "a|b",
    "tab": "a\tb",
    "double quote": 'say "yes"',
    "lone double quote": '"',
    "single quote": "O'Brien",
    "backslash": "C:\\temp\\",
    "line feed": "two\nlines",
    "line break of two characters": "two\r\nlines",
    "carriage return": "two\rlines",
    "colon": ": starts with a colon",
    "less-than": "< starts with less-than",
    "hash": "# not a comment",
    "equals and plus": "a=b+c",
    "parentheses and star": "(*)(uid=*)",
    "percent and underscore": "100%_",
    "statement": "'); DROP TABLE person; --",
    "formula": "=1+1",
    "null in letters": "NULL",
    "number with zeros": "007",
    "boolean in letters": "true",
    "composed letter": "caf\u00e9",
    "decomposed letter": "cafe\u0301",
    "astral": "\U0001f600",
    "right to left": "\u05e9\u05dc\u05d5\u05dd",
    "sharp s": "Stra\u00dfe",
    "dotted capital i": "\u0130stanbul",
    "byte order mark": "\ufeffmark",
    "zero width": "a\u200bb",
    "line separator": "a\u2028b",
    "control character": "a\x01b",
    "long": "x" * 1000,
}
