"""The rules of runs: who may start, what ends a run, what is committed, what the guard holds, what history keeps."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text
from tests.projects import (
    APP_HEADER,
    HEADER,
    HR,
    TestProject,
    app_project,
    counts,
    environment,
    hr_project,
    people,
    sql,
)

from unisono.model.runs import Counter, RunProfile, RunResult, RunStep, Status, StepType
from unisono.runs.context import Context, Silent
from unisono.runs.execute import run_profile

pytestmark = pytest.mark.usefixtures("any_store")

IMPORT, DELTA_IMPORT = StepType.FULL_IMPORT, StepType.DELTA_IMPORT
SYNCHRONIZE, EXPORT = StepType.DELTA_SYNCHRONIZATION, StepType.EXPORT
_LIMIT_S = 60
_POLL_S = 0.02
_MANY = 4_000


def run_step(project: TestProject, connector: str, *steps: RunStep) -> RunResult:
    with project.open() as context:
        return run_profile(connector, RunProfile(name="test", steps=steps), context)


def watermark(project: TestProject, connector: str = "hr") -> str | None:
    with project.open() as context, context.store.read() as reader:
        return reader.watermark(connector)


def errors_of(project: TestProject, result: RunResult) -> list[tuple[str, str | None]]:
    with project.open() as context, context.store.read() as reader:
        return list(reader.errors(run_id=result.id).select("code", "anchor").iter_rows())


def statuses(result: RunResult) -> list[Status]:
    return [step.status for step in result.steps]


def pending_deletes(project: TestProject, connector: str) -> int:
    return project.space(connector).filter(import_operation="delete").height


# --- one run per connector -------------------------------------------------------------------------------------------


class _Waiting(Silent):
    """Holds the run at its first batch until it may go on."""

    def __init__(self) -> None:
        self.arrived, self.go_on = threading.Event(), threading.Event()

    def advance(self, objects: int, what: str) -> None:  # noqa: ARG002
        self.arrived.set()
        assert self.go_on.wait(_LIMIT_S)


@contextmanager
def under_way(context: Context) -> Iterator[list[RunResult]]:
    """A full import of hr that stands in the middle while the block runs; its result is there afterwards."""
    waiting, results = _Waiting(), list[RunResult]()
    slow = replace(context, reporter=waiting)
    profile = RunProfile(name="slow", steps=(RunStep(type=IMPORT),))
    thread = threading.Thread(target=lambda: results.append(run_profile("hr", profile, slow)))
    thread.start()
    try:
        assert waiting.arrived.wait(_LIMIT_S)
        yield results
    finally:
        waiting.go_on.set()
        thread.join(_LIMIT_S)


def test_a_second_run_of_a_connector_is_refused_while_the_first_is_under_way(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(3))
    with project.open() as context:
        with under_way(context) as first:
            second = project.run("hr", IMPORT)
            other_process = unisono(tmp_path, "run", "hr", "full-import", "--json")
        assert statuses(second) == [Status.NO_START_MA_ALREADY_RUNNING]
        assert (second.id, other_process.returncode) == (0, 3)
        assert json.loads(other_process.stdout)["status"] == "no-start-ma-already-running"
        assert [result.status for result in first] == [Status.SUCCESS]
    assert project.run("hr", IMPORT).status is Status.SUCCESS


def test_another_connector_may_run_at_the_same_time(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(3), app_csv=APP_HEADER + "E00009,Nobody,,\n")
    with project.open() as context, under_way(context):
        assert project.run("app", IMPORT).status is Status.SUCCESS


def test_a_refused_run_leaves_no_history(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(3))
    with project.open() as context:
        with under_way(context):
            project.run("hr", IMPORT)
        with context.store.read() as reader:
            assert [run.status for run in reader.runs()] == [Status.SUCCESS]


# --- what ends a run -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hr", "step", "status"),
    [
        pytest.param(
            people(3).replace("2020-01-02", "never"),
            RunStep(type=IMPORT),
            Status.COMPLETED_DISCOVERY_ERRORS,
            id="errors",
        ),
        pytest.param(people(3), RunStep(type=IMPORT, object_limit=1), Status.STOPPED_OBJECT_LIMIT, id="stopped"),
        pytest.param("", RunStep(type=IMPORT), Status.NO_START_HEADER_ROW_MISMATCH, id="not-started"),
    ],
)
def test_no_step_follows_one_that_ended_the_run(tmp_path: Path, hr: str, step: RunStep, status: Status) -> None:
    project = hr_project(tmp_path).write(hr_csv=hr)
    result = run_step(project, "hr", step, RunStep(type=SYNCHRONIZE))
    assert (result.status, statuses(result)) == (status, [status])
    assert project.metaverse().is_empty()


def test_steps_follow_one_that_completed_with_errors_of_synchronization(tmp_path: Path) -> None:
    project = hr_project(tmp_path)
    rule = (tmp_path / "rules" / "hr.yaml").read_text()
    project.write(rules__hr_yaml=rule.replace("  title: title", "  title: CStr(CNum([title]))"))
    result = project.write(hr_csv=people(3).replace("Clerk", "12", 1)).run("hr", IMPORT, SYNCHRONIZE, IMPORT)
    assert statuses(result) == [Status.SUCCESS, Status.COMPLETED_SYNC_ERRORS, Status.SUCCESS]
    assert result.status is Status.COMPLETED_SYNC_ERRORS
    assert project.metaverse().height == 1


def test_the_first_error_beyond_the_limit_stops_the_step(tmp_path: Path) -> None:
    hr = people(10)
    for number in range(4):
        hr = hr.replace(f"2020-01-0{number + 1}", "never")
    project = hr_project(tmp_path).write(hr_csv=hr)
    stopped = run_step(project, "hr", RunStep(type=IMPORT, error_limit=3))
    assert (stopped.status, stopped.steps[0].error_count) == (Status.STOPPED_ERROR_LIMIT, 3)
    allowed = run_step(project, "hr", RunStep(type=IMPORT, error_limit=4))
    assert (allowed.status, allowed.steps[0].error_count) == (Status.COMPLETED_DISCOVERY_ERRORS, 4)


def test_a_step_stops_after_its_limit_of_objects_and_deletes_nobody(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(9))
    project.run("hr", IMPORT, SYNCHRONIZE)
    changed = people(9, title="Director")
    result = run_step(project.write(hr_csv=changed), "hr", RunStep(type=IMPORT, page_objects=2, object_limit=4))
    assert result.status is Status.STOPPED_OBJECT_LIMIT
    assert counts(result) == {Counter.STAGE_UPDATE: 4}
    assert pending_deletes(project, "hr") == 0


def test_a_limit_of_objects_is_kept_at_export(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(9))
    project.run("hr", IMPORT, SYNCHRONIZE)
    result = run_step(project, "app", RunStep(type=EXPORT, page_objects=2, object_limit=4))
    assert result.status is Status.STOPPED_OBJECT_LIMIT
    assert counts(result)[Counter.EXPORT_ADD] == 4
    assert pl.read_csv(tmp_path / "app.csv").height == 4
    assert project.run("app", EXPORT).status is Status.SUCCESS
    assert pl.read_csv(tmp_path / "app.csv")["login"].n_unique() == 9


@pytest.mark.parametrize(("limit", "deleted"), [(2, 0), (3, 3)], ids=["beyond", "within"])
def test_an_import_beyond_its_limit_of_deletions_deletes_nobody(tmp_path: Path, limit: int, deleted: int) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(30))
    project.run("hr", IMPORT, SYNCHRONIZE)
    result = run_step(project.write(hr_csv=people(27)), "hr", RunStep(type=IMPORT, deletion_limit=limit))
    assert (result.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED) == (deleted == 0)
    assert pending_deletes(project, "hr") == deleted


@pytest.mark.parametrize(("limit", "left"), [(2, 30), (3, 27)], ids=["beyond", "within"])
def test_an_export_beyond_its_limit_of_deletions_sends_nothing(tmp_path: Path, limit: int, left: int) -> None:
    project = app_project(tmp_path).write(hr_csv=people(30))
    project.cycle()
    project.write(hr_csv=people(27).replace("Given1,Family1,Clerk", "Given1,Family1,Director"))
    project.run("hr", IMPORT, SYNCHRONIZE)
    before = (tmp_path / "app.csv").read_bytes()
    result = run_step(project, "app", RunStep(type=EXPORT, deletion_limit=limit))
    assert (result.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED) == (left == 30)
    assert pl.read_csv(tmp_path / "app.csv").height == left
    assert ((tmp_path / "app.csv").read_bytes() == before) == (left == 30)


# --- delta imports ---------------------------------------------------------------------------------------------------

_DELTA_HR = HR.replace(
    "settings: {file: hr.csv, anchor: [employeeId]}",
    "settings: {file: hr.csv, delta_file: hr.delta.csv, change_type_column: change, anchor: [employeeId]}",
)
_DELTA_HEADER = "change," + HEADER


@pytest.fixture
def delta(tmp_path: Path) -> TestProject:
    """Five people; HR can also write what changed, into a file of its own."""
    return hr_project(tmp_path).write(
        connectors__hr_yaml=_DELTA_HR, hr_csv=people(5), **{"hr.delta_csv": _DELTA_HEADER}
    )


def test_changes_cannot_be_imported_before_everything_was(delta: TestProject) -> None:
    result = delta.run("hr", DELTA_IMPORT, SYNCHRONIZE)
    assert statuses(result) == [Status.NO_START_FULL_IMPORT_REQUIRED]
    assert delta.space("hr").is_empty()


def test_a_delta_import_adds_modifies_and_deletes_as_the_file_says(delta: TestProject) -> None:
    delta.run("hr", IMPORT, SYNCHRONIZE)
    changes = (
        "Add,E00009,Given9,Family9,Clerk,2020-01-09,E00000\n"
        "Modify,E00001,Given1,Family1,Director,2020-01-02,E00000\n"
        "Delete,E00002,,,,,\n"
    )
    result = delta.write(**{"hr.delta_csv": _DELTA_HEADER + changes}).run("hr", DELTA_IMPORT, SYNCHRONIZE)
    assert counts(result) == {Counter.STAGE_ADD: 1, Counter.STAGE_UPDATE: 1, Counter.STAGE_DELETE: 1}
    documents = [json.loads(text) for text in delta.metaverse()["attributes"]]
    titles = {document["employeeId"]: document["title"] for document in documents}
    assert titles == {"E00000": "Clerk", "E00001": "Director", "E00003": "Clerk", "E00004": "Clerk", "E00009": "Clerk"}


def test_the_watermark_moves_with_the_data_and_only_with_it(delta: TestProject) -> None:
    delta.run("hr", IMPORT)
    after_full = watermark(delta)
    assert after_full is not None
    row = "Modify,E00001,Given1,Family1,Director,{},E00000\n"
    broken = delta.write(**{"hr.delta_csv": _DELTA_HEADER + row.format("never")}).run("hr", DELTA_IMPORT)
    assert (broken.status, watermark(delta)) == (Status.COMPLETED_DISCOVERY_ERRORS, after_full)
    repaired = delta.write(**{"hr.delta_csv": _DELTA_HEADER + row.format("2020-01-02")}).run("hr", DELTA_IMPORT)
    after_delta = watermark(delta)
    assert (repaired.status, after_delta == after_full) == (Status.SUCCESS, False)
    assert counts(delta.run("hr", DELTA_IMPORT)) == {}
    assert watermark(delta) == after_delta


# --- stopping and dying ----------------------------------------------------------------------------------------------


class _StopAfter(Silent):
    """Asks for a stop when so many batches were told."""

    def __init__(self, context: Context, batches: int) -> None:
        self._context, self._left = context, batches

    def advance(self, objects: int, what: str) -> None:  # noqa: ARG002
        self._left -= 1
        if self._left == 0:
            self._context.stop.request()


def stopped_after(project: TestProject, connector: str, batches: int, step: RunStep) -> RunResult:
    with project.open() as context:
        stopping = replace(context, reporter=_StopAfter(context, batches))
        return run_profile(connector, RunProfile(name="test", steps=(step, RunStep(type=SYNCHRONIZE))), stopping)


def test_a_stop_keeps_committed_batches_deletes_nobody_and_leaves_the_watermark(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(connectors__hr_yaml=_DELTA_HR, hr_csv=people(20))
    project.run("hr", IMPORT, SYNCHRONIZE)
    before = watermark(project)
    project.write(hr_csv=people(18, title="Director"))  # two leavers, everybody else changed
    result = stopped_after(project, "hr", 2, RunStep(type=IMPORT, page_objects=5))
    assert statuses(result) == [Status.STOPPED_USER_TERMINATION]
    assert project.space("hr")["import_operation"].drop_nulls().to_list() == ["update"] * 10
    assert (watermark(project), project.metaverse().height) == (before, 20)
    again = project.run("hr", IMPORT, SYNCHRONIZE)
    assert counts(again)[Counter.STAGE_DELETE] == 2
    assert project.metaverse().height == 18


def test_a_stopped_export_goes_on_where_it_ended(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(12))
    project.run("hr", IMPORT, SYNCHRONIZE)
    stopped = stopped_after(project, "app", 1, RunStep(type=EXPORT, page_objects=5))
    assert (statuses(stopped), counts(stopped)[Counter.EXPORT_ADD]) == ([Status.STOPPED_USER_TERMINATION], 5)
    rest = project.run("app", EXPORT)
    assert (rest.status, counts(rest)[Counter.EXPORT_ADD]) == (Status.SUCCESS, 7)
    assert pl.read_csv(tmp_path / "app.csv")["login"].n_unique() == 12


def test_a_stopped_synchronization_writes_nothing(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(5))
    project.run("hr", IMPORT)
    assert statuses(stopped_after(project, "hr", 1, RunStep(type=SYNCHRONIZE))) == [Status.STOPPED_USER_TERMINATION]
    assert project.metaverse().is_empty()


def unisono(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unisono", "--project", str(directory), *words]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=_LIMIT_S, check=False)


_PAGES_OF_ONE = "run-profiles:\n  slow: [{type: full-import, page-objects: 1}]\n"


@contextmanager
def long_import(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that imports person by person; it has committed at least one of thousands when the block begins."""
    project = hr_project(directory).write(connectors__hr_yaml=HR + _PAGES_OF_ONE, hr_csv=people(_MANY))
    with project.open():
        pass  # makes the store
    command = [sys.executable, "-m", "unisono", "--project", str(directory), "run", "hr", "slow"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _wait_for_rows(directory, process)
            yield process
        finally:
            process.kill()


def _wait_for_rows(directory: Path, process: subprocess.Popen[str]) -> None:
    with sql(directory) as store:
        while not store.execute(text("SELECT count(*) FROM cs_object")).scalar_one():
            store.rollback()  # the next look shall see what was written meanwhile
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"the import ended with {process.wait(_POLL_S)} before it was interrupted")


