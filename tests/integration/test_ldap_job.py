"""The whole job against a real directory: accounts and groups for people, and no failure of the server harms it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.projects import TestProject, counts, settings
from tests.servers.slapd import LdapTree, Slapd
from tests.servers.slapd_configuration import Overlay

from unisono.model.runs import Counter, RunProfile, RunResult, RunStep, Status, StepType
from unisono.runs.context import Silent
from unisono.runs.execute import run_profile

pytestmark = pytest.mark.usefixtures("any_store")

IMPORT, SYNCHRONIZE, EXPORT = StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION, StepType.EXPORT
_LIMIT_S = 60

_METAVERSE = """\
types:
  person:
    attributes: {employeeId: string, sn: string, displayName: string, title: string, manager: reference}
    deletion: {any-of: [hr]}
  group:
    attributes: {displayName: string, member: {type: reference, multivalued: true}}
    deletion: {any-of: [hr]}
"""
_HR = """\
kind: delimited-text
settings: {file: hr.csv, anchor: [id], object_type_column: type}
types:
  person:
    attributes:
      id: {type: string, required: true}
      givenName: string
      sn: string
      title: string
      manager: reference
  team:
    attributes:
      id: {type: string, required: true}
      people: {type: reference, multivalued: true}
"""
_HR_RULES = """\
- name: HR person
  direction: inbound
  connector: hr
  types: {connector: person, metaverse: person}
  precedence: 100
  link: project
  join: [{employeeId: '[id]'}]
  flows:
    employeeId: id
    sn: sn
    displayName: '[givenName] & " " & [sn]'
    title: title
    manager: manager

- name: HR team
  direction: inbound
  connector: hr
  types: {connector: team, metaverse: group}
  precedence: 110
  link: project
  join: [{displayName: '[id]'}]
  flows: {displayName: id, member: people}
"""
_DIRECTORY = """\
kind: ldap
settings:
  url: {url}
  base: {base}
  bind_dn: {bind_dn}
  password: ${{file:password}}
  object_types:
    person: {{classes: [top, person, organizationalPerson, inetOrgPerson], rdn: uid}}
    group: {{classes: [top, groupOfNames], rdn: cn}}
  anchor: entryUUID
  delta: accesslog
  page_objects: 20
  placeholder_member: cn=nobody
  connect_timeout_s: 5
  require_secure_passwords: false
types:
  person:
    attributes:
      uid: string
      cn: {{type: string, required: true}}
      sn: {{type: string, required: true}}
      employeeNumber: string
      title: string
      manager: reference
  group:
    attributes:
      cn: string
      member: {{type: reference, multivalued: true}}
deprovisioning: delete
"""
_DIRECTORY_RULES = """\
- name: Directory person
  direction: outbound
  connector: directory
  types: {{connector: person, metaverse: person}}
  precedence: 200
  link: provision
  flows:
    dn: '"uid=" & LCase([sn]) & "." & [employeeId] & ",ou=people,{base}"'
    uid: 'LCase([sn]) & "." & [employeeId]'
    cn: displayName
    sn: sn
    employeeNumber: employeeId
    title: title
    manager: manager

- name: Directory group
  direction: outbound
  connector: directory
  types: {{connector: group, metaverse: group}}
  precedence: 210
  link: provision
  flows:
    dn: '"cn=" & [displayName] & ",ou=groups,{base}"'
    cn: displayName
    member: member
"""
_HEADER = "type,id,givenName,sn,title,manager,people\n"


def company(count: int, **surnames: str) -> str:
    """An HR file of so many people under E0, all of them in team T1; ``surnames`` by id where they are special."""
    numbers = [f"E{n}" for n in range(count)]
    rows = [f"person,{id_},Given,{surnames.get(id_, 'Family')},Clerk,{'' if id_ == 'E0' else 'E0'}," for id_ in numbers]
    return _HEADER + "\n".join([*rows, f"team,T1,,,,,{'|'.join(numbers)}\n"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A project between an HR file and a subtree of a directory."""

    project: TestProject
    tree: LdapTree

    def accounts(self) -> Mapping[str, Mapping[str, list[bytes]]]:
        """People's entries by DN relative to the base."""
        return {
            dn.removesuffix(self.people): entry
            for dn, entry in self.tree.entries().items()
            if b"inetOrgPerson" in entry["objectClass"]
        }

    @property
    def people(self) -> str:
        return f",ou=people,{self.tree.base_dn}"

    def members(self) -> list[str]:
        team = self.tree.entries()[f"cn=T1,ou=groups,{self.tree.base_dn}"]
        return sorted(value.decode().removesuffix(self.people) for value in team["member"] if value != b"cn=nobody")

    def assert_settled(self, count: int) -> None:
        """Exactly the desired people, each once, with manager and membership; nothing pending, no error."""
        accounts = self.accounts()
        assert sorted(entry["employeeNumber"][0] for entry in accounts.values()) == sorted(
            f"E{n}".encode() for n in range(count)
        )
        boss = f"uid=family.E0{self.people}".encode()
        managers = {dn: entry.get("manager") for dn, entry in accounts.items()}
        assert managers == {dn: None if dn == "uid=family.E0" else [boss] for dn in accounts}
        assert self.members() == sorted(accounts)
        space = self.project.space("directory")
        assert space.height == count + 1
        waiting = ("import_operation", "export_operation", "unconfirmed_operation", "import_error")
        assert {name: space[name].drop_nulls().len() for name in waiting} == dict.fromkeys(waiting, 0)
        assert {run.status for run in self.project.cycle()} == {Status.SUCCESS}


