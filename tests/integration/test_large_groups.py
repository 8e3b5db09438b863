"""What changes in a group costs what changed, however many members the group has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.projects import TestProject, settings
from tests.store.given import statements

from unisono.model.runs import RunResult, Status, StepType
from unisono.store.postgresql_transaction import PostgresqlTransaction
from unisono.store.sqlite_transaction import SqliteTransaction

pytestmark = pytest.mark.usefixtures("any_store")

MEMBERS = 400
METAVERSE = """\
types:
  person:
    attributes: {uid: string}
    deletion: {any-of: [hr]}
  group:
    attributes: {name: string, member: {type: reference, multivalued: true}}
    deletion: {any-of: [hr]}
"""
SPACE = """\
kind: ldif
settings:
  file: NAME.ldif
  export_file: NAME.ldif
  object_classes: {inetOrgPerson: person, groupOfNames: group}
deprovisioning: delete
guard: {deletes: none, removed: none}
types:
  person:
    attributes: {uid: string}
  group:
    attributes:
      cn: string
      member: {type: reference, multivalued: true}
"""
RULES = """\
- {name: People, direction: inbound, connector: hr, types: {connector: person, metaverse: person},
   precedence: 100, link: project, flows: {uid: uid}}
- {name: Groups, direction: inbound, connector: hr, types: {connector: group, metaverse: group},
   precedence: 110, link: project, flows: {name: cn, member: member}}
- {name: Accounts, direction: outbound, connector: directory, types: {connector: person, metaverse: person},
   precedence: 200, link: provision, flows: {dn: '"uid=" & [uid]', uid: uid}}
- {name: Teams, direction: outbound, connector: directory, types: {connector: group, metaverse: group},
   precedence: 210, link: provision, flows: {dn: '"cn=" & [name]', cn: name, member: member}}
"""


class Company:
    """Everybody is in the one group; each person has an account, the group a team in the directory."""

    def __init__(self, folder: Path) -> None:
        self.project = TestProject(directory=folder).write(
            unisono_yaml=settings("hr", "directory"),
            metaverse_yaml=METAVERSE,
            connectors__hr_yaml=SPACE.replace("NAME", "hr"),
            connectors__directory_yaml=SPACE.replace("NAME", "directory"),
            rules__rules_yaml=RULES,
        )

    def shows(self, people: list[str], members: list[str]) -> None:
        entries = [f"dn: uid={uid}\nobjectClass: inetOrgPerson\nuid: {uid}\n" for uid in people]
        team = "dn: cn=all\nobjectClass: groupOfNames\ncn: all\n" + "".join(f"member: uid={uid}\n" for uid in members)
        self.project.write(hr_ldif="version: 1\n\n" + "\n".join([*entries, team]))

    def exported(self) -> RunResult:
        return self.project.run("directory", StepType.EXPORT, StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)

    def team(self) -> list[str]:
        """The members that the directory's team has."""
        lines = (self.project.directory / "directory.ldif").read_text().splitlines()
        return sorted(line.removeprefix("member: uid=") for line in lines if line.startswith("member: "))


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    people = [f"p{number:03}" for number in range(MEMBERS)]
    made.shows([*people, "new"], people)
    made.project.run("hr", StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION)
    result = made.exported()
    assert (result.status, made.team()) == (Status.SUCCESS, people)
    return made


@contextmanager
def rows_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many rows each question to the store gave."""
    heights: list[int] = []

    def counting(fetch: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        def counted(*arguments: Any, **parameters: Any) -> pl.DataFrame:
            frame = fetch(*arguments, **parameters)
            heights.append(frame.height)
            return frame

        return counted

    with monkeypatch.context() as patched:
        for transaction in (SqliteTransaction, PostgresqlTransaction):
            patched.setattr(transaction, "fetch", counting(transaction.fetch))
        yield heights


def _changed(company: Company, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Rows written per table of edges by a synchronization of changes, and the most rows read at once."""
    company.project.run("hr", StepType.FULL_IMPORT)
    with rows_read(monkeypatch) as heights, statements() as sent:
        result = company.project.run("hr", StepType.DELTA_SYNCHRONIZATION)
    assert result.status is Status.SUCCESS
    tables = ("mv_reference", "export_reference")
    written = {
        table: sum(one.rows_changed for one in sent if one.text.startswith(f"INSERT INTO {table} ")) for table in tables
    }
    return {**written, "read": max(heights)}


def test_one_member_more_costs_one_edge(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people = company.team()
    company.shows([*people, "new"], [*people, "new"])
    cost = _changed(company, monkeypatch)
    assert (cost["mv_reference"], cost["export_reference"]) == (1, 1)
    assert cost["read"] < MEMBERS / 10
    company.exported()
    assert company.team() == sorted([*people, "new"])


def test_one_leaver_costs_one_edge(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people = company.team()
    company.shows([*people[1:], "new"], people[1:])
    cost = _changed(company, monkeypatch)
    assert cost["export_reference"] == 1
    assert cost["read"] < MEMBERS / 10
    company.exported()
    assert company.team() == people[1:]


def test_a_member_taken_out_in_the_directory_is_put_back(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people = company.team()
    file = company.project.directory / "directory.ldif"
    file.write_text(file.read_text().replace("member: uid=p007\n", ""))
    company.project.run("directory", StepType.FULL_IMPORT)
    with rows_read(monkeypatch) as heights:
        company.project.run("directory", StepType.DELTA_SYNCHRONIZATION)
    assert max(heights) < MEMBERS / 10
    company.exported()
    assert company.team() == people