def history(directory: Path) -> Sequence[Status]:
    """Oldest first."""
    with TestProject(directory=directory).open() as context, context.store.read() as reader:
        return [run.status for run in reversed(reader.runs())]


def test_ctrl_c_ends_the_command_with_the_status_of_a_stopped_run(tmp_path: Path) -> None:
    with long_import(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=_LIMIT_S)
    assert (process.returncode, "Traceback" in err) == (3, False)
    assert Status.STOPPED_USER_TERMINATION.value in out
    assert history(tmp_path) == [Status.STOPPED_USER_TERMINATION]
    assert 0 < TestProject(directory=tmp_path).space("hr").height < _MANY


def test_a_run_whose_process_was_killed_is_closed_by_the_next_one_which_repeats_it(tmp_path: Path) -> None:
    with long_import(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=_LIMIT_S)
    project = TestProject(directory=tmp_path)
    assert history(tmp_path) == [Status.IN_PROGRESS]
    kept = project.space("hr").height
    again = project.run("hr", IMPORT)
    assert counts(again) == {Counter.STAGE_NO_CHANGE: kept, Counter.STAGE_ADD: _MANY - kept}
    assert history(tmp_path) == [Status.STOPPED_SERVER, Status.SUCCESS]
    assert project.space("hr")["anchor"].n_unique() == _MANY
    with project.open() as context, context.store.read() as reader:
        interrupted = reader.runs()[1]
    assert counts(interrupted) == {Counter.STAGE_ADD: kept}
    assert (interrupted.steps[0].status, "process" in interrupted.steps[0].message) == (Status.STOPPED_SERVER, True)
    assert interrupted.steps[0].hint


