"""The exit status says how it went, and is worth a script's trust: each one by a situation that gives it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.projects import TestProject, people
from tests.unit.cli.calls import Unisono, check_golden

from unisono.cli.status import ExitStatus, of_run, worst
from unisono.model.runs import RunResult, RunStep, Status, StepResult, StepType

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def a_run(status: Status, *, held_hash: str | None = None) -> RunResult:
    step = StepResult(
        number=1,
        step=RunStep(type=StepType.FULL_IMPORT),
        status=status,
        started_at=NOW,
        ended_at=NOW,
        held_hash=held_hash,
    )
    return RunResult(
        id=1,
        connector="hr",
        profile="full",
        status=status,
        started_at=NOW,
        ended_at=NOW,
        fingerprint="",
        steps=(step,),
    )


@pytest.mark.parametrize(
    ("status", "held", "expected"),
    [
        pytest.param(Status.SUCCESS, False, ExitStatus.SUCCESS, id="success"),
        pytest.param(Status.COMPLETED_NO_OBJECTS, False, ExitStatus.ERRORS, id="warning"),
        pytest.param(Status.COMPLETED_SYNC_ERRORS, False, ExitStatus.ERRORS, id="synchronization-errors"),
        pytest.param(Status.COMPLETED_DISCOVERY_ERRORS, False, ExitStatus.ERRORS, id="discovery-errors-end-the-run"),
        pytest.param(Status.NO_START_CONNECTION, False, ExitStatus.STOPPED, id="did-not-start"),
        pytest.param(Status.STOPPED_USER_TERMINATION, False, ExitStatus.STOPPED, id="stopped-by-the-user"),
        pytest.param(Status.STOPPED_OBJECT_LIMIT, False, ExitStatus.STOPPED, id="limit-of-the-step"),
        pytest.param(Status.STOPPED_DELETION_THRESHOLD_EXCEEDED, False, ExitStatus.STOPPED, id="deletion-limit"),
        pytest.param(Status.STOPPED_DELETION_THRESHOLD_EXCEEDED, True, ExitStatus.HELD, id="held-deletions"),
        pytest.param(Status.STOPPED_OBJECT_LIMIT, True, ExitStatus.HELD, id="held-renames"),
    ],
)
def test_a_run_has_the_exit_status_of_its_status(status: Status, held: bool, expected: ExitStatus) -> None:
    assert of_run(a_run(status, held_hash="9f3c" if held else None)) is expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        pytest.param([], ExitStatus.SUCCESS, id="no-run"),
        pytest.param([ExitStatus.SUCCESS, ExitStatus.ERRORS], ExitStatus.ERRORS, id="errors"),
        pytest.param([ExitStatus.HELD, ExitStatus.ERRORS], ExitStatus.HELD, id="held-before-errors"),
        pytest.param([ExitStatus.STOPPED, ExitStatus.HELD], ExitStatus.STOPPED, id="stopped-before-held"),
    ],
)
def test_several_runs_have_the_most_urgent_exit_status(statuses: list[ExitStatus], expected: ExitStatus) -> None:
    assert worst(statuses) is expected


def test_a_settled_cycle_succeeds_and_says_that_nothing_changed(settled: TestProject, unisono: Unisono) -> None:
    call = unisono("cycle")
    assert call.status == 0
    assert "Nothing changed." in call.out
    assert unisono("cycle", "--json").document["changed"] is False


def test_object_errors_give_1_with_the_count_and_an_example(company: TestProject, unisono: Unisono) -> None:
    company.write(hr_csv=people(3).replace("2020-01-02", "2020-02-30"))
    call = unisono("run", "hr", "full-import")
    assert call.status == 1
    check_golden("run-errors.txt", call.out)


def test_objects_that_cannot_be_synchronized_give_1_in_plan_preview_and_run(
    settled: TestProject, unisono: Unisono
) -> None:
    settled.write(phones_csv="number,jobTitle\nE2,Switchboard\ne2,Twin\n")  # both join the same person
    unisono("run", "phones", "full-import")
    assert unisono("plan", "phones").status == 1
    preview = unisono("preview", "e2", "--connector", "phones")
    assert preview.status == 1
    check_golden("preview-error.txt", preview.out)
    run = unisono("run", "phones", "delta-synchronization")
    assert run.status == 1
    check_golden("run-sync-errors.txt", run.out)
    check_golden("why-error.txt", unisono("why", "e2", "--connector", "phones").out)


def test_a_warning_gives_1(company: TestProject, unisono: Unisono) -> None:
    company.write(hr_csv="employeeId,givenName,sn,title,startDate,manager\n")
    call = unisono("run", "hr", "full-import")
    assert (call.status, "completed-no-objects" in call.out) == (1, True)


def test_a_broken_project_gives_2_and_all_mistakes_at_once(company: TestProject, unisono: Unisono) -> None:
    company.write(
        metaverse_yaml="types:\n  person:\n    attributes:\n      employeeId: strng\n",
        connectors__phones_yaml="kind: delimited-txt\ntypes: {}\n",
    )
    check = unisono("check")
    assert check.status == 2
    check_golden("check-mistakes.txt", check.out)
    check_golden("check-mistakes.json", unisono("check", "--json").out)
    run = unisono("run", "hr", "full-import")
    assert (run.status, run.out) == (2, "")
    check_golden("run-mistakes.txt", run.err)


def test_no_project_gives_2(tmp_path: object, unisono: Unisono) -> None:
    call = unisono("--project", f"{tmp_path}/nowhere", "cycle")
    assert call.status == 2
    assert "there is no folder" in call.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        pytest.param(("run", "hrr", "full-import"), "did you mean hr?", id="connector"),
        pytest.param(("run", "hr", "full-imprt"), "did you mean full-import", id="profile"),
        pytest.param(("plan", "hrr"), "did you mean hr?", id="plan-connector"),
        pytest.param(("plan", "--change", "deletes"), "did you mean delete?", id="kind-of-change"),
        pytest.param(("plan", "--space", "metavers"), "did you mean metaverse?", id="space"),
        pytest.param(("schema", "ap"), "did you mean app?", id="schema-connector"),
        pytest.param(("history", "ap"), "did you mean app?", id="history-connector"),
        pytest.param(("history", "--run", "99"), "runs have numbers from 1 to", id="run"),
        pytest.param(("why", "Kim Li", "titel"), "did you mean title?", id="attribute"),
        pytest.param(("show", "nobody at all"), "unisono search", id="object"),
        pytest.param(("why", "E9", "title"), "tells why", id="attribute-of-a-connector-space"),
        pytest.param(("search", "x", "--metaverse", "--connector", "hr"), "exclude each other", id="two-spaces"),
        pytest.param(("code", "sucess"), "did you mean success?", id="code"),
        pytest.param(("code", "no-start-conection"), "no-start-connection", id="code-misspelt"),
        pytest.param(("pln",), "Did you mean 'plan'?", id="command"),
        pytest.param(("plan", "--ful"), "--full", id="option"),
        pytest.param(("run", "hr"), "Missing argument", id="missing-argument"),
    ],
)
def test_a_wrong_call_gives_2_and_what_may_be_meant(
    words: tuple[str, ...], hint: str, settled: TestProject, unisono: Unisono
) -> None:
    call = unisono(*words)
    assert (call.status, call.out) == (2, "")
    assert hint in call.err
    failure = unisono(*words, "--json")
    assert (failure.status, failure.err) == (2, "")
    assert failure.document["error"]["kind"] == "call"


def test_a_missing_file_gives_3_and_leads_to_its_explanation(company: TestProject, unisono: Unisono) -> None:
    (company.directory / "hr.csv").unlink()
    call = unisono("run", "hr", "full-import")
    assert call.status == 3
    check_golden("run-stopped.txt", call.out)
    assert unisono("cycle").status == 3


def test_a_source_that_lost_half_of_its_rows_is_held_with_4_until_it_is_approved(
    settled: TestProject, unisono: Unisono
) -> None:
    settled.write(hr_csv=people(40))
    assert unisono("cycle").status == 0
    settled.write(hr_csv=people(20))
    held = unisono("run", "hr", "full-import")
    assert held.status == 4
    check_golden("run-held.txt", held.out)
    hash_ = unisono("run", "hr", "full-import", "--json").document["steps"][0]["held_hash"]
    assert unisono("run", "hr", "full-import", "--approve", "0123456789abcdef").status == 4
    assert unisono("run", "hr", "full-import", "--approve", hash_).status == 0
    plan = unisono("plan", "hr")
    assert plan.status == 4
    check_golden("plan-held.txt", plan.out)
    assert unisono("cycle").status == 4


def test_a_store_that_cannot_be_used_gives_3(company: TestProject, unisono: Unisono) -> None:
    (company.directory / "unisono.db").write_text("this is no database" * 100)
    call = unisono("cycle")
    assert call.status == 3
    assert "no-start-server" in call.err
    assert unisono("cycle", "--json").document["error"]["kind"] == "store"
