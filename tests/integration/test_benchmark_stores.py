"""The benchmark on both stores: it runs, and its figures are about the same work on each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from benchmarks import application
from benchmarks.bench import OBJECT_TABLES
from benchmarks.databases import Database
from benchmarks.floor_store import opened
from benchmarks.floors import FLOORS
from benchmarks.population import Size, write_population
from benchmarks.postgresql_databases import PostgresqlDatabase
from benchmarks.sqlite_databases import SqliteFile
from tests.servers.postgres import OWNER_PASSWORD, PostgresDatabase

_REPOSITORY = Path(__file__).parents[2]
_PEOPLE = 300
_SYNCHRONIZATIONS = ("synchronize-hr", "synchronize-phones", "synchronize-crm")


@pytest.fixture
def on_server(postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> PostgresqlDatabase:
    monkeypatch.setenv("PGPASSWORD", OWNER_PASSWORD)
    return PostgresqlDatabase(database=postgres_database)


@pytest.fixture
def in_file(tmp_path: Path) -> SqliteFile:
    return SqliteFile(file=tmp_path / "store.db")


# --- the floors ------------------------------------------------------------------------------------------------------


def test_floors_write_the_same_rows_on_both_stores(
    tmp_path: Path, in_file: SqliteFile, on_server: PostgresqlDatabase
) -> None:
    write_population(tmp_path, Size(people=_PEOPLE, everybody=100))
    for database in (in_file, on_server):
        for name in ("import", *_SYNCHRONIZATIONS, "import-unchanged", "synchronize-unchanged"):
            FLOORS[name](tmp_path, opened(database.url))
    assert _contents(on_server) == _contents(in_file)
    assert _contents(in_file)["mv_object"] == _PEOPLE + 7  # teams


def test_the_floor_of_exports_fills_the_application(
    tmp_path: Path, in_file: SqliteFile, on_server: PostgresqlDatabase
) -> None:
    write_population(tmp_path, Size(people=_PEOPLE, everybody=100))
    (tmp_path / "connectors").mkdir()
    for database in (in_file, on_server):
        (tmp_path / "connectors" / "app.yaml").write_text("url: sqlite:///app.db")
        application.install(tmp_path, database)
        FLOORS["export"](tmp_path, opened(database.url))
    assert application.memberships(on_server) == application.memberships(in_file) == _PEOPLE * 9 // 10 + 90
    assert (tmp_path / "connectors" / "app.yaml").read_text() == f"url: {on_server.url}"


def _contents(database: Database) -> dict[str, int]:
    tables = {table: f"SELECT count(*) FROM {table}" for table in sorted(OBJECT_TABLES)}  # noqa: S608
    tables["linked"] = "SELECT count(*) FROM cs_object WHERE mv_id IS NOT NULL AND hologram IS NOT NULL"
    tables["names"] = "SELECT sum(length(attributes)) FROM mv_object"
    return {name: database.value(query) for name, query in tables.items()}


# --- rows written ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        pytest.param("SELECT 1", {}, id="nothing"),
        pytest.param("INSERT INTO a VALUES (4, 'd')", {"a": 1}, id="inserted"),
        pytest.param("UPDATE a SET value = 'z' WHERE id > 1", {"a": 2}, id="changed"),
        pytest.param("DELETE FROM a WHERE id = 2", {"a": 1}, id="deleted"),
        pytest.param("UPDATE a SET value = 'z'; UPDATE a SET value = 'y'", {"a": 3}, id="changed twice"),
        pytest.param("CREATE TABLE c AS SELECT * FROM a", {"c": 3}, id="a new table"),
    ],
)
def test_rows_written_are_counted_on_a_server(
    on_server: PostgresqlDatabase, statement: str, written: Mapping[str, int]
) -> None:
    on_server.execute("CREATE TABLE a (id int PRIMARY KEY, value text); INSERT INTO a VALUES (1,'a'), (2,'b'), (3,'c')")
    with on_server.rows_written() as rows:
        on_server.execute(statement)
    assert rows == written


def test_a_copy_is_another_database(on_server: PostgresqlDatabase) -> None:
    on_server.execute("CREATE TABLE a (id int); INSERT INTO a VALUES (1)")
    copy = on_server.copy()
    try:
        copy.execute("INSERT INTO a VALUES (2)")
        assert (copy.value("SELECT count(*) FROM a"), on_server.value("SELECT count(*) FROM a")) == (2, 1)
    finally:
        copy.drop()
        copy.drop()  # also one that is gone


# --- the program -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the program says of the first import and synchronization of a few people into PostgreSQL, and the peak."""
    return _measured(tmp_path_factory.mktemp("measured"), "--store", "postgresql", "--phases", "import", "synchronize")


def _measured(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    command = ["-m", "benchmarks", "--people", str(_PEOPLE), "--json", str(folder / "results.json"), *arguments]
    ended = subprocess.run([sys.executable, *command], cwd=_REPOSITORY, capture_output=True, text=True)
    assert ended.returncode in (0, 1), ended.stderr  # 1: over a budget, as so few people may be
    results: list[dict[str, Any]] = json.loads((folder / "results.json").read_text())["results"]
    return results


def test_both_stores_are_measured_with_the_same_work(tmp_path: Path, measured: list[dict[str, Any]]) -> None:
    on_sqlite, _ = _measured(tmp_path, "--phases", "import", "--no-floor")
    on_postgresql = measured[0]
    assert on_sqlite["work"] == on_postgresql["work"] == "full import, first time"
    assert on_sqlite["rows_written"] == on_postgresql["rows_written"]
    assert (on_sqlite["floor"], on_sqlite["cost"]["server_cpu_s"]) == (None, 0)


def test_the_server_s_part_is_measured_with_product_and_floor(measured: list[dict[str, Any]]) -> None:
    *phases, peak = measured
    assert [phase["work"] for phase in phases] == ["full import, first time", "full synchronization, first time"]
    for cost in [phase[side] for phase in phases for side in ("cost", "floor")]:
        assert min(cost["cpu_s"], cost["server_cpu_s"], cost["server_mib"], cost["peak_mib"]) > 0
    assert phases[1]["rows_written"]["mv_object"] == _PEOPLE + 7
    assert peak["cost"]["peak_mib"] == max(phase["cost"]["peak_mib"] for phase in phases)
