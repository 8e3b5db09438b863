"""The steps of the example's scenario: what each changes in the connected systems, and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from examples.contoso.generate import generate
from examples.contoso.scenario import DayTwo, bad_file, day_two, repaired_file, truncated_file

from unisono.model.guard import DEFAULT_LIMITS, ChangeKind


@pytest.fixture
def data(tmp_path: Path) -> Path:
    generate(tmp_path, people=200, groups=5)
    return tmp_path


def _hr(data: Path) -> pl.DataFrame:
    return pl.read_csv(data / "hr.csv", infer_schema=False)


def _subscribers(data: Path) -> dict[str, tuple[object, ...]]:
    with closing(sqlite3.connect(data / "phones.db")) as phones:
        return {row[0]: row[1:] for row in phones.execute("SELECT * FROM subscriber")}


def _person(people: pl.DataFrame, number: str) -> dict[str, str | None]:
    return people.row(by_predicate=pl.col("employeeId") == number, named=True)


def _changes(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, set[str]]:
    """Employee number → columns that differ, for people in both files."""
    changed: dict[str, set[str]] = {}
    known = {row["employeeId"]: row for row in before.iter_rows(named=True)}
    for row in after.iter_rows(named=True):
        old = known.get(row["employeeId"])
        if old is not None and old != row:
            changed[row["employeeId"]] = {name for name in row if row[name] != old[name]}
    return changed


def test_day_two_changes_exactly_the_people_it_names(data: Path) -> None:
    before = _hr(data)
    day = day_two(data)
    after = _hr(data)
    assert set(before["employeeId"]) - set(after["employeeId"]) == set(day.leavers)
    assert set(after["employeeId"]) - set(before["employeeId"]) == set(day.joiners)
    assert _changes(before, after) == {
        **{mover: {"department", "title"} for mover in day.movers},
        day.renamed: {"sn"},
        day.on_leave: {"active"},
        day.without_title: {"title"},
    }


def test_day_two_has_twelve_joiners_without_address_under_managers_who_stay(data: Path) -> None:
    day = day_two(data)
    after = _hr(data)
    joiners = after.filter(pl.col("employeeId").is_in(day.joiners))
    assert joiners.height == 12
    assert joiners["email"].null_count() == 12
    assert set(joiners["manager"]) <= set(after["employeeId"])


def test_day_two_leaves_nobody_without_a_manager(data: Path) -> None:
    day_two(data)
    after = _hr(data)
    assert set(after["manager"].drop_nulls()) <= set(after["employeeId"])


@pytest.mark.parametrize("people", [200, 1000], ids=["few people", "many people"])
def test_the_leavers_pass_the_default_guard(tmp_path: Path, people: int) -> None:
    generate(tmp_path, people=people)
    day: DayTwo = day_two(tmp_path)
    allowed = DEFAULT_LIMITS[ChangeKind.DELETES].allowed(people)
    assert allowed is not None
    assert len(day.leavers) + 1 <= allowed  # the application also loses the account of who is on leave


def test_day_two_gives_the_telephone_database_another_number_and_two_other_titles(data: Path) -> None:
    before = _subscribers(data)
    day = day_two(data)
    after = _subscribers(data)
    assert {number for number in after if after[number] != before[number]} == {
        day.another_phone,
        day.contested,
        day.without_title,
    }
    assert after[day.contested][3] != _person(_hr(data), day.contested)["title"]
    assert _person(_hr(data), day.contested)["title"] is not None
    assert _person(_hr(data), day.without_title)["title"] is None
    assert after[day.without_title][3] is not None


def test_changed_subscribers_are_stamped_later_than_all_others(data: Path) -> None:
    day = day_two(data)
    stamps = {number: str(row[-1]) for number, row in _subscribers(data).items()}
    changed = {day.another_phone, day.contested, day.without_title}
    assert {stamps[number] for number in changed} == {max(stamps.values())}
    assert max(stamps[number] for number in stamps.keys() - changed) < max(stamps.values())


def test_a_bad_file_has_a_date_that_does_not_exist_and_a_person_twice(data: Path) -> None:
    wrong, twice = bad_file(data)
    people = _hr(data)
    assert _person(people, wrong)["startDate"] == "2024-02-30"
    assert people.filter(employeeId=twice).height == 2


def test_a_truncated_file_lacks_half_the_people(data: Path) -> None:
    missing = truncated_file(data)
    assert (missing, _hr(data).height) == (100, 100)


@pytest.mark.parametrize("breakages", [[bad_file], [truncated_file], [bad_file, truncated_file]])
def test_a_repaired_file_is_the_one_from_before_the_first_breakage(data: Path, breakages: list[object]) -> None:
    before = (data / "hr.csv").read_bytes()
    for breakage in breakages:
        assert callable(breakage)
        breakage(data)
    repaired_file(data)
    assert (data / "hr.csv").read_bytes() == before
