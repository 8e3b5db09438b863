"""Resolution: contributions and precedence give the metaverse's values and their lineage.

Values are computed anew from all contributions, never patched. The current value counts only where the rules say so:
a flow that asks to leave it (``IgnoreThisFlow``), values whose connector is gone but keeps them (no recall), and equal
precedence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from unisono.engine import equal
from unisono.engine.compile import CompiledRules
from unisono.engine.compile_flow import PREFIX, column
from unisono.engine.contribute import NumberedFlow
from unisono.model.documents import as_set, columns, documents
from unisono.model.rules import MergeType
from unisono.model.schema import Attribute, AttributeType, ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """``values``: one row per metaverse object in the order asked, with ``id``, ``@attribute`` columns, the new
    ``attributes`` and ``lineage`` documents and ``is_new``, ``changed``. ``before``: the changed, not new rows' former
    values ``@attribute``, in the order of ``values``."""

    values: pl.DataFrame
    before: pl.DataFrame


def resolve(
    current: pl.DataFrame,
    contributions: list[pl.DataFrame],
    flows: list[NumberedFlow],
    object_type: ObjectType,
    rules: CompiledRules,
    run_id: int,
    standing: pl.DataFrame,
    words: pl.DataFrame | None = None,
) -> Resolved:
    """Resolve the metaverse objects of one type.

    ``current``: ``MV_OBJECT`` rows and ``is_new``. ``contributions``: per source at most one row per metaverse object.
    ``standing``: ``id``, ``attributes`` and ``lineage`` that flows may keep; they are the current ones, or within a
    transaction those that were resolved before a contributor was cut. ``words``: ``equal.last_words`` where attributes
    of the type have equal precedence.
    """
    attributes = list(object_type.values)
    rows = current.join(
        standing.select("id", standing_attributes="attributes", standing_lineage="lineage"),
        on="id",
        how="left",
        maintain_order="left",
    )
    for contribution in contributions:
        rows = rows.join(contribution.drop("id"), left_on="id", right_on="mv_id", how="left", maintain_order="left")
    absent = {name: expr for n in flows for name, expr in n.absent().items() if name not in rows.columns}
    equals = [a for a in attributes if (object_type.name, a.name) in rules.project.metaverse.equal]
    rows = _with_current(rows.with_columns(**absent), flows, attributes, equals)
    if words is not None:
        rows = rows.join(words, left_on="id", right_on="mv_id", how="left", maintain_order="left")
    flows_of = {a.name: [n for n in flows if n.flow.target.name == a.name] for a in attributes}
    resolved = rows.select(
        "id",
        "is_new",
        pl.col("attributes").alias("old_attributes"),
        pl.col("lineage").alias("old_lineage"),
        *(_value(a, flows_of[a.name], rules.rule_ids).alias(column(a.name)) for a in attributes if a not in equals),
        *(_winner(a, flows_of[a.name], rules.rule_ids).alias(_won(a.name)) for a in attributes if a not in equals),
        *(expr for a in equals for expr in _equal(a, flows_of[a.name], rules.rule_ids)),
    )
    return _with_documents(resolved, attributes, run_id)


def _equal(attribute: Attribute, flows: list[NumberedFlow], rule_ids: Mapping[str, int]) -> tuple[pl.Expr, pl.Expr]:
    """Value and winner of an attribute of equal precedence."""
    current, lineage = pl.col("current@" + attribute.name), pl.col("lineage@" + attribute.name)
    strongest, winner = _value(attribute, flows, rule_ids), _winner(attribute, flows, rule_ids)
    union = _merged(flows) if attribute.multivalued and flows else strongest
    value = equal.value(attribute, current, lineage, strongest, union)
    rule = pl.when(value.is_not_null()).then(equal.rule(attribute, current, lineage, winner))
    return value.alias(column(attribute.name)), rule.alias(_won(attribute.name))


def _won(name: str) -> str:
    return "rule@" + name


def _with_current(
    rows: pl.DataFrame, flows: list[NumberedFlow], attributes: list[Attribute], equals: list[Attribute]
) -> pl.DataFrame:
    """Add the current value ``current@a`` and its rule ``lineage@a`` where some flow of ``a`` may keep it."""
    keeping = {n.flow.target.name for n in flows if n.flow.marker is not None or n.retains}
    keeping |= {attribute.name for attribute in equals}
    wanted = [a for a in attributes if a.name in keeping]
    if not wanted:
        return rows
    lineage = [Attribute(name=a.name, type=AttributeType.INTEGER) for a in wanted]
    return pl.concat(
        [
            rows,
            columns(rows["standing_attributes"], wanted, prefix="current@"),
            columns(_part(rows["standing_lineage"], "rule"), lineage, prefix="lineage@"),
        ],
        how="horizontal",
    )


def _value(attribute: Attribute, flows: list[NumberedFlow], rule_ids: Mapping[str, int]) -> pl.Expr:
    """The strongest contribution, or the union of all where the flows merge."""
    if attribute.multivalued and any(n.flow.flow.merge is not MergeType.UPDATE for n in flows):
        return _merged(flows)
    nothing = pl.lit(None, dtype=attribute.dtype)
    values = {n.number: pl.col(n.value) for n in flows}
    return _strongest(flows, rule_ids, values, kept=pl.col("current@" + attribute.name), nothing=nothing)


def _winner(attribute: Attribute, flows: list[NumberedFlow], rule_ids: Mapping[str, int]) -> pl.Expr:
    """Id of the rule that the value came from; null without a value."""
    nothing = pl.lit(None, dtype=pl.Int64)
    ids = {n.number: pl.lit(rule_ids[n.flow.rule.name], dtype=pl.Int64) for n in flows}
    return _strongest(flows, rule_ids, ids, kept=pl.col("lineage@" + attribute.name), nothing=nothing)


def _strongest(
    flows: list[NumberedFlow],
    rule_ids: Mapping[str, int],
    picks: Mapping[int, pl.Expr],
    *,
    kept: pl.Expr,
    nothing: pl.Expr,
) -> pl.Expr:
    """What belongs to the strongest flow with a contribution: its pick, ``kept`` for the current value, or nothing.

    A value left behind by a connector without recall stands at the rank of its rule; a flow that asks to leave the
    value counts only when no other contributes.
    """
    asked = [pl.col(n.marker) == "ignore" for n in flows if n.flow.marker is not None]
    choice = pl.when(pl.any_horizontal(asked).fill_null(value=False)).then(kept) if asked else nothing
    for numbered in reversed(flows):
        if numbered.retains:
            rule_id = rule_ids[numbered.flow.rule.name]
            left_behind = pl.col(numbered.present).is_null() & (
                pl.col("lineage@" + numbered.flow.target.name) == rule_id
            )
            choice = pl.when(left_behind.fill_null(value=False)).then(kept).otherwise(choice)
        if numbered.flow.marker is not None:
            cleared = (pl.col(numbered.marker) == "authoritative-null").fill_null(value=False)
            choice = pl.when(cleared).then(nothing).otherwise(choice)
        choice = pl.when(pl.col(numbered.value).is_not_null()).then(picks[numbered.number]).otherwise(choice)
    return choice


def _merged(flows: list[NumberedFlow]) -> pl.Expr:
    union = pl.concat_list(pl.col(n.value).fill_null([]) for n in flows).list.drop_nulls()
    if any(n.flow.flow.merge is MergeType.MERGE_CASE_INSENSITIVE for n in flows):
        # Of values that differ only in case the first by code point stays, whatever the order of sources.
        folded = pl.element().sort().filter(pl.element().sort().str.to_lowercase().is_first_distinct())
        union = union.list.eval(folded)
    return as_set(union)


def _part(lineage: pl.Series, name: str) -> pl.Series:
    """One of the two documents of a lineage, ``{"rule":{…},"run":{…}}`` of integers only."""
    pattern = rf'"{name}":(\{{[^}}]*\}})'
    return lineage.str.extract(pattern)


def _with_documents(resolved: pl.DataFrame, attributes: list[Attribute], run_id: int) -> Resolved:
    """Add the documents; decide which rows changed; keep the run of values that did not change."""
    winners = [Attribute(name=a.name, type=AttributeType.INTEGER) for a in attributes]
    rows = resolved.with_columns(
        attributes=documents(resolved, attributes, prefix=PREFIX),
        rules=documents(resolved, winners, prefix="rule@"),
    ).with_columns(
        changed=pl.col("is_new")
        | (pl.col("attributes") != pl.col("old_attributes"))
        | ~pl.col("old_lineage").str.starts_with(pl.concat_str(pl.lit('{"rule":'), "rules", pl.lit(",")))
    )
    stale = rows.filter(pl.col("changed"))
    before = columns(stale["old_attributes"], attributes, prefix="old@")
    old_rules = columns(_part(stale["old_lineage"], "rule"), winners, prefix="oldrule@")
    old_runs = columns(_part(stale["old_lineage"], "run"), winners, prefix="oldrun@")
    wide = pl.concat([stale, before, old_rules, old_runs], how="horizontal") if attributes else stale
    runs = wide.select("id", *(_run(a, run_id).alias("run@" + a.name) for a in attributes))
    lineage = runs.select(
        "id",
        lineage=pl.concat_str(
            pl.lit('{"rule":'), stale["rules"], pl.lit(',"run":'), documents(runs, winners, prefix="run@"), pl.lit("}")
        ),
    )
    values = rows.join(lineage, on="id", how="left", maintain_order="left").with_columns(
        pl.coalesce("lineage", "old_lineage").alias("lineage")
    )
    former = wide.filter(~pl.col("is_new")).select(
        "id", *(pl.col("old@" + a.name).alias(column(a.name)) for a in attributes)
    )
    return Resolved(values=values.drop("old_attributes", "old_lineage", "rules"), before=former)


def _run(attribute: Attribute, run_id: int) -> pl.Expr:
    """The run that the value stems from: its former run when neither value nor rule changed."""
    name = attribute.name
    same = pl.col(column(name)).eq_missing(pl.col("old@" + name)) & (pl.col(_won(name)) == pl.col("oldrule@" + name))
    run = pl.when(same.fill_null(value=False)).then(pl.col("oldrun@" + name)).otherwise(pl.lit(run_id, dtype=pl.Int64))
    return pl.when(pl.col(column(name)).is_not_null()).then(run)
