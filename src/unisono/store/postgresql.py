"""PostgreSQL, the store for a server: many readers beside one writer, on one machine or several.

A commit survives as the server is set up to let it survive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, create_engine, event, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateTable

from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.postgresql_failures import failures
from unisono.store.postgresql_statistics import Growth
from unisono.store.postgresql_transaction import PostgresqlTransaction
from unisono.store.tables import metadata, staging, store_meta
from unisono.store.upgrade import HEAD, upgrade, version

#: A writer may hold the store for the plan of a whole population; others wait for it this long.
WAIT_S: Final = 300.0
#: A run needs a writer, a reader and two locks; the service has a few more readers.
CONNECTIONS: Final = 10

_CONNECT_TIMEOUT_S: Final = 10
_SETTINGS: Final = (
    "SET client_encoding = 'UTF8'",
    "SET jit = off",  # statements are many and short
    "SET work_mem = '64MB'",
    "SET temp_buffers = '64MB'",  # staged rows
)

#: The numbers of the advisory locks that are held, and the server's processes that hold them.
_HELD_LOCKS: Final = text(
    "SELECT (classid::bigint << 32) | objid::bigint, pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class PostgresqlDatabase:
    """``Database`` at a URL such as ``postgresql://account:password@host/database``.

    Raises ``StoreError`` when it cannot be reached or used, or holds no store and none is to be created.
    """

    def __init__(self, url: str, *, create: bool, wait_s: float = WAIT_S) -> None:
        self._wait_ms = int(wait_s * 1000)
        self._growth = Growth()
        self._locks: dict[int, int] = {}  # the server's process that holds a lock, by the lock's number
        try:
            self._engine = create_engine(
                url.replace("postgresql://", "postgresql+psycopg://", 1),
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_timeout=wait_s,
                hide_parameters=True,
                connect_args={"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "unisono"},
            )
        except (ArgumentError, ValueError):
            # The URL itself stays out of the message: it may hold a password.
            raise StoreError(
                Status.NO_START_SERVER,
                "the store's URL cannot be read",
                hint="Write it as postgresql://account:password@host:port/database; special characters as %XX.",
            ) from None
        staged = (str(CreateTable(table).compile(self._engine)) for table in staging.sorted_tables)
        event.listen(self._engine, "connect", _preparation(*_SETTINGS, *staged))
        try:
            with failures(opening=True):
                self._upgrade(create=create)
        except BaseException:
            self._engine.dispose()
            raise

    def _upgrade(self, *, create: bool) -> None:
        with self._engine.connect() as connection:
            found = version(connection)
            if found == HEAD:
                return
            if found is None and not create:
                raise StoreError(
                    Status.NO_START_SERVER,
                    "the database of the store is empty",
                    hint="Check the store of the project; its first run makes one.",
                )
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key("upgrade")})
            upgrade(connection)  # looks again: another process may have been faster
            connection.commit()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[PostgresqlTransaction]:
        # The failures of the end, too: a connection that broke cannot be rolled back.
        with failures(), self._engine.connect() as connection:
            self._begin(connection, write=write)
            transaction = PostgresqlTransaction(connection, write=write)
            yield transaction
            if write and transaction.committed:
                self._refresh_statistics(connection, transaction.unseen)

    def _begin(self, connection: Connection, *, write: bool) -> None:
        if not write:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.execute(select(store_meta.c.id))  # the snapshot of a reader is that of its first query
            return
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {self._wait_ms}")
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key("writer")})
        if self._locks:
            self._look_after_locks(connection)

    def _look_after_locks(self, connection: Connection) -> None:
        """Whose lock is lost must not write any more: somebody else may have taken it, and do the same work."""
        held = {int(key): int(process) for key, process in connection.execute(_HELD_LOCKS)}
        if any(held.get(key) != process for key, process in list(self._locks.items())):
            raise StoreError(
                Status.STOPPED_DATABASE_CONNECTION_LOST,
                "the connection that held the run's lock is lost; another run may have begun",
                hint="Check that the server runs and can be reached, then run again. If it happens often, look for "
                "what ends idle connections to it.",
            )

    def _refresh_statistics(self, connection: Connection, unseen: Mapping[str, int]) -> None:
        """After a bulk load the planner must not go on believing in a small table until somebody looks.

        The next writer may have begun, and looks at what it writes: then nobody waits for it.
        """
        for table in self._growth.due(unseen):
            connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {table}")
        connection.commit()

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """A lock of the server's, held by a connection of its own: it goes when that goes, however it goes."""
        with failures():
            connection = self._engine.connect()
        with connection:
            with failures():
                key = {"key": _key(f"lock {name}")}
                held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one())
                process = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
                connection.commit()  # no transaction stays open meanwhile
            if not held:
                yield False
                return
            self._locks[key["key"]] = process
            try:
                yield True
            finally:
                del self._locks[key["key"]]
                _unlock(connection, key)

    def size(self) -> int:
        with failures(), self._engine.connect() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    def compact(self) -> None:
        """Do now what the server does by itself sooner or later: places of removed rows are free for new ones, and what
        is free at the end of a table goes back to the disk. Nobody is locked out, as by ``VACUUM FULL``."""
        with failures(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f"VACUUM {', '.join(sorted(metadata.tables))}")

    def close(self) -> None:
        self._engine.dispose()


def _unlock(connection: Connection, key: dict[str, int]) -> None:
    """Also where the connection is lost: the lock went with it."""
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
        connection.commit()
    except DBAPIError:
        connection.invalidate()


def _preparation(*statements: str) -> Callable[[DBAPIConnection, object], None]:
    """What a new connection is told before it is used."""

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    return prepare


def _key(name: str) -> int:
    """The number that stands for a name among the database's advisory locks."""
    return int.from_bytes(hashlib.blake2b(f"unisono {name}".encode(), digest_size=8).digest(), "big", signed=True)
