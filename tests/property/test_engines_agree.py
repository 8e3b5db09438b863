"""The engine that works on frames gives what an obvious one gives, object by object, in the order of anchors.

So neither the order of objects nor the size of partitions can matter, and a second synchronization changes nothing.
"""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reference.engine import ObviousEngine
from tests.reference.reading import described, differences
from tests.reference.real import RealEngine, obvious_state
from tests.reference.worlds import Round, projects, rounds
from tests.servers.fixtures import STORES
from tests.servers.postgres import Postgres, PostgresDatabase

from unisono.model.project import Project
from unisono.runs import relations
from unisono.store import open_store
from unisono.store.contract import Store
from unisono.store.tables import metadata

WORLDS = 30
MANY_WORLDS = 300
_CYCLE = ("hr", "directory", "app")
_HISTORIES = st.lists(rounds(), min_size=1, max_size=3)
_SIZES = st.integers(1, 6)

NewStore = Callable[[], AbstractContextManager[Store]]
_KEPT = {"store_meta", "id_sequence"}
_EMPTIED = ", ".join(sorted(set(metadata.tables) - _KEPT))
_EMPTY = f"TRUNCATE {_EMPTIED}; UPDATE id_sequence SET next_id = 1; UPDATE store_meta SET metaverse_objects = 0"  # noqa: S608


def worlds(number: int) -> settings:
    """Large inputs are the point here, and time per world depends on the machine."""
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", params=STORES)
def new_store(request: pytest.FixtureRequest) -> Iterator[NewStore]:
    """Gives an empty store for each world, much faster than one that is made."""
    with on_sqlite() if request.param == "sqlite" else on_postgresql(request) as new:
        yield new


@contextmanager
def on_sqlite() -> Iterator[NewStore]:
    """A new file, copied for each world."""
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        open_store("sqlite:///new.db", Path(folder), create=True).close()
        numbers = itertools.count()

        @contextmanager
        def new() -> Iterator[Store]:
            copy = Path(folder) / f"{next(numbers)}.db"
            shutil.copy(Path(folder) / "new.db", copy)
            try:
                with closing(open_store(f"sqlite:///{copy}", copy.parent, create=False)) as store:
                    yield store
            finally:
                copy.unlink()

        yield new


@contextmanager
def on_postgresql(request: pytest.FixtureRequest) -> Iterator[NewStore]:
    """Two stores, as some tests compare; each is emptied after a world."""
    server: Postgres = request.getfixturevalue("postgres")
    with ExitStack() as stack:
        free: list[tuple[PostgresDatabase, Store]] = []
        for _ in range(2):
            database = server.new_database()
            stack.callback(server.take_back, database)
            url = database.url_with_password.replace("+psycopg", "")
            free.append((database, stack.enter_context(closing(open_store(url, Path(), create=True)))))

        @contextmanager
        def new() -> Iterator[Store]:
            database, store = free.pop()
            try:
                yield store
            finally:
                with database.connect() as connection:
                    connection.execute(_EMPTY)
                free.append((database, store))

        yield new


@contextmanager
def real_engine(new_store: NewStore, project: Project, partition: int) -> Iterator[RealEngine]:
    with new_store() as store:
        yield RealEngine(project, store, partition)


@worlds(WORLDS)
@given(project=projects(), history=_HISTORIES, partition=_SIZES)
def test_both_engines_agree_after_every_round(
    new_store: NewStore, project: Project, history: list[Round], partition: int
) -> None:
    _agree(new_store, project, history, partition)


@pytest.mark.slow
@worlds(MANY_WORLDS)
@given(project=projects(), history=_HISTORIES, partition=_SIZES)
def test_both_engines_agree_in_many_worlds(
    new_store: NewStore, project: Project, history: list[Round], partition: int
) -> None:
    _agree(new_store, project, history, partition)


def _agree(new_store: NewStore, project: Project, history: list[Round], partition: int) -> None:
    obvious = ObviousEngine(project)
    with real_engine(new_store, project, partition) as real:
        for number, one in enumerate(history, 1):
            _play(one, real, shuffle=one.shuffle)
            _play(one, obvious)
            found = differences(real.state(), obvious_state(obvious))
            assert not found, "\n".join(["", described(project, history[:number]), *found])


def _play(one: Round, engine: RealEngine | ObviousEngine, *, shuffle: int = 0) -> None:
    """Import what the sources show, then synchronize every connector."""
    for connector, shown in one.shown.items():
        if isinstance(engine, RealEngine):
            order = sorted(shown)
            random.Random(shuffle).shuffle(order)  # noqa: S311 - an order, not a secret
            engine.full_import(connector, shown, order)
        else:
            engine.full_import(connector, shown)
    for connector in _CYCLE:
        engine.synchronize(connector, full=one.full)


@worlds(WORLDS // 3)
@given(project=projects(), history=_HISTORIES, partitions=st.tuples(_SIZES, _SIZES), shuffle=st.integers(0, 1000))
def test_neither_the_order_of_objects_nor_the_size_of_partitions_matters(
    new_store: NewStore, project: Project, history: list[Round], partitions: tuple[int, int], shuffle: int
) -> None:
    """Nor whether references are computed edge by edge, where few can have changed, or object by object."""
    with (
        real_engine(new_store, project, partitions[0]) as one,
        real_engine(new_store, project, partitions[1]) as other,
    ):
        for each in history:
            _play(each, one, shuffle=each.shuffle)
            with patch.object(relations, "FEW", -1):
                _play(each, other, shuffle=shuffle)
            found = differences(one.state(), other.state())
            assert not found, "\n".join(["", described(project, history), *found])


@worlds(WORLDS // 3)
@given(project=projects(), one=rounds(), partition=_SIZES)
def test_synchronizing_again_changes_nothing(new_store: NewStore, project: Project, one: Round, partition: int) -> None:
    with real_engine(new_store, project, partition) as real:
        _play(one, real, shuffle=one.shuffle)
        for _ in range(3):  # later connectors may give earlier ones something to do; it comes to rest
            _synchronize_all(real)
        before = real.state()
        _synchronize_all(real)
        found = differences(before, real.state())
        assert not found, "\n".join(["", described(project, [one]), *found])


def _synchronize_all(real: RealEngine) -> None:
    for connector in _CYCLE:
        real.synchronize(connector, full=True)
