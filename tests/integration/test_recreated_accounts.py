"""An account that somebody deleted in the connected data source is created again, under the name that it had."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.projects import HEADER, TestProject, app_project, hr_project, people, settings, whole_space

from unisono.model.runs import Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")
BOSS = "E00000"


@pytest.fixture
def project(tmp_path: Path) -> TestProject:
    """A company of twenty, all of whom report to the first; their accounts are in a file."""
    made = app_project(tmp_path).write(hr_csv=people(20))
    made.cycle()
    return made


def _accounts(project: TestProject) -> pl.DataFrame:
    return pl.read_csv(project.directory / "app.csv").sort("login")


def _without(project: TestProject, login: str) -> None:
    _accounts(project).filter(pl.col("login") != login).write_csv(project.directory / "app.csv")


def _statuses(project: TestProject) -> set[Status]:
    return {result.status for result in project.cycle()}


def test_a_deleted_account_is_created_again(project: TestProject) -> None:
    before = _accounts(project)
    _without(project, "E00007")
    assert _statuses(project) == {Status.SUCCESS}
    assert _accounts(project).equals(before)


def test_who_refers_to_the_deleted_account_refers_to_the_new_one(project: TestProject) -> None:
    before, connected = _accounts(project), project.space("app")
    _without(project, BOSS)
    assert _statuses(project) == {Status.SUCCESS}
    assert _accounts(project).equals(before)
    assert project.space("app").select("id", "anchor", "mv_id").equals(connected.select("id", "anchor", "mv_id"))
    with project.open() as context, context.store.read() as reader:
        assert sum(space.placeholders for space in reader.statistics()) == 0
    assert _statuses(project) == {Status.SUCCESS}
    assert _accounts(project).equals(before)


def test_a_name_that_a_new_account_gives_up_is_free_for_those_after_it(tmp_path: Path) -> None:
    directory = _directory(tmp_path)
    assert _titled(directory, "anchor", "baker") == {"E1": "cn=anchor", "E2": "cn=baker"}
    assert _titled(directory, "carter", "anchor") == {"E1": "cn=carter", "E2": "cn=anchor"}


def test_a_name_that_a_new_account_gives_up_later_is_free_when_tried_again(tmp_path: Path) -> None:
    directory = _directory(tmp_path)
    _titled(directory, "anchor", "baker")
    assert _titled(directory, "baker", "carter") == {"E1": "cn=anchor", "E2": "cn=carter"}
    assert _titled(directory, "baker", "carter") == {"E1": "cn=baker", "E2": "cn=carter"}


def test_of_two_new_accounts_of_one_name_the_first_gets_it(tmp_path: Path) -> None:
    directory = _directory(tmp_path)
    assert _titled(directory, "anchor", "anchor") == {"E1": "cn=anchor"}
    with directory.open() as context, context.store.read() as reader:
        (error,) = reader.errors().select("anchor", "attribute", "rule", "target", "message").to_dicts()
    assert error == {
        "anchor": "E2",
        "attribute": "dn",
        "rule": "Directory person",
        "target": "directory",
        "message": "another new object is named cn=anchor already",
    }


_DIRECTORY = """\
kind: ldif
settings: {file: directory.ldif, export_file: directory.ldif, object_classes: {person: person}}
types:
  person:
    attributes: {cn: string, employeeNumber: string}
"""
_DIRECTORY_RULE = """\
name: Directory person
direction: outbound
connector: directory
types: {connector: person, metaverse: person}
precedence: 200
link: provision
flows: {dn: '"cn=" & [title]', cn: title, employeeNumber: employeeId}
"""


def _directory(folder: Path) -> TestProject:
    """People get an entry that is named after their title."""
    return hr_project(folder).write(
        unisono_yaml=settings("hr", "directory"),
        connectors__directory_yaml=_DIRECTORY,
        rules__directory_yaml=_DIRECTORY_RULE,
    )


def _titled(directory: TestProject, *titles: str) -> dict[str, str]:
    """Give the people these titles, without an export: who has which name then."""
    rows = (f"E{number},Given,Family,{title},2020-01-01,\n" for number, title in enumerate(titles, 1))
    directory.write(hr_csv=HEADER + "".join(rows))
    directory.run("hr", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
    with directory.open() as context, context.store.read() as reader:
        index = whole_space(reader, "directory")
        people_by_id = dict(whole_space(reader, "hr").select("mv_id", "anchor").iter_rows())
        return {people_by_id[mv_id]: dn for mv_id, dn in index.select("mv_id", "dn").iter_rows()}
