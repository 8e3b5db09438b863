"""Run history: what was recorded is what is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.store.conftest import Place
from tests.store.given import at, error, step
from unisono.model.runs import Counter, Status, StepCount
from unisono.store.contract import HeldBatch, Store, UnitOfWork
from unisono.store.frames import OBJECT_ERRORS

FULL_STEP = step(
    status=Status.COMPLETED_SYNC_ERRORS,
    message="why",
    hint="what next",
    connection="failed-connection",
    counts=(
        StepCount(counter=Counter.EXPORT_ADD, count=2**40, target="AD"),
        StepCount(counter=Counter.STAGE_ADD, count=3),
        StepCount(counter=Counter.EXPORT_ADD, count=1),
    ),
    error_count=3,
    held_hash="abc",
    phase_s=(("source", 0.25), ("store", 1e-6)),
)


def test_a_run_is_shown_as_it_was_recorded(unit: UnitOfWork) -> None:
    run_id = unit.start_run("HR", "Full", "f1", at(0))
    unit.save_step(run_id, FULL_STEP, [])
    unit.save_step(run_id, step(2), [])
    unit.finish_run(run_id, Status.COMPLETED_SYNC_ERRORS, at(9))
    (run,) = unit.runs()
    assert (run.id, run.connector, run.profile, run.fingerprint) == (run_id, "HR", "Full", "f1")
    assert (run.status, run.started_at, run.ended_at) == (Status.COMPLETED_SYNC_ERRORS, at(0), at(9))
    assert run.steps == (FULL_STEP, step(2))


def test_a_run_is_in_progress_until_it_is_finished(unit: UnitOfWork) -> None:
    run_id = unit.start_run("HR", "Full", "f1", at(0))
    assert unit.runs()[0].status is Status.IN_PROGRESS
    assert unit.runs()[0].ended_at == at(0)
    unit.save_step(run_id, step(status=Status.IN_PROGRESS), [])
    assert unit.runs()[0].status is Status.IN_PROGRESS
    assert unit.runs()[0].ended_at == at(2)  # when it was last heard of


def test_runs_come_newest_first_by_connector_if_wanted_up_to_a_limit(unit: UnitOfWork) -> None:
    runs = [unit.start_run(connector, "p", "f", at(0)) for connector in ("HR", "AD", "HR", "AD")]
    assert runs == sorted(set(runs))
    assert [run.id for run in unit.runs()] == runs[::-1]
    assert [run.id for run in unit.runs(connector="HR")] == [runs[2], runs[0]]
    assert [run.id for run in unit.runs(limit=3)] == runs[:0:-1]
    assert unit.runs(connector="unheard of") == ()


def test_a_step_saved_again_has_its_new_result_and_counters_and_all_its_errors(unit: UnitOfWork) -> None:
    run_id = unit.start_run("HR", "Full", "f1", at(0))
    unit.save_step(run_id, FULL_STEP, [error("flow-error"), error("join-error")])
    unit.save_step(run_id, step(2), [error("other-step")])
    unit.save_step(run_id, step(counts=(StepCount(counter=Counter.STAGE_ADD, count=4),)), [error("late-error")])
    assert unit.runs()[0].steps[0].counts == (StepCount(counter=Counter.STAGE_ADD, count=4),)
    codes = ["flow-error", "join-error", "other-step", "late-error"]
    assert unit.errors(run_id=run_id)["code"].to_list() == codes


def test_errors_are_shown_as_recorded_in_their_order(unit: UnitOfWork) -> None:
    full = error(
        "flow-error",
        cs_id=5,
        anchor="a",
        dn="cn=a",
        attribute="mail",
        rule="In from HR",
        algorithm_step="import-flow",
        target="AD",
        entry=1,
        line=2,
        column=3,
        cd_error="0x1",
    )
    run_id = unit.start_run("HR", "Full", "f1", at(0))
    unit.save_step(run_id, step(), [error("z"), full, error("a")])
    shown = unit.errors(run_id=run_id)
    assert shown.schema == dict(OBJECT_ERRORS.columns)
    assert shown["code"].to_list() == ["z", "flow-error", "a"]
    expected = {name: getattr(full, name, None) for name in OBJECT_ERRORS.columns}
    assert shown.to_dicts()[1] == expected | {"run_id": run_id, "step": 1, "connector": "HR"}
    assert unit.errors(run_id=run_id, limit=1)["code"].to_list() == ["z"]


def test_without_a_run_the_errors_are_those_of_each_connectors_latest(unit: UnitOfWork) -> None:
    for connector, code in (("HR", "old"), ("AD", "ad"), ("HR", "new")):
        run_id = unit.start_run(connector, "p", "f", at(0))
        unit.save_step(run_id, step(), [error(code)])
    unit.start_run("AD", "p", "f", at(0))  # no errors so far
    assert unit.errors().select("connector", "code").rows() == [("HR", "new")]


def test_runs_of_a_dead_process_end_as_stopped(unit: UnitOfWork) -> None:
    dead = unit.start_run("HR", "p", "f", at(0))
    unit.save_step(dead, step(), [])
    unit.save_step(dead, step(2, status=Status.IN_PROGRESS), [])
    other = unit.start_run("AD", "p", "f", at(0))
    finished = unit.start_run("HR", "p", "f", at(0))
    unit.finish_run(finished, Status.SUCCESS, at(3))
    assert unit.close_interrupted_runs("HR", at(9), message="why", hint="what next") == 1
    runs = {run.id: run for run in unit.runs()}
    assert (runs[dead].status, runs[dead].ended_at) == (Status.STOPPED_SERVER, at(9))
    assert [s.status for s in runs[dead].steps] == [Status.SUCCESS, Status.STOPPED_SERVER]
    assert [(s.message, s.hint) for s in runs[dead].steps] == [("", ""), ("why", "what next")]
    assert (runs[finished].status, runs[finished].ended_at) == (Status.SUCCESS, at(3))
    assert runs[other].status is Status.IN_PROGRESS
    assert unit.close_interrupted_runs("HR", at(10), message="", hint="") == 0


def test_the_watermark_of_a_connector_is_the_last_one_set(unit: UnitOfWork) -> None:
    assert unit.watermark("HR") is None
    unit.set_watermark("HR", "usn=1", 1)
    unit.set_watermark("AD", "cookie", 2)
    unit.set_watermark("HR", "", 3)
    assert (unit.watermark("HR"), unit.watermark("AD")) == ("", "cookie")
    unit.set_watermark("HR", None, 4)
    assert unit.watermark("HR") is None


def test_held_batches_are_shown_newest_first_until_released(unit: UnitOfWork) -> None:
    old = HeldBatch(hash="1", connector="HR", profile="p", step=1, run_id=1, held_at=at(1), reasons=("80 deletes",))
    new = replace(old, hash="2", connector="AD", held_at=at(2), reasons=("é", "b"))
    unit.hold(old)
    unit.hold(new)
    unit.hold(old)
    assert unit.held() == (new, old)
    unit.release("2")
    unit.release("unheard of")
    assert unit.held() == (old,)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), id="microseconds"),
        pytest.param(datetime(2026, 1, 1, tzinfo=UTC), id="none"),
        pytest.param(datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))), id="another zone"),
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), id="the first"),
    ],
)
def test_a_time_is_the_same_moment_to_the_microsecond(unit: UnitOfWork, moment: datetime) -> None:
    unit.start_run("HR", "p", "f", moment)
    assert unit.runs()[0].started_at == moment


def test_a_time_without_zone_is_refused(unit: UnitOfWork) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        unit.start_run("HR", "p", "f", datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


def test_administrators_read_errors_with_a_view(store: Store, place: Place) -> None:
    with store.begin() as unit:
        run_id = unit.start_run("HR", "Full", "f", at(0))
        unit.save_step(run_id, step(), [error("flow-error", dn="cn=a", column=3)])
    assert place.query('SELECT connector, profile, run_started_at, code, dn, "column" FROM v_errors') == [
        ("HR", "Full", "2026-01-02T03:04:00.567890+00:00", "flow-error", "cn=a", 3)
    ]
