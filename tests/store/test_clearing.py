"""Old history goes, but for what people still ask for; and the room that it took is given back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.store.given import at, changes, error, ids, objects, people, statements, step
from unisono.model.runs import Cleared, Counter, Status, StepCount
from unisono.store.contract import HeldBatch, Store, UnitOfWork
from unisono.store.writes.clearing import PIECE_ERRORS, PIECE_RUNS

ERA = datetime(2026, 1, 1, tzinfo=UTC)


def ran(
    unit: UnitOfWork, day: int, connector: str = "HR", profile: str = "p", *, errors: int = 0, finished: bool = True
) -> int:
    """A run of that day, with a counter and some object errors; its number."""
    moment = ERA + timedelta(days=day)
    run_id = unit.start_run(connector, profile, "f", moment)
    counted = step(counts=(StepCount(counter=Counter.STAGE_ADD, count=1),), error_count=errors)
    unit.save_step(run_id, counted, [error("flow-error") for _ in range(errors)])
    if finished:
        unit.finish_run(run_id, Status.SUCCESS, moment)
    return run_id


def cleared(unit: UnitOfWork, day: int) -> Cleared:
    """Clear everything from before the day."""
    total = Cleared()
    while (piece := unit.clear_history(ERA + timedelta(days=day))) != Cleared():
        total += piece
    return total


def left(unit: UnitOfWork) -> list[int]:
    return sorted(run.id for run in unit.runs(limit=1_000_000))


def test_runs_from_before_a_time_go_with_all_that_belongs_to_them(unit: UnitOfWork) -> None:
    runs = [ran(unit, day, errors=3) for day in range(5)]
    assert cleared(unit, 2) == Cleared(runs=2, errors=6)
    assert left(unit) == runs[2:]
    assert unit.run(runs[1]) is None
    assert unit.errors(run_id=runs[1]).is_empty()
    kept = unit.run(runs[2])
    assert kept is not None
    assert kept.steps[0].counts == (StepCount(counter=Counter.STAGE_ADD, count=1),)
    assert unit.errors(run_id=runs[2]).height == 3


def test_nothing_is_left_of_a_run_that_is_gone(unit: UnitOfWork) -> None:
    gone, last = ran(unit, 0, errors=1), ran(unit, 1)
    cleared(unit, 9)
    again = unit.start_run("HR", "p", "f", at(0))
    assert again > last > gone  # numbers are never given again
    assert unit.errors(run_id=gone).is_empty()


def test_the_last_run_of_each_profile_stays_however_old(unit: UnitOfWork) -> None:
    ran(unit, 0)
    last = [ran(unit, 1), ran(unit, 1, profile="q", errors=1), ran(unit, 1, "AD")]
    cleared(unit, 99)
    assert left(unit) == last
    assert unit.errors()["run_id"].to_list() == [last[1]]


def test_a_run_in_progress_stays(unit: UnitOfWork) -> None:
    running = ran(unit, 0, finished=False)
    last = ran(unit, 1)
    cleared(unit, 99)
    assert left(unit) == [running, last]


def test_a_run_whose_batch_is_held_stays_until_the_batch_is_released(unit: UnitOfWork) -> None:
    held, last = ran(unit, 0), ran(unit, 1)
    unit.hold(HeldBatch(hash="1", connector="HR", profile="p", step=1, run_id=held, held_at=at(1), reasons=()))
    cleared(unit, 99)
    assert left(unit) == [held, last]
    unit.release("1")
    cleared(unit, 99)
    assert left(unit) == [last]


@pytest.mark.parametrize("kind", ["import", "export"])
def test_a_run_since_which_an_object_fails_stays_until_the_object_succeeds(unit: UnitOfWork, kind: str) -> None:
    unit.insert_objects(people([1]))
    since, last = ran(unit, 0, errors=1), ran(unit, 9)
    unit.update_objects(changes({"id": 1, f"{kind}_error": "flow-error", f"{kind}_error_run": since}))
    cleared(unit, 99)
    assert left(unit) == [since, last]
    unit.update_objects(changes({"id": 1, f"{kind}_error": None}))
    cleared(unit, 99)
    assert left(unit) == [last]


def test_one_piece_has_a_bounded_number_of_runs(unit: UnitOfWork) -> None:
    for _ in range(PIECE_RUNS + 5):
        ran(unit, 0)
    before = ERA + timedelta(days=1)
    assert unit.clear_history(before).runs == PIECE_RUNS
    assert unit.clear_history(before).runs == 4
    assert unit.clear_history(before) == Cleared()


def test_one_piece_has_a_bounded_number_of_errors_and_a_run_goes_with_its_last_one(unit: UnitOfWork) -> None:
    ran(unit, 0, errors=PIECE_ERRORS + 5)
    last = ran(unit, 1)
    before = ERA + timedelta(days=1)
    assert unit.clear_history(before) == Cleared(errors=PIECE_ERRORS)
    assert len(left(unit)) == 2
    assert unit.clear_history(before) == Cleared(runs=1, errors=5)
    assert left(unit) == [last]


def test_clearing_takes_the_same_few_statements_whatever_there_is_to_clear(unit: UnitOfWork) -> None:
    sent = []
    for count in (2, 2, 50):  # the first finds the table of staged ids empty
        for _ in range(count):
            ran(unit, 0, errors=2)
        with statements() as log:
            unit.clear_history(ERA + timedelta(days=1))
        sent.append(len(log))
    assert sent[1] == sent[2] <= 7


def test_a_compacted_store_is_smaller_after_a_great_removal_and_holds_what_is_left(store: Store) -> None:
    with store.begin() as unit:
        unit.insert_objects(objects(*({"id": n, "hologram": "x" * 1_000} for n in range(1, 3_001))))
    full = store.size()
    with store.begin() as unit:
        unit.delete_objects(ids(*range(2, 3_001)))
    store.compact()
    assert store.size() < full - 2_000_000
    with store.read() as reader:
        assert reader.objects(ids(1))["hologram"].to_list() == ["x" * 1_000]
    store.compact()  # nothing is left to do


def test_a_store_is_compacted_while_others_read(store: Store) -> None:
    with store.begin() as unit:
        unit.insert_objects(objects(*({"id": n, "hologram": "x" * 1_000} for n in range(1, 301))))
    with store.read() as reader:
        with store.begin() as unit:
            unit.delete_objects(ids(*range(2, 301)))
        store.compact()
        assert reader.population("HR") == 300
    with store.read() as reader:
        assert reader.population("HR") == 1
