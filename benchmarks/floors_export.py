"""Floors of exporting: a client that has its objects ready and sends them, one at a time, as any program would."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from benchmarks.floor_store import FloorStore, Row

_PAGE = 1000  # objects between two commits


def export_app(population: Path, store: FloorStore) -> None:
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
    _send(store, "account", accounts.rows())
    _send(store, "access_group", teams)
    _send(store, "membership", members)


def _send(store: FloorStore, table: str, rows: Sequence[Row]) -> None:
    with store.client() as client:
        for start in range(0, len(rows), _PAGE):
            client.send(table, rows[start : start + _PAGE])
