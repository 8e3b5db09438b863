"""The engine that works on frames gives what an obvious one gives, object by object, in the order of anchors.

So neither the order of objects nor the size of partitions can matter, and a second synchronization changes nothing.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reference.engine import ObviousEngine
from tests.reference.reading import described, differences
from tests.reference.real import RealEngine, obvious_state
from tests.reference.worlds import Round, projects, rounds

from unisono.model.project import Project
from unisono.store import open_store

WORLDS = 30
MANY_WORLDS = 300
_CYCLE = ("hr", "directory", "app")
_HISTORIES = st.lists(rounds(), min_size=1, max_size=3)
_SIZES = st.integers(1, 6)


def worlds(number: int) -> settings:
    """Large inputs are the point here, and time per world depends on the machine."""
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A new store, made once and copied for each world."""
    folder = Path(tempfile.mkdtemp(prefix="worlds-"))
    open_store(f"sqlite:///{folder}/new.db", folder, create=True).close()
    yield folder / "new.db"
    shutil.rmtree(folder)


@contextmanager
def real_engine(template: Path, project: Project, partition: int) -> Iterator[RealEngine]:
    with tempfile.TemporaryDirectory(prefix="world-") as folder:
        copy = Path(folder) / "store.db"
        shutil.copy(template, copy)
        engine = RealEngine(project, copy, partition)
        try:
            yield engine
        finally:
            engine.close()


@worlds(WORLDS)
@given(project=projects(), history=_HISTORIES, partition=_SIZES)
def test_both_engines_agree_after_every_round(
    template: Path, project: Project, history: list[Round], partition: int
) -> None:
    _agree(template, project, history, partition)


@pytest.mark.slow
@worlds(MANY_WORLDS)
@given(project=projects(), history=_HISTORIES, partition=_SIZES)
def test_both_engines_agree_in_many_worlds(
    template: Path, project: Project, history: list[Round], partition: int
) -> None:
    _agree(template, project, history, partition)


def _agree(template: Path, project: Project, history: list[Round], partition: int) -> None:
    obvious = ObviousEngine(project)
    with real_engine(template, project, partition) as real:
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
    template: Path, project: Project, history: list[Round], partitions: tuple[int, int], shuffle: int
) -> None:
    with (
        real_engine(template, project, partitions[0]) as one,
        real_engine(template, project, partitions[1]) as other,
    ):
        for each in history:
            _play(each, one, shuffle=each.shuffle)
            _play(each, other, shuffle=shuffle)
            found = differences(one.state(), other.state())
            assert not found, "\n".join(["", described(project, history), *found])


@worlds(WORLDS // 3)
@given(project=projects(), one=rounds(), partition=_SIZES)
def test_synchronizing_again_changes_nothing(template: Path, project: Project, one: Round, partition: int) -> None:
    with real_engine(template, project, partition) as real:
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
