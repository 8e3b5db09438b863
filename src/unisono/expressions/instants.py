"""The dates that the language knows, and what ``CDate`` reads."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

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
