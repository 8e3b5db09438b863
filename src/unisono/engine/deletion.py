"""Metaverse deletion and deprovisioning (engine specification §4.13, §5.10)."""

from __future__ import annotations

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.model.project import DeletionRule, Deprovisioning

_DEPROVISIONED = {
    "id": pl.Int64,
    "connector": pl.String,
    "object_type": pl.String,
    "mv_id": pl.Int64,
    "action": pl.String,
}


def to_delete(cut: pl.DataFrame, remaining: pl.DataFrame, metaverse: pl.DataFrame, rules: CompiledRules) -> pl.Series:
    """Ids of the metaverse objects that the cut links delete, sorted.

    ``cut`` and ``remaining``: (``mv_id``, ``connector``), one row per link; ``metaverse``: ``id``, ``object_type``. Of
    links that are cut ``by_operator`` only the last one deletes, whatever the rule (§10).
    """
    if cut.is_empty():
        return pl.Series("id", [], dtype=pl.Int64)
    deleted = []
    for (object_type,), group in metaverse.partition_by("object_type", as_dict=True).items():
        rule = rules.project.metaverse.deletion.get(str(object_type), DeletionRule())
        here = cut.filter(pl.col("mv_id").is_in(group["id"].implode()))
        deleted.append(_by_rule(rule, here, remaining))
    ids = pl.concat([pl.Series("mv_id", [], dtype=pl.Int64), *deleted])
    return ids.unique().sort().alias("id")


def _by_rule(rule: DeletionRule, cut: pl.DataFrame, remaining: pl.DataFrame) -> pl.Series:
    unlinked = cut.filter(~pl.col("mv_id").is_in(remaining["mv_id"].implode()))["mv_id"]
    cut = cut.filter(~pl.col("by_operator"))
    if rule.any_of:
        named = cut.filter(pl.col("connector").is_in(list(rule.any_of)))["mv_id"]
        return pl.concat([named, unlinked])
    counting = remaining.filter(~pl.col("connector").is_in(list(rule.ignoring)))
    last = cut.filter(
        ~pl.col("connector").is_in(list(rule.ignoring)) & ~pl.col("mv_id").is_in(counting["mv_id"].implode())
    )["mv_id"]
    return pl.concat([last, unlinked])


def deprovision(connectors: pl.DataFrame, rules: CompiledRules) -> pl.DataFrame:
    """What becomes of connectors whose link was cut from the metaverse's side.

    ``connectors``: ``CS_OBJECT`` rows. Gives ``id``, ``connector``, ``object_type``, ``mv_id`` (as it was) and
    ``action`` (removed, disconnect, explicit-disconnect, delete) in the order given. An object that was never
    exported is simply removed.
    """
    if connectors.is_empty():
        return pl.DataFrame(schema=_DEPROVISIONED)
    settings = pl.DataFrame(
        {
            "connector": [definition.name for definition in rules.project.connectors],
            "action": [str(definition.deprovisioning) for definition in rules.project.connectors],
        },
        schema={"connector": pl.String, "action": pl.String},
    )
    never_exported = ((pl.col("export_operation") == "add") & pl.col("anchor").is_null()).fill_null(value=False)
    return connectors.join(settings, on="connector", how="left", maintain_order="left").select(
        "id",
        "connector",
        "object_type",
        "mv_id",
        action=pl.when(never_exported)
        .then(pl.lit("removed"))
        .otherwise(pl.col("action").fill_null(pl.lit(str(Deprovisioning.DISCONNECT)))),
    )
