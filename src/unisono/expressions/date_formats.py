"""Dates as text: the formats of .NET that ``FormatDateTime`` takes (configuration specification §13.4).

Names are English, whatever the machine speaks, and the zone is UTC. A format of one letter is a standard one, which
stands for a custom one; any other format is a custom one, in which runs of certain letters stand for parts of the date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from unisono.expressions.values import Failure

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
}
_STANDARD |= {upper: _STANDARD[upper.lower()] for upper in "MORY"}
_MOST_FRACTION = 7


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a date: how it is written, and the directive for a whole column (None: there is none)."""

    write: Callable[[datetime], str]
    directive: str | None = None


def _half(instant: datetime) -> str:
    return "AM" if instant.hour < 12 else "PM"


def _hour_of_half(instant: datetime) -> int:
    return (instant.hour + 11) % 12 + 1


def _fraction(instant: datetime, digits: int) -> str:
    return f"{instant.microsecond:06}0"[:digits]


#: By letter, the parts for one of it, two and so on; the last one stands for longer runs too.
_PARTS: dict[str, tuple[_Part, ...]] = {
    "M": (
        _Part(lambda t: str(t.month), "%-m"),
        _Part(lambda t: f"{t.month:02}", "%m"),
        _Part(lambda t: _MONTHS[t.month - 1][:3], "%b"),
        _Part(lambda t: _MONTHS[t.month - 1], "%B"),
    ),
    "d": (
        _Part(lambda t: str(t.day), "%-d"),
        _Part(lambda t: f"{t.day:02}", "%d"),
        _Part(lambda t: _DAYS[t.weekday()][:3], "%a"),
        _Part(lambda t: _DAYS[t.weekday()], "%A"),
    ),
    "H": (_Part(lambda t: str(t.hour), "%-H"), _Part(lambda t: f"{t.hour:02}", "%H")),
    "h": (_Part(lambda t: str(_hour_of_half(t)), "%-I"), _Part(lambda t: f"{_hour_of_half(t):02}", "%I")),
    "m": (_Part(lambda t: str(t.minute), "%-M"), _Part(lambda t: f"{t.minute:02}", "%M")),
    "s": (_Part(lambda t: str(t.second), "%-S"), _Part(lambda t: f"{t.second:02}", "%S")),
    "t": (_Part(lambda t: _half(t)[0]), _Part(_half, "%p")),
    "z": (_Part(lambda _: "+0"), _Part(lambda _: "+00"), _Part(lambda _: "+00:00")),
    "g": (_Part(lambda _: "A.D."),),
}


def _year(length: int) -> _Part:
    match length:
        case 1:
            return _Part(lambda t: str(t.year % 100))
        case 2:
            return _Part(lambda t: f"{t.year % 100:02}", "%y")
        case 4:
            return _Part(lambda t: f"{t.year:04}", "%Y")
        case _:
            return _Part(lambda t: f"{t.year:0{length}}")


def _second_part(run: str) -> _Part:
    """``f`` writes all digits; ``F`` leaves out the zeros at the end, and a point in front of it if nothing is left."""
    digits = len(run.lstrip("."))
    if digits > _MOST_FRACTION:
        raise Failure(f"a fraction of a second has up to {_MOST_FRACTION} digits")
    if run.endswith("f"):
        return _Part(lambda t: _fraction(t, digits), f"%{digits}f" if digits in (3, 6) else None)
    point = "." if run.startswith(".") else ""

    def shortened(instant: datetime) -> str:
        left = _fraction(instant, digits).rstrip("0")
        return point + left if left else ""

    return _Part(shortened)


_PIECE = re.compile(
    r"""
      (?P<fraction> f+ | \.?F+ )
    | (?P<run> (?P<letter>[yMdHhmstzg])(?P=letter)* )
    | (?P<utc> K )
    | (?P<quote>['"]) (?P<inside> (?: \\. | (?!(?P=quote)). )*? ) (?P=quote)
    | \\(?P<escaped> . )
    | % (?= [^%] )
    | (?P<one> [^\\%'"] )
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=256)
def _pieces(form: str) -> Sequence[str | _Part]:
    """Texts and parts of the date. Raises ``Failure``."""
    if len(form) == 1 and form.isascii() and form.isalpha():
        if form not in _STANDARD:
            raise Failure(f"there is no standard format {form}")
        form = _STANDARD[form]
    pieces: list[str | _Part] = []
    end = 0
    while end < len(form):
        match = _PIECE.match(form, end)
        if match is None:
            raise Failure("a quote is not closed" if form[end] in "'\"" else f"nothing follows {form[end]}")
        pieces.append(_piece(match))
        end = match.end()
    return tuple(pieces)


def _piece(found: re.Match[str]) -> str | _Part:
    if fraction := found["fraction"]:
        return _second_part(fraction)
    if run := found["run"]:
        if run[0] == "y":
            return _year(len(run))
        parts = _PARTS[run[0]]
        return parts[min(len(run), len(parts)) - 1]
    if found["utc"]:
        return "Z"
    if found["quote"]:
        return re.sub(r"\\(.)", r"\1", found["inside"], flags=re.DOTALL)
    return found["escaped"] or found["one"] or ""


def wrong_format(form: str) -> str | None:
    """What is wrong with the format, or None."""
    try:
        _pieces(form)
    except Failure as failure:
        return f"wrong format: {failure}"
    return None


def write_date(instant: datetime, form: str) -> str:
    """The instant in that format. Raises ``Failure``."""
    return "".join(piece if isinstance(piece, str) else piece.write(instant) for piece in _pieces(form))


def strftime(form: str) -> str | None:
    """The format for a whole column, or None when it has a part that only ``write_date`` knows. Raises ``Failure``."""
    directives = [piece.replace("%", "%%") if isinstance(piece, str) else piece.directive for piece in _pieces(form)]
    known = [directive for directive in directives if directive is not None]
    return "".join(known) if len(known) == len(directives) else None
