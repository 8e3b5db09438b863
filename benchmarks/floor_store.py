"""A store without an engine: the product's tables, filled and read with nothing but ``sqlite3`` and Polars.

Floors use it to do the reading and writing of a run by hand, as fast as we know how.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from sqlalchemy import create_engine

from unisono.store.tables import metadata

# What the product's store sets too: a floor under other conditions would be no floor.
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "cache_size = -131072",
    "temp_store = MEMORY",
    "secure_delete = FAST",
)
SLICE = 50_000
_FETCH = 2_000


def make_store(file: Path) -> None:
    """An empty store: the product's tables and indexes."""
    engine = create_engine(f"sqlite:///{file}")
    metadata.create_all(engine)
    engine.dispose()


@contextmanager
def transaction(file: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, committed at the end."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


def insert(connection: sqlite3.Connection, table: str, frame: pl.DataFrame) -> None:
    """New rows; the frame's columns are the table's."""
    columns = ", ".join(frame.columns)
    places = ", ".join("?" * frame.width)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own
    for part in frame.iter_slices(SLICE):
        connection.executemany(statement, part.rows())


def update(connection: sqlite3.Connection, statement: str, frame: pl.DataFrame) -> None:
    """Run the statement once per row, its parameters the frame's columns in order."""
    for part in frame.iter_slices(SLICE):
        connection.executemany(statement, part.rows())


def chunks(
    connection: sqlite3.Connection, query: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
) -> Iterator[pl.DataFrame]:
    """The query's rows in frames of at most ``SLICE`` rows."""
    cursor = connection.execute(query, parameters)
    parts: list[pl.DataFrame] = []
    while rows := cursor.fetchmany(_FETCH):
        columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
        parts.append(pl.DataFrame([pl.Series(name, values, dtype=dtype) for (name, dtype), values in columns]))
        if len(parts) * _FETCH >= SLICE:
            yield pl.concat(parts)
            parts = []
    if parts:
        yield pl.concat(parts)


def documents(frame: pl.DataFrame) -> pl.Series:
    """One JSON document per row, without absent values; the last column must have none."""
    text = frame.select(document=pl.struct(pl.all()).struct.json_encode()).to_series()
    if frame.select(pl.any_horizontal(pl.all().is_null().any())).item():
        return text.str.replace_all(r'"[^"\\]+":null,', "")
    return text


def decoded(text: pl.Series, names: Sequence[str]) -> pl.DataFrame:
    """Documents as columns of text; keys that are not named are skipped."""
    lines = "\n".join(text.fill_null("{}").to_list()).encode()
    return pl.read_ndjson(lines, schema=dict.fromkeys(names, pl.String))