def make_company(directory: Path, tree: LdapTree, *, people: int) -> Company:
    for unit in ("people", "groups"):
        tree.add(f"ou={unit},{tree.base_dn}", objectClass=["organizationalUnit"], ou=[unit])
    named = {"base": tree.base_dn, "bind_dn": tree.server.root_dn, "url": tree.server.url}
    project = TestProject(directory=directory).write(
        unisono_yaml=settings("hr", "directory"),
        metaverse_yaml=_METAVERSE,
        connectors__hr_yaml=_HR,
        rules__hr_yaml=_HR_RULES,
        connectors__directory_yaml=_DIRECTORY.format(**named),
        rules__directory_yaml=_DIRECTORY_RULES.format(**named),
        hr_csv=company(people),
    )
    (directory / "password").write_text(tree.server.root_password)
    return Company(project=project, tree=tree)


@pytest.fixture
def at_work(ldap_tree: LdapTree, tmp_path: Path) -> Company:
    """Twelve people whose accounts were made and confirmed."""
    made = make_company(tmp_path, ldap_tree, people=12)
    assert {run.status for run in made.project.cycle()} <= {Status.SUCCESS, Status.COMPLETED_NO_OBJECTS}
    return made


@pytest.fixture
def tree() -> Iterator[LdapTree]:
    """In a server of its own, which the test may kill."""
    with Slapd() as server:
        yield server.new_tree()


def watermark(company_: Company) -> str | None:
    with company_.project.open() as context, context.store.read() as reader:
        return reader.watermark("directory")


def exported(results: list[RunResult]) -> dict[Counter, int]:
    """Sums of the export counters."""
    sums: dict[Counter, int] = {}
    for result in results:
        for counter, number in counts(result).items():
            if counter.value.startswith("export-"):
                sums[counter] = sums.get(counter, 0) + number
    return sums


# --- the job ---------------------------------------------------------------------------------------------------------


def test_people_get_accounts_with_managers_and_memberships_and_a_second_cycle_changes_nothing(at_work: Company) -> None:
    at_work.assert_settled(12)
    before = at_work.tree.entries(), at_work.project.space("directory"), at_work.project.metaverse()
    again = at_work.project.cycle()
    assert ({run.status for run in again}, exported(again)) == ({Status.SUCCESS}, {})
    assert at_work.tree.entries() == before[0]
    assert at_work.project.space("directory").equals(before[1])
    assert at_work.project.metaverse().equals(before[2])


def test_another_surname_renames_the_account_and_keeps_it(at_work: Company) -> None:
    anchors = at_work.project.space("directory")["anchor"]
    results = at_work.project.write(hr_csv=company(12, E5="Novak")).cycle()
    assert exported(results) == {Counter.EXPORT_RENAME: 1}
    accounts = at_work.accounts()
    assert ("uid=novak.E5" in accounts, "uid=family.E5" in accounts) == (True, False)
    assert (accounts["uid=novak.E5"]["uid"], accounts["uid=novak.E5"]["sn"]) == ([b"novak.E5"], [b"Novak"])
    assert at_work.project.space("directory")["anchor"].equals(anchors)
    assert exported(at_work.project.cycle()) == {}


