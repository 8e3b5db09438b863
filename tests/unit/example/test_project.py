"""The example as a project: it loads, and does what its README promises."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from examples.contoso.directory import BASE
from examples.contoso.names import ASCII
from examples.contoso.people import account_name
from examples.contoso.project import LdapServer, make_project
from examples.contoso.scenario import DayTwo, bad_file, day_two, repaired_file, truncated_file

from unisono.bootstrap import open_project
from unisono.config import load_project
from unisono.model.runs import RunResult, Status
from unisono.runs.cycle import run_cycle

_PROJECT = Path(__file__).parents[3] / "examples" / "contoso"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Contoso after its first cycle; tests that change it take a copy (``fresh``)."""
    directory = tmp_path_factory.mktemp("project") / "contoso"
    make_project(directory, people=200, seed=1)
    company = Company(directory)
    company.cycle()
    return company


@dataclass(frozen=True, slots=True)
class Company:
    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def copy(self, directory: Path) -> Company:
        shutil.copytree(self.directory, directory)
        return Company(directory)

    def cycle(self) -> list[RunResult]:
        with open_project(self.directory, environ={}) as context:
            return list(run_cycle(context))

    def hr(self) -> pl.DataFrame:
        return pl.read_csv(self.data / "hr.csv", infer_schema=False)

    def accounts(self) -> dict[str, dict[str, str | None]]:
        """Accounts of the application by employee number."""
        return {str(row["employee_id"]): row for row in self._rows("SELECT * FROM account")}

    def memberships(self, employee: str) -> set[str]:
        rows = self._rows("SELECT group_name FROM membership WHERE employee_id = ?", employee)
        return {str(row["group_name"]) for row in rows}

    def entries(self) -> dict[str, dict[str, str | None]]:
        """Accounts of the directory by employee number, as its connector space holds them after a cycle."""
        with open_project(self.directory, environ={}) as context, context.store.read() as reader:
            found = reader.find_objects("directory", "", 10_000).filter(object_type="person")
        values = found.select("dn", pl.col("hologram").str.json_decode(_ENTRY)).unnest("hologram")
        return {str(row["employeeNumber"]): row for row in values.iter_rows(named=True)}

    def metaverse(self) -> int:
        with open_project(self.directory, environ={}) as context, context.store.read() as reader:
            return reader.metaverse_population()

    def errors(self, run: RunResult) -> pl.DataFrame:
        with open_project(self.directory, environ={}) as context, context.store.read() as reader:
            return reader.errors(run_id=run.id)

    def _rows(self, query: str, *parameters: str) -> list[dict[str, str | None]]:
        with closing(sqlite3.connect(self.data / "app.db")) as app:
            app.row_factory = sqlite3.Row
            return [dict(row) for row in app.execute(query, parameters)]


_ENTRY = pl.Struct(dict.fromkeys(("employeeNumber", "employeeType", "mail", "title", "uid", "description"), pl.String))


@pytest.fixture
def fresh(company: Company, tmp_path: Path) -> Company:
    """A copy of its own."""
    return company.copy(tmp_path / "contoso")


@pytest.fixture(scope="module")
def second_day(company: Company, tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, DayTwo]:
    """Contoso after the second day's cycle, and who was concerned."""
    later = company.copy(tmp_path_factory.mktemp("later") / "contoso")
    day = day_two(later.data)
    later.cycle()
    return later, day


# --- configuration ---------------------------------------------------------------------------------------------------


def test_the_project_has_no_mistake_and_no_warning() -> None:
    assert load_project(_PROJECT, environ={}).warnings == ()


def test_the_rules_make_account_names_with_the_table_of_the_generator() -> None:
    pattern = load_project(_PROJECT, environ={}).parameters["Names.Ascii"]
    assert dict(pair.split(":") for pair in pattern.split(",")) == ASCII


def test_on_a_server_only_the_directory_and_its_base_differ(tmp_path: Path) -> None:
    make_project(tmp_path / "file", people=200)
    server = LdapServer(url="ldaps://ldap.example.org", base="dc=example,dc=org", bind_dn="cn=root,dc=example,dc=org")
    make_project(tmp_path / "server", people=200, server=server)
    here = load_project(tmp_path / "file", environ={})
    there = load_project(tmp_path / "server", environ={"CONTOSO_LDAP_PASSWORD": "secret"})
    assert there.warnings == ()
    assert there.project.rules == here.project.rules
    directory = there.project.connector("directory")
    assert directory is not None
    assert (directory.kind, directory.settings["url"]) == ("ldap", "ldaps://ldap.example.org")
    assert (directory.settings["base"], directory.settings["bind_dn"]) == (server.base, server.bind_dn)
    assert there.parameters == {**here.parameters, "Directory.Base": server.base}
    assert BASE not in (tmp_path / "server" / "data" / "directory.ldif").read_text("ascii")


# --- the first day ---------------------------------------------------------------------------------------------------


def test_everybody_at_work_but_externals_has_an_account_in_the_application(company: Company) -> None:
    people = company.hr().filter(pl.col("employeeType") != "external", active="true")
    assert company.accounts().keys() == set(people["employeeId"])


def test_accounts_of_the_application_have_the_managers_that_hr_names(company: Company) -> None:
    accounts = company.accounts()
    managers = dict(company.hr().select("employeeId", "manager").iter_rows())
    expected = {person: manager for person in accounts if (manager := managers[person]) in accounts}
    assert {person: row["manager"] for person, row in accounts.items() if row["manager"]} == expected


