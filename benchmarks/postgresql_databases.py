"""Databases of a PostgreSQL server that the benchmark starts on loopback, in a folder of its own.

Its settings are those of a server in production: what is committed survives a power failure, and replicas could follow.
Memory and checkpoints are sized for a bulk load, disks are taken to be fast at random reading, and statements are not
compiled, being many and short. Floor and product have the same server.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from psycopg import sql
from tests.servers.postgres import OWNER, OWNER_PASSWORD, Postgres, PostgresDatabase
from tests.servers.process import LOOPBACK

from benchmarks.server_processes import ServerProcesses

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "wal_compression": "lz4",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "maintenance_work_mem": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
}
_VARIABLE = "PGPASSWORD"  # where libpq looks for it, whoever uses libpq
_POLL_S = 0.005
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_DELETED = "SELECT relname, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
_NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_WRITTEN_SINCE = "SELECT count(*) FROM {} WHERE xmin::text::bigint >= %s"


@contextmanager
def started(parent: Path | None) -> Iterator[PostgresqlDatabases]:
    """A server below ``parent``, which goes with everything in it at the end.

    Meanwhile the environment of this process, and of those that it starts, holds the account's password.
    """
    with Postgres(parent=parent, settings=SETTINGS) as server:
        os.environ[_VARIABLE] = OWNER_PASSWORD
        try:
            yield PostgresqlDatabases(postgres=server, server=ServerProcesses(pid=server.pid))
        finally:
            del os.environ[_VARIABLE]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlDatabases:
    postgres: Postgres
    server: ServerProcesses

    def new(self, _directory: Path, _name: str) -> PostgresqlDatabase:
        """Everything is where the server has it, under names of its own."""
        return PostgresqlDatabase(database=self.postgres.new_database())


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlDatabase:
    database: PostgresDatabase
    kind: ClassVar[str] = "PostgreSQL"

    @property
    def url(self) -> str:
        return f"postgresql://{OWNER}@{LOOPBACK}:{self.database.port}/{self.database.name}"

    def execute(self, statements: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statements.encode())

    def value(self, query: str) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    @contextmanager
    def rows_written(self) -> Iterator[dict[str, int]]:
        """By the transaction that every row names as the last that wrote it, and the server's statistics of deletions.

        Nothing is copied. A row that is written as it was counts too.
        """
        written: dict[str, int] = {}
        with self._alone() as connection:
            first = connection.execute(_NEXT_TRANSACTION).fetchone()
            before = dict(connection.execute(_DELETED).fetchall())
        yield written
        with self._alone() as connection:
            for table, deleted in connection.execute(_DELETED).fetchall():
                query = sql.SQL(_WRITTEN_SINCE).format(sql.Identifier(table))
                since = connection.execute(query, first).fetchone()
                rows = (since[0] if since else 0) + deleted - before.get(table, 0)
                if rows:
                    written[table] = rows

    def settle(self) -> None:
        """What autovacuum and the checkpointer would do in the minutes that follow."""
        with self._alone() as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")

    def copy(self) -> PostgresqlDatabase:
        with self._alone():
            pass
        server = self.database.server
        copy = PostgresDatabase(server=server, name=f"{self.database.name}_copy", port=self.database.port)
        names = {"copy": copy.name, "owner": OWNER, "original": self.database.name}
        create = sql.SQL("CREATE DATABASE {copy} OWNER {owner} TEMPLATE {original} STRATEGY file_copy")
        with server.connect() as connection:
            connection.execute(create.format(**{name: sql.Identifier(word) for name, word in names.items()}))
        return PostgresqlDatabase(database=copy)

    def drop(self) -> None:
        with self.database.server.connect() as connection:
            name = sql.Identifier(self.database.name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    @property
    def size_mib(self) -> float:
        return self.value("SELECT pg_database_size(current_database())") / 2**20

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection]:
        """A connection of the superuser. Connections that were closed have ended, and so said what they did."""
        with self.database.server.connect(self.database.name) as connection:
            while connection.execute(_OTHERS).fetchone() != (0,):
                time.sleep(_POLL_S)
            yield connection
