"""The instruments of the benchmarks: what they measure must be right before any figure is."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from benchmarks import disk
from benchmarks.bench import Bench, Setup
from benchmarks.disk import needed_gib
from benchmarks.floor_documents import decoded, documents
from benchmarks.leavers.organization import Organization
from benchmarks.measure import Cost, ProgramFailed, measure
from benchmarks.phases import needed
from benchmarks.population import EVERYBODY, Size, add_member, hr_people, write_changes, write_population
from benchmarks.results import Budget, Result, Verdict, table
from benchmarks.sqlite_databases import SqliteDatabases, SqliteFile

from unisono.config import load_project

_PROJECT = Path(__file__).parents[3] / "benchmarks" / "project"


@pytest.fixture
def population(tmp_path: Path) -> Path:
    write_population(tmp_path, Size(people=500, everybody=100))
    return tmp_path


def test_the_benchmark_project_has_no_mistake() -> None:
    assert load_project(_PROJECT, environ={}).warnings == ()


# --- population ------------------------------------------------------------------------------------------------------


def test_a_person_is_the_same_in_every_population() -> None:
    few = hr_people(pl.DataFrame({"number": [7]}))
    many = hr_people(pl.DataFrame({"number": range(100)}))
    assert many[7].equals(few)


def test_the_sources_know_overlapping_parts_of_the_people(population: Path) -> None:
    hr = pl.read_csv(population / "hr.csv", infer_schema=False)
    phones = pl.read_csv(population / "phones.csv", infer_schema=False)
    assert (hr.height, phones.height) == (500, 475)
    assert set(phones["employeeId"]) < set(hr["employeeId"])
    assert {str(mail).lower() for (mail,) in _crm(population, "SELECT mail FROM crm_user")} < set(
        hr["email"].str.to_lowercase()
    )
    assert set(hr["manager"].drop_nulls()) < set(hr["employeeId"])


def test_every_user_is_in_a_team_and_the_first_in_the_team_of_everybody(population: Path) -> None:
    users = _crm(population, "SELECT count(*) FROM crm_user")
    assert _crm(population, "SELECT count(*) FROM team_member WHERE team_id <> ?", EVERYBODY) == users
    assert _crm(population, "SELECT count(*) FROM team_member WHERE team_id = ?", EVERYBODY) == [(90,)]


def test_one_member_is_added_and_stamped_as_new(population: Path) -> None:
    assert add_member(population) == 91
    assert _crm(population, "SELECT team_id, version FROM team_member WHERE version > 1") == [(EVERYBODY, 2)]


def test_a_delta_changes_as_many_people_as_asked_for(population: Path) -> None:
    write_changes(population / "delta.csv", 500, 100)
    delta = pl.read_csv(population / "delta.csv", infer_schema=False)
    before = pl.read_csv(population / "hr.csv", infer_schema=False)
    assert delta["employeeId"].n_unique() == delta.height == 100
    assert delta.join(before, on=["employeeId", "title"], how="semi").is_empty()


@pytest.mark.parametrize(
    ("wanted", "done"),
    [
        pytest.param(["synchronize"], ["import", "synchronize"], id="builds upon what was written"),
        pytest.param(["import-unchanged"], ["import", "import-unchanged"], id="writes nothing itself"),
        pytest.param(["help", "ldap"], ["ldap", "help"], id="alone"),
        pytest.param(["help", "import-unchanged"], ["import", "import-unchanged", "help"], id="both"),
    ],
)
def test_only_what_a_phase_builds_upon_is_done_before_it(wanted: list[str], done: list[str]) -> None:
    assert needed(wanted) == done


def test_the_room_that_is_needed_depends_on_what_is_done(tmp_path: Path) -> None:
    setup = Setup(stores=SqliteDatabases(), targets=SqliteDatabases(), has_floors=False)
    bench = Bench.prepare(tmp_path, Size(people=1024), setup)
    assert needed_gib(bench, ["import", "synchronize"]) < needed_gib(bench, ["import", "plan"]) < 0.05
    huge = replace(bench, size=Size(people=10**12))
    assert ("WARNING" in disk.warning(huge, ["import"]), disk.warning(bench, ["import"])) == (True, "")


def test_an_organization_has_few_large_groups_and_nobody_twice_in_one() -> None:
    organization = Organization.of(2_000)
    memberships, sizes = organization.memberships(), organization.teams()["size"]
    assert memberships.height == memberships.unique().height == sizes.sum()
    assert (organization.groups, organization.leavers().len()) == (100, 20)
    assert abs(memberships.height / 2_000 - 10) < 0.5
    assert sizes[0] > 5 * sizes[organization.groups // 2]
    assert set(memberships.filter(team_id="T0000099")["employee_id"]) < set(organization.leavers())


# --- instruments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        pytest.param("SELECT 1", {}, id="nothing"),
        pytest.param("INSERT INTO a VALUES (4, 'd')", {"a": 1}, id="inserted"),
        pytest.param("UPDATE a SET value = 'z' WHERE id > 1", {"a": 2}, id="changed"),
        pytest.param("UPDATE a SET value = NULL WHERE id = 1", {"a": 1}, id="cleared"),
        pytest.param("UPDATE a SET value = value", {}, id="written as it was"),
        pytest.param("DELETE FROM a WHERE id = 2", {"a": 1}, id="deleted"),
        pytest.param("DELETE FROM b WHERE y = 'q'", {"b": 1}, id="deleted by a key of two columns"),
        pytest.param("CREATE TABLE c AS SELECT * FROM a", {"c": 3}, id="a new table"),
    ],
)
def test_rows_written_are_those_that_differ(tmp_path: Path, statement: str, written: dict[str, int]) -> None:
    store = SqliteFile(file=tmp_path / "store.db")
    store.execute(_TABLES)
    with store.rows_written() as rows:
        store.execute(statement)
    assert rows == written


def test_all_rows_of_a_store_that_was_not_there_are_written(tmp_path: Path) -> None:
    store = SqliteFile(file=tmp_path / "store.db")
    with store.rows_written() as rows:
        store.execute(_TABLES)
    assert rows == {"a": 3, "b": 2}


_TABLES = """
CREATE TABLE a (id INTEGER PRIMARY KEY, value TEXT);
INSERT INTO a VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE TABLE b (x INTEGER, y TEXT, PRIMARY KEY (x, y)) WITHOUT ROWID;
INSERT INTO b VALUES (1, 'p'), (1, 'q');
"""


def test_a_program_is_measured_in_a_process_of_its_own() -> None:
    cost = measure("this", [], timeout_s=60)
    assert cost.output.startswith("The Zen of Python")
    assert 0 < cost.cpu_s <= cost.wall_s * 4
    assert cost.peak_mib > 1


def test_a_program_that_fails_tells_why() -> None:
    with pytest.raises(ProgramFailed, match="usage"):
        measure("json.tool", ["--nonsense"], timeout_s=60)


def test_documents_of_a_floor_leave_out_what_is_absent() -> None:
    frame = pl.DataFrame({"a": ["1", None], "b": [None, 'x"y":null,'], "c": ["3", "4"]})
    text = documents(frame)
    assert text[0] == '{"a":"1","c":"3"}'
    assert decoded(text, ("a", "b", "c")).equals(frame)


def _cost(wall_s: float, *, others_cpu_s: float = 0.0) -> Cost:
    return Cost(wall_s=wall_s, cpu_s=wall_s, peak_mib=5, output="", server_cpu_s=wall_s, others_cpu_s=others_cpu_s)


_ONE_S, _TWO_FLOORS = _cost(1), Budget(floors=2)


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        pytest.param(Result(work="w", unisono_s=2, floor=_ONE_S, budget=_TWO_FLOORS), Verdict.WITHIN, id="at it"),
        pytest.param(Result(work="w", unisono_s=2.1, floor=_ONE_S, budget=_TWO_FLOORS), Verdict.OVER, id="over"),
        pytest.param(Result(work="w", unisono_s=2, budget=Budget(seconds=1)), Verdict.OVER, id="seconds"),
        pytest.param(Result(work="w", unisono_s=2, cost=_cost(2), budget=Budget(mib=6)), Verdict.WITHIN, id="memory"),
        pytest.param(Result(work="w", unisono_s=2), Verdict.NONE, id="no budget"),
        pytest.param(
            Result(work="w", unisono_s=1, floor=_ONE_S, budget=_TWO_FLOORS, rows_written={"a": 1}, allows_rows=False),
            Verdict.OVER,
            id="wrote rows where none may be written",
        ),
    ],
)
def test_a_verdict_compares_with_the_budget(result: Result, verdict: Verdict) -> None:
    assert result.verdict is verdict


def test_figures_taken_beside_other_work_are_marked() -> None:
    quiet = Result(work="w", unisono_s=2, cost=_cost(2, others_cpu_s=0.3), floor=_ONE_S)
    loud = Result(work="w", unisono_s=2, cost=_cost(2, others_cpu_s=1), floor=_ONE_S)
    assert ("(disturbed)" in table([quiet]), "(disturbed)" in table([loud])) == (False, True)


def test_the_table_has_a_line_per_result() -> None:
    results = [Result(work="some work", unisono_s=2.5, cost=_cost(3), floor=_ONE_S, budget=_TWO_FLOORS)]
    heading, _, line = table(results).splitlines()
    assert re.split(r"  +", heading)[:5] == ["work", "floor s", "Unisono s", "ratio", "CPU ratio"]
    assert re.split(r"  +", line)[:6] == ["some work", "1.00", "2.50", "2.50", "3.00", "≤ 2 × floor"]
    assert line.split()[-1] == "OVER"


def _crm(population: Path, query: str, *parameters: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(population / "crm.db")) as crm:
        return crm.execute(query, parameters).fetchall()
