"""The Joiner: objects that an operator joins and disconnects (engine specification §2.6, §10, S31, S42, S74)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.projects import APP_HEADER, TestProject, app_project, environment, hr_project, people

from unisono.cli import main
from unisono.model.runs import Status, StepType
from unisono.runs.joiner import Refusal, Release, disconnecting, joining, rehearse, run_by_hand

pytestmark = pytest.mark.usefixtures("any_store")

IMPORT, SYNCHRONIZE, FULL = StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION, StepType.FULL_SYNCHRONIZATION
PHONE = """\
kind: delimited-text
settings: {file: phone.csv, anchor: [number]}
types:
  person:
    attributes:
      number: {type: string, required: true}
      owner: string
      title: string
    filter: '[title] = "None"'
"""
PHONE_RULE = """\
name: Phone person
direction: inbound
connector: phone
types: {connector: person, metaverse: person}
precedence: 50
link: join
join:
  - {employeeId: '[owner]'}
flows:
  title: title
"""


@pytest.fixture
def company(tmp_path: Path) -> TestProject:
    """Three people of HR; a telephone of nobody."""
    project = hr_project(tmp_path).write(
        connectors__phone_yaml=PHONE,
        rules__phone_yaml=PHONE_RULE,
        hr_csv=people(3),
        phone_csv="number,owner,title\n100,,Chief\n",
    )
    for connector in ("hr", "phone"):
        assert project.run(connector, IMPORT, SYNCHRONIZE).status is Status.SUCCESS
    return project


def join(project: TestProject, connector: str, anchor: str, mv_id: int) -> None:
    with project.open() as context:
        with context.store.read() as reader:
            decision = joining(_id(project, connector, anchor), mv_id, reader, context)
        result = run_by_hand(decision, context)
    assert (result.status, result.profile, result.connector) == (Status.SUCCESS, "join", connector)


def disconnect(project: TestProject, connector: str, anchor: str, release: Release) -> None:
    with project.open() as context:
        with context.store.read() as reader:
            decision = disconnecting(_id(project, connector, anchor), release, reader)
        assert run_by_hand(decision, context).status is Status.SUCCESS


def _id(project: TestProject, connector: str, anchor: str) -> int:
    return int(project.space(connector).filter(anchor=anchor)["id"][0])


def person(project: TestProject, employee: str) -> int:
    """The id in the metaverse."""
    return next(number for number, values in _people(project).items() if values["employeeId"] == employee)


def titles(project: TestProject) -> dict[str, str | None]:
    return {values["employeeId"]: values.get("title") for values in _people(project).values()}


def _people(project: TestProject) -> dict[int, dict[str, str]]:
    rows = project.metaverse().select("id", "attributes").iter_rows()
    return {number: json.loads(attributes) for number, attributes in rows}


def link_of(project: TestProject, connector: str, anchor: str) -> tuple[int | None, str | None, str]:
    (row,) = project.space(connector).filter(anchor=anchor).select("mv_id", "link_kind", "state").rows()
    return row


def test_what_is_joined_by_hand_flows_at_once_and_stays(company: TestProject) -> None:
    chosen = person(company, "E00001")
    join(company, "phone", "100", chosen)
    assert link_of(company, "phone", "100") == (chosen, "joiner", "explicit")
    assert titles(company) == {"E00000": "Clerk", "E00001": "Chief", "E00002": "Clerk"}
    company.run("phone", FULL)
    assert link_of(company, "phone", "100") == (chosen, "joiner", "explicit")


def test_s31_an_explicit_connector_that_matches_the_filter_stays_connected(company: TestProject) -> None:
    chosen = person(company, "E00001")
    join(company, "phone", "100", chosen)
    company.write(phone_csv="number,owner,title\n100,,None\n")
    assert company.run("phone", IMPORT, FULL).status is Status.SUCCESS
    assert link_of(company, "phone", "100") == (chosen, "joiner", "explicit")
    assert titles(company)["E00001"] == "None"


def test_s42_an_explicit_disconnector_is_joined_by_no_rule_and_its_import_is_absorbed(company: TestProject) -> None:
    disconnect(company, "phone", "100", Release.EXPLICIT)
    company.write(phone_csv="number,owner,title\n100,E00001,Chief\n")
    for step in (SYNCHRONIZE, FULL):
        company.run("phone", IMPORT, step)
        assert link_of(company, "phone", "100") == (None, None, "explicit")
        assert company.space("phone")["import_operation"].to_list() == [None]
    assert titles(company)["E00001"] == "Clerk"
    disconnect(company, "phone", "100", Release.NORMAL)
    company.run("phone", SYNCHRONIZE)
    assert link_of(company, "phone", "100") == (person(company, "E00001"), "join", "normal")


def test_a_link_that_is_cut_by_hand_takes_its_values_along(company: TestProject) -> None:
    join(company, "phone", "100", person(company, "E00001"))
    disconnect(company, "phone", "100", Release.NORMAL)
    assert titles(company)["E00001"] == "Clerk"
    assert link_of(company, "phone", "100") == (None, None, "normal")


def test_the_last_connector_takes_the_metaverse_object_along(company: TestProject) -> None:
    disconnect(company, "hr", "E00002", Release.EXPLICIT)
    assert sorted(titles(company)) == ["E00000", "E00001"]


def test_the_deletion_rule_is_not_asked_while_another_connector_is_left(company: TestProject) -> None:
    """It names HR; but an operator who cuts a link deletes nobody who is known elsewhere."""
    join(company, "phone", "100", person(company, "E00001"))
    disconnect(company, "hr", "E00001", Release.EXPLICIT)
    assert company.metaverse().height == 3
    disconnect(company, "phone", "100", Release.EXPLICIT)
    assert company.metaverse().height == 2


def test_s74_deprovisioning_does_not_run_where_an_operator_disconnects(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(2))
    project.cycle()
    disconnect(project, "app", "E00001", Release.EXPLICIT)
    (row,) = project.space("app").filter(anchor="E00001").select("mv_id", "state", "export_operation").rows()
    assert row == (None, "explicit", None)


def test_what_was_to_be_written_to_an_object_goes_with_its_link(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(2))
    project.cycle()
    project.write(hr_csv=people(2, title="Boss"))
    project.run("hr", IMPORT, SYNCHRONIZE)
    assert project.space("app")["export_operation"].to_list() == ["update", "update"]
    disconnect(project, "app", "E00001", Release.EXPLICIT)
    assert project.space("app")["export_operation"].to_list() == ["update", None]
    project.run("app", StepType.EXPORT)
    assert "E00001,Given1 Family1,Clerk" in (tmp_path / "app.csv").read_text()


def test_an_account_that_was_never_exported_goes_with_its_link(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(1))
    project.run("hr", IMPORT, SYNCHRONIZE)
    (number,) = project.space("app")["id"]
    with project.open() as context:
        with context.store.read() as reader:
            decision = disconnecting(number, Release.NORMAL, reader)
        run_by_hand(decision, context)
    assert project.space("app").is_empty()


def test_references_follow_a_link_made_by_hand(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(2), app_csv=APP_HEADER + "root,Root,Chief,\n")
    project.cycle()
    staff = project.space("app").filter(anchor="E00001")
    assert "E00001,Given1 Family1,Clerk,E00000" in (tmp_path / "app.csv").read_text()
    disconnect(project, "app", "E00000", Release.EXPLICIT)
    assert project.space("app").filter(anchor="E00001")["export_operation"].to_list() == ["update"]
    join(project, "app", "root", person(project, "E00000"))
    project.run("app", StepType.EXPORT)
    assert "E00001,Given1 Family1,Clerk,root" in (tmp_path / "app.csv").read_text()
    assert staff["mv_id"].to_list() == project.space("app").filter(anchor="E00001")["mv_id"].to_list()


def test_what_would_happen_can_be_seen_before(company: TestProject) -> None:
    chosen = person(company, "E00001")
    with company.open() as context:
        with context.store.read() as reader:
            decision = joining(_id(company, "phone", "100"), chosen, reader, context)
        rehearsed = rehearse(decision, context)
    found = rehearsed.changes.select("space", "change", "attribute", "before", "after").rows()
    assert ("phone", "join", None, None, None) in found
    assert ("metaverse", "update", "title", "Clerk", "Chief") in found
    assert link_of(company, "phone", "100") == (None, None, "normal")


REFUSED = [
    ("hr", "E00000", "E00001", "is joined to metaverse object"),
    ("phone", "100", "", "there is no metaverse object id:0"),
]


@pytest.mark.parametrize(("connector", "anchor", "employee", "message"), REFUSED, ids=[row[3] for row in REFUSED])
def test_what_cannot_be_joined_is_refused(
    company: TestProject, connector: str, anchor: str, employee: str, message: str
) -> None:
    mv_id = person(company, employee) if employee else 0
    with company.open() as context, context.store.read() as reader, pytest.raises(Refusal, match=message):
        joining(_id(company, connector, anchor), mv_id, reader, context)


def test_an_object_with_a_pending_delete_is_synchronized_first(company: TestProject) -> None:
    company.write(phone_csv="number,owner,title\n100,,Chief\n200,,Deputy\n")
    company.run("phone", IMPORT, SYNCHRONIZE)
    company.write(phone_csv="number,owner,title\n200,,Deputy\n")
    company.run("phone", IMPORT)
    with company.open() as context, context.store.read() as reader, pytest.raises(Refusal, match="pending delete"):
        joining(_id(company, "phone", "100"), person(company, "E00001"), reader, context)


def test_a_second_contributor_of_one_connector_is_an_error_of_the_object(company: TestProject) -> None:
    company.write(phone_csv="number,owner,title\n100,,Chief\n200,E00001,Deputy\n")
    company.run("phone", IMPORT, SYNCHRONIZE)
    with company.open() as context:
        with context.store.read() as reader:
            decision = joining(_id(company, "phone", "100"), person(company, "E00001"), reader, context)
        result = run_by_hand(decision, context)
        with context.store.read() as reader:
            codes = reader.errors(run_id=result.id)["code"].to_list()
    assert result.status is Status.COMPLETED_SYNC_ERRORS
    assert codes == ["ambiguous-import-flow-from-multiple-connectors"]
    assert link_of(company, "phone", "100")[0] is None


def test_the_commands_join_and_disconnect(
    company: TestProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(company.directory)
    monkeypatch.setattr(os, "environ", environment())
    assert main(["join", "100", "employeeId=E00001", "--connector", "phone", "--plan"]) == 0
    assert "would be joined to" in capsys.readouterr().out
    assert link_of(company, "phone", "100") == (None, None, "normal")
    assert main(["join", "100", "employeeId=E00001", "--connector", "phone", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["planned"], document["state"], document["run"]["profile"]) == (False, "explicit", "join")
    assert [change["attribute"] for change in document["metaverse"]] == ["title"]
    assert main(["disconnect", "100", "--connector", "phone", "--explicit"]) == 0
    assert "disconnected from" in capsys.readouterr().out
    assert link_of(company, "phone", "100") == (None, None, "explicit")
    assert main(["disconnect", "100", "--connector", "phone", "--explicit"]) == 2
    assert "is an explicit disconnector already" in capsys.readouterr().err
    assert main(["history", "--json"]) == 0
    assert [run["profile"] for run in json.loads(capsys.readouterr().out)["runs"]][:2] == ["disconnect", "join"]
