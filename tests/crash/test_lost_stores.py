"""A store's server that is away, or goes in the middle of a run: a clear end, nothing lost, the next run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from tests.projects import APP_HEADER, HR, TestProject, app_project, environment, people, sql, stored_at
from tests.servers.postgres import Postgres
from unisono.model.runs import Status

_PEOPLE = 600
_PAGES_OF_ONE = "run-profiles:\n  slow: [{type: full-import, page-objects: 1}]\n"
_LIMIT_S = 120


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One that may be stopped and killed: no other test uses it."""
    with Postgres() as started:
        yield started


@pytest.fixture
def project(server: Postgres, tmp_path: Path) -> Iterator[TestProject]:
    """People who get accounts; the store is made."""
    database = server.new_database()
    url = database.url.replace("+psycopg", "").replace("@", ":PASSWORD@", 1)
    with stored_at(url, quote(database.password)):
        made = app_project(tmp_path).write(connectors__hr_yaml=HR + _PAGES_OF_ONE, hr_csv=people(_PEOPLE))
        with made.open():
            pass
        yield made


def _unisono(project: TestProject, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "unisono", "--project", str(project.directory), *words]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_does_not_start_without_the_server(server: Postgres, project: TestProject) -> None:
    server.stop()
    try:
        process = _unisono(project, "cycle")
        out, err = process.communicate(timeout=_LIMIT_S)
    finally:
        server.start()
    assert (process.returncode, out) == (3, "")
    assert Status.NO_START_SERVER in err
    assert "Check that the server runs" in err
    assert "Traceback" not in err


def test_a_server_killed_in_the_middle_of_a_run_stops_it_and_loses_nothing(
    server: Postgres, project: TestProject
) -> None:
    with _unisono(project, "run", "hr", "slow", "--json") as process:
        _wait_for_rows(project)
        server.kill()
        out, err = process.communicate(timeout=_LIMIT_S)
    server.start()
    assert err == ""
    assert process.returncode == 3
    stopped = json.loads(out)
    assert stopped["status"] == Status.STOPPED_DATABASE_CONNECTION_LOST
    assert "Check that the server runs" in stopped["steps"][0]["hint"]
    kept = project.space("hr").height
    assert 0 < kept < _PEOPLE
    _assert_all_is_done(project)


def test_a_server_killed_in_the_middle_of_a_cycle_stops_it_and_loses_nothing(
    server: Postgres, project: TestProject
) -> None:
    with _unisono(project, "cycle") as process:
        assert process.stdout
        for line in process.stdout:
            if "delta-synchronization" in line:  # hr's is done, those of the others and the export follow
                break
        killing = threading.Thread(target=server.kill)
        killing.start()
        _, err = process.communicate(timeout=_LIMIT_S)
        killing.join()
    server.start()
    assert (process.returncode, "Traceback" in err) == (3, False)
    _assert_all_is_done(project)


def _wait_for_rows(project: TestProject) -> None:
    with sql(project.directory) as store:
        while not store.execute(text("SELECT count(*) FROM cs_object")).scalar_one():
            store.rollback()


def _assert_all_is_done(project: TestProject) -> None:
    """A further cycle brings everything to its end, and history shows no run under way."""
    results = project.cycle()
    assert {result.status for result in results} <= {Status.SUCCESS, Status.COMPLETED_NO_OBJECTS}
    accounts = (project.directory / "app.csv").read_text().splitlines(keepends=True)
    assert (accounts[0], len(accounts)) == (APP_HEADER, _PEOPLE + 1)
    with project.open() as context, context.store.read() as reader:
        assert Status.IN_PROGRESS not in {run.status for run in reader.runs()}