def test_references_follow_a_renamed_account_where_the_server_keeps_them_intact(tmp_path: Path) -> None:
    with Slapd((Overlay.SYNCPROV, Overlay.ACCESSLOG, Overlay.REFINT)) as server:
        made = make_company(tmp_path, server.new_tree(), people=5)
        made.project.cycle()
        made.project.write(hr_csv=company(5, E0="Novak")).cycle()
        boss = f"uid=novak.E0{made.people}".encode()
        assert {entry["manager"][0] for entry in made.accounts().values() if "manager" in entry} == {boss}
        assert made.members() == sorted(made.accounts())
        made.project.run("directory", IMPORT, SYNCHRONIZE)
        assert exported(made.project.cycle()) == {}


def test_references_that_the_server_left_behind_a_renamed_account_are_repaired_after_a_full_import(
    at_work: Company,
) -> None:
    """slapd without referential integrity keeps the old name in others' attributes, and no log of changes shows it."""
    at_work.project.write(hr_csv=company(12, E0="Novak")).cycle()
    imported = at_work.project.run("directory", IMPORT, SYNCHRONIZE)
    held = imported.steps[1].held_hash  # a dozen references to a name that nobody has would be replaced
    assert held is not None
    at_work.project.run("directory", SYNCHRONIZE, approved=frozenset({held}))
    assert exported(at_work.project.cycle()) == {Counter.EXPORT_UPDATE: 12}
    boss = f"uid=novak.E0{at_work.people}".encode()
    assert {entry["manager"][0] for entry in at_work.accounts().values() if "manager" in entry} == {boss}
    assert at_work.members() == sorted(at_work.accounts())
    at_work.project.run("directory", IMPORT, SYNCHRONIZE)
    assert exported(at_work.project.cycle()) == {}


def test_a_leaver_loses_the_account_and_the_membership(at_work: Company) -> None:
    at_work.project.write(hr_csv=company(11))
    results = at_work.project.cycle()
    assert exported(results)[Counter.EXPORT_DELETE] == 1
    at_work.assert_settled(11)


def test_the_job_works_over_tls_with_the_authority_of_the_server(
    slapd: Slapd, ldap_tree: LdapTree, tmp_path: Path
) -> None:
    made = make_company(tmp_path, ldap_tree, people=3)
    clear = (tmp_path / "connectors" / "directory.yaml").read_text()
    secure = clear.replace(slapd.url, slapd.tls_url)
    trusting = secure.replace("  anchor:", f"  ca_file: {slapd.certificate_authority}\n  anchor:")
    made.project.write(connectors__directory_yaml=trusting)
    made.project.cycle()
    made.assert_settled(3)
    made.project.write(connectors__directory_yaml=secure)  # the system's authorities do not know this server
    refused = made.project.run("directory", IMPORT)
    assert (refused.status, refused.steps[0].connection) == (Status.NO_START_CONNECTION, "failed-connection")


# --- a server that fails ---------------------------------------------------------------------------------------------


class _AtFirstPage(Silent):
    """Does something when the first page was told."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do, self._done = do, False

    def advance(self, objects: int, what: str) -> None:  # noqa: ARG002
        if not self._done:
            self._done = True
            self._do()


def run_and(do: Callable[[], None], company_: Company, step: RunStep) -> RunResult:
    """Run a step of the directory's connector; something happens after its first page."""
    with company_.project.open() as context:
        told = replace(context, reporter=_AtFirstPage(do))
        return run_profile("directory", RunProfile(name="test", steps=(step, RunStep(type=SYNCHRONIZE))), told)


def assert_nobody_deleted(company_: Company, count: int) -> None:
    space = company_.project.space("directory")
    assert (space.height, space.filter(import_operation="delete").height) == (count + 1, 0)
    assert company_.project.metaverse().height == count + 1


def test_a_server_killed_in_the_middle_of_an_export_loses_nothing(tree: LdapTree, tmp_path: Path) -> None:
    made = make_company(tmp_path, tree, people=800)
    made.project.run("directory", IMPORT)
    made.project.run("hr", IMPORT, SYNCHRONIZE)
    killing = threading.Thread(target=tree.server.kill)
    lost = run_and(killing.start, made, RunStep(type=EXPORT, page_objects=50))
    killing.join(_LIMIT_S)
    assert (lost.status, lost.steps[0].connection) == (Status.STOPPED_CONNECTIVITY, "dropped-connection")
    done = counts(lost)[Counter.EXPORT_ADD]
    assert 0 < done < 800
    assert made.project.space("directory").filter(export_operation="add").height >= 801 - done
    tree.server.start()
    made.project.run("directory", EXPORT)
    made.project.run("directory", IMPORT, SYNCHRONIZE)
    made.project.cycle()
    made.assert_settled(800)


