"""Values inside an expression: bool, int (64 bits), str, bytes, aware UTC datetime, a list of these, or None."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Scalar: TypeAlias = bool | int | str | bytes | datetime
Printable: TypeAlias = bool | int | str | datetime
Value: TypeAlias = Scalar | Sequence[Scalar] | None


#: Among the things that an evaluator knows by number, where variables count from 0: the object's identity, and the
#: steps that are left to it.
IDENTITY, STEPS = -1, -2


def imported_name(attribute: str) -> str:
    """Under what the target object's value of an attribute is found beside the source object's own attributes."""
    return f"ImportedValue({attribute})"


class Marker(StrEnum):
    """Results that say something to precedence instead of giving a value (engine specification §4.10)."""

    AUTHORITATIVE_NULL = "authoritative-null"  # no value, and weaker rules must not contribute either
    IGNORE = "ignore"  # as if the rule were absent; the present value stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an expression gives for one object; with an error or a marker there is no value."""

    value: Value = None
    error: str | None = None
    marker: str | None = None


class Failure(Exception):
    """Evaluation of one object failed; ``str()`` is for the administrator and holds no value of the object."""


#: Bytes (of UTF-8, for texts) that one result may have. Without a bound a short expression could double its way up.
MOST_BYTES = 1 << 20
TOO_LONG = "the result is longer than 1 MiB"

#: Bytes that the texts or binaries of one list may have together, where they can be longer than those they come of.
MOST_LIST_BYTES = 64 << 20
LIST_TOO_LONG = "the results for all values together are longer than 64 MiB"

MOST_STEPS = 100_000
TOO_MANY_STEPS = "lists within lists have too many values together"

LEAST_INTEGER, MOST_INTEGER = -(1 << 63), (1 << 63) - 1
OUT_OF_RANGE = "the result is beyond a 64-bit number"

#: Unicode's White_Space property. Python's own notion adds the separators U+001C to U+001F, Polars' does not.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)


def within_bytes(value: Value) -> Value:
    """``value``, unless it is too long."""
    if isinstance(value, str):
        if len(value) > MOST_BYTES // 4 and len(value.encode()) > MOST_BYTES:
            raise Failure(TOO_LONG)
    elif isinstance(value, bytes) and len(value) > MOST_BYTES:
        raise Failure(TOO_LONG)
    return value


def expect_length(characters: int) -> None:
    """Refuse before so many characters are built."""
    if characters > MOST_BYTES:
        raise Failure(TOO_LONG)


def within_integer(number: int) -> int:
    if not LEAST_INTEGER <= number <= MOST_INTEGER:
        raise Failure(OUT_OF_RANGE)
    return number


def text_of(value: Printable) -> str:
    """How a value prints, in ``&`` and ``CStr``."""
    match value:
        case bool():
            return "True" if value else "False"
        case datetime():
            return f"{value.year:04}-{value:%m-%dT%H:%M:%S}{_fraction(value.microsecond)}Z"
        case _:
            return str(value)


def _fraction(microsecond: int) -> str:
    if microsecond == 0:
        return ""
    return f".{microsecond // 1000:03}" if microsecond % 1000 == 0 else f".{microsecond:06}"


def listed(values: Iterable[Scalar | None]) -> list[Scalar]:
    """A list of values; it never holds NULL."""
    return [value for value in values if value is not None]


def within_list_bytes(values: Iterable[Scalar | None]) -> Iterator[Scalar | None]:
    """The values; after the last one it raises ``Failure`` where their texts or binaries are too long together.

    Each is asked for, even behind the limit: an error in one of them comes first, wherever it stands.
    """
    length = 0
    for value in values:
        if isinstance(value, bytes):
            length += len(value)
        elif isinstance(value, str):  # most are of ASCII: those need not be encoded to know their length
            length += len(value) if value.isascii() else len(value.encode())
        if length <= MOST_LIST_BYTES:
            yield value
    if length > MOST_LIST_BYTES:
        raise Failure(LIST_TOO_LONG)


@dataclass(slots=True)
class Steps:
    """How often the bodies of lists within each other may still be evaluated for one object.

    Lists within lists multiply: without a bound, a short expression over short lists could take for ever.
    """

    left: int = MOST_STEPS

    def take(self, count: int) -> None:
        """Raises ``Failure`` where there are not so many left."""
        self.left -= count
        if self.left < 0:
            raise Failure(TOO_MANY_STEPS)
