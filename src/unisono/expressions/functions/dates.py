"""Dates: instants in UTC, to the microsecond, of the years 1 to 9999."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import polars as pl

from unisono.expressions import ast, typed
from unisono.expressions.date_formats import strftime, write_date, wrong_format
from unisono.expressions.functions.conversion import common_date
from unisono.expressions.instants import BEYOND, EARLIEST, LATEST, read_date
from unisono.expressions.kinds import BOOLEAN, DATE, NUMBER, TEXT, TEXT_LIKE
from unisono.expressions.registry import Checker, Family, Operand, Outcome, anything, date, number, text
from unisono.expressions.values import Failure, expect_length
from unisono.model.schema import DATETIME

DATES = Family(title="Dates")

_FILE_TIME_START = datetime(1601, 1, 1, tzinfo=UTC)
_UNIX_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_TICKS = (LATEST - _FILE_TIME_START) // _MICROSECOND * 10 + 9
_BETWEEN_STARTS_US = (_UNIX_START - _FILE_TIME_START) // _MICROSECOND
_NO_FILE_TIME = "the number is not a file time of the years 1601 to 9999"
_BEFORE_FILE_TIME = "the date is before 1601, where file times begin"


@DATES.form("Now()", fewest=0, most=0, gives="a date", deterministic=False, examples=("IsNull(Now()) => False",))
def now(checker: Checker, call: ast.Call) -> typed.Node:
    """The time of the run, the same for every object in it."""
    return checker.now(call.position)


_MONTHS = {"yyyy": 12, "q": 3, "m": 1}
_LENGTHS = {
    "ww": timedelta(weeks=1),
    "d": timedelta(days=1),
    "y": timedelta(days=1),
    "w": timedelta(days=1),
    "h": timedelta(hours=1),
    "n": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def _wrong_interval(interval: str) -> str | None:
    known = (*_MONTHS, *_LENGTHS)
    return None if interval in known else f"the interval must be one of {', '.join(known)}"


_MOST_MONTHS = 9998 * 12 + 11  # between two dates


def _date_add(interval: Operand, n: Operand, instant: Operand) -> Outcome | None:
    if not interval.constant:
        return None
    if interval.value in _MONTHS:
        months = n.value * _MONTHS[interval.value] if n.constant else None
        value = _months_added(instant.expr, months) if months is not None and abs(months) <= _MOST_MONTHS else None
    else:
        value = _steps_added(instant.expr, n.expr, _LENGTHS[interval.value])
    if value is None:
        return None
    failed = instant.expr.is_not_null() & n.expr.is_not_null() & value.is_null()
    return Outcome(value=value, failed=failed, message=BEYOND)


def _months_added(instant: pl.Expr, months: int) -> pl.Expr:
    first = _months_later(EARLIEST, max(-months, 0))
    last = _months_later(LATEST, min(-months, 0))
    return pl.when(instant.is_between(first, last)).then(instant).dt.offset_by(f"{months}mo")


def _steps_added(instant: pl.Expr, steps: pl.Expr, length: timedelta) -> pl.Expr:
    most = (LATEST - EARLIEST) // length  # more of them lead from no date to another
    length_us = pl.when(steps.is_between(-most, most)).then(steps * (length // _MICROSECOND))
    moved = instant + length_us.cast(pl.Duration("us"))
    return pl.when(moved.is_between(EARLIEST, LATEST)).then(moved)


@DATES.function(
    "DateAdd",
    text("interval", check=_wrong_interval),
    number("n"),
    date("date"),
    gives=DATE,
    columnar=_date_add,
    fails=True,
    mentions=4,
    examples=(
        'DateAdd("m", 3, CDate("2001-01-01")) => 2001-04-01T00:00:00Z',
        'DateAdd("d", -1, CDate("2001-01-01")) => 2000-12-31T00:00:00Z',
    ),
)
def date_add(interval: str, n: int, instant: datetime) -> datetime:
    """A date n intervals later: yyyy year, q quarter, m month, ww week, d, y or w day, h hour, n minute, s second.

    The last days of a month are clamped: one month after the 31st of January is the last of February.
    """
    try:
        if interval in _MONTHS:
            return _months_later(instant, n * _MONTHS[interval])
        return instant + _LENGTHS[interval] * n
    except (OverflowError, ValueError):
        raise Failure(BEYOND) from None


def _months_later(instant: datetime, months: int) -> datetime:
    years, month = divmod(instant.month - 1 + months, 12)
    year = instant.year + years
    if not 1 <= year <= 9999:
        raise OverflowError
    return instant.replace(year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1]))


def _date_from_num(n: Operand) -> Outcome:
    ticks = pl.when(n.expr.is_between(0, _MOST_TICKS)).then(n.expr)
    value = (ticks // 10 - _BETWEEN_STARTS_US).cast(DATETIME)
    return Outcome(value=value, failed=n.expr.is_not_null() & ticks.is_null(), message=_NO_FILE_TIME)


@DATES.function(
    "DateFromNum",
    number("n"),
    gives=DATE,
    columnar=_date_from_num,
    fails=True,
    mentions=2,
    examples=("DateFromNum([lastLogonTimestamp]) => 2012-01-01T23:00:00Z",),
)
def date_from_num(n: int) -> datetime:
    """The date of a file time: 100-nanosecond steps since 1601-01-01 UTC; "never" (the highest number) is an error."""
    if not 0 <= n <= _MOST_TICKS:
        raise Failure(_NO_FILE_TIME)
    return _FILE_TIME_START + timedelta(microseconds=n // 10)


def _num_from_date(instant: Operand) -> Outcome:
    since_1601 = instant.expr.dt.timestamp("us") + _BETWEEN_STARTS_US
    value = pl.when(since_1601 >= 0).then(since_1601 * 10)
    return Outcome(value=value, failed=since_1601 < 0, message=_BEFORE_FILE_TIME)


@DATES.function(
    "NumFromDate",
    date("date"),
    gives=NUMBER,
    columnar=_num_from_date,
    fails=True,
    mentions=2,
    examples=('NumFromDate(CDate("2012-01-01 23:00:00")) => 129699324000000000',),
)
def num_from_date(instant: datetime) -> int:
    """The file time of a date."""
    since_1601_us = (instant - _FILE_TIME_START) // _MICROSECOND
    if since_1601_us < 0:
        raise Failure(_BEFORE_FILE_TIME)
    return since_1601_us * 10


def _format_date_time(instant: Operand, form: Operand) -> pl.Expr | None:
    known = strftime(form.value) if form.constant and len(form.value) <= _MOST_FORMAT else None
    return instant.expr.dt.strftime(known) if known else None


_MOST_FORMAT = 1000


@DATES.function(
    "FormatDateTime",
    date("date"),
    text("format", check=wrong_format),
    gives=TEXT,
    columnar=_format_date_time,
    fails=True,
    examples=(
        'FormatDateTime(CDate("12/25/2007"), "yyyy-MM-dd") => "2007-12-25"',
        'FormatDateTime(CDate("12/25/2007"), "o") => "2007-12-25T00:00:00.0000000Z"',
    ),
)
def format_date_time(instant: datetime, form: str) -> str:
    """A date as text, in a .NET format: yyyy MM dd HH hh mm ss fff tt and the others; one letter is a standard format.

    Other characters, and those in quotes or behind a backslash, stand for themselves.
    """
    written = write_date(instant, form)
    expect_length(len(written))
    return written


def _is_date(x: Operand) -> pl.Expr | None:
    if x.kind.scalar in TEXT_LIKE:
        return None
    return x.expr.is_not_null() & pl.lit(x.kind == DATE)


def _is_common_date(x: Operand) -> pl.Expr:
    """NULL and what has no digits around a separator are none, and most are written in one of a few ways."""
    may_be = x.expr.str.contains("[0-9][-/][0-9]").fill_null(value=False)
    return pl.when(~may_be).then(False).when(common_date(x).is_not_null()).then(True)  # noqa: FBT003 - a value


@DATES.function(
    "IsDate",
    anything("x", takes_null=True),
    gives=BOOLEAN,
    columnar=_is_date,
    common=_is_common_date,
    mentions=10,
    examples=('IsDate("2013-01-10 4:00 PM -8") => True', 'IsDate("not a date") => False'),
)
def is_date(x: object) -> bool:
    """Whether it is a date, or a text that CDate can read."""
    if isinstance(x, datetime):
        return True
    try:
        return isinstance(x, str) and read_date(x) is not None
    except Failure:
        return False
