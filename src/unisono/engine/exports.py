"""Pending exports as entries for a connector, and what their outcome means (engine specification §8)."""

from __future__ import annotations

import polars as pl

from unisono.engine.export_only import hidden
from unisono.engine.images import sent_image
from unisono.model.documents import change_columns, change_documents, documents
from unisono.model.names import DnStyle, dn_key, split_dn
from unisono.model.schema import Attribute, ObjectType

_ORDER = {"add": 0, "update": 1, "delete": 2}


def export_order(index: pl.DataFrame, style: DnStyle) -> pl.DataFrame:
    """The pending exports in the order of sending: adds parents first, then updates, deletes children first.

    ``index``: ``EXPORT_INDEX``. Among equals the fewest references come first, then the name, so that the order never
    depends on that of rows (engine specification §8.2).
    """
    depth = pl.col("dn").str.count_matches(",", literal=True)
    if style is DnStyle.LDAP:
        unusual = pl.when(pl.col("dn").str.contains(r'[\\"]')).then(pl.col("dn"))
        exact = unusual.map_elements(lambda dn: len(split_dn(dn)) - 1, return_dtype=pl.UInt32, skip_nulls=True)
        depth = pl.coalesce(exact, depth)
    level = pl.when(pl.col("export_operation") == "delete").then(-depth.cast(pl.Int64)).otherwise(depth.cast(pl.Int64))
    return (
        index.with_columns(
            phase=pl.col("export_operation").replace_strict(_ORDER, return_dtype=pl.Int8),
            level=level if style is DnStyle.LDAP else pl.lit(0, dtype=pl.Int64),
        )
        .sort("phase", "level", "object_type", "references", "dn", "id")
        .drop("phase")
    )


def entries(
    objects: pl.DataFrame,
    object_type: ObjectType,
    edges: pl.DataFrame,
    names: pl.DataFrame,
    *,
    all_edges: pl.DataFrame | None,
) -> pl.DataFrame:
    """``EXPORTED`` rows with attribute columns (``connectors.contract.ExportBatch``), in the order of the objects.

    ``objects``: ``CS_OBJECT`` rows with a pending export; ``edges``: their pending ``EXPORT_EDGES``; ``names``:
    ``NAMES`` of the edges' targets; ``all_edges``: (source_id, attribute, target_id) of the complete references after
    the export, for connectors that want those.
    """
    values = [a for a in object_type.values if not a.read_only]
    change = change_columns(objects["pending_export"], values, prefix="set@")
    rows = pl.concat([objects, change], how="horizontal")
    if values:
        rows = pl.concat([rows, sent_image(objects, values)], how="horizontal")
    for attribute in object_type.references:
        changes = _reference_columns(attribute, edges, names, all_edges)
        rows = rows.join(changes, on="id", how="left", maintain_order="left")
    changed = pl.concat_list(
        [
            *(pl.when(_touches(a)).then(pl.lit(a.name)) for a in values),
            *(
                pl.when(pl.col(f"touched@{a.name}").fill_null(value=False)).then(pl.lit(a.name))
                for a in object_type.references
            ),
            pl.lit(None, dtype=pl.String),
        ]
    ).list.drop_nulls()
    return rows.select(
        "id",
        "anchor",
        "dn",
        "new_dn",
        changed.alias("changed"),
        *(column_ for a in values for column_ in _value_columns(a)),
        *(column_ for a in object_type.references for column_ in _reference_outputs(a, complete=all_edges is not None)),
    )


def _touches(attribute: Attribute) -> pl.Expr:
    cleared = pl.col("clear").list.contains(attribute.name)
    return pl.col(f"set@{attribute.name}").is_not_null() | cleared


def _value_columns(attribute: Attribute) -> list[pl.Expr]:
    """The value after the change; for a multivalued attribute also what to add to and remove from the value before."""
    wanted, sent = pl.col(f"set@{attribute.name}"), pl.col(f"sent@{attribute.name}")
    if not attribute.multivalued:
        return [wanted.alias(attribute.name)]
    touched = _touches(attribute)
    empty = pl.lit([], dtype=attribute.dtype)
    added = wanted.fill_null(empty).list.set_difference(sent.fill_null(empty)).list.sort()
    removed = sent.fill_null(empty).list.set_difference(wanted.fill_null(empty)).list.sort()
    return [
        wanted.alias(attribute.name),
        pl.when(touched & (added.list.len() > 0)).then(added).alias(attribute.name + "+"),
        pl.when(touched & (removed.list.len() > 0)).then(removed).alias(attribute.name + "-"),
    ]


def _reference_columns(
    attribute: Attribute, edges: pl.DataFrame, names: pl.DataFrame, all_edges: pl.DataFrame | None
) -> pl.DataFrame:
    """Per object: ``add@a``, ``remove@a`` and ``whole@a`` as lists of DNs, and ``touched@a``."""
    named = names.select(target_id="id", name="dn")
    mine = edges.filter(pl.col("attribute") == attribute.name).join(named, on="target_id")
    changes = mine.group_by("source_id").agg(
        pl.col("name").filter(pl.col("operation") == "add").sort().alias(f"add@{attribute.name}"),
        pl.col("name").filter(pl.col("operation") == "delete").sort().alias(f"remove@{attribute.name}"),
        pl.lit(value=True).alias(f"touched@{attribute.name}"),
    )
    if all_edges is not None:
        whole = all_edges.filter(pl.col("attribute") == attribute.name).join(named, on="target_id")
        lists = whole.group_by("source_id").agg(pl.col("name").sort().alias(f"whole@{attribute.name}"))
        changes = changes.join(lists, on="source_id", how="left")
    return changes.rename({"source_id": "id"})


