"""PostgreSQL, by psycopg 3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryLoader
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from unisono.connectors.sql.databases import Dialect, Limits
from unisono.connectors.sql.failures import ACCOUNT_REFUSED, BAD_VALUE, DROPPED, UNKNOWN, UNREACHABLE, Failure
from unisono.connectors.sql.wire import FORM_TYPES, Form
from unisono.model.schema import DATETIME, PolarsType

_EPOCH_US = 946_684_800_000_000  # 2000-01-01, from which timestamps count microseconds
_INFINITE = (2**63 - 1, -(2**63))

# The server tells SQLSTATEs once connected, and before that only words. Where the words are foreign, a refused account
# is reported as a failed connection.
_ACCOUNT_REFUSED = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "is not permitted to log in",
)


class _BinaryCursor(psycopg.Cursor[tuple[Any, ...]]):
    """Results in the binary format: faster, and timestamps as numbers that polars takes whole columns of."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.format = Format.BINARY


class _Postgresql:
    raw_types: Mapping[Form, PolarsType] = {**FORM_TYPES, Form.TIME: pl.Int64}

    def mistake(self, url: URL) -> str | None:
        if url.drivername not in ("postgresql", "postgresql+psycopg"):
            return "the driver must be psycopg: postgresql+psycopg://…"
        return None if url.database else "the url names no database"

    def create_engine(self, url: URL, directory: Path, limits: Limits) -> sa.Engine:
        del directory  # nothing here is a file
        options = f"-c TimeZone=UTC -c statement_timeout={limits.statement_timeout_s}s"
        given = url.query.get("options", "")
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            hide_parameters=True,
            paramstyle="format",
            use_native_hstore=False,
            connect_args={
                "connect_timeout": limits.connect_timeout_s,
                "options": f"{given} {options}",
                "application_name": "unisono",
            },
        )

    def snapshot(self, connection: sa.Connection) -> sa.Connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.begin()
        return connection

    def prepare_reading(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.cursor_factory = _BinaryCursor
        for name in ("timestamp", "timestamptz"):
            driver.adapters.register_loader(name, Int8BinaryLoader)

    def prepare_writing(self, connection: sa.Connection) -> sa.Connection:
        return connection

    def decoded(self, form: Form, raw: pl.Expr) -> pl.Expr:
        if form is not Form.TIME:
            return raw
        finite = pl.when(~raw.is_in(_INFINITE)).then(raw)
        return (finite + _EPOCH_US).cast(DATETIME)

    def bound(self, key: Any) -> Any:
        return key

    def failure(self, error: BaseException) -> Failure:
        if not isinstance(error, psycopg.Error):
            return Failure(sqlstate=UNKNOWN, code=type(error).__name__, text=str(error))
        if error.sqlstate is None:
            # Raised by the driver itself: a value that it cannot send, or nobody to send it to.
            sqlstate = BAD_VALUE if isinstance(error, psycopg.DataError) else DROPPED
            return Failure(sqlstate=sqlstate, code=type(error).__name__, text=_first_line(error))
        # The primary message only: the detail shows the row's values.
        text = error.diag.message_primary or _first_line(error)
        return Failure(sqlstate=error.sqlstate, code=error.sqlstate, text=text, column=error.diag.column_name)

    def connect_failure(self, error: BaseException) -> Failure:
        text = str(error)
        connection = getattr(error, "pgconn", None)
        needs_password = connection is not None and connection.needs_password
        refused = needs_password or any(words in text for words in _ACCOUNT_REFUSED)
        sqlstate = ACCOUNT_REFUSED if refused else UNREACHABLE
        return Failure(sqlstate=sqlstate, code=type(error).__name__, text=" ".join(text.split()))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


DIALECT: Dialect = _Postgresql()
