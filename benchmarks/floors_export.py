"""Floors of exporting: a client that has its objects ready and sends them, one at a time, as any program would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl

_PAGE = 1000  # objects between two commits


def export_app(population: Path, store: Path) -> None:
    """Accounts, groups and memberships into the application's tables; ``store`` is that database."""
    people = pl.read_csv(population / "hr.csv", infer_schema=False).filter(active="true")
    accounts = people.select(
        "employeeId",
        pl.lit("e") + pl.col("employeeId"),
        pl.concat_str("givenName", pl.lit(" "), "sn").alias("displayName"),
        "email",
        "title",
        pl.lit("+49 221 00000000").alias("phone"),
        pl.lit("Retail").alias("segment"),
        "manager",
    )
    with closing(sqlite3.connect(population / "crm.db")) as crm:
        teams = crm.execute("SELECT team_id, name FROM team").fetchall()
        members = crm.execute("SELECT team_id, user_id FROM team_member").fetchall()
    with closing(sqlite3.connect(store)) as app:
        _send(app, "INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?)", accounts.rows())
        _send(app, "INSERT INTO access_group VALUES (?, ?)", teams)
        _send(app, "INSERT INTO membership VALUES (?, ?)", members)


def _send(app: sqlite3.Connection, statement: str, rows: list[tuple[object, ...]]) -> None:
    for start in range(0, len(rows), _PAGE):
        with app:
            for row in rows[start : start + _PAGE]:
                app.execute(statement, row)
