"""Units of work: everything or nothing, one writer at a time, readers beside it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from tests.projects import whole_space
from tests.store.conftest import Place
from tests.store.given import at, found_ids, ids, mv_objects, people
from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.contract import Store


def _population(store: Store) -> int:
    with store.read() as reader:
        return reader.population("HR")


def test_what_a_unit_wrote_is_there_after_it(store: Store, place: Place) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1, 2]))
    assert _population(store) == 2
    with place.opened() as again:
        assert _population(again) == 2


def test_a_unit_that_raises_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.begin() as unit:
            unit.insert_objects(people([1]))
            unit.insert_metaverse(mv_objects({"id": 9}))
            unit.start_run("HR", "p", "f", at(0))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with store.read() as reader:
        assert whole_space(reader, "HR").is_empty()
        assert (reader.population("HR"), reader.metaverse_population(), reader.runs()) == (0, 0, ())
        assert reader.statistics() == ()


def test_a_rehearsal_shows_its_writes_and_leaves_nothing(store: Store) -> None:
    with store.rehearse() as unit:
        unit.insert_objects(people([1]))
        assert found_ids(unit.objects(ids(1))) == [1]
    assert _population(store) == 0


def test_a_unit_sees_its_own_writes(store: Store) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1, 2]))
        unit.delete_objects(ids(1))
        assert found_ids(whole_space(unit, "HR")) == [2]


def test_a_statement_that_fails_breaks_the_whole_unit(store: Store) -> None:
    def insert_twice() -> None:
        with store.begin() as unit:
            unit.insert_objects(people([1], anchor="a"))
            unit.insert_objects(people([2], anchor="a"))

    with pytest.raises(StoreError) as caught:
        insert_twice()
    assert caught.value.status is Status.STOPPED_SERVER
    assert _population(store) == 0


def test_an_error_names_no_value(store: Store) -> None:
    with pytest.raises(StoreError) as caught, store.begin() as unit:
        unit.insert_objects(people([1, 2], anchor="secret-4711", hologram="secret-4711"))
    chain = [caught.value, caught.value.__cause__, caught.value.__cause__.__cause__ if caught.value.__cause__ else None]
    assert not any("secret-4711" in f"{error!s}{error!r}" for error in chain)


@pytest.mark.parametrize("outer", ["begin", "rehearse"])
@pytest.mark.parametrize("inner", ["begin", "rehearse"])
def test_a_unit_inside_a_unit_is_an_error(store: Store, outer: str, inner: str) -> None:
    with getattr(store, outer)(), pytest.raises(RuntimeError, match="inside another one"), getattr(store, inner)():
        pass
    with store.begin() as unit:
        unit.insert_objects(people([1]))
    assert _population(store) == 1


def test_a_reader_may_be_opened_beside_a_unit_and_sees_the_state_before_it(store: Store) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1]))
        assert _population(store) == 0


def test_a_reader_sees_one_state_whatever_is_committed_meanwhile(store: Store) -> None:
    with store.read() as reader:
        with store.begin() as unit:
            unit.insert_objects(people([1]))
            unit.insert_metaverse(mv_objects({"id": 9}))
        assert (reader.population("HR"), reader.metaverse_population()) == (0, 0)
        assert whole_space(reader, "HR").is_empty()
    assert _population(store) == 1


def test_writers_wait_for_each_other(store: Store, place: Place) -> None:
    seen: list[int] = []
    trying = threading.Event()

    def second() -> None:
        with place.opened() as other:
            trying.set()
            with other.begin() as unit:
                seen.append(unit.population("HR"))
                unit.insert_objects(people([2]))

    thread = threading.Thread(target=second)
    with store.begin() as unit:
        thread.start()
        assert trying.wait(30)
        unit.insert_objects(people([1]))
        assert seen == []
    thread.join(30)
    assert seen == [1]
    assert _population(store) == 2


def test_threads_may_share_a_store(store: Store) -> None:
    def write(number: int) -> None:
        with store.begin() as unit:
            first = unit.allocate(10)
            unit.insert_objects(people(range(first, first + 10)))
        with store.read() as reader:
            assert reader.objects(ids(first)).height == 1

    _in_threads([lambda number=number: write(number) for number in range(8)])  # type: ignore[misc]
    assert _population(store) == 80


def _in_threads(tasks: list[Callable[[], None]]) -> None:
    failures: list[Exception] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - it is shown below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_ids_are_positive_consecutive_and_never_given_again(store: Store) -> None:
    with store.begin() as unit:
        first = unit.allocate(3)
        assert first > 0
        assert unit.allocate(1) == first + 3
        unit.insert_objects(people([first]))
        unit.delete_objects(ids(first))
    with store.begin() as unit:
        assert unit.allocate(0) == first + 4
        assert unit.allocate(1) == first + 4


_DYING = """
import os, signal, sys
from pathlib import Path
from tests.store.given import people
from unisono.store import open_store
store = open_store(sys.argv[1], Path(sys.argv[2]), create=False)
with store.begin() as unit:
    unit.insert_objects(people(range(10, 30_000)))
    unit.delete_objects(people([1])["id"])
    {before}
{after}
"""
_KILL = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(_KILL, "", [1], id="inside the transaction: the old state"),
        pytest.param("pass", _KILL, list(range(10, 30_000)), id="after the commit: the new state"),
    ],
)
def test_a_killed_process_leaves_the_state_of_its_last_commit(
    store: Store, place: Place, before: str, after: str, expected: list[int]
) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1]))
    program = _DYING.format(before=before, after=after)
    dying = subprocess.run([sys.executable, "-c", program, place.url, place.directory], timeout=120, check=False)
    assert dying.returncode == -9
    with place.opened() as again, again.begin() as unit:
        assert found_ids(whole_space(unit, "HR")) == expected
        assert unit.population("HR") == len(expected)
