"""An empty store of every kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from unisono.store import open_store
from unisono.store.contract import Store, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is."""

    url: str
    directory: Path

    def open(self, *, create: bool = False) -> Store:
        return open_store(self.url, self.directory, create=create)


_URLS = {"sqlite": "sqlite:///store.db"}


@pytest.fixture(params=_URLS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the store of the test is, for tests that open it once more."""
    return Place(url=_URLS[request.param], directory=tmp_path)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    store = place.open(create=True)
    yield store
    store.close()


@pytest.fixture
def unit(store: Store) -> Iterator[UnitOfWork]:
    """A unit of work that nobody commits: for what is true inside one."""
    with store.rehearse() as unit:
        yield unit