# --- what the target makes of exports --------------------------------------------------------------------------------


def test_an_export_that_the_target_changes_silently_is_told_and_sent_again(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(3))
    project.cycle()
    project.write(hr_csv=people(3).replace("Given1,Family1,Clerk", "Given1,Family1,Director"))
    project.run("hr", IMPORT, SYNCHRONIZE)
    project.run("app", EXPORT)
    exported = (tmp_path / "app.csv").read_text()
    imported = project.write(app_csv=exported.replace("Director", "Dictator")).run("app", IMPORT, SYNCHRONIZE)
    assert statuses(imported) == [Status.COMPLETED_WARNINGS, Status.SUCCESS]
    assert errors_of(project, imported) == [("exported-change-not-reimported", "E00001")]
    again = project.run("app", EXPORT, IMPORT)
    assert counts(again) == {Counter.EXPORT_UPDATE: 1}
    assert statuses(again) == [Status.SUCCESS, Status.SUCCESS]
    assert (tmp_path / "app.csv").read_text() == exported


_SQL_APP = """\
kind: sql
settings:
  url: sqlite:///app.db
  tables:
    account:
      table: account
      anchor: [login]
deprovisioning: delete
types:
  account:
    attributes:
      login: {type: string, required: true}
      fullName: string
      job: string
"""
_SQL_APP_RULE = """\
name: App account
direction: outbound
connector: app
types: {connector: account, metaverse: person}
precedence: 200
link: provision
flows: {login: employeeId, fullName: displayName, job: title}
"""
_ACCOUNTS = """\
CREATE TABLE account (login TEXT PRIMARY KEY, fullName TEXT, job TEXT);
CREATE TRIGGER no_pirates BEFORE INSERT ON account WHEN NEW.job = 'Pirate'
BEGIN SELECT RAISE(ABORT, 'nobody is a pirate here'); END;
"""


