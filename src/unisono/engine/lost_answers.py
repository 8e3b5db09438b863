"""Additions that were carried out, though nobody heard the answer: the process or the connection died before it.

Such an object has no anchor, and an import shows one with its name. Who that is, its values tell: where it has all that
was to be written, it is the object that was added, and the import stands for the answer. Anything else is somebody
else's object, in whose favour the provisioned one is given up (engine specification §2.7); the name alone would give an
account to a person whom somebody made it for by hand, and who is another one.
"""

from __future__ import annotations

import polars as pl

from unisono.engine.facts import Facts
from unisono.model.documents import change_columns
from unisono.model.names import DnStyle, dn_key
from unisono.model.schema import ObjectType


def lost_answers(
    objects: pl.DataFrame, object_type: ObjectType, index: pl.DataFrame, style: DnStyle, facts: Facts
) -> pl.DataFrame:
    """(id, anchor, dn): the objects whose addition was carried out, as the connected data source names them.

    ``objects``: ``IMPORTED`` and attribute columns; ``index``: ``CS_INDEX`` of those that share an anchor or name.
    """
    waiting = index.filter(
        pl.col("anchor").is_null() & (pl.col("export_operation") == "add") & (pl.col("object_type") == object_type.name)
    ).select("id", "dn_key")
    if waiting.is_empty():
        return pl.DataFrame(schema={"id": pl.Int64, "anchor": pl.String, "dn": pl.String})
    unknown = objects.join(index.select("anchor").drop_nulls(), on="anchor", how="anti", maintain_order="left")
    pairs = (
        unknown.with_columns(dn_key=dn_key("dn", style))
        .join(waiting.unique("dn_key"), on="dn_key", maintain_order="left")
        .unique("id", keep="first", maintain_order=True)
    )
    return pairs.filter(_shows_what_was_sent(pairs, object_type, facts)).select("id", "anchor", "dn")


def _shows_what_was_sent(pairs: pl.DataFrame, object_type: ObjectType, facts: Facts) -> pl.Series:
    """References are left out: they may have been meant for a second pass. Synchronization compares them."""
    attributes = [a for a in object_type.values if not a.export_only and not a.read_only]
    pending = pairs.select("id").join(facts.objects(pairs["id"]), on="id", how="left", maintain_order="left")
    sent = change_columns(pending["pending_export"], attributes, prefix="sent@")
    both = pl.concat([pairs, sent], how="horizontal")
    differs = [
        pl.col(f"sent@{a.name}").is_not_null() & pl.col(f"sent@{a.name}").ne_missing(pl.col(a.name)) for a in attributes
    ]
    return both.select(shows=~pl.any_horizontal(pl.lit(value=False), *differs)).to_series()


def with_answers(index: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The index as it is once the answers are recorded (``exports.accepted``)."""
    told = answers.select("id", told_anchor="anchor", told_dn="dn")
    answered = pl.col("told_anchor").is_not_null()
    return (
        index.join(told, on="id", how="left", maintain_order="left")
        .with_columns(
            anchor=pl.coalesce("told_anchor", "anchor"),
            dn=pl.coalesce("told_dn", "dn"),
            export_operation=pl.when(~answered).then("export_operation"),
            unconfirmed_operation=pl.when(answered).then(pl.lit("add")).otherwise("unconfirmed_operation"),
        )
        .drop("told_anchor", "told_dn")
    )
