"""Equal precedence: who changed a value last has the say (engine specification §4.8).

Elsewhere a metaverse value follows from what all sources hold now. Here it follows from what they changed, so the order
of synchronizations matters: the present value stands until a source changes its own. Of several values each source adds
and removes its own. Who clears its value, or is no longer joined, has no say any more: then the strongest of the others
has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.engine.contribute import NumberedFlow
from unisono.model.documents import as_set
from unisono.model.schema import Attribute

_SAID, _WORD, _RULE, _GONE = "said@", "word@", "saidrule@", "gone@"
_ADDED, _REMOVED, _WITHDRAWN = "added@", "removed@", "withdrawn@"
_WHO = ("mv_id", "place", "number", "rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What some objects of one kind contribute by flows: ``contribute``'s frame of them."""

    flows: Sequence[NumberedFlow]
    contributions: pl.DataFrame


def last_words(
    before: Sequence[Said],
    now: Sequence[Said],
    order: pl.DataFrame,
    attributes: Sequence[Attribute],
    rule_ids: Mapping[str, int],
) -> pl.DataFrame:
    """What sources changed: one row per metaverse object (``mv_id``), with what ``value`` and ``rule`` need.

    ``before`` and ``now``: the synchronized objects as last synchronized and as imported; whoever is not in ``now`` any
    more has lost its link. ``order``: (``id``, ``place``) of the objects, the last of whom has the last word. Rules go
    by their ids in lineage.
    """
    words = pl.DataFrame(schema={"mv_id": pl.Int64})
    for attribute in attributes:
        changes = _changes(before, now, order, attribute, rule_ids)
        told = _told_values(changes, attribute) if attribute.multivalued else _told_value(changes, attribute)
        words = words.join(told, on="mv_id", how="full", coalesce=True)
    return words


def _changes(
    before: Sequence[Said],
    now: Sequence[Said],
    order: pl.DataFrame,
    attribute: Attribute,
    rule_ids: Mapping[str, int],
) -> pl.DataFrame:
    """(mv_id, place, number, rule, there, old, new): the flows whose contribution to the attribute is another one."""
    empty = {
        "mv_id": pl.Int64,
        "place": pl.UInt32,
        "number": pl.Int32,
        "rule": pl.Int64,
        "there": pl.Boolean,
        "old": attribute.dtype,
        "new": attribute.dtype,
    }
    former = _contributed(before, attribute, "old", rule_ids).drop("ignored")
    present = _contributed(now, attribute, "new", rule_ids).with_columns(there=pl.lit(value=True))
    both = former.join(present, on=["mv_id", "id", "number", "rule", "retains"], how="full", coalesce=True)
    differs = pl.col("old").ne_missing(pl.col("new")) & ~pl.col("ignored").fill_null(value=False)
    stays_behind = pl.col("there").is_null() & pl.col("retains")  # nothing is recalled
    return (
        both.filter(differs & ~stays_behind)
        .join(order, on="id", how="left")
        .with_columns(pl.col("there").fill_null(value=False), pl.col("place").fill_null(0))
        .sort("mv_id", "place", "number", descending=[False, False, True])
        .select(pl.col(name).cast(dtype) for name, dtype in empty.items())
    )


def _contributed(said: Sequence[Said], attribute: Attribute, name: str, rule_ids: Mapping[str, int]) -> pl.DataFrame:
    schema = {"mv_id": pl.Int64, "id": pl.Int64, "number": pl.Int32, "rule": pl.Int64, "retains": pl.Boolean}
    parts = [pl.DataFrame(schema={**schema, name: attribute.dtype, "ignored": pl.Boolean})]
    for one in said:
        for flow in (flow for flow in one.flows if flow.flow.target.name == attribute.name):
            ignored = pl.col(flow.marker) == "ignore" if flow.flow.marker is not None else pl.lit(value=False)
            parts.append(
                one.contributions.select(
                    "mv_id",
                    "id",
                    pl.lit(flow.number, dtype=pl.Int32).alias("number"),
                    pl.lit(rule_ids[flow.flow.rule.name], dtype=pl.Int64).alias("rule"),
                    pl.lit(flow.retains).alias("retains"),
                    pl.col(flow.value).alias(name),
                    ignored.alias("ignored"),
                )
            )
    return pl.concat(parts)