def accounts(directory: Path, statement: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(directory / "app.db")) as app:
        return list(app.execute(statement))


def test_a_refused_entry_fails_alone_stays_pending_with_its_error_and_succeeds_after_the_repair(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(connectors__app_yaml=_SQL_APP, rules__app_yaml=_SQL_APP_RULE)
    with closing(sqlite3.connect(tmp_path / "app.db")) as app:
        app.executescript(_ACCOUNTS)
    project.write(hr_csv=people(5).replace("Family2,Clerk", "Family2,Pirate"))
    project.run("hr", IMPORT, SYNCHRONIZE)
    first = project.run("app", EXPORT)
    assert (first.status, counts(first)) == (
        Status.COMPLETED_EXPORT_ERRORS,
        {Counter.EXPORT_ADD: 4, Counter.EXPORT_FAILURE: 1},
    )
    (pending,) = project.space("app").filter(export_operation="add").to_dicts()
    assert _errors_by_id(project, first) == [pending["id"]]
    accounts(tmp_path, "DROP TRIGGER no_pirates")
    retried = project.run("app", EXPORT, IMPORT)
    assert (statuses(retried), counts(retried)) == ([Status.SUCCESS] * 2, {Counter.EXPORT_ADD: 1})
    assert len(accounts(tmp_path, "SELECT login FROM account")) == 5
    assert project.space("app")["export_operation"].null_count() == 5


def _errors_by_id(project: TestProject, result: RunResult) -> list[int]:
    with project.open() as context, context.store.read() as reader:
        return reader.errors(run_id=result.id)["cs_id"].to_list()


# --- history ---------------------------------------------------------------------------------------------------------


def test_history_keeps_what_every_step_gave(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(3))
    results = [project.run("hr", IMPORT, SYNCHRONIZE), project.run("app", EXPORT, IMPORT)]
    with project.open() as context, context.store.read() as reader:
        kept = reader.runs()
    assert list(reversed(kept)) == results
    names = {count.counter.value: count.count for step in kept[1].steps for count in step.counts}
    assert names["stage-add"] == names["disconnector-projected-flow"] == names["provisioned-add-flow"] == 3
