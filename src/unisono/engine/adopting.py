"""One object takes over the references that others have to another one, because it has its name (engine spec. §7.2).

A full import shows a group with a member's new name before it shows the member: until then the name has a placeholder.
And an export whose answer got lost leaves an object without anchor, in whose place an import finds the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.facts import Facts
from unisono.model.documents import FORGOTTEN
from unisono.model.frames import EDGES
from unisono.model.names import DnStyle, dn_key

_PLACE = list(EDGES.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """``former``: ids that nobody needs any more; ``written``: ``STORED_EDGES``; ``removed``: ``EDGES``; the same for
    ``EXPORT_EDGES``; ``reopened``: columns to set on objects whose references have to be synchronized again."""

    former: pl.Series
    written: pl.DataFrame
    removed: pl.DataFrame
    exports_written: pl.DataFrame
    exports_removed: pl.DataFrame
    reopened: pl.DataFrame


def named_anew(objects: pl.DataFrame, index: pl.DataFrame, style: DnStyle) -> pl.DataFrame:
    """(former, id): the placeholders whose names known objects among the imported ones have now.

    ``objects``: (anchor, dn); ``index``: ``CS_INDEX`` with their rows and placeholders.
    """
    placeholders = index.filter(pl.col("object_type").is_null()).select("dn_key", former="id")
    known = index.filter(pl.col("object_type").is_not_null() & pl.col("anchor").is_not_null()).select("anchor", "id")
    named = objects.select("anchor", dn_key=dn_key("dn", style))
    pairs = named.join(placeholders, on="dn_key").join(known, on="anchor").select("former", "id")
    return pairs.unique("former", keep="first", maintain_order=True)


def adopt(pairs: pl.DataFrame, facts: Facts) -> Adoption:
    """What becomes of the references to the former objects. ``pairs``: (former, id), each former one once."""
    stored = _moved(facts.edges_to(pairs["former"]), pairs)
    exported = _moved(facts.export_edges_to(pairs["former"]), pairs)
    written = _merged(stored, facts)
    # Who has the name now is not the one who was to be removed; whether it is to be is decided anew.
    wanted = exported.filter(pl.col("operation") == "add").unique(_PLACE, keep="first", maintain_order=True)
    return Adoption(
        former=pairs["former"],
        written=written,
        removed=stored.select("source_id", "attribute", target_id="former"),
        exports_written=wanted.drop("former"),
        exports_removed=exported.select("source_id", "attribute", target_id="former"),
        reopened=_reopened(written.filter(pl.col("layer") == "add")["source_id"].unique(), facts),
    )


def _moved(edges: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The edges with their new target; ``former`` is the one before."""
    moved = edges.join(pairs, left_on="target_id", right_on="former")
    return moved.rename({"target_id": "former", "id": "target_id"})


def _merged(moved: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """``STORED_EDGES``: the imported edges of both, and of the synchronized ones only those to the new target."""
    coming = moved.select(*_PLACE, imported=pl.col("layer") != "delete", synchronized=pl.lit(value=False))
    there = facts.edges_of(moved["source_id"].unique()).join(moved.select(_PLACE).unique(), on=_PLACE, how="semi")
    standing = there.select(*_PLACE, imported=pl.col("layer") != "delete", synchronized=pl.col("layer") != "add")
    both = pl.concat([coming, standing]).group_by(_PLACE).agg(pl.col("imported", "synchronized").any())
    layer = (
        pl.when(pl.col("imported") & pl.col("synchronized"))
        .then(pl.lit("hologram"))
        .when("imported")
        .then(pl.lit("add"))
        .when("synchronized")
        .then(pl.lit("delete"))
    )
    return both.select(*_PLACE, layer=layer).drop_nulls("layer").sort(_PLACE)


def _reopened(sources: pl.Series, facts: Facts) -> pl.DataFrame:
    """Objects that were at rest: their values come again, with their references as they are now."""
    settled = facts.objects(sources).filter(pl.col("import_operation").is_null() & pl.col("hologram").is_not_null())
    return settled.select(
        "id",
        import_operation=pl.lit("update"),
        pending_import="hologram",
        hologram_hash=pl.lit(FORGOTTEN, dtype=pl.Int64),
    )
