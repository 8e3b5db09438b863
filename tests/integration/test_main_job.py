"""The main job on files: import, join or project, flow, provision, export, confirm; and nothing twice."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.projects import app_project, counts, hr_project, people

from unisono.model.runs import Counter, Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")


def test_people_of_the_source_reach_the_target_with_their_manager(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(3))
    results = project.cycle()
    assert [result.status for result in results if result.status.ends_run] == []
    exported = pl.read_csv(tmp_path / "app.csv").sort("login")
    assert exported.to_dicts() == [
        {"login": "E00000", "fullName": "Given0 Family0", "job": "Clerk", "boss": None},
        {"login": "E00001", "fullName": "Given1 Family1", "job": "Clerk", "boss": "E00000"},
        {"login": "E00002", "fullName": "Given2 Family2", "job": "Clerk", "boss": "E00000"},
    ]


def test_a_second_cycle_changes_nothing(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(5))
    project.cycle()
    before = project.space("app"), project.space("hr"), project.metaverse()
    again = project.cycle()
    assert {result.status for result in again} == {Status.SUCCESS}
    assert (project.space("app").equals(before[0]), project.space("hr").equals(before[1])) == (True, True)
    assert project.metaverse().equals(before[2])
    assert not any(count.counter.value.startswith("export") for result in again for count in result.steps[0].counts)


def test_an_unchanged_full_import_counts_and_stages_nothing(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(hr_csv=people(4))
    first = project.run("hr", StepType.FULL_IMPORT)
    assert counts(first) == {Counter.STAGE_ADD: 4}
    project.run("hr", StepType.FULL_SYNCHRONIZATION)
    second = project.run("hr", StepType.FULL_IMPORT)
    assert counts(second) == {Counter.STAGE_NO_CHANGE: 4}
    assert project.space("hr")["import_operation"].null_count() == 4


def test_a_leaver_loses_metaverse_object_and_account(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(20))
    project.cycle()
    project.write(hr_csv="".join(people(20).splitlines(keepends=True)[:-2]))  # two leavers
    project.cycle()
    assert project.metaverse().height == 18
    assert pl.read_csv(tmp_path / "app.csv").height == 18
    assert project.space("app").height == 18


def test_a_mover_changes_the_target_once(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(3))
    project.cycle()
    project.write(hr_csv=people(3).replace("Given1,Family1,Clerk", "Given1,Family1,Director"))
    results = project.cycle()
    updates = [c.count for r in results for c in r.steps[0].counts if c.counter is Counter.EXPORT_UPDATE]
    assert updates == [1]
    exported = pl.read_csv(tmp_path / "app.csv")
    assert exported.filter(pl.col("login") == "E00001")["job"].to_list() == ["Director"]


def test_a_plan_writes_nothing_and_the_run_does_what_it_says(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(20))
    project.cycle()
    project.write(hr_csv="".join(people(20).splitlines(keepends=True)[:-2]))
    project.run("hr", StepType.FULL_IMPORT)
    metaverse, space = project.metaverse(), project.space("app")
    (planned,) = project.plan("hr")
    assert project.metaverse().equals(metaverse)
    assert project.space("app").equals(space)
    deleted = planned.changes.filter((pl.col("space") == "app") & (pl.col("change") == "delete"))["object_id"]
    result = project.run("hr", StepType.DELTA_SYNCHRONIZATION)
    after = project.space("app")
    assert after.filter(pl.col("export_operation") == "delete")["id"].sort().equals(deleted.sort(), check_names=False)
    assert {(c.counter, c.target): c.count for c in planned.counts} == {
        (c.counter, c.target): c.count for c in result.steps[0].counts
    }
