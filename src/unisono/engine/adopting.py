"""An object that gets the name of a placeholder takes over the references that meant this name (engine spec. §7.2).

A full import shows a group with a member's new name before it shows the member: until then the name has a placeholder.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.facts import Facts
from unisono.model.documents import FORGOTTEN
from unisono.model.frames import EDGES
from unisono.model.names import DnStyle, dn_key

_PLACE = ["source_id", "attribute", "target_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """``placeholders``: ids that nobody needs any more; ``written``: ``STORED_EDGES``; ``removed``: ``EDGES``;
    ``reopened``: columns to set on objects whose references have to be synchronized again."""

    placeholders: pl.Series
    written: pl.DataFrame
    removed: pl.DataFrame
    reopened: pl.DataFrame


def adopt(objects: pl.DataFrame, index: pl.DataFrame, style: DnStyle, facts: Facts) -> Adoption | None:
    """What known objects among the imported ones take over; None when they take nothing.

    ``objects``: (anchor, dn); ``index``: ``CS_INDEX`` with their rows and placeholders.
    """
    pairs = _pairs(objects, index, style)
    if pairs.is_empty():
        return None
    found = facts.edges_to(pairs["placeholder"]).join(pairs, left_on="target_id", right_on="placeholder")
    places = found.select("source_id", "attribute", target_id="id")
    moving = places.with_columns(imported=found["layer"] != "delete", synchronized=pl.lit(value=False))
    sources = places["source_id"].unique()
    there = facts.edges_of(sources).join(places.unique(), on=_PLACE, how="semi")
    standing = there.with_columns(imported=pl.col("layer") != "delete", synchronized=pl.col("layer") != "add")
    both = pl.concat([moving, standing.drop("layer")]).group_by(_PLACE).agg(pl.col("imported", "synchronized").any())
    layer = (
        pl.when(pl.col("imported") & pl.col("synchronized"))
        .then(pl.lit("hologram"))
        .when("imported")
        .then(pl.lit("add"))
        .when("synchronized")
        .then(pl.lit("delete"))
    )
    written = both.select(*_PLACE, layer=layer).drop_nulls("layer").sort(_PLACE)
    return Adoption(
        placeholders=pairs["placeholder"],
        written=written,
        removed=found.select(list(EDGES.columns)),
        reopened=_reopened(written.filter(pl.col("layer") == "add")["source_id"].unique(), facts),
    )


def _pairs(objects: pl.DataFrame, index: pl.DataFrame, style: DnStyle) -> pl.DataFrame:
    """(placeholder, id), each once."""
    placeholders = index.filter(pl.col("object_type").is_null()).select("dn_key", placeholder="id")
    known = index.filter(pl.col("object_type").is_not_null() & pl.col("anchor").is_not_null()).select("anchor", "id")
    named = objects.select("anchor", dn_key=dn_key("dn", style))
    pairs = named.join(placeholders, on="dn_key").join(known, on="anchor").select("placeholder", "id")
    return pairs.unique("placeholder", keep="first", maintain_order=True)


def _reopened(sources: pl.Series, facts: Facts) -> pl.DataFrame:
    """Objects that were at rest: their values come again, with their references as they are now."""
    settled = facts.objects(sources).filter(pl.col("import_operation").is_null() & pl.col("hologram").is_not_null())
    return settled.select(
        "id",
        import_operation=pl.lit("update"),
        pending_import="hologram",
        hologram_hash=pl.lit(FORGOTTEN, dtype=pl.Int64),
    )
