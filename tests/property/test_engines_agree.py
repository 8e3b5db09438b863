"""The engine that works on frames gives what an obvious one gives, object by object, in the order of anchors.

So neither the order of objects nor the size of partitions can matter, and a second synchronization changes nothing.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reference.engine import ObviousEngine
from tests.reference.real import RealEngine, obvious_state
from tests.reference.worlds import Round, projects, rounds

from unisono.model.project import Project
from unisono.store import open_store

WORLDS = 60


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A new store, made once and copied for each world."""
    folder = Path(tempfile.mkdtemp(prefix="worlds-"))
    open_store(f"sqlite:///{folder}/new.db", folder, create=True).close()
    yield folder / "new.db"
    shutil.rmtree(folder)


@settings(max_examples=WORLDS, suppress_health_check=list(HealthCheck))
@given(project=projects(), history=st.lists(rounds(), min_size=1, max_size=3), partition=st.integers(1, 6))
def test_both_engines_agree_after_every_round(
    template: Path, project: Project, history: list[Round], partition: int
) -> None:
    obvious = ObviousEngine(project)
    with tempfile.TemporaryDirectory(prefix="world-") as folder:
        copy = Path(folder) / "store.db"
        shutil.copy(template, copy)
        real = RealEngine(project, copy, partition)
        try:
            for one in history:
                _play(one, real, obvious)
                assert real.state() == obvious_state(obvious)
        finally:
            real.close()


def _play(one: Round, real: RealEngine, obvious: ObviousEngine) -> None:
    for connector, shown in one.shown.items():
        order = sorted(shown)
        random.Random(one.shuffle).shuffle(order)  # noqa: S311 - an order, not a secret
        real.full_import(connector, shown, order)
        obvious.full_import(connector, shown)
    for connector in ("hr", "directory", "app"):
        real.synchronize(connector, full=one.full)
        obvious.synchronize(connector, full=one.full)


@settings(max_examples=WORLDS // 3, suppress_health_check=list(HealthCheck))
@given(project=projects(), one=rounds(), partition=st.integers(1, 6))
def test_synchronizing_again_changes_nothing(template: Path, project: Project, one: Round, partition: int) -> None:
    with tempfile.TemporaryDirectory(prefix="world-") as folder:
        copy = Path(folder) / "store.db"
        shutil.copy(template, copy)
        real = RealEngine(project, copy, partition)
        obvious = ObviousEngine(project)
        try:
            _play(one, real, obvious)
            _settle(real)
            before = real.state()
            for connector in ("hr", "directory", "app"):
                real.synchronize(connector, full=True)
            assert real.state() == before
        finally:
            real.close()


def _settle(real: RealEngine) -> None:
    """Later connectors may give earlier ones something to do; it comes to rest."""
    for _ in range(3):
        for connector in ("hr", "directory", "app"):
            real.synchronize(connector, full=True)
