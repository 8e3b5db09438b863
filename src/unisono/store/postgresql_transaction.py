"""One transaction of PostgreSQL: small statements through SQLAlchemy, many rows through ``COPY``.

Rows travel as CSV, which Polars writes and reads without making a Python object of a value: null is nothing, the empty
text is ``""``. Changes to many rows go into a temporary table first, and from there in one statement.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import polars as pl
import psycopg
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Executable,
    MetaData,
    Table,
    and_,
    collate,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine.interfaces import Compiled, Dialect
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import UpdateBase

from unisono.model.frames import Frame
from unisono.model.schema import PolarsType
from unisono.store.postgresql_failures import failures
from unisono.store.postgresql_statistics import WrittenRows
from unisono.store.transaction import NO_VALUES, Values

_SENT_ROWS: Final = 50_000
_READ_ROWS: Final = 50_000
_SIZE: Final = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:table)")
_TRUNCATED_ROWS: Final = 1_000
_ANALYZED_ROWS: Final = 1_000  # from so many on, the planner is told what a temporary table holds


class PostgresqlTransaction:
    """``Transaction`` over a connection in which a transaction is open."""

    committed = False

    def __init__(self, connection: Connection, *, write: bool) -> None:
        self._connection = connection
        self._written = WrittenRows(look=self._look, size=self._size)
        self._write = write
        self._made: set[Table] = set()  # temporary tables of this transaction
        self._staged: dict[Table, int] = {}  # rows that were put there since the table had none at all

    def stream(self, query: Executable, frame: Frame, **parameters: object) -> Iterator[pl.DataFrame]:
        with failures():
            rows = f"COPY ({self._literal(query, parameters)}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
            lines: list[bytes] = []
            with self._cursor().copy(rows.encode()) as copy:
                for line in copy:  # one row each
                    lines.append(bytes(line))
                    if len(lines) == _READ_ROWS:
                        yield _columns(lines, frame)
                        lines = []
            if lines:
                yield _columns(lines, frame)

    def fetch(self, query: Executable, frame: Frame, **parameters: object) -> pl.DataFrame:
        parts = list(self.stream(query, frame, **parameters))
        return frame.check(pl.concat(parts, rechunk=True) if parts else frame.empty())

    def rows(self, query: Executable, **parameters: object) -> Sequence[tuple[Any, ...]]:
        with failures():
            return [tuple(row) for row in self._connection.execute(query, parameters)]

    def execute(self, statement: Executable, **parameters: object) -> int:
        with failures():
            rows = self._connection.execute(statement, parameters).rowcount
        if isinstance(statement, UpdateBase) and isinstance(table := statement.table, Table):
            self._written.wrote(table.name, rows)
        return rows

    def stage(self, table: Table, frame: pl.DataFrame) -> None:
        self._clear(table)
        self._fill(table.name, frame)
        self._staged[table] = self._staged.get(table, 0) + frame.height

    def _clear(self, table: Table) -> None:
        """Empty a staging table. At the begin of a transaction it is empty.

        Deleting a few rows takes a tenth of the time of truncating, but leaves their places behind.
        """
        left = self._staged.get(table, 0)
        if left >= _TRUNCATED_ROWS and self._write:  # a reader may write to temporary tables, but may not truncate them
            self._say(f"TRUNCATE {table.name}")
            self._staged[table] = 0
        elif left:
            self._say(f"DELETE FROM {table.name}")  # noqa: S608  # a name of ours

    def insert(self, table: Table, frame: pl.DataFrame) -> None:
        key = [column.name for column in table.primary_key if column.name in frame.columns]
        self._copy(table.name, frame.sort(key))
        self._written.wrote(table.name, frame.height)

    def upsert(self, table: Table, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        rows = self._loaded(table, frame)
        key = [column.name for column in table.primary_key]
        ordered = select(rows).order_by(*(rows.c[name] for name in key))
        statement = insert(table).from_select(frame.columns, ordered)
        values = {name: statement.excluded[name] for name in frame.columns if name not in key}
        self.execute(statement.on_conflict_do_update(index_elements=key, set_=values))

    def update(self, table: Table, frame: pl.DataFrame, also: Values = NO_VALUES) -> None:
        names = [name for name in frame.columns if name != "id"]
        if frame.height and (names or also):
            rows = self._loaded(table, frame)
            values = {**{name: rows.c[name] for name in names}, **dict(also)}
            self.execute(update(table).values(values).where(table.c.id == rows.c.id))

    def delete(self, table: Table, frame: pl.DataFrame) -> None:
        if frame.height:
            rows = self._loaded(table, frame)
            self.execute(delete(table).where(and_(*(table.c[name] == rows.c[name] for name in frame.columns))))

    def lowered(self, column: ColumnElement[str], text: str) -> ColumnElement[str]:
        # Columns compare by code point, and so know the letters of ASCII only; this collation knows all.
        return func.lower(column) if text.isascii() else func.lower(collate(column, "und-x-icu"))

    def commit(self) -> None:
        with failures():
            self._connection.commit()
        self.committed = True

    # --- statistics ---

    @property
    def unseen(self) -> Mapping[str, int]:
        """Rows written that the planner's statistics do not know yet, by table."""
        return self._written.unseen

    def _look(self, table: str) -> None:
        # While somebody vacuums the table: it has its turn when the rows have doubled again.
        self._say(f"ANALYZE (SKIP_LOCKED) {table}")

    def _size(self, table: str) -> int:
        ((rows,),) = self.rows(_SIZE, table=table)
        return max(0, int(rows))

    # --- many rows ---

    def _loaded(self, table: Table, frame: pl.DataFrame) -> Table:
        """A temporary table that holds the rows, with the types of the table's columns."""
        rows = _beside(table, tuple(frame.columns))
        if rows in self._made:
            self._say(f"TRUNCATE {rows.name}")
        else:
            self._say(str(CreateTable(rows).compile(dialect=self._connection.dialect)))
            self._made.add(rows)
        self._fill(rows.name, frame)
        return rows

    def _fill(self, name: str, frame: pl.DataFrame) -> None:
        self._copy(name, frame)
        if frame.height >= _ANALYZED_ROWS and self._write:
            self._say(f"ANALYZE {name}")

    def _copy(self, name: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        with failures(), self._cursor().copy(f"COPY {name} ({_names(frame.columns)}) FROM STDIN (FORMAT csv)") as copy:
            for part in frame.iter_slices(_SENT_ROWS):
                lines = io.BytesIO()
                part.write_csv(lines, include_header=False, quote_style="non_numeric")
                copy.write(_without_nul(lines.getvalue()))

    # --- the driver ---

    def _say(self, statement: str) -> None:
        with failures():
            self._connection.exec_driver_sql(statement)

    def _cursor(self) -> psycopg.ClientCursor[tuple[Any, ...]]:
        driver: Any = self._connection.connection.driver_connection  # SQLAlchemy does not know which driver it has
        return psycopg.ClientCursor(driver)

    def _literal(self, query: Any, parameters: dict[str, object]) -> str:
        """The query with its parameters written in by the driver: ``COPY`` takes none."""
        compiled = _compiled(query, self._connection.dialect)
        return self._cursor().mogrify(str(compiled), compiled.construct_params(parameters))


@lru_cache(maxsize=256)
def _compiled(query: ClauseElement, dialect: Dialect) -> Compiled:
    return query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})


def _without_nul(lines: bytes) -> bytes:
    """PostgreSQL's text has no NUL. Names with one are refused before, and documents escape it; in what is left, which
    is only compared or shown, the replacement character stands for it."""
    return lines.replace(b"\0", "\ufffd".encode()) if b"\0" in lines else lines


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=256)
def _beside(table: Table, names: tuple[str, ...]) -> Table:
    """A temporary table with some of the table's columns, which may be null."""
    places = {column.name: str(place) for place, column in enumerate(table.columns)}
    name = f"rows_of_{table.name}_{'_'.join(places[name] for name in names)}"
    columns = (Column(name, table.c[name].type) for name in names)
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


def _columns(lines: list[bytes], frame: Frame) -> pl.DataFrame:
    schema: dict[str, PolarsType] = {
        name: pl.String if dtype == pl.Boolean else dtype for name, dtype in frame.columns.items()
    }
    rows = pl.read_csv(b"".join(lines), has_header=False, schema=schema)
    return rows.with_columns(pl.col(name) == "t" for name, dtype in frame.columns.items() if dtype == pl.Boolean)
