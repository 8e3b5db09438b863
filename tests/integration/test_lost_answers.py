"""An object was added to the connected data source, and nobody heard of it: the next import is the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects import APP_HEADER, TestProject, app_project, counts, people

from unisono.model.runs import Counter, Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")


@pytest.fixture
def project(tmp_path: Path) -> TestProject:
    """Three people whose accounts are about to be added; the second and third report to the first."""
    made = app_project(tmp_path).write(hr_csv=people(3))
    made.run("app", StepType.FULL_IMPORT)
    made.run("hr", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
    return made


def _added(project: TestProject, *rows: str) -> None:
    """What an export has written whose process died before it could record that."""
    project.write(app_csv=APP_HEADER + "".join(f"{row}\n" for row in rows))


def test_an_account_that_shows_what_was_to_be_written_is_the_one_that_was_added(project: TestProject) -> None:
    provisioned = project.space("app")
    _added(
        project,
        "E00000,Given0 Family0,Clerk,",
        "E00001,Given1 Family1,Clerk,E00000",
        "E00002,Given2 Family2,Clerk,E00000",
    )
    imported = project.run("app", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
    assert imported.status is Status.SUCCESS
    assert counts(imported)[Counter.STAGE_UPDATE] == 3
    accounts = project.space("app")
    linked = ["id", "mv_id", "link_kind", "link_rule"]
    assert accounts.select(linked).sort("id").equals(provisioned.select(linked).sort("id"))
    assert accounts["export_operation"].to_list() == [None] * 3
    assert {result.status for result in project.cycle()} == {Status.SUCCESS}


def test_references_that_were_not_sent_yet_are_sent_afterwards(project: TestProject) -> None:
    _added(project, "E00000,Given0 Family0,Clerk,", "E00001,Given1 Family1,Clerk,", "E00002,Given2 Family2,Clerk,")
    assert {result.status for result in project.cycle()} == {Status.SUCCESS}
    assert (project.directory / "app.csv").read_text().count(",E00000\n") == 2
    assert project.space("app")["link_kind"].to_list() == ["provisioning"] * 3


def test_an_account_with_other_values_is_somebody_elses(project: TestProject) -> None:
    _added(project, "E00001,Somebody Else,Clerk,")
    imported = project.run("app", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
    assert counts(imported)[Counter.STAGE_ADD] == 1
    account = project.space("app").drop_nulls("anchor")
    assert account.select("anchor", "mv_id").rows() == [("E00001", None)]


def test_s16_who_lost_the_account_is_evaluated_again(project: TestProject) -> None:
    _added(project, "E00001,Somebody Else,Clerk,")
    project.run("app", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
    person = project.space("hr").filter(anchor="E00001")
    assert person["reevaluate"].to_list() == [True]
    tried = project.run("hr", StepType.DELTA_SYNCHRONIZATION)
    assert tried.status is Status.COMPLETED_SYNC_ERRORS
    assert project.space("hr").filter(anchor="E00001")["import_error"].to_list() == [
        "sync-rule-flow-provisioning-failed"
    ]
    _added(project, "E00009,Nobody,,")
    project.run("app", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
    assert project.run("hr", StepType.DELTA_SYNCHRONIZATION).status is Status.SUCCESS
    (account,) = project.space("app").filter(dn="E00001").select("mv_id", "export_operation").rows()
    assert account == (person["mv_id"][0], "add")
    assert project.space("hr")["reevaluate"].to_list() == [False] * 3
