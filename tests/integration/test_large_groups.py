"""What changes in a group costs what changed, however many members the group has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.integration.large_groups import RULES, Company
from tests.store.given import statements

from unisono.model.runs import Status, StepType
from unisono.runs import relations
from unisono.store.postgresql_transaction import PostgresqlTransaction
from unisono.store.sqlite_transaction import SqliteTransaction

pytestmark = pytest.mark.usefixtures("any_store")

MEMBERS = 400


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


def test_many_groups_after_many_people_are_not_compared_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, people = Company(tmp_path), [f"p{number:03}" for number in range(MEMBERS)]
    company.shows(people, people, groups=[f"g{number}" for number in range(8)])
    company.project.run("hr", StepType.FULL_IMPORT)
    monkeypatch.setattr(relations, "EDGES_AT_ONCE", MEMBERS)
    with rows_read(monkeypatch) as heights:
        company.project.run("hr", StepType.FULL_SYNCHRONIZATION)
    assert MEMBERS <= max(heights) < 3 * MEMBERS
    company.exported()
    assert company.team() == sorted(8 * people)


def test_references_that_no_inbound_rule_brings_are_nobodys(company: Company) -> None:
    people = company.team()
    company.project.write(rules__rules_yaml=RULES.replace("name: cn, member: member}", "name: cn}", 1))
    company.project.run("hr", StepType.FULL_SYNCHRONIZATION)
    company.exported()
    assert (people, company.team()) == (people, [])
