"""Confirmation: does an import show what was exported? (engine specification §3.10)"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.changes import text_of
from unisono.engine.compile_flow import column
from unisono.engine.facts import Facts
from unisono.engine.outflow import NOTHING
from unisono.model.documents import change_columns, change_documents, documents
from unisono.model.frames import EDGES
from unisono.model.schema import Attribute, ObjectType

NOT_REIMPORTED = "exported-change-not-reimported"
_KEY = list(EDGES.columns)
_ERRORS = {"id": pl.Int64, "anchor": pl.String, "dn": pl.String, "attribute": pl.String, "message": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What an import says about what was exported.

    ``settled``: (id, pending_export, export_operation) of objects that await nothing any more; what was denied is
    pending again. ``returned``: ids of objects whose exported deletion did not happen. ``edges_settled``: export edges
    to remove; ``edges_again``: export edges that are pending again. ``errors``: (id, anchor, dn, attribute, message).
    """

    settled: pl.DataFrame
    returned: pl.Series
    edges_settled: pl.DataFrame
    edges_again: pl.DataFrame
    errors: pl.DataFrame


def confirm(known: pl.DataFrame, object_type: ObjectType, edges: pl.DataFrame, facts: Facts) -> Confirmation:
    """Compare delivered objects that await confirmation with what was sent to them.

    ``known``: staged rows (``id``, ``@`` columns, ``unconfirmed_operation``, ``import_hash``, ``hash``); ``edges``:
    their references as imported now.
    """
    waiting = known.filter(pl.col("unconfirmed_operation").is_not_null())
    sent = facts.objects(waiting["id"]).select(
        "id", "unconfirmed_export", "pending_export", "export_operation", "new_dn"
    )
    attributes = [a for a in object_type.values if not a.export_only and not a.read_only]
    rows = waiting.drop("export_operation").join(sent, on="id", how="left", maintain_order="left")
    if attributes:
        rows = pl.concat(
            [rows, change_columns(rows["unconfirmed_export"], attributes, prefix="exported@")], how="horizontal"
        )
    rows = rows.with_columns(_denied(a).alias(f"denied@{a.name}") for a in attributes)
    deleted = pl.col("unconfirmed_operation") == "delete"
    edge_errors, settled_edges, again = _edges(rows, edges, facts)
    return Confirmation(
        settled=_settled(rows, attributes),
        returned=rows.filter(deleted)["id"],
        edges_settled=settled_edges,
        edges_again=again,
        errors=pl.concat([_value_errors(rows, attributes), _deletion_errors(rows.filter(deleted)), edge_errors]),
    )


def _denied(attribute: Attribute) -> pl.Expr:
    """Whether the import shows another value than was sent."""
    exported, imported = pl.col(f"exported@{attribute.name}"), pl.col(column(attribute.name))
    cleared = pl.col("clear").list.contains(attribute.name)
    touched = exported.is_not_null() | cleared
    return touched & exported.ne_missing(imported)


def _settled(rows: pl.DataFrame, attributes: list[Attribute]) -> pl.DataFrame:
    """What was denied is pending again if the import brought nothing new, so that the next export repeats it; where the
    import did bring something, synchronization decides."""
    if not attributes:
        return rows.select("id", "pending_export", "export_operation")
    again = rows.select(
        pl.when(pl.col(f"denied@{a.name}")).then(pl.col(f"exported@{a.name}")).alias(a.name) for a in attributes
    )
    cleared = rows.select(
        pl.concat_list(
            pl.when(pl.col(f"denied@{a.name}") & pl.col(f"exported@{a.name}").is_null()).then(pl.lit(a.name))
            for a in attributes
        ).list.drop_nulls()
    ).to_series()
    text = change_documents(documents(again, attributes), cleared)
    repeat = (pl.col("import_hash") == pl.col("hash")) & pl.col("pending_export").is_null() & (text != NOTHING)
    return rows.with_columns(
        pending_export=pl.when(repeat).then(text).otherwise(pl.col("pending_export")),
        export_operation=pl.when(repeat).then(pl.lit("update")).otherwise(pl.col("export_operation")),
    ).select("id", "pending_export", "export_operation")


def _value_errors(rows: pl.DataFrame, attributes: list[Attribute]) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=_ERRORS)]
    for a in attributes:
        exported = text_of(a, pl.col(f"exported@{a.name}")).fill_null("no value")
        imported = text_of(a, pl.col(column(a.name))).fill_null("no value")
        parts.append(
            rows.filter(pl.col(f"denied@{a.name}")).select(
                "id",
                "anchor",
                "dn",
                attribute=pl.lit(a.name),
                message=pl.format("{} was exported as {}, and imported as {}", pl.lit(a.name), exported, imported),
            )
        )
    return pl.concat(parts)


def _deletion_errors(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "id",
        "anchor",
        "dn",
        attribute=pl.lit(None, dtype=pl.String),
        message=pl.lit("the object was exported as deleted, and is still there"),
    )


def _edges(rows: pl.DataFrame, edges: pl.DataFrame, facts: Facts) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Errors, export edges that are settled, and export edges that are pending again."""
    sent = facts.export_edges_of(rows["id"]).filter(pl.col("state") == "unconfirmed")
    present = sent.join(edges, on=_KEY, how="semi").select(_KEY)
    is_add = pl.col("operation") == "add"
    shown = pl.concat(
        [
            sent.filter(is_add).join(present, on=_KEY, how="semi"),
            sent.filter(~is_add).join(present, on=_KEY, how="anti"),
        ]
    )
    denied = sent.join(shown, on=_KEY, how="anti")
    names = rows.select("id", "anchor", "dn")
    errors = denied.join(names, left_on="source_id", right_on="id").select(
        "anchor",
        "dn",
        "attribute",
        id="source_id",
        message=pl.format("the {} of a reference in {} was exported, and not imported", "operation", "attribute"),
    )
    again = denied.with_columns(state=pl.lit("pending"))
    return errors.select(list(_ERRORS)), shown.select(_KEY), again


__all__ = ["NOT_REIMPORTED", "Confirmation", "confirm"]
