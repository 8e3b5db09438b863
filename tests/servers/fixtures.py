"""The fixtures: a server for the session, started when the first test asks; a database or subtree for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest

from tests.projects import stored_at
from tests.servers.postgres import Postgres, PostgresDatabase
from tests.servers.process import NotInstalled, Server
from tests.servers.slapd import LdapTree, Slapd
from tests.servers.sql import SqlDatabase, postgresql, sqlite

AnyServer = TypeVar("AnyServer", bound=Server)


def _installed(kind: type[AnyServer]) -> AnyServer:
    """A server ready to be started. A missing program is a failure: a skipped test proves nothing."""
    try:
        return kind()
    except NotInstalled as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    with _installed(Slapd) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with _installed(Postgres) as server:
        yield server


@pytest.fixture
def ldap_tree(slapd: Slapd) -> LdapTree:
    """A subtree that no other test writes to; it stays until the server goes."""
    return slapd.new_tree()


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[PostgresDatabase]:
    database = postgres.new_database()
    yield database
    postgres.take_back(database)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[SqlDatabase]:
    with sqlite(tmp_path) as database:
        yield database


@pytest.fixture
def on_postgres(postgres_database: PostgresDatabase, tmp_path: Path) -> Iterator[SqlDatabase]:
    with postgresql(postgres_database, tmp_path) as database:
        yield database


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def sql_database(request: pytest.FixtureRequest) -> SqlDatabase:
    """An empty database; a test that asks for it runs on each."""
    database: SqlDatabase = request.getfixturevalue(request.param)
    return database


STORES = ("sqlite", "postgresql")


@pytest.fixture(params=STORES)
def any_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Projects that the test makes have their store in each kind of database; which one."""
    with kept_in(request.param, request):
        yield request.param


@contextmanager
def kept_in(kind: str, request: pytest.FixtureRequest) -> Iterator[PostgresDatabase | None]:
    """Projects that are made and opened in the block have their store in that kind of database; a server's is given."""
    if kind == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres")
    database = server.new_database()
    url = database.url.replace("+psycopg", "").replace("@", ":PASSWORD@", 1)
    with stored_at(url, quote(database.password)):
        yield database
    server.take_back(database)
