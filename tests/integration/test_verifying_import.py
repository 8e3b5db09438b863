"""An import that verifies compares everything, and tells what going by hashes passes over."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.projects import TestProject, app_project, counts, hr_project, people, sql
from tests.store.given import statements

from unisono.model.runs import Counter, RunProfile, RunResult, RunStep, Status, StepType
from unisono.runs.execute import run_profile

pytestmark = pytest.mark.usefixtures("any_store")

IMPORT, SYNCHRONIZE = StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION


def _verified(project: TestProject) -> RunResult:
    profile = RunProfile(name="verify", steps=(RunStep(type=IMPORT, verify=True),))
    with project.open() as context:
        return run_profile("hr", profile, context)


def test_an_import_that_verifies_finds_what_hashes_pass_over(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(4))
    project.run("hr", IMPORT, SYNCHRONIZE)
    with sql(tmp_path) as store:  # somebody, or a broken disk, changed what was imported
        store.execute(
            text("UPDATE cs_object SET hologram = replace(hologram, 'Family2', 'Famine') WHERE anchor = 'E00002'")
        )
        store.commit()
    assert counts(project.run("hr", IMPORT)) == {Counter.STAGE_NO_CHANGE: 4}
    found = _verified(project)
    assert (found.status, counts(found)) == (
        Status.COMPLETED_WARNINGS,
        {Counter.STAGE_UPDATE: 1, Counter.STAGE_NO_CHANGE: 3},
    )
    assert found.steps[0].message.endswith("these objects differ: E00002")
    project.run("hr", SYNCHRONIZE)
    again = _verified(project)
    assert (again.status, counts(again)) == (Status.SUCCESS, {Counter.STAGE_NO_CHANGE: 4})


def test_an_import_that_verifies_writes_nothing_where_nothing_changed(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(10))
    project.cycle()
    before = project.space("hr")
    with statements() as sent:
        _verified(project)
    written = [one.text for one in sent if one.rows_changed and "cs_" in one.text and "staged" not in one.text]
    assert (written, project.space("hr").equals(before)) == ([], True)
