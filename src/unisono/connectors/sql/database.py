"""A connection to the database, with every failure told in one way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from unisono.connectors.sql.databases import Dialect, Limits, dialect_of
from unisono.connectors.sql.failures import Failed, not_started
from unisono.connectors.sql.settings import SqlSettings

Row = tuple[Any, ...]  # Any: what the driver gives and takes


class Database:
    """A configured database. Making one touches nothing."""

    def __init__(self, settings: SqlSettings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory

    def connect(self, *, statement_timeout_s: int | None = None) -> Link:
        """Raises ``StepStop`` with a ``no-start-*`` status."""
        settings = self._settings
        timeout_s = settings.statement_timeout_s
        limits = Limits(
            connect_timeout_s=settings.connect_timeout_s,
            statement_timeout_s=min(timeout_s, statement_timeout_s or timeout_s),
        )
        url = make_url(settings.url)
        shown = url.render_as_string()
        if settings.password is not None:
            url = url.set(password=settings.password.reveal())
        dialect = dialect_of(url)
        engine = dialect.create_engine(url, self._directory, limits)
        try:
            connection = engine.connect()
        except DBAPIError as error:
            failure = dialect.connect_failure(error.orig or error)
        else:
            return Link(engine, connection, dialect)
        raise not_started(f"no connection to {shown}", failure)


class Link:
    """One connection. Every method raises ``Failed``."""

    def __init__(self, engine: sa.Engine, connection: sa.Connection, dialect: Dialect) -> None:
        self.dialect = dialect
        self._engine = engine
        self._connection = connection
        driver = engine.dialect.loaded_dbapi
        self._errors: tuple[type[BaseException], ...] = (DBAPIError, driver.Error)

    # --- reading ------------------------------------------------------------------------------------------------------

    def inspected(self) -> sa.Inspector:
        return sa.inspect(self._connection)

    def begin_snapshot(self) -> None:
        """From here on one state is seen until the end."""
        with self.told():
            self._connection = self.dialect.snapshot(self._connection)

    def prepare_reading(self) -> None:
        """From here on ``rows`` gives the dialect's raw types."""
        self.dialect.prepare_reading(self._connection)

    def rows(self, statement: sa.Executable) -> list[Row]:
        with self.told():
            result = self._connection.execute(statement)
            # From the driver's cursor: rows of SQLAlchemy cost as much again as the whole reading.
            rows: list[Row] = list(result.cursor.fetchall())
            result.close()
            return rows

    # --- writing ------------------------------------------------------------------------------------------------------

    def prepare_writing(self) -> None:
        """Transactions begun from here on write."""
        self._connection = self.dialect.prepare_writing(self._connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.told():
            try:
                with self._connection.begin():
                    yield
            except self._errors:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """End a transaction whose commit failed: for SQLAlchemy it has ended, for SQLite it has not."""
        with suppress(SQLAlchemyError, *self._errors):
            self._connection.connection.rollback()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        with self.told(), self._connection.begin_nested():
            yield

    def write(self, statement: str, rows: Sequence[Row]) -> int:
        """Execute once per row; how many rows of the table it met altogether."""
        with self.told():
            return self._connection.exec_driver_sql(statement, list(rows)).rowcount

    def returned(self, statement: str, row: Row) -> Row:
        """Execute once; the row that it returns."""
        with self.told():
            result = self._connection.exec_driver_sql(statement, row)
            (returned,) = result.fetchall()
            return tuple(returned)

    def compiled(self, statement: sa.ClauseElement) -> tuple[str, Sequence[str]]:
        """The statement for ``write``, and the names of its parameters in the order of a row."""
        compiled = statement.compile(dialect=self._engine.dialect)
        return str(compiled), list(getattr(compiled, "positiontup", None) or ())

    # --- both ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns what SQLAlchemy or the driver raises into ``Failed``."""
        try:
            yield
        except self._errors as error:
            # "from None": the original's text has values of rows in it.
            raise Failed(self.dialect.failure(getattr(error, "orig", None) or error)) from None

    def close(self) -> None:
        with suppress(SQLAlchemyError, *self._errors):  # a broken connection cannot even be closed
            self._connection.close()
        self._engine.dispose()