@pytest.mark.parametrize("any_store", ["sqlite"], indirect=True)  # a file is easily put back
def test_an_export_whose_record_got_lost_is_sent_again_and_does_no_harm(tree: LdapTree, tmp_path: Path) -> None:
    """As if the process had been killed after the last answer of the server, before any of it was recorded."""
    made = make_company(tmp_path, tree, people=20)
    made.project.run("directory", IMPORT)
    made.project.run("hr", IMPORT, SYNCHRONIZE)
    store = tmp_path / "unisono.db"
    before = store.read_bytes()
    first = made.project.run("directory", EXPORT)
    store.write_bytes(before)
    again = made.project.run("directory", EXPORT)
    assert (first.status, again.status, exported([again])) == (Status.SUCCESS, Status.SUCCESS, {Counter.EXPORT_ADD: 21})
    made.project.run("directory", IMPORT, SYNCHRONIZE)
    made.assert_settled(20)


def test_an_import_before_a_lost_export_is_sent_again_keeps_the_membership(tree: LdapTree, tmp_path: Path) -> None:
    """The account that is there has no anchor in the store yet; it takes the place of the one that was provisioned."""
    made = make_company(tmp_path, tree, people=3)
    made.project.run("directory", IMPORT)
    made.project.run("hr", IMPORT, SYNCHRONIZE)
    sent = run_and(lambda: None, made, RunStep(type=EXPORT, page_objects=1, object_limit=1))
    assert (counts(sent), len(made.members())) == ({Counter.EXPORT_ADD: 1}, 3)  # the group, with all its members
    with tree.server.connect() as connection:
        entry = {"objectClass": [b"inetOrgPerson"], "uid": [b"family.E1"], "cn": [b"x"], "sn": [b"Family"]}
        connection.add_s(f"uid=family.E1{made.people}", [*entry.items(), ("employeeNumber", [b"E1"])])
    made.project.run("directory", IMPORT)
    group = made.project.space("directory").filter(object_type="group")["id"]
    with made.project.open() as context, context.store.read() as reader:
        targets = reader.names_of(reader.edges_of(group)["target_id"])
        assert reader.export_edges_of(group).is_empty()  # all three memberships are confirmed
    assert targets["dn"].n_unique() == targets.height == 3


def test_a_server_killed_in_the_middle_of_a_full_import_deletes_nobody(tree: LdapTree, tmp_path: Path) -> None:
    made = make_company(tmp_path, tree, people=200)
    made.project.cycle()
    before = watermark(made)
    assert before is not None
    lost = run_and(tree.server.kill, made, RunStep(type=IMPORT, page_objects=20))
    assert [(step.status, step.connection) for step in lost.steps] == [
        (Status.STOPPED_CONNECTIVITY, "dropped-connection")
    ]
    assert_nobody_deleted(made, 200)
    assert watermark(made) == before
    tree.server.start()
    made.assert_settled(200)


@pytest.mark.parametrize("step", [IMPORT, StepType.DELTA_IMPORT, EXPORT])
def test_a_server_that_is_down_is_told_and_deletes_nobody(tree: LdapTree, tmp_path: Path, step: StepType) -> None:
    made = make_company(tmp_path, tree, people=5)
    made.project.cycle()
    made.project.write(hr_csv=company(6))
    made.project.run("hr", IMPORT, SYNCHRONIZE)
    before = watermark(made)
    tree.server.kill()
    result = made.project.run("directory", step, SYNCHRONIZE)
    assert [(one.status, one.connection) for one in result.steps] == [(Status.NO_START_CONNECTION, "failed-connection")]
    assert made.project.space("directory").filter(import_operation="delete").is_empty()
    assert (made.project.metaverse().height, watermark(made)) == (7, before)
    tree.server.start()
    made.project.cycle()
    made.assert_settled(6)


@pytest.mark.parametrize("step", [IMPORT, EXPORT])
def test_a_wrong_password_does_not_start_and_is_not_told(at_work: Company, step: StepType) -> None:
    at_work.project.write(hr_csv=company(13))
    at_work.project.run("hr", IMPORT, SYNCHRONIZE)
    (at_work.project.directory / "password").write_text("wrong-and-secret")
    result = at_work.project.run("directory", step, SYNCHRONIZE)
    assert [one.status for one in result.steps] == [Status.NO_START_CREDENTIALS]
    assert "wrong-and-secret" not in repr(result)
    assert at_work.project.space("directory").filter(import_operation="delete").is_empty()
