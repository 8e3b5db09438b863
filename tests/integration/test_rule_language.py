"""Whole runs of rules that use the corners of the rule language."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from tests.projects import APP_HEADER, TestProject, app_project, people

from unisono.model.runs import Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

_APP_RULE = """\
name: App account
direction: outbound
connector: app
types: {connector: account, metaverse: person}
precedence: 200
link: provision
"""


def accounts(project: TestProject) -> dict[str, dict[str, str]]:
    """The lines of the application's file by login."""
    with (project.directory / "app.csv").open(encoding="utf-8", newline="") as file:
        return {line["login"]: line for line in csv.DictReader(file)}


def cycled(project: TestProject) -> dict[str, dict[str, str]]:
    assert {result.status for result in project.cycle()} <= {Status.SUCCESS, Status.COMPLETED_NO_OBJECTS}
    return accounts(project)


def test_a_rule_may_stay_as_the_mim_portal_has_it(tmp_path: Path) -> None:
    rule = """\
name: HR person
language: mim
direction: inbound
connector: hr
types: {connector: person, metaverse: person}
precedence: 100
link: project
scope: NotEquals(title, "Guest")
join: {employeeId: UpperCase(employeeId)}
flows:
  employeeId: employeeId
  displayName: IIF(IsPresent(givenName), sn + ", " + ProperCase(givenName), sn)
  title: Company + " " + title
"""
    guest = "E00003,Given3,Family3,Guest,,\n"
    project = app_project(tmp_path).write(rules__hr_yaml=rule, hr_csv=people(3) + guest)
    unisono = (tmp_path / "unisono.yaml").read_text(encoding="utf-8")
    project.write(unisono_yaml=unisono + "parameters: {Company: Contoso}\n")
    written = cycled(project)
    assert {login: (line["fullName"], line["job"]) for login, line in written.items()} == {
        f"E0000{n}": (f"Family{n}, Given{n}", "Contoso Clerk") for n in range(3)
    }


def test_what_is_drawn_differs_for_each_object_and_place_and_is_the_same_in_every_partition(tmp_path: Path) -> None:
    rule = _APP_RULE + "flows:\n  login: employeeId\n  fullName: {expression: Guid(), apply-once: true}\n"
    rule += "  job: {expression: 'Guid() & RandomNum(1, 9)', apply-once: true}\n"
    project = app_project(tmp_path).write(rules__app_yaml=rule, hr_csv=people(50))
    first = cycled(project)
    drawn = [line["fullName"] for line in first.values()] + [line["job"][:-1] for line in first.values()]
    assert all(map(_GUID.fullmatch, drawn))
    assert len(set(drawn)) == 100
    assert {line["job"][-1] for line in first.values()} <= set("123456789")
    assert cycled(project) == first  # once it is there, it stays


def test_an_imported_value_is_what_is_known_to_have_arrived(tmp_path: Path) -> None:
    """The application may change a name; the rule keeps what it finds there instead of its own."""
    rule = _APP_RULE + "flows:\n  login: employeeId\n  job: title\n"
    rule += '  fullName: \'IIF(IsPresent(ImportedValue("fullName")), ImportedValue("fullName"), [displayName])\'\n'
    project = app_project(tmp_path).write(rules__app_yaml=rule, hr_csv=people(2))
    assert cycled(project)["E00001"]["fullName"] == "Given1 Family1"
    project.write(app_csv=APP_HEADER + "E00000,Given0 Family0,Clerk,\nE00001,Renamed There,Clerk,\n")
    assert cycled(project)["E00001"]["fullName"] == "Renamed There"
    project.write(hr_csv=people(2, title="Manager"))
    after = cycled(project)
    assert (after["E00001"]["fullName"], after["E00001"]["job"]) == ("Renamed There", "Manager")
    assert project.run("hr", StepType.FULL_SYNCHRONIZATION).status is Status.SUCCESS
    assert project.space("app").filter(export_operation="update").is_empty()


def test_an_expression_reads_references_as_the_names_of_the_objects_that_they_refer_to(tmp_path: Path) -> None:
    rule = """\
name: HR person
direction: inbound
connector: hr
types: {connector: person, metaverse: person}
precedence: 100
link: project
scope: 'ValueCount("manager") <= 1'
join: {employeeId: employeeId}
flows:
  employeeId: employeeId
  displayName: '[givenName]'
  title: 'IIF(IsPresent([manager]), "reports to " & [manager], "reports to nobody")'
"""
    project = app_project(tmp_path).write(rules__hr_yaml=rule, hr_csv=people(3))

    def titles() -> dict[str, str]:
        return {login: line["job"] for login, line in cycled(project).items()}

    one, two = "E00001", "E00002"
    assert titles() == {"E00000": "reports to nobody", one: "reports to E00000", two: "reports to E00000"}
    project.write(hr_csv=people(3).replace("2020-01-03,E00000", f"2020-01-03,{one}"))
    assert titles() == {"E00000": "reports to nobody", one: "reports to E00000", two: f"reports to {one}"}
    assert project.run("hr", StepType.FULL_SYNCHRONIZATION).status is Status.SUCCESS
    assert project.space("app").filter(export_operation="update").is_empty()
    project.write(hr_csv=people(3).replace("2020-01-03,E00000", "2020-01-03,"))
    assert titles()[two] == "reports to nobody"
