"""A store without an engine: the product's tables, filled and read by hand, as fast as we know how.

Each kind of database has a file of its own (``floor_sqlite``, ``floor_postgresql``), with nothing in it but its driver
and Polars, and with the settings that the product's connections have: a floor under other conditions would be no floor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

import polars as pl

SLICE: Final = 50_000  # rows that are on their way at a time

Row = tuple[object, ...]


class FloorTransaction(Protocol):
    """One open transaction. Queries have ``?`` for their parameters."""

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        """New rows; the frame's columns are the table's."""
        ...

    def update(self, table: str, frame: pl.DataFrame, also: Mapping[str, str] | None = None) -> None:
        """Set the frame's columns in the rows with its ``id``, and others to what an SQL expression gives."""
        ...

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None: ...

    def value(self, query: str, parameters: Sequence[object] = ()) -> int: ...

    def chunks(
        self, query: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        """The query's rows in frames of about ``SLICE`` rows. Meanwhile the transaction may write."""
        ...


class FloorClient(Protocol):
    """What any program does that has objects to write: a connection with the driver's own settings."""

    def send(self, table: str, rows: Sequence[Row]) -> None:
        """New rows in a transaction of their own, one after the other."""
        ...


class FloorStore(Protocol):
    def make(self) -> None:
        """The product's tables and indexes."""
        ...

    def transaction(self) -> AbstractContextManager[FloorTransaction]:
        """One transaction, committed at the end."""
        ...

    def client(self) -> AbstractContextManager[FloorClient]: ...


def opened(url: str) -> FloorStore:
    """The database at a URL of ``databases.Database``. Each driver is imported only where it is used."""
    if url.startswith("sqlite:///"):
        from benchmarks.floor_sqlite import FloorSqlite

        return FloorSqlite(url)
    from benchmarks.floor_postgresql import FloorPostgresql

    return FloorPostgresql(url)
