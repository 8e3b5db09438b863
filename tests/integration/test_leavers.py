"""Many people leave at once: nothing of them is left anywhere, and nothing else was touched.

The organization, its project and the checks are those of the benchmark, where they are a thousand times as many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from benchmarks.databases import Database
from benchmarks.leavers.checks import Expected, too_much, wrong
from benchmarks.leavers.company import Company
from benchmarks.leavers.directory import Directory
from benchmarks.leavers.organization import Organization, leave, write_sources
from benchmarks.leavers.target import Application, Target
from benchmarks.postgresql_databases import PostgresqlDatabase
from benchmarks.sqlite_databases import SqliteFile
from tests.projects import TestProject
from tests.servers.postgres import OWNER_PASSWORD, Postgres, PostgresDatabase
from tests.servers.slapd import LdapTree

from unisono.model.runs import RunResult, Status, StepType

ORGANIZATION = Organization(people=400, groups=30, leaves=20)
LEAVERS = 20
_WAITING = "SELECT operation, count(*) FROM export_reference WHERE attribute = 'member' GROUP BY operation"

NewDatabase = Callable[[str], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NewDatabase]:
    """Makes empty databases of one kind."""
    if request.param == "sqlite":
        yield lambda name: SqliteFile(file=tmp_path / f"{name}.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    monkeypatch.setenv("PGPASSWORD", OWNER_PASSWORD)
    made: list[PostgresDatabase] = []

    def new(_name: str) -> Database:
        made.append(server.new_database())
        return PostgresqlDatabase(database=made[-1])

    yield new
    for database in made:
        server.take_back(database)


@pytest.fixture
def application(new_database: NewDatabase) -> Target:
    return Application(database=new_database("app"))


@pytest.fixture
def directory(ldap_tree: LdapTree) -> Target:
    for unit in ("people", "groups"):
        ldap_tree.add(f"ou={unit},{ldap_tree.base_dn}", objectClass=["organizationalUnit"], ou=[unit])
    return Directory(server=ldap_tree.server, base=ldap_tree.base_dn, organization=ORGANIZATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRest:
    """Everybody has an account and is in the groups of the target; nothing is pending."""

    company: Company
    project: TestProject
    expected: Expected

    @property
    def target(self) -> Target:
        return self.company.target

    def cycle(self) -> list[RunResult]:
        results = self.project.cycle()
        assert {result.status for result in results} == {Status.SUCCESS}, results
        return results


@pytest.fixture(params=["application", "directory"])
def at_rest(request: pytest.FixtureRequest, new_database: NewDatabase, tmp_path: Path) -> AtRest:
    target: Target = request.getfixturevalue(request.param)
    company = Company(directory=tmp_path, organization=ORGANIZATION, store=new_database("unisono"), target=target)
    write_sources(tmp_path, ORGANIZATION)
    company.write()
    expected = Expected.before(ORGANIZATION)
    made = AtRest(company=company, project=TestProject(directory=tmp_path), expected=expected)
    assert {result.status for result in made.project.cycle()} <= {Status.SUCCESS, Status.COMPLETED_NO_OBJECTS}
    assert wrong(target, company.store, expected) == []
    return made


def test_leavers_are_gone_everywhere_with_their_memberships_and_nothing_else(at_rest: AtRest) -> None:
    gone = ORGANIZATION.leavers()
    expected = at_rest.expected.without(gone)
    removed = at_rest.expected.memberships.height - expected.memberships.height
    assert (gone.len(), at_rest.expected.accounts.height - expected.accounts.height) == (LEAVERS, LEAVERS)
    assert removed > LEAVERS * 5
    assert wrong(at_rest.target, at_rest.company.store, expected)  # the checks see who is still there
    leave(at_rest.project.directory, ORGANIZATION)
    with at_rest.target.received() as received:
        for step in (StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION):
            for connector in ("hr", "teams"):
                assert at_rest.project.run(connector, step).status is Status.SUCCESS
        assert at_rest.company.store.rows(_WAITING) == [("delete", removed)]  # so that no more is sent
        at_rest.cycle()
    assert wrong(at_rest.target, at_rest.company.store, expected) == []
    assert too_much(received, removed, LEAVERS) == []
    assert all("export" not in step.step.type for result in at_rest.cycle() for step in result.steps)
