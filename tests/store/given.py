"""Rows for tests: complete where the test does not care, explicit where it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor

from unisono.model.frames import CS_INDEX, CS_OBJECT, EDGES, JOIN_KEYS, MV_OBJECT, Frame
from unisono.model.runs import ObjectError, RunStep, Status, StepResult, StepType
from unisono.store.frames import EXPORT_EDGES, MV_REFERENCES, STORED_EDGES

Row = Mapping[str, object]

_COLUMNS = {**CS_INDEX.columns, **CS_OBJECT.columns, "export_error": pl.String()}
_COLUMNS |= {"import_error_run": pl.Int64(), "export_error_run": pl.Int64()}


def at(second: int) -> datetime:
    return datetime(2026, 1, 2, 3, 4, second, 567890, tzinfo=UTC)


def ids(*values: int) -> pl.Series:
    return pl.Series("id", values, dtype=pl.Int64)


def texts(*values: str) -> pl.Series:
    return pl.Series("text", values, dtype=pl.String)


def changes(*rows: Row) -> pl.DataFrame:
    """A frame for ``update_objects``: exactly the named columns."""
    names = [name for name in ["id", *_COLUMNS] if any(name in row for row in rows)]
    schema = {name: _COLUMNS[name] for name in dict.fromkeys(names)}
    return pl.DataFrame([dict(row) for row in rows], schema=schema)


def objects(*rows: Row) -> pl.DataFrame:
    """A frame for ``insert_objects``: persons of HR with anchor and DN by their id, unless the row says otherwise."""
    return changes(*(_object(row) for row in rows))


def _object(row: Row) -> Row:
    anchor = f"a{row['id']}"
    complete = {"connector": "HR", "object_type": "person", "anchor": anchor, "dn": f"cn={anchor}"} | dict(row)
    return {"dn_key": complete["dn"]} | complete


def placeholder(id_: int, **columns: object) -> Row:
    return {"id": id_, "object_type": None, "anchor": None} | columns


def people(numbers: Iterable[int], **columns: object) -> pl.DataFrame:
    return objects(*({"id": number} | columns for number in numbers))


def mv_objects(*rows: Row) -> pl.DataFrame:
    complete = [{"object_type": "person", "attributes": "{}", "lineage": "{}"} | dict(row) for row in rows]
    return pl.DataFrame(complete, schema=dict(MV_OBJECT.columns))


def join_keys(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return _rows(JOIN_KEYS, rows)


def terms(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={"attribute": pl.String, "value": pl.String}, orient="row")


def pairs(*rows: tuple[int, int]) -> pl.DataFrame:
    """Pairs of objects, for questions about the references between them."""
    return pl.DataFrame(rows, schema={"source_id": pl.Int64, "target_id": pl.Int64}, orient="row")


def keys(*rows: tuple[int, str, int]) -> pl.DataFrame:
    return _rows(EDGES, rows)


def edges(*rows: tuple[int, str, int, str]) -> pl.DataFrame:
    return _rows(STORED_EDGES, rows)


def export_edges(*rows: tuple[int, str, int, str, str]) -> pl.DataFrame:
    return _rows(EXPORT_EDGES, rows)


def references(*rows: tuple[int, str, int], rule_id: int = 1, run_id: int = 1) -> pl.DataFrame:
    return _rows(MV_REFERENCES, [(*row, rule_id, run_id) for row in rows])


def _rows(frame: Frame, rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(frame.columns), orient="row")


def step(number: int = 1, **values: object) -> StepResult:
    result = StepResult(
        number=number,
        step=RunStep(type=StepType.FULL_IMPORT, page_objects=500, deletion_limit=7),
        status=Status.SUCCESS,
        started_at=at(1),
        ended_at=at(2),
    )
    return replace(result, **values)  # type: ignore[arg-type]


def error(code: str, **values: object) -> ObjectError:
    return replace(ObjectError(code=code, category="synchronization", message=f"{code} happened"), **values)  # type: ignore[arg-type]


def found(frame: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """The rows' values in some columns, sorted; for frames without a promised order."""
    return sorted(frame.select(columns).rows())


def found_ids(frame: pl.DataFrame) -> list[int]:
    return sorted(frame["id"].to_list())


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement that was sent to a database; ``parameters`` of its first row, where it was sent for many."""

    text: str
    parameters: tuple[object, ...]
    rows_changed: int

    @property
    def is_about_stored_rows(self) -> bool:
        return not self.text.startswith(("INSERT INTO staged_", "DELETE FROM staged_"))


@contextmanager
def statements() -> Iterator[list[Sent]]:
    """What is sent to databases inside the block."""
    sent: list[Sent] = []

    def note(_: object, cursor: DBAPICursor, text: str, rows: Any, _context: object, many: bool) -> None:
        sent.append(Sent(text, tuple(rows[0] if many else rows), max(cursor.rowcount, 0)))

    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "after_cursor_execute", note)
