"""SQLite, by the driver of the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from unisono.connectors.sql.databases import Dialect, Limits
from unisono.connectors.sql.failures import UNKNOWN, UNREACHABLE, Failure
from unisono.connectors.sql.wire import Form, time_of_text
from unisono.model.schema import PolarsType

#: Extended or primary result code → SQLSTATE.
_SQLSTATES: Mapping[str, str] = {
    "SQLITE_CONSTRAINT_UNIQUE": "23505",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "23505",
    "SQLITE_CONSTRAINT_ROWID": "23505",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "23503",
    "SQLITE_CONSTRAINT_NOTNULL": "23502",
    "SQLITE_CONSTRAINT_CHECK": "23514",
    "SQLITE_CONSTRAINT_DATATYPE": "22018",
    "SQLITE_CONSTRAINT": "23000",
    "SQLITE_MISMATCH": "22018",
    "SQLITE_TOOBIG": "22001",
    "SQLITE_BUSY": "55006",  # after waiting
    "SQLITE_LOCKED": "55006",
    "SQLITE_READONLY": "25006",
    "SQLITE_AUTH": "42501",
    "SQLITE_PERM": "42501",
    "SQLITE_FULL": "53100",
    "SQLITE_CANTOPEN": "08001",
    "SQLITE_NOTADB": "08001",
    "SQLITE_CORRUPT": "08006",
    "SQLITE_IOERR": "08006",
}


_WRITES = "unisono_writes"  # execution option


class _Sqlite:
    # Text as bytes: columns hold text that is not UTF-8, too, which the driver would refuse page by page.
    raw_types: Mapping[Form, PolarsType] = {
        Form.INTEGER: pl.Int64,
        Form.BOOLEAN: pl.Int64,
        Form.TEXT: pl.Binary,
        Form.BINARY: pl.Binary,
        Form.TIME: pl.Binary,
    }

    def mistake(self, url: URL) -> str | None:
        if not url.database or url.database == ":memory:":
            return "the url names no file"
        return None

    def create_engine(self, url: URL, directory: Path, limits: Limits) -> sa.Engine:
        # As a URI of mode "rw": a missing file is an error then, not a new database.
        place = quote(str(directory / str(url.database)))
        engine = sa.create_engine(
            f"sqlite:///file:{place}?mode=rw&uri=true",
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"timeout": limits.statement_timeout_s, "check_same_thread": False},
        )
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begin)
        return engine

    def snapshot(self, connection: sa.Connection) -> sa.Connection:
        connection.begin()
        return connection

    def prepare_reading(self, connection: sa.Connection) -> None:
        _driver(connection).text_factory = bytes

    def prepare_writing(self, connection: sa.Connection) -> sa.Connection:
        return connection.execution_options(**{_WRITES: True})

    def decoded(self, form: Form, raw: pl.Expr) -> pl.Expr:
        match form:
            case Form.BOOLEAN:
                return pl.when(raw.is_in([0, 1])).then(raw == 1)
            case Form.TEXT:
                return raw.map_batches(_text, return_dtype=pl.String)
            case Form.TIME:
                return time_of_text(raw.map_batches(_text, return_dtype=pl.String))
            case _:
                return raw

    def bound(self, key: Any) -> Any:
        return key.decode() if isinstance(key, bytes) else key

    def failure(self, error: BaseException) -> Failure:
        code = getattr(error, "sqlite_errorname", type(error).__name__)  # the driver's own complaints have no code
        primary = "_".join(code.split("_")[:2])
        return Failure(sqlstate=_SQLSTATES.get(code) or _SQLSTATES.get(primary, UNKNOWN), code=code, text=str(error))

    def connect_failure(self, error: BaseException) -> Failure:
        failure = self.failure(error)
        return Failure(sqlstate=UNREACHABLE, code=failure.code, text=failure.text)


def _text(raw: pl.Series) -> pl.Series:
    """UTF-8 as text; null for what is something else."""
    try:
        return raw.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(raw.name, [_decoded(value) for value in raw], dtype=pl.String)


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"a connection of {type(driver).__module__} instead of sqlite3")
    return driver


def _connected(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own; _begin does
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("SELECT 1 FROM sqlite_master")  # the file is opened here, and read as a database


def _begin(connection: sa.Connection) -> None:
    # A writer that begins as a reader may find the database changed meanwhile, and can then only give up.
    how = "IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {how}")


DIALECT: Dialect = _Sqlite()
