"""An empty store of every kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.servers.postgres import PostgresDatabase
from unisono.store import open_store
from unisono.store.contract import Store, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is."""

    url: str
    directory: Path

    @contextmanager
    def opened(self, *, create: bool = False) -> Iterator[Store]:
        store = open_store(self.url, self.directory, create=create)
        try:
            yield store
        finally:
            store.close()

    @property
    def is_file(self) -> bool:
        return self.url.startswith("sqlite")

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """What an administrator sees who asks the database."""
        file = self.url.replace("///", f"///{self.directory}/")
        engine = create_engine(file if self.is_file else self.url.replace("postgresql", "postgresql+psycopg", 1))
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(statement))]
        finally:
            engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the store of the test is, for tests that open it once more."""
    if request.param == "sqlite":
        return Place(url="sqlite:///store.db", directory=tmp_path)
    database: PostgresDatabase = request.getfixturevalue("postgres_database")
    return Place(url=database.url_with_password.replace("+psycopg", ""), directory=tmp_path)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.opened(create=True) as store:
        yield store


@pytest.fixture
def unit(store: Store) -> Iterator[UnitOfWork]:
    """A unit of work that nobody commits: for what is true inside one."""
    with store.rehearse() as unit:
        yield unit
