"""Where a delta import begins.

A watermark holds, for each table that has a watermark column, the highest value seen when the reading began; null for
a table without rows. Times are text, as the database writes them. Rows are stamped when a transaction writes them and
seen when it commits, which may be later than the reading of a row with a higher stamp: a delta import looks back by
an overlap (connector specification R-SQL-4). Numbers and other texts must not need one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from unisono.connectors.sql.catalog import Column
from unisono.connectors.sql.database import Link
from unisono.connectors.sql.selects import Bounds, clock, highest, watermark_sources
from unisono.connectors.sql.tables import BoundTable
from unisono.connectors.sql.wire import ColumnKind
from unisono.model.errors import StepStop
from unisono.model.runs import Status

_DAY = timedelta(days=1)
_IS_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]|$)")


def current_watermark(link: Link, tables: Iterable[BoundTable]) -> str:
    """The watermark of now. Raises ``Failed``."""
    ((now,),) = link.rows(clock())
    marks = {}
    for bound in tables:
        for name, (table, column) in watermark_sources(bound).items():
            ((mark,),) = link.rows(highest(table, column))
            marks[name] = _not_after(mark, now)
    return json.dumps(marks, sort_keys=True)


def bounds_of(watermark: str, tables: Iterable[BoundTable], overlap_s: int) -> Bounds:
    """What is above these has changed. Raises ``StepStop`` where the watermark is not one of these tables."""
    columns = {name: column for bound in tables for name, (_, column) in watermark_sources(bound).items()}
    marks = _parsed(watermark)
    if marks is None or marks.keys() != columns.keys():
        raise StepStop(
            Status.NO_START_FULL_IMPORT_REQUIRED,
            "the last import does not tell where this delta import has to begin",
            hint="run a full import",
        )
    return {name: _lowered(marks[name], columns[name], timedelta(seconds=overlap_s)) for name in columns}


def _parsed(watermark: str) -> Mapping[str, object] | None:
    try:
        marks = json.loads(watermark)
    except ValueError:
        return None
    return marks if isinstance(marks, dict) else None


def _not_after(mark: object, now: str) -> object:
    """The mark, or now where a row is stamped with a time to come: what is written until then would be missed."""
    time, present = _time(mark), _time(now)
    if time is None or present is None or _aware(time) <= _aware(present):
        return mark
    return _shown(_aware(present).astimezone(time.tzinfo or UTC), str(mark))


def _lowered(mark: object, column: Column, overlap: timedelta) -> object:
    """The mark without the overlap, in the same form: texts must compare as the times do."""
    time = _time(mark)
    if column.kind is ColumnKind.DATE:
        overlap = max(overlap, _DAY)  # the same day goes on
    return mark if time is None or not overlap else _shown(time - overlap, str(mark))


def _time(mark: object) -> datetime | None:
    """None for what is no time: a number, or a text that grows in its own way."""
    if not isinstance(mark, str) or not _IS_TIME.match(mark):
        return None
    try:
        return datetime.fromisoformat(mark)
    except ValueError:
        return None


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _shown(time: datetime, like: str) -> str:
    """Cut after the seconds, so that it stands before every longer text of the same second."""
    separator = "T" if like[10:11] == "T" else " "
    return time.strftime(f"%Y-%m-%d{separator}%H:%M:%S")