def _reference_outputs(attribute: Attribute, *, complete: bool) -> list[pl.Expr]:
    added, removed = pl.col(f"add@{attribute.name}"), pl.col(f"remove@{attribute.name}")
    if not attribute.multivalued:
        return [added.list.first().alias(attribute.name)]
    outputs = [
        pl.when(added.list.len() > 0).then(added).alias(attribute.name + "+"),
        pl.when(removed.list.len() > 0).then(removed).alias(attribute.name + "-"),
    ]
    if complete:
        whole = pl.col(f"whole@{attribute.name}")
        outputs.append(pl.when(whole.list.len() > 0).then(whole).alias(attribute.name))
    return outputs


def without_references(batch: pl.DataFrame, object_type: ObjectType) -> pl.DataFrame:
    """The entries without their references, for a first pass in which no target may exist yet."""
    names = [a.name for a in object_type.references]
    unwanted = {name + suffix for name in names for suffix in ("", "+", "-")}
    kept = batch.select(c for c in batch.columns if c not in unwanted)
    return kept.with_columns(pl.col("changed").list.set_difference(pl.lit(names, dtype=pl.List(pl.String))))


def accepted_objects(
    objects: pl.DataFrame, results: pl.DataFrame, object_type: ObjectType, style: DnStyle
) -> pl.DataFrame:
    """Columns to set on objects whose export was accepted; the connected data source's word on names counts.

    ``results``: (id, anchor, dn), names as far as they were told.
    """
    nothing = pl.lit(None, dtype=pl.String)
    told = results.select("id", told_anchor="anchor", told_dn="dn")
    rows = objects.join(told, on="id", maintain_order="left").join(sent(objects, object_type), on="id", suffix="_sent")
    return (
        rows.select(
            "id",
            anchor=pl.coalesce("told_anchor", "anchor"),
            dn=pl.coalesce("told_dn", "new_dn", "dn"),
            export_operation=nothing,
            new_dn=nothing,
            pending_export=nothing,
            unconfirmed_operation=pl.coalesce("unconfirmed_operation_sent", "unconfirmed_operation"),
            unconfirmed_export=pl.coalesce("unconfirmed_export_sent", "unconfirmed_export"),
            export_error=nothing,
        )
        .with_columns(dn_key=dn_key("dn", style))
        .sort("id")
    )


def sent(objects: pl.DataFrame, object_type: ObjectType) -> pl.DataFrame:
    """(id, unconfirmed_operation, unconfirmed_export): what awaits confirmation once the objects' exports are accepted.

    A change that was sent before and is not confirmed yet stays, below the new one (engine specification §2.3). Of
    export-only attributes nothing stays: no import will show them, and they are secrets (§8.7).
    """
    attributes = [a for a in object_type.values if not a.read_only and not a.export_only]
    alone = objects.filter(pl.col("unconfirmed_export").is_null())
    fresh = alone.select("id", unconfirmed_operation="export_operation", unconfirmed_export="pending_export")
    if hidden(object_type.values) and fresh.height:
        fresh = fresh.with_columns(unconfirmed_export=_visible(alone["pending_export"], attributes))
    both = objects.filter(pl.col("unconfirmed_export").is_not_null())
    if both.is_empty():
        return fresh
    return pl.concat([fresh, _stacked(both, attributes)])


def _visible(changes: pl.Series, attributes: list[Attribute]) -> pl.Series:
    """The change documents with these attributes only."""
    wide = change_columns(changes, attributes, prefix="set@")
    names = pl.lit([a.name for a in attributes], dtype=pl.List(pl.String))
    cleared = wide.select(pl.col("clear").list.set_intersection(names).list.sort()).to_series()
    text = change_documents(documents(wide, attributes, prefix="set@"), cleared)
    return pl.select(pl.when(changes.is_not_null()).then(text)).to_series()


def _stacked(objects: pl.DataFrame, attributes: list[Attribute]) -> pl.DataFrame:
    old = change_columns(objects["unconfirmed_export"], attributes, prefix="old@", clear="oldclear")
    new = change_columns(objects["pending_export"], attributes, prefix="new@", clear="newclear")
    wide = pl.concat([objects, old, new], how="horizontal")

    def cleared_now(a: Attribute) -> pl.Expr:
        return pl.col("newclear").list.contains(a.name)

    values = wide.select(
        pl.when(~cleared_now(a)).then(pl.coalesce(f"new@{a.name}", f"old@{a.name}")).alias(a.name) for a in attributes
    )
    clears = wide.select(
        pl.concat_list(
            [
                *(
                    pl.when(
                        cleared_now(a) | (pl.col("oldclear").list.contains(a.name) & pl.col(f"new@{a.name}").is_null())
                    ).then(pl.lit(a.name))
                    for a in attributes
                ),
                pl.lit(None, dtype=pl.String),
            ]
        ).list.drop_nulls()
    ).to_series()
    text = change_documents(documents(values, attributes), clears)
    return objects.select("id", unconfirmed_operation="unconfirmed_operation").with_columns(unconfirmed_export=text)
