"""The floors' database in PostgreSQL: ``COPY`` of CSV that Polars writes and parses; changes by a temporary table."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
import psycopg
from sqlalchemy import create_engine

from benchmarks.floor_store import SLICE, Row
from unisono.store.tables import metadata

_SETTINGS = ("SET jit = off", "SET work_mem = '64MB'", "SET temp_buffers = '64MB'")
_CHANGED = "changed_rows"


class FloorPostgresql:
    def __init__(self, url: str) -> None:
        self._url = url

    def make(self) -> None:
        engine = create_engine(self._url.replace("postgresql:", "postgresql+psycopg:", 1))
        metadata.create_all(engine)
        engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[FloorPostgresqlTransaction]:
        with psycopg.connect(self._url, cursor_factory=psycopg.ClientCursor) as connection:
            for setting in _SETTINGS:
                connection.execute(setting)
            transaction = FloorPostgresqlTransaction(connection)
            yield transaction
            connection.commit()
            transaction.refresh_statistics()

    @contextmanager
    def client(self) -> Iterator[FloorPostgresqlClient]:
        with psycopg.connect(self._url) as connection:
            yield FloorPostgresqlClient(connection)


class FloorPostgresqlClient:
    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def send(self, table: str, rows: Sequence[Row]) -> None:
        # The driver has several on their way at a time, as it has for the product.
        statement = f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})"  # noqa: S608 - a name of our own
        with self._connection.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)
        self._connection.commit()


class FloorPostgresqlTransaction:
    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._filled: set[str] = set()

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        self._copy(table, frame)
        self._filled.add(table)

    def update(self, table: str, frame: pl.DataFrame, also: Mapping[str, str] | None = None) -> None:
        names = [name for name in frame.columns if name != "id"]
        values = {name: f"c.{name}" for name in names} | dict(also or {})
        assignments = ", ".join(f"{name} = {value}" for name, value in values.items())
        columns = ", ".join(frame.columns)
        self._say(f"CREATE TEMPORARY TABLE {_CHANGED} AS SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608
        self._copy(_CHANGED, frame)
        self._say(f"ANALYZE {_CHANGED}")
        self._say(f"UPDATE {table} t SET {assignments} FROM {_CHANGED} c WHERE t.id = c.id")  # noqa: S608
        self._say(f"DROP TABLE {_CHANGED}")

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        self._say(self._written(statement, parameters))

    def value(self, query: str, parameters: Sequence[object] = ()) -> int:
        row = self._connection.execute(self._written(query, parameters).encode()).fetchone()
        assert row is not None
        return int(row[0])

    def chunks(
        self, query: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        # A connection that copies can do nothing else: all comes over first, as text, and is parsed part by part.
        for lines in list(self._lines(self._written(query, parameters))):
            yield pl.read_csv(lines, has_header=False, schema=dict(schema))

    def refresh_statistics(self) -> None:
        """After the commit: without them the next script would read large tables as if they were small."""
        for table in sorted(self._filled):
            self._say(f"ANALYZE {table}")

    def _lines(self, query: str) -> Iterator[bytes]:
        """``SLICE`` rows at a time."""
        rows: list[bytes] = []
        with self._connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)".encode()) as copy:
            for row in copy:
                rows.append(bytes(row))
                if len(rows) == SLICE:
                    yield b"".join(rows)
                    rows = []
        if rows:
            yield b"".join(rows)

    def _copy(self, table: str, frame: pl.DataFrame) -> None:
        statement = f"COPY {table} ({', '.join(frame.columns)}) FROM STDIN (FORMAT csv)"
        with self._connection.cursor().copy(statement.encode()) as copy:
            for part in frame.iter_slices(SLICE):
                lines = io.BytesIO()
                part.write_csv(lines, include_header=False, quote_style="non_numeric")
                copy.write(lines.getvalue())

    def _say(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def _written(self, query: str, parameters: Sequence[object]) -> str:
        """With its parameters written in: ``COPY`` takes none."""
        return psycopg.ClientCursor(self._connection).mogrify(query.replace("?", "%s").encode(), parameters)
