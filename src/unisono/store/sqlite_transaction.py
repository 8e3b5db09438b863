"""One transaction of SQLite: statements through SQLAlchemy, many rows through its driver.

Measured at a million rows: SQLAlchemy's own way of sending many rows takes more than twice as long as the driver's.
Rows are read in chunks that stay in the processor's cache, and become columns chunk by chunk: this keeps memory flat,
and takes two thirds of the time of one frame made from 50,000 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import polars as pl
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.dml import UpdateBase

from unisono.model.frames import Frame
from unisono.model.schema import PolarsType
from unisono.store.sqlite_failures import failures
from unisono.store.transaction import NO_VALUES, Values

_SENT_ROWS: Final = 50_000
_READ_ROWS: Final = 2_000

OfOneRow = Callable[[Table, Sequence[str]], UpdateBase]


class SqliteTransaction:
    """``Transaction`` over a connection on which ``BEGIN`` was said."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stream(self, query: Executable, frame: Frame, **parameters: object) -> Iterator[pl.DataFrame]:
        with failures():
            for rows in _chunks(self._connection.execute(query, parameters)):
                yield _columns(rows, frame)

    def fetch(self, query: Executable, frame: Frame, **parameters: object) -> pl.DataFrame:
        parts = list(self.stream(query, frame, **parameters))
        return frame.check(pl.concat(parts, rechunk=True) if parts else frame.empty())

    def rows(self, query: Executable, **parameters: object) -> Sequence[tuple[Any, ...]]:
        with failures():
            return [tuple(row) for row in self._connection.execute(query, parameters)]

    def execute(self, statement: Executable, **parameters: object) -> int:
        with failures():
            return self._connection.execute(statement, parameters).rowcount

    def stage(self, table: Table, frame: pl.DataFrame) -> None:
        with failures():
            self._connection.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608  # a name of ours
        self._many(_inserting, table, frame)

    def insert(self, table: Table, frame: pl.DataFrame) -> None:
        self._many(_inserting, table, frame)

    def upsert(self, table: Table, frame: pl.DataFrame) -> None:
        self._many(_upserting, table, frame)

    def update(self, table: Table, frame: pl.DataFrame, also: Values = NO_VALUES) -> None:
        if also or frame.columns != ["id"]:
            self._many(_updating, table, frame, also)

    def delete(self, table: Table, frame: pl.DataFrame) -> None:
        self._many(_deleting, table, frame)

    def lowered(self, column: ColumnElement[str], text: str) -> ColumnElement[str]:
        # SQLite's own function knows the letters of ASCII only; Python's knows all, and is six times slower.
        return func.lower(column) if text.isascii() else func.unicode_lower(column)

    def commit(self) -> None:
        with failures():
            self._connection.commit()

    def _many(self, of_one_row: OfOneRow, table: Table, frame: pl.DataFrame, also: Values = NO_VALUES) -> None:
        """Run the statement once per row, in the order of the table's key: several times faster than at random."""
        if frame.is_empty():
            return
        key = [column.name for column in table.primary_key if column.name in frame.columns]
        statement, names = _compiled(of_one_row, table, tuple(frame.columns), also)
        rows = frame.sort(key).select(names)
        with failures():
            for part in rows.iter_slices(_SENT_ROWS):
                self._connection.exec_driver_sql(statement, part.rows())


# --- statements about one row, by the columns of a frame ---


def _inserting(table: Table, names: Sequence[str]) -> UpdateBase:
    return insert(table).values(_values(names))


def _upserting(table: Table, names: Sequence[str]) -> UpdateBase:
    statement = sqlite_insert(table).values(_values(names))
    key = [column.name for column in table.primary_key]
    values = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=values)


def _updating(table: Table, names: Sequence[str]) -> UpdateBase:
    return update(table).where(_equals(table.c.id)).values(_values(name for name in names if name != "id"))


def _deleting(table: Table, names: Sequence[str]) -> UpdateBase:
    return delete(table).where(and_(*(_equals(table.c[name]) for name in names)))


@lru_cache(maxsize=256)
def _compiled(of_one_row: OfOneRow, table: Table, names: tuple[str, ...], also: Values) -> tuple[str, tuple[str, ...]]:
    """The statement as the driver takes it, and the columns of its parameters in their order."""
    statement = of_one_row(table, names)
    compiled = (statement.values(dict(also)) if isinstance(statement, Update) else statement).compile(
        dialect=sqlite.dialect()
    )
    return str(compiled), tuple(name.removeprefix(_WHERE) for name in compiled.positiontup or ())


_WHERE: Final = "where_"  # a parameter must not be named like a column that the statement sets


def _values(names: Iterable[str]) -> dict[str, BindParameter[Any]]:
    return {name: bindparam(name) for name in names}


def _equals(column: Column[Any]) -> ColumnElement[bool]:
    return column == bindparam(_WHERE + column.name)


def _chunks(result: CursorResult[Any]) -> Iterator[Sequence[tuple[Any, ...]]]:
    cursor: DBAPICursor = result.cursor
    while rows := cursor.fetchmany(_READ_ROWS):
        yield rows
    result.close()


def _columns(rows: Sequence[tuple[Any, ...]], frame: Frame) -> pl.DataFrame:
    columns = zip(frame.columns.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame([_series(name, values, dtype) for (name, dtype), values in columns])


def _series(name: str, values: tuple[Any, ...], dtype: PolarsType) -> pl.Series:
    return pl.Series(name, values, dtype=dtype, strict=dtype != pl.Boolean)  # SQLite's booleans are 0 and 1
