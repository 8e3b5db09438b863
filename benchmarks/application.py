"""The application of the benchmark, whose tables are exported to: in whichever database it has."""

from __future__ import annotations

from pathlib import Path

from benchmarks.databases import Database

_TABLES = """
CREATE TABLE account (
  employee_id TEXT PRIMARY KEY, login TEXT, display_name TEXT, mail TEXT, title TEXT, phone TEXT, segment TEXT,
  manager TEXT
);
CREATE TABLE access_group (team_id TEXT PRIMARY KEY, name TEXT);
CREATE TABLE membership (team_id TEXT NOT NULL, employee_id TEXT NOT NULL, PRIMARY KEY (team_id, employee_id)){by_key};
"""
_URL = "sqlite:///app.db"


def install(project: Path, database: Database) -> None:
    """Make the empty tables, and point the project's connector there."""
    by_key = " WITHOUT ROWID" if database.url.startswith("sqlite:") else ""
    database.execute(_TABLES.format(by_key=by_key))
    connector = project / "connectors" / "app.yaml"
    connector.write_text(connector.read_text(encoding="utf-8").replace(_URL, database.url), encoding="utf-8")


def memberships(database: Database) -> int:
    return database.value("SELECT count(*) FROM membership")
