"""PostgreSQL with password authentication, one new database per test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.servers.process import LOOPBACK, Server, free_port, program, run, run_as

SUPERUSER = "postgres"
SUPERUSER_PASSWORD = "superuser secret"
OWNER = "owner"
OWNER_PASSWORD = "owner secret"

# What was committed survives a killed server, but not a power failure.
_FOR_TESTS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
    "jit": "off",
}

# Whether a database is like a new one, but for what belongs to its owner.
_IS_EMPTY = """
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_(toast_)?temp_')
   AND NOT EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
   AND NOT EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
   AND NOT EXISTS (SELECT FROM pg_type WHERE oid >= 16384)
   AND NOT EXISTS (SELECT FROM pg_extension WHERE oid >= 16384)
   AND NOT EXISTS (SELECT FROM pg_db_role_setting)
"""


class Postgres(Server):
    """PostgreSQL 15. Databases belong to ``OWNER``, an ordinary role; the superuser arranges and kills.

    A role that a test creates stays until the server goes: give it a name of its own.
    """

    kind: ClassVar[str] = "postgres"
    packages: ClassVar[str] = "postgresql-15"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": does not wait for clients

    def __init__(self, *, parent: Path | None = None, settings: Mapping[str, str] = _FOR_TESTS) -> None:
        self._settings = {"listen_addresses": LOOPBACK, **settings}
        self._postgres = program("postgres", packages=self.packages)
        self._is_ready = program("pg_isready", packages=self.packages)
        initdb = program("initdb", packages=self.packages)
        super().__init__(parent)
        self._port = free_port()
        self._empty: list[PostgresDatabase] = []
        password = self.directory / "password"
        password.write_text(SUPERUSER_PASSWORD)
        if self.account:
            for path in (self.directory, password):
                shutil.chown(path, self.account, self.account)
        authentication = ("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}")
        text = ("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
        command = (initdb, "-D", self.directory / "data", "-U", SUPERUSER, *authentication, *text)
        run("setpriv", *run_as(self.account), "--", *command, cwd=self.directory)

    @property
    def account(self) -> str | None:
        """PostgreSQL refuses to run as root."""
        return "postgres" if os.getuid() == 0 else None

    @property
    def command(self) -> Sequence[str | Path]:
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        return (self._postgres, "-D", self.directory / "data", "-k", self.directory, "-p", str(self._port), *settings)

    def is_ready(self) -> bool:
        # It accepts connections before it accepts queries.
        asked = (self._is_ready, "-q", "-h", LOOPBACK, "-p", str(self._port))
        return subprocess.run(asked).returncode == 0

    def start(self) -> None:
        super().start()
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
            if known is None:
                create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(create.format(sql.Identifier(OWNER), sql.Literal(OWNER_PASSWORD)))

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser; each statement is its own transaction."""
        return psycopg.connect(
            host=LOOPBACK,
            port=self._port,
            user=SUPERUSER,
            password=SUPERUSER_PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def new_database(self) -> PostgresDatabase:
        """An empty database of ``OWNER``."""
        if self._empty:
            return self._empty.pop()
        database = PostgresDatabase(server=self, name=f"t{uuid.uuid4().hex[:12]}", port=self._port)
        create = sql.SQL("CREATE DATABASE {} OWNER {} STRATEGY file_copy")
        with self.connect() as connection:
            connection.execute(create.format(sql.Identifier(database.name), sql.Identifier(OWNER)))
        return database

    def take_back(self, database: PostgresDatabase) -> None:
        """Empty it for the next test; creating one takes twenty times as long. Drop it where something stays."""
        database.end_other_connections()
        with self.connect(database.name) as connection:
            connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(OWNER)))
            is_empty = connection.execute(_IS_EMPTY).fetchone() == (True,)
        if is_empty:
            self._empty.append(database)
        else:
            self.drop_database(database.name)

    def drop_database(self, name: str) -> None:
        """Drop it whoever is connected."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDatabase:
    """A database that belongs to one test."""

    server: Postgres
    name: str
    port: int
    user: str = OWNER
    password: str = OWNER_PASSWORD

    @property
    def url(self) -> str:
        """For SQLAlchemy, without the password."""
        return f"postgresql+psycopg://{self.user}@{LOOPBACK}:{self.port}/{self.name}"

    @property
    def url_with_password(self) -> str:
        return f"postgresql+psycopg://{self.user}:{quote(self.password)}@{LOOPBACK}:{self.port}/{self.name}"

    def connect(self) -> psycopg.Connection:
        """A connection of the owner; each statement is its own transaction."""
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.name,
            autocommit=True,
        )

    def end_other_connections(self) -> int:
        """Cut every other connection to this database, as a failing network would; how many there were."""
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with self.server.connect() as connection:
            return len(connection.execute(cut, [self.name]).fetchall())
