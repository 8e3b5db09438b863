"""Dates as text: what ``CDate`` reads, what ``FormatDateTime`` writes. English names, whatever the machine speaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from unisono.expressions.values import Failure

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
BEYOND = "the date is beyond the years 1 to 9999"

_DATE = re.compile(
    r"""
    (?: (?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})
      | (?P<us_month>\d{1,2})/(?P<us_day>\d{1,2})/(?P<us_year>\d{4}) )
    (?: (?:T|\ +) (?P<hour>\d{1,2}):(?P<minute>\d{2}) (?: :(?P<second>\d{2}) (?:\.(?P<fraction>\d+))? )?
        (?: \ *(?P<half>[AaPp])[Mm] )?
        (?: \ *(?: Z | UTC | GMT | (?P<sign>[+-])(?P<zone_hours>\d{1,2}) (?: :?(?P<zone_minutes>\d{2}) )? ) )?
    )?
    """,
    re.VERBOSE | re.ASCII,
)


def read_date(text: str) -> datetime:
    """The instant that a text names; without a zone it is UTC. Raises ``Failure``."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise Failure("the text is not a date")
    part = match.groupdict(default="0")
    year, month, day = (int(part[name]) or int(part[f"us_{name}"]) for name in ("year", "month", "day"))
    try:
        local = datetime(year, month, day, _hour(part), int(part["minute"]), int(part["second"]), tzinfo=UTC)
        instant = local - _offset(part)
    except (ValueError, OverflowError):
        raise Failure("the text is not a date of the calendar") from None
    return instant.replace(microsecond=int(part["fraction"][:6].ljust(6, "0")))


def _hour(part: dict[str, str]) -> int:
    hour = int(part["hour"])
    if part["half"] == "0":
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if part["half"] in "Pp" else 0)


def _offset(part: dict[str, str]) -> timedelta:
    size = timedelta(hours=int(part["zone_hours"]), minutes=int(part["zone_minutes"]))
    return timezone(-size if part["sign"] == "-" else size).utcoffset(None)


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _half(instant: datetime) -> str:
    return "AM" if instant.hour < 12 else "PM"


#: Of each letter group of a format: how it is written, and the directive for a whole column (None: there is none).
_GROUPS: dict[str, tuple[Callable[[datetime], str], str | None]] = {
    "yyyy": (lambda t: f"{t.year:04}", "%Y"),
    "yy": (lambda t: f"{t.year % 100:02}", "%y"),
    "MMMM": (lambda t: _MONTHS[t.month - 1], "%B"),
    "MMM": (lambda t: _MONTHS[t.month - 1][:3], "%b"),
    "MM": (lambda t: f"{t.month:02}", "%m"),
    "M": (lambda t: str(t.month), "%-m"),
    "dddd": (lambda t: _DAYS[t.weekday()], "%A"),
    "ddd": (lambda t: _DAYS[t.weekday()][:3], "%a"),
    "dd": (lambda t: f"{t.day:02}", "%d"),
    "d": (lambda t: str(t.day), "%-d"),
    "HH": (lambda t: f"{t.hour:02}", "%H"),
    "H": (lambda t: str(t.hour), "%-H"),
    "hh": (lambda t: f"{(t.hour + 11) % 12 + 1:02}", "%I"),
    "h": (lambda t: str((t.hour + 11) % 12 + 1), "%-I"),
    "mm": (lambda t: f"{t.minute:02}", "%M"),
    "m": (lambda t: str(t.minute), "%-M"),
    "ss": (lambda t: f"{t.second:02}", "%S"),
    "s": (lambda t: str(t.second), "%-S"),
    "ffffff": (lambda t: f"{t.microsecond:06}", "%6f"),
    "fff": (lambda t: f"{t.microsecond // 1000:03}", "%3f"),
    "ff": (lambda t: f"{t.microsecond // 10000:02}", None),
    "f": (lambda t: str(t.microsecond // 100000), None),
    "tt": (_half, "%p"),
    "t": (lambda t: _half(t)[0], None),
}
_PIECE = re.compile(
    r"""(?P<group>(?P<letter>[yMdHhmsft])(?P=letter)*)|(?P<quote>['"])(?P<inside>.*?)(?P=quote)|\\?(?P<one>.)""",
    re.DOTALL,
)


@lru_cache(maxsize=256)
def _pieces(form: str) -> tuple[str | tuple[Callable[[datetime], str], str | None], ...]:
    pieces: list[str | tuple[Callable[[datetime], str], str | None]] = []
    for match in _PIECE.finditer(form):
        group = match["group"]
        literal = match["inside"] if match["quote"] else match["one"]
        pieces.append(_GROUPS.get(group, group or literal))
    return tuple(pieces)


def write_date(instant: datetime, form: str) -> str:
    """The instant in a .NET custom format; other characters, and quoted or escaped ones, stand for themselves."""
    return "".join(piece if isinstance(piece, str) else piece[0](instant) for piece in _pieces(form))


def strftime(form: str) -> str | None:
    """The format for a whole column, or None when it has a part that only ``write_date`` knows."""
    directives = [piece.replace("%", "%%") if isinstance(piece, str) else piece[1] for piece in _pieces(form)]
    known = [directive for directive in directives if directive is not None]
    return "".join(known) if len(known) == len(directives) else None