def _told_value(changes: pl.DataFrame, attribute: Attribute) -> pl.DataFrame:
    name = attribute.name
    said = changes.filter(pl.col("there") & pl.col("new").is_not_null())
    word = said.group_by("mv_id").agg(
        pl.lit(value=True).first().alias(_SAID + name),
        pl.col("new").last().alias(_WORD + name),
        pl.col("rule").last().alias(_RULE + name),
    )
    silent = changes.filter(pl.col("new").is_null()).group_by("mv_id").agg(pl.col("rule").alias(_GONE + name))
    return word.join(silent, on="mv_id", how="full", coalesce=True)


def _told_values(changes: pl.DataFrame, attribute: Attribute) -> pl.DataFrame:
    """Of every value the last change counts."""
    name = attribute.name
    present = changes.filter("there")
    old, new = pl.col("old").fill_null([]), pl.col("new").fill_null([])
    steps = pl.concat(
        [
            present.select(*_WHO, value=new.list.set_difference(old), adds=pl.lit(value=True)),
            present.select(*_WHO, value=old.list.set_difference(new), adds=pl.lit(value=False)),
        ]
    )
    last = (
        steps.explode("value")
        .drop_nulls("value")
        .sort("mv_id", "place", "number", descending=[False, False, True])
        .unique(["mv_id", "value"], keep="last", maintain_order=True)
    )
    told = last.group_by("mv_id").agg(
        pl.col("value").filter("adds").alias(_ADDED + name),
        pl.col("value").filter(~pl.col("adds")).alias(_REMOVED + name),
        pl.col("rule").last().alias(_RULE + name),
    )
    left = changes.filter(~pl.col("there")).group_by("mv_id").agg(pl.col("old").explode().alias(_WITHDRAWN + name))
    return told.join(left, on="mv_id", how="full", coalesce=True)


# --- what follows ----------------------------------------------------------------------------------------------------


def value(attribute: Attribute, current: pl.Expr, lineage: pl.Expr, strongest: pl.Expr, union: pl.Expr) -> pl.Expr:
    """The attribute's new value. ``strongest`` and ``union`` of all contributions; ``lineage``: the id of a rule."""
    name = attribute.name
    if not attribute.multivalued:
        said = pl.col(_SAID + name).fill_null(value=False)
        return (
            pl.when(said)
            .then(pl.col(_WORD + name))
            .when(_open(name, current, lineage))
            .then(strongest)
            .otherwise(current)
        )
    nothing = pl.lit([], dtype=attribute.dtype)
    added, removed, withdrawn = (pl.coalesce(part + name, nothing) for part in (_ADDED, _REMOVED, _WITHDRAWN))
    others = pl.coalesce(union, nothing)
    kept = pl.coalesce(current, nothing).list.set_union(added).list.set_difference(removed)
    told = as_set(kept.list.set_difference(withdrawn.list.set_difference(others)))
    untold = current.is_null() & pl.col(_ADDED + name).is_null() & pl.col(_REMOVED + name).is_null()
    return pl.when(untold).then(union).otherwise(told)


def rule(attribute: Attribute, current: pl.Expr, lineage: pl.Expr, strongest: pl.Expr) -> pl.Expr:
    """The id of the rule that the new value comes from; ``strongest``: that of the strongest contribution."""
    said = pl.col(_RULE + attribute.name)
    if attribute.multivalued:
        return pl.coalesce(said, lineage, strongest)
    return (
        pl.when(said.is_not_null())
        .then(said)
        .when(_open(attribute.name, current, lineage))
        .then(strongest)
        .otherwise(lineage)
    )


def _open(name: str, current: pl.Expr, lineage: pl.Expr) -> pl.Expr:
    """Whether nobody has the say: there is no value, or whoever it comes from is silent."""
    return current.is_null() | pl.col(_GONE + name).list.contains(lineage).fill_null(value=False)
