"""The guard in runs: judged before the first write, passed by exactly the batch that somebody approved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from tests.projects import APP, APP_RULE, TestProject, app_project, people

from unisono.model.runs import RunResult, Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")

IMPORT, SYNCHRONIZE, EXPORT = StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION, StepType.EXPORT
_PEOPLE = 40

#: The application's accounts have a name that may change, beside the login that never does.
_NAMED_APP = APP.replace("anchor: [login]", "anchor: [login], dn: fullName")
_NAMED_RULE = APP_RULE.replace("  fullName: displayName\n", "  fullName: displayName\n  dn: displayName\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A change of the HR file that is too much, and how the guard says so."""

    hr: str
    reason: str
    status: Status
    limit: str = ""  # of the application's guard, where the defaults would let it pass


_LEFT = Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
CASES = {
    "deletes": Case(
        hr=people(_PEOPLE - 3),
        reason="3 deletes in app; allowed: 0 of 40",
        status=_LEFT,
        limit="guard: {deletes: {absolute: 0}}\n",
    ),
    "cleared": Case(
        hr=people(_PEOPLE).replace(",Clerk,", ",,"), reason="40 cleared in metaverse; allowed: 10 of 40", status=_LEFT
    ),
    "removed": Case(
        hr=people(_PEOPLE).replace("E00000\n", "\n"), reason="39 removed in app; allowed: 10 of 40", status=_LEFT
    ),
    "renames": Case(
        hr=people(_PEOPLE).replace("Family", "Clan"),
        reason="40 renames in app; allowed: 10 of 40",
        status=Status.STOPPED_OBJECT_LIMIT,
    ),
}


def settled(directory: Path, limit: str = "") -> TestProject:
    project = app_project(directory).write(rules__app_yaml=_NAMED_RULE, connectors__app_yaml=_NAMED_APP)
    project.write(hr_csv=people(_PEOPLE)).cycle()
    return project.write(connectors__app_yaml=_NAMED_APP + limit)


def everything(project: TestProject) -> list[pl.DataFrame]:
    return [project.metaverse(), project.space("hr"), project.space("app")]


def held_of(project: TestProject) -> list[tuple[str, tuple[str, ...]]]:
    with project.open() as context, context.store.read() as reader:
        return [(batch.hash, batch.reasons) for batch in reader.held()]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_too_much_is_held_before_the_first_write_and_passes_when_approved(tmp_path: Path, case: Case) -> None:
    project = settled(tmp_path, case.limit)
    project.write(hr_csv=case.hr).run("hr", IMPORT)
    before = everything(project)
    held = project.run("hr", SYNCHRONIZE)
    assert held.status is case.status
    digest = held.steps[0].held_hash
    assert digest is not None
    [(kept, reasons)] = held_of(project)
    assert (kept, case.reason in reasons) == (digest, True)
    assert all(now.equals(then) for now, then in zip(everything(project), before, strict=True))
    other = project.run("hr", SYNCHRONIZE, approved=frozenset({"0" * 16}))
    assert (other.status, other.steps[0].held_hash) == (case.status, digest)
    passed = project.run("hr", SYNCHRONIZE, approved=frozenset({digest}))
    assert passed.status is Status.SUCCESS
    assert held_of(project) == []


def test_an_export_is_judged_by_what_it_would_send_before_it_sends_anything(tmp_path: Path) -> None:
    project = settled(tmp_path)
    project.write(hr_csv=people(_PEOPLE).replace("Family", "Clan")).run("hr", IMPORT)
    digest = _held(project.run("hr", SYNCHRONIZE))
    project.run("hr", SYNCHRONIZE, approved=frozenset({digest}))
    before = (tmp_path / "app.csv").read_bytes()
    export = project.run("app", EXPORT, approved=frozenset({digest}))  # that hash is another batch's
    assert export.status is Status.STOPPED_OBJECT_LIMIT
    assert (tmp_path / "app.csv").read_bytes() == before
    assert project.run("app", EXPORT, approved=frozenset({_held(export)})).status is Status.SUCCESS
    assert pl.read_csv(tmp_path / "app.csv")["fullName"].str.contains("Clan").all()


def _held(result: RunResult) -> str:
    digest = result.steps[0].held_hash
    assert digest is not None
    return digest
