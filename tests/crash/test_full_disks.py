"""A store whose disk is full: a clear end, nothing lost, and the next run goes on when there is space again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import HR, environment, hr_project, people, settings, sql, store_url
from tests.servers.fixtures import kept_in
from unisono.model.runs import Counter, Status, StepType

_PEOPLE = 4_000
_PAGES = "run-profiles:\n  paged: [{type: full-import, page-objects: 500}]\n"

# In a namespace of its own there is a disk of its own, which is gone when the script ends.
_SCRIPT = """
set -e
mount -t tmpfs -o size={small} tmpfs disk
set +e
{unisono} run hr paged --json >first.json 2>first.err; echo $? >first.status
set -e
mount -o remount,size=64m disk
{unisono} run hr paged --json >second.json
{unisono} history --json >history.json
"""


@pytest.mark.parametrize("small", ["1500k", "2500k"])
def test_a_full_disk_stops_the_step_and_the_next_run_does_the_rest(tmp_path: Path, small: str) -> None:
    project = hr_project(tmp_path).write(connectors__hr_yaml=HR + _PAGES, hr_csv=people(_PEOPLE))
    project.write(unisono_yaml=settings("hr").replace(store_url(), "sqlite:///disk/unisono.db"))
    (tmp_path / "disk").mkdir()
    script = _SCRIPT.format(small=small, unisono=f"{sys.executable} -m unisono --project .")
    namespace = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    subprocess.run([*namespace, "sh", "-c", script], cwd=tmp_path, env=environment(), check=True, timeout=120)

    assert (tmp_path / "first.status").read_text() == "3\n"
    assert (tmp_path / "first.err").read_text() == ""
    first, second, history = (json.loads((tmp_path / f"{name}.json").read_text()) for name in _DOCUMENTS)
    (step,) = first["steps"]
    assert (first["status"], step["status"]) == (Status.STOPPED_DATABASE_DISK_FULL, Status.STOPPED_DATABASE_DISK_FULL)
    assert "full" in step["message"]
    assert "Free space" in step["hint"]
    kept = sum(count["count"] for count in step["counts"])
    assert 0 < kept < _PEOPLE
    assert {count["counter"]: count["count"] for count in second["steps"][0]["counts"]} == {
        Counter.STAGE_NO_CHANGE: kept,
        Counter.STAGE_ADD: _PEOPLE - kept,
    }
    assert [run["outcome"] for run in history["runs"]] == ["success", "error"]


_DOCUMENTS = ("first", "second", "history")

_NO_SPACE = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$
"""


def test_a_full_disk_of_a_server_is_told_and_recorded(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with kept_in("postgresql", request):
        project = hr_project(tmp_path).write(hr_csv=people(3))
        with project.open():
            pass  # makes the store
        with sql(tmp_path) as store:
            store.exec_driver_sql(_NO_SPACE)
            store.exec_driver_sql("CREATE TRIGGER full_disk BEFORE INSERT ON cs_object EXECUTE FUNCTION no_space()")
            store.commit()
        stopped = project.run("hr", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
        assert [step.status for step in stopped.steps] == [Status.STOPPED_DATABASE_DISK_FULL]
        assert "Free space" in stopped.steps[0].hint
        with sql(tmp_path) as store:
            store.exec_driver_sql("DROP TRIGGER full_disk ON cs_object")
            store.commit()
        assert project.run("hr", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION).status is Status.SUCCESS
        with project.open() as context, context.store.read() as reader:
            assert [run.status for run in reader.runs()] == [Status.SUCCESS, Status.STOPPED_DATABASE_DISK_FULL]
        assert project.metaverse().height == 3
