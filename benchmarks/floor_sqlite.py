"""The floors' database in a file of SQLite: ``executemany`` with rows from Polars, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import polars as pl
from sqlalchemy import create_engine

from benchmarks.floor_store import SLICE, Row
from unisono.store.tables import metadata

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "cache_size = -131072",
    "temp_store = MEMORY",
    "secure_delete = FAST",
)
_FETCH = 2_000


class FloorSqlite:
    def __init__(self, url: str) -> None:
        self._file = url.removeprefix("sqlite:///")

    def make(self) -> None:
        engine = create_engine(f"sqlite:///{self._file}")
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA auto_vacuum = INCREMENTAL")
            metadata.create_all(connection)
        engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[FloorSqliteTransaction]:
        connection = sqlite3.connect(self._file, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("BEGIN IMMEDIATE")
            yield FloorSqliteTransaction(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()

    @contextmanager
    def client(self) -> Iterator[FloorSqliteClient]:
        with closing(sqlite3.connect(self._file)) as connection:
            yield FloorSqliteClient(connection)


class FloorSqliteClient:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def send(self, table: str, rows: Sequence[Row]) -> None:
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608 - a name of our own
        with self._connection:
            for row in rows:
                self._connection.execute(statement, row)


class FloorSqliteTransaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        columns, places = ", ".join(frame.columns), ", ".join("?" * frame.width)
        self._many(f"INSERT INTO {table} ({columns}) VALUES ({places})", frame)  # noqa: S608 - names of our own

    def update(self, table: str, frame: pl.DataFrame, also: Mapping[str, str] | None = None) -> None:
        names = [name for name in frame.columns if name != "id"]
        values = dict.fromkeys(names, "?") | dict(also or {})
        assignments = ", ".join(f"{name} = {value}" for name, value in values.items())
        self._many(f"UPDATE {table} SET {assignments} WHERE id = ?", frame.select(*names, "id"))  # noqa: S608

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        self._connection.execute(statement, parameters)

    def value(self, query: str, parameters: Sequence[object] = ()) -> int:
        return int(self._connection.execute(query, parameters).fetchone()[0])

    def chunks(
        self, query: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        cursor = self._connection.execute(query, parameters)
        parts: list[pl.DataFrame] = []
        while rows := cursor.fetchmany(_FETCH):
            columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
            parts.append(pl.DataFrame([pl.Series(name, values, dtype=dtype) for (name, dtype), values in columns]))
            if len(parts) * _FETCH >= SLICE:
                yield pl.concat(parts)
                parts = []
        if parts:
            yield pl.concat(parts)

    def _many(self, statement: str, frame: pl.DataFrame) -> None:
        for part in frame.iter_slices(SLICE):
            self._connection.executemany(statement, part.rows())