def test_everybody_but_externals_has_one_account_in_the_directory_named_by_the_scheme(company: Company) -> None:
    people = company.hr().filter(pl.col("employeeType") != "external")
    expected = dict(people.select("employeeId", account_name()).iter_rows())
    entries = company.entries()
    entries.pop("None", None)  # service accounts
    assert {number: entry["uid"] for number, entry in entries.items()} == expected


def test_the_telephone_database_gives_titles_only_where_hr_has_none(company: Company) -> None:
    with closing(sqlite3.connect(company.data / "phones.db")) as phones:
        book = dict(phones.execute("SELECT employee_number, job_title FROM subscriber"))
    in_hr = dict(company.hr().select("employeeId", "title").iter_rows())
    for number, account in company.accounts().items():
        assert account["title"] == (in_hr[number] or book.get(number))


def test_groups_of_the_directory_arrive_in_the_application_with_members(company: Company) -> None:
    assert len(company._rows("SELECT name FROM access_group")) == 60
    sales = company.hr().filter(department="Sales", active="true")
    members = company._rows("SELECT employee_id FROM membership WHERE group_name = 'All Sales'")
    assert members
    assert {row["employee_id"] for row in members} <= set(sales["employeeId"])


def test_a_second_cycle_changes_nothing(fresh: Company) -> None:
    imports = [step for run in fresh.cycle() for step in run.steps if step.step.type.is_import]
    assert {count.counter.value for step in imports for count in step.counts} == {"stage-no-change"}


# --- the second day --------------------------------------------------------------------------------------------------


def test_joiners_have_accounts_and_an_address_that_hr_did_not_give(second_day: tuple[Company, DayTwo]) -> None:
    company, day = second_day
    accounts, entries = company.accounts(), company.entries()
    for joiner in day.joiners:
        assert accounts[joiner]["mail"] == entries[joiner]["mail"] == f"{entries[joiner]['uid']}@contoso.example"
        assert entries[joiner]["description"] == "Made by Unisono"


def test_leavers_are_gone_everywhere(second_day: tuple[Company, DayTwo]) -> None:
    company, day = second_day
    assert company.accounts().keys().isdisjoint(day.leavers)
    assert company.entries().keys().isdisjoint(day.leavers)
    assert not any(company.memberships(leaver) for leaver in day.leavers)


def test_another_surname_renames_the_account_and_keeps_its_groups(fresh: Company) -> None:
    groups = {number: fresh.memberships(number) for number in fresh.accounts()}
    day = day_two(fresh.data)
    fresh.cycle()
    entry = fresh.entries()[day.renamed]
    assert entry["dn"] == f"uid=nunez-obrien.{day.renamed},ou=people,{BASE}"
    assert fresh.accounts()[day.renamed]["login"] == entry["uid"] == f"nunez-obrien.{day.renamed}"
    assert fresh.memberships(day.renamed) == groups[day.renamed] != set()


def test_who_is_on_leave_keeps_the_account_in_the_directory_only(second_day: tuple[Company, DayTwo]) -> None:
    company, day = second_day
    assert day.on_leave not in company.accounts()
    assert company.entries()[day.on_leave]["employeeType"] == "on leave"


def test_the_weaker_title_fills_a_gap_and_loses_a_contest(second_day: tuple[Company, DayTwo]) -> None:
    company, day = second_day
    titles = dict(company.hr().select("employeeId", "title").iter_rows())
    assert company.entries()[day.without_title]["title"] == "Keeper of the Keys"
    assert company.entries()[day.contested]["title"] == titles[day.contested]


def test_a_changed_number_arrives_in_both_targets(second_day: tuple[Company, DayTwo]) -> None:
    company, day = second_day
    assert company.accounts()[day.another_phone]["phone"] == "+353 555 0199"


def test_after_the_second_day_nothing_is_left_to_do(second_day: tuple[Company, DayTwo]) -> None:
    company, _ = second_day
    runs = company.cycle()
    assert not [run for run in runs if any(step.step.type.value == "export" for step in run.steps)]


# --- bad days --------------------------------------------------------------------------------------------------------


def test_a_bad_file_names_both_people_and_deletes_nobody(fresh: Company) -> None:
    before = fresh.metaverse()
    wrong, twice = bad_file(fresh.data)
    hr = next(run for run in fresh.cycle() if run.connector == "hr")
    assert hr.status is Status.COMPLETED_DISCOVERY_ERRORS
    assert set(fresh.errors(hr).select("anchor", "code").iter_rows()) == {
        (wrong, "invalid-attribute-value"),
        (twice, "duplicate-object"),
    }
    assert fresh.metaverse() == before


def test_a_truncated_file_is_held_by_the_guard_until_it_is_repaired(fresh: Company) -> None:
    before = fresh.metaverse()
    truncated_file(fresh.data)
    held = [step for run in fresh.cycle() for step in run.steps if step.held_hash]
    assert [step.status for step in held] == [Status.STOPPED_DELETION_THRESHOLD_EXCEEDED]
    assert fresh.metaverse() == before
    repaired_file(fresh.data)
    assert not [step for run in fresh.cycle() for step in run.steps if step.held_hash]
    assert fresh.metaverse() == before
