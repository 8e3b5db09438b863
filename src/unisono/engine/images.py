"""Connector-space objects as wide frames: the layers of the tower as columns (engine specification §2.3)."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from unisono.engine.compile_flow import PREFIX, column
from unisono.engine.facts import Facts
from unisono.model.documents import change_columns, columns
from unisono.model.schema import Attribute, ObjectType

_IMPORTED = pl.coalesce("pending_import", "hologram")
_GONE = pl.col("import_operation") == "delete"


def by_type(objects: pl.DataFrame) -> Iterable[tuple[str, str, pl.DataFrame]]:
    """The objects per connector and object type, in a fixed order."""
    groups = objects.partition_by("connector", "object_type", as_dict=True, include_key=True)
    for (connector, object_type), group in sorted(groups.items()):
        yield str(connector), str(object_type), group


def image(
    objects: pl.DataFrame, object_type: ObjectType, reads: frozenset[str], facts: Facts, *, pending: bool
) -> pl.DataFrame:
    """The objects with a column per attribute read: as synchronized (L0), or as last imported (``pending``, L1).

    An object that was never imported, or whose deletion is pending, has no value. A reference is the name of the object
    that it refers to.
    """
    layer = pl.when(~_GONE.fill_null(value=False)).then(_IMPORTED) if pending else pl.col("hologram")
    text = objects.select(document=layer).to_series()
    wanted = [attribute for attribute in object_type.values if attribute.name in reads]
    wide = objects.with_columns(pl.col("dn").alias(column("dn")))
    if wanted:
        wide = wide.hstack(columns(text, wanted, prefix=PREFIX))
    references = [attribute for attribute in object_type.references if attribute.name in reads]
    return _with_references(wide, references, facts, pending=pending) if references else wide


def _with_references(wide: pl.DataFrame, attributes: list[Attribute], facts: Facts, *, pending: bool) -> pl.DataFrame:
    there = wide.filter(~_GONE.fill_null(value=False)) if pending else wide
    missing_layer = "delete" if pending else "add"
    edges = facts.edges_of(there["id"]).filter(pl.col("layer") != missing_layer)
    names = facts.names_of(edges["target_id"].unique().alias("id")).select(target_id="id", name="dn")
    named = edges.join(names, on="target_id")
    for attribute in attributes:
        mine = named.filter(attribute=attribute.name).group_by("source_id").agg(pl.col("name").sort())
        values = pl.col("name") if attribute.multivalued else pl.col("name").list.first()
        column_ = mine.select(id="source_id", value=values).rename({"value": column(attribute.name)})
        wide = wide.join(column_, on="id", how="left", maintain_order="left")
    return wide


def sent_image(objects: pl.DataFrame, attributes: list[Attribute]) -> pl.DataFrame:
    """The attributes as the connected data source should have them by now (L3): imported, then what was exported.

    One row per object, in order; columns ``sent@name``.
    """
    imported = pl.when(~_GONE.fill_null(value=False)).then(_IMPORTED)
    base = columns(objects.select(document=imported).to_series(), attributes, prefix="base@")
    change = change_columns(objects["unconfirmed_export"], attributes, prefix="set@")
    both = pl.concat([base, change], how="horizontal")
    return both.select(
        pl.when(pl.col("clear").list.contains(attribute.name))
        .then(None)
        .otherwise(pl.coalesce(f"set@{attribute.name}", f"base@{attribute.name}"))
        .alias(f"sent@{attribute.name}")
        for attribute in attributes
    )
