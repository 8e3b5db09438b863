"""References of imported objects: names become edges, differences become a layer (engine specification §7.1, §7.2)."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.compile_flow import column
from unisono.engine.facts import Facts, Ids
from unisono.model.frames import EDGES
from unisono.model.names import DnStyle, dn_key
from unisono.model.schema import ObjectType

_KEY = list(EDGES.columns)
_NAMED = {"source_id": pl.Int64, "attribute": pl.String, "name": pl.String}
_STORED = {**EDGES.columns, "layer": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedReferences:
    """``edges``: those of the staged objects as imported now; of them ``written`` are to be inserted or re-layered.
    ``removed``: edges to remove; ``placeholders``: names nobody has yet (id, connector, dn, dn_key)."""

    edges: pl.DataFrame
    written: pl.DataFrame
    removed: pl.DataFrame
    placeholders: pl.DataFrame
    style: DnStyle

    def sources(self) -> pl.Series:
        """Ids of the objects whose edges change."""
        return pl.concat([self.written["source_id"], self.removed["source_id"]]).unique()

    def resolve(self, named: pl.DataFrame, index: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
        """Edges of references by name; names that nobody has are left out."""
        if named.is_empty():
            return EDGES.empty()
        holders = _holders(index, batch, self.placeholders)
        keyed = named.with_columns(dn_key=dn_key("name", self.style))
        return keyed.join(holders, on="dn_key").select(_KEY).unique()


def incoming_edges(rows: pl.DataFrame, object_type: ObjectType) -> pl.DataFrame:
    """(source_id, attribute, name) of the rows' reference columns."""
    parts = [pl.DataFrame(schema=_NAMED)]
    for attribute in object_type.references:
        values = rows.select(source_id="id", attribute=pl.lit(attribute.name), name=pl.col(column(attribute.name)))
        values = values.drop_nulls("name")
        parts.append(values.explode("name") if attribute.multivalued else values)
    return pl.concat(parts)


def stage_references(
    rows: pl.DataFrame,
    object_type: ObjectType,
    index: pl.DataFrame,
    batch: pl.DataFrame,
    connector: str,
    style: DnStyle,
    facts: Facts,
    ids: Ids,
) -> StagedReferences:
    """Stage the references of new or changed objects.

    A target is an object or placeholder of the index, an object of the batch, or else a new placeholder.
    """
    if not object_type.references or rows.is_empty():
        empty = pl.DataFrame(schema={"id": pl.Int64, "connector": pl.String, "dn": pl.String, "dn_key": pl.String})
        return StagedReferences(
            edges=EDGES.empty(),
            written=pl.DataFrame(schema=_STORED),
            removed=EDGES.empty(),
            placeholders=empty,
            style=style,
        )
    named = incoming_edges(rows, object_type).with_columns(dn_key=dn_key("name", style))
    placeholders = _placeholders(named, _holders(index, batch, None), connector, ids)
    edges = named.join(_holders(index, batch, placeholders), on="dn_key").select(_KEY).unique()
    stored = facts.edges_of(rows["id"])
    written, removed = _difference(edges, stored)
    return StagedReferences(edges=edges, written=written, removed=removed, placeholders=placeholders, style=style)


def _holders(index: pl.DataFrame, batch: pl.DataFrame, placeholders: pl.DataFrame | None) -> pl.DataFrame:
    """(dn_key, target_id): who has a name: by the newest word the batch's objects, then objects, then placeholders."""
    known = index.sort(pl.col("object_type").is_null(), maintain_order=True)
    parts = [frame.select("dn_key", target_id="id") for frame in (batch, known)]
    if placeholders is not None:
        parts.append(placeholders.select("dn_key", target_id="id"))
    return pl.concat(parts).unique("dn_key", keep="first", maintain_order=True)


def _placeholders(named: pl.DataFrame, holders: pl.DataFrame, connector: str, ids: Ids) -> pl.DataFrame:
    missing = named.join(holders, on="dn_key", how="anti").unique("dn_key", keep="first", maintain_order=True)
    first = ids(missing.height) if missing.height else 0
    return missing.select(
        id=pl.int_range(first, first + missing.height, dtype=pl.Int64),
        connector=pl.lit(connector),
        dn="name",
        dn_key="dn_key",
    )


def _difference(edges: pl.DataFrame, stored: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Edges to write with their layer, and edges to remove, so that L1 becomes exactly ``edges`` and L0 stays."""
    back = stored.filter(pl.col("layer") == "delete").join(edges, on=_KEY, how="semi").select(_KEY)
    new = edges.join(stored, on=_KEY, how="anti")
    lost = stored.filter(pl.col("layer") != "delete").join(edges, on=_KEY, how="anti")
    gone = lost.filter(pl.col("layer") == "hologram").select(_KEY)
    written = pl.concat(
        [
            back.with_columns(layer=pl.lit("hologram")),
            new.with_columns(layer=pl.lit("add")),
            gone.with_columns(layer=pl.lit("delete")),
        ]
    )
    return written.sort(_KEY), lost.filter(pl.col("layer") == "add").select(_KEY).sort(_KEY)
