"""Floors of importing: the sources' rows into connector-space rows, and their comparison with what is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.floor_documents import documents
from benchmarks.floor_store import FloorStore

CONNECTORS = {"hr": 1, "phones": 2, "crm": 3, "directory": 4, "app": 5}
_SEED = 1
_INDEX = {"id": pl.Int64(), "anchor": pl.String(), "import_hash": pl.Int64()}
_CRM_USER = ("userId", "mail", "territory", "segment", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Objects of one type as a source has them. ``edges``: anchors of both ends, ``source`` and ``target``."""

    connector: str
    object_type: str
    anchor: str
    objects: pl.DataFrame
    attribute: str = ""
    edges: pl.DataFrame | None = None


def import_first(population: Path, store: FloorStore) -> None:
    store.make()
    with store.transaction() as connection:
        connection.insert(
            "connector", pl.DataFrame({"id": CONNECTORS.values(), "name": CONNECTORS.keys(), "objects": 0})
        )
        next_id = 1
        ids: dict[str, pl.DataFrame] = {}  # connector → anchor, id
        for source in _sources(population):
            rows = _rows(source, next_id)
            next_id += rows.height
            connection.insert("cs_object", rows)
            anchors = rows.select("anchor", "id")
            ids[source.connector] = pl.concat([ids[source.connector], anchors]) if source.connector in ids else anchors
            if source.edges is not None:
                connection.insert("cs_reference", _edges(source.edges, source.attribute, ids[source.connector]))


def import_unchanged(population: Path, store: FloorStore) -> None:
    with store.transaction() as connection:
        for source in _sources(population):
            hashed = source.objects.select(anchor=source.anchor, import_hash=_hash())
            query = (
                "SELECT o.id, o.anchor, o.import_hash FROM cs_object o JOIN connector c ON c.id = o.connector_id"
                " WHERE c.name = ? AND o.object_type = ? ORDER BY o.id"
            )
            known = pl.concat(connection.chunks(query, (source.connector, source.object_type), _INDEX))
            both = hashed.join(known, on="anchor", how="full", coalesce=True)
            both.filter(pl.col("import_hash").ne_missing(pl.col("import_hash_right"))).height  # noqa: B018


def _sources(population: Path) -> Iterator[Source]:
    hr = pl.read_csv(population / "hr.csv", infer_schema=False).with_columns(
        startDate=pl.col("startDate").str.to_date().cast(pl.Datetime("us", "UTC")), active=pl.col("active") == "true"
    )
    managers = hr.select(source="employeeId", target="manager").drop_nulls()
    yield Source(
        connector="hr",
        object_type="person",
        anchor="employeeId",
        objects=hr.drop("manager"),
        attribute="manager",
        edges=managers,
    )
    phones = pl.read_csv(population / "phones.csv", infer_schema=False)
    yield Source(connector="phones", object_type="person", anchor="employeeId", objects=phones)
    with closing(sqlite3.connect(population / "crm.db")) as crm:
        users = _table(crm, "SELECT user_id, mail, territory, segment, language FROM crm_user", _CRM_USER)
        teams = _table(crm, "SELECT team_id, name FROM team", ("teamId", "name"))
        members = _table(crm, "SELECT team_id, user_id FROM team_member", ("source", "target"))
    yield Source(connector="crm", object_type="person", anchor="userId", objects=users)
    yield Source(
        connector="crm",
        object_type="group",
        anchor="teamId",
        objects=teams,
        attribute="member",
        edges=members,
    )


def _table(crm: sqlite3.Connection, query: str, columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(crm.execute(query).fetchall(), schema=columns, orient="row")


def _rows(source: Source, first_id: int) -> pl.DataFrame:
    objects = source.objects.sort(source.anchor)
    named = objects.select(
        *(name for name in objects.columns if name not in (source.anchor, "startDate")),
        *(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") for name in objects.columns if name == "startDate"),
        source.anchor,
    )
    anchor = objects[source.anchor]
    return pl.DataFrame(
        {
            "id": pl.int_range(first_id, first_id + objects.height, eager=True),
            "anchor": anchor,
            "dn": anchor,
            "dn_key": anchor,
            "import_hash": objects.select(_hash()).to_series(),
            "pending_import": documents(named),
        }
    ).with_columns(
        connector_id=pl.lit(CONNECTORS[source.connector]),
        object_type=pl.lit(source.object_type),
        import_operation=pl.lit("add"),
    )


def _edges(edges: pl.DataFrame, attribute: str, ids: pl.DataFrame) -> pl.DataFrame:
    sources = ids.rename({"anchor": "source", "id": "source_id"})
    targets = ids.rename({"anchor": "target", "id": "target_id"})
    resolved = edges.join(sources, on="source").join(targets, on="target")
    return resolved.select("source_id", "target_id", attribute=pl.lit(attribute), layer=pl.lit("add")).sort(
        "source_id", "target_id"
    )


def _hash() -> pl.Expr:
    return pl.struct(pl.all()).hash(_SEED).reinterpret(signed=True)
