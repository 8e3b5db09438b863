"""Correlation: disconnectors find their metaverse object, or get one.

Object by object, in the order of anchors, an object would see what earlier ones projected or what their join added.
Here all objects of a selection decide at once; an object that looks for a value which an earlier one may write is
*deferred* instead, and decides when the earlier one's values are there. Typical sources have unique join values, so
that nothing is deferred; a value that all objects share costs one more round, not one per object, because whoever
joins the object that has the value already writes nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from unisono.engine.compile import CompiledRule, CompiledRules, comparison_keys
from unisono.engine.compile_flow import CompiledFlow
from unisono.engine.facts import Facts
from unisono.engine.turns import TOUCH_TYPES, contested, link_touches, waiting
from unisono.model.rules import LinkBehavior

_TERM_TYPES = {"id": pl.Int64, "group": pl.Int32, "condition": pl.Int32, "attribute": pl.String, "value": pl.String}
_JOINED = {"id": pl.Int64, "mv_id": pl.Int64, "rule": pl.String}
_PROJECTED = {"id": pl.Int64, "metaverse_type": pl.String, "rule": pl.String}
_NO_IDS = pl.Series("id", [], dtype=pl.Int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Decisions, one row per object in each: ``joined`` (id, mv_id, rule), ``projected`` (id, metaverse_type, rule),
    and ids that are ``deferred``; whoever is in none remains a disconnector. ``reads`` and ``writes``: what all objects
    touch (``turns``)."""

    joined: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_JOINED))
    projected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_PROJECTED))
    deferred: pl.Series = field(default_factory=lambda: _NO_IDS)
    reads: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TOUCH_TYPES))
    writes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TOUCH_TYPES))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One join group of one rule, with its place in the order of trial."""

    number: int
    rule: CompiledRule
    position: int  # inside the rule


def correlate(
    images: pl.DataFrame, connector: str, object_type: str, rules: CompiledRules, facts: Facts
) -> Correlation:
    """Decide the link of disconnectors of one object type.

    ``images``: one row per disconnector with its attribute columns, in the order of anchors; rules in scope apply.
    """
    if images.is_empty():
        return Correlation()
    inbound = rules.inbound_of(connector, object_type)
    groups = _groups(inbound, rules.outbound_of(connector, object_type))
    terms = _terms(images, groups)
    hits = _hits(terms, groups, facts)
    joined = _joins(hits, groups)
    projected = _projections(images, joined, inbound)
    offers = _offers(images, inbound, rules.join_targets)
    reads = pl.concat([terms.select(list(TOUCH_TYPES)).unique(), link_touches(hits)])
    writes = pl.concat([offers, link_touches(joined)])
    order = images.select("id").with_row_index("order")
    news = _newly_written(contested(reads, offers, order), joined, projected, facts)
    deferred = waiting(order, reads, writes, news, _NO_IDS) if news.height else _NO_IDS
    kept = ~pl.col("id").is_in(deferred.implode())
    return Correlation(
        joined=joined.filter(kept),
        projected=projected.filter(kept),
        deferred=deferred,
        reads=reads,
        writes=writes,
    )


def _groups(inbound: list[CompiledRule], outbound: list[CompiledRule]) -> list[_Group]:
    """Inbound rules first; the join criteria of outbound rules hold for the target's own disconnectors too, whose
    scope lies on the metaverse side (engine specification §5.3)."""
    linking = [c for c in (*inbound, *outbound) if c.joins and c.rule.link is not LinkBehavior.NONE]
    pairs = [(compiled, position) for compiled in linking for position in range(len(compiled.joins))]
    return [_Group(number=n, rule=compiled, position=position) for n, (compiled, position) in enumerate(pairs)]


def _scope_on_source(compiled: CompiledRule) -> pl.Expr:
    return compiled.in_scope if compiled.rule.direction == "inbound" else pl.lit(value=True)


def _terms(images: pl.DataFrame, groups: list[_Group]) -> pl.DataFrame:
    """One row per object, condition and value that the metaverse is asked for."""
    parts = []
    for group in groups:
        for number, condition in enumerate(group.rule.joins[group.position]):
            parts.append(
                images.filter(_scope_on_source(group.rule))
                .select(
                    "id",
                    group=pl.lit(group.number, dtype=pl.Int32),
                    condition=pl.lit(number, dtype=pl.Int32),
                    attribute=pl.lit(condition.target),
                    value=condition.values,
                )
                .drop_nulls("value")
                .explode("value")
            )
    return pl.concat(parts) if parts else pl.DataFrame(schema=_TERM_TYPES)


def _hits(terms: pl.DataFrame, groups: list[_Group], facts: Facts) -> pl.DataFrame:
    """(id, group, mv_id): metaverse objects of the rule's type that fulfil every condition of the group."""
    if terms.is_empty():
        return pl.DataFrame(schema={"id": pl.Int64, "group": pl.Int32, "mv_id": pl.Int64})
    candidates = facts.candidates(terms.select("attribute", "value").unique(maintain_order=True))
    wanted = pl.DataFrame(
        {
            "group": [g.number for g in groups],
            "object_type": [g.rule.rule.metaverse_type for g in groups],
            "conditions": [len(g.rule.joins[g.position]) for g in groups],
        },
        schema_overrides={"group": pl.Int32, "conditions": pl.UInt32},
    )
    return (
        terms.join(candidates, on=["attribute", "value"])
        .join(wanted, on=["group", "object_type"])
        .group_by("id", "group", "mv_id")
        .agg(pl.col("condition").n_unique(), pl.col("conditions").first())
        .filter(pl.col("condition") == pl.col("conditions"))
        .select("id", "group", "mv_id")
    )


def _joins(hits: pl.DataFrame, groups: list[_Group]) -> pl.DataFrame:
    """(id, mv_id, rule): the first group with exactly one hit decides; none or several pass to the next (§5.4)."""
    names = pl.DataFrame(
        {"group": [g.number for g in groups], "rule": [g.rule.rule.name for g in groups]},
        schema={"group": pl.Int32, "rule": pl.String},
    )
    return (
        hits.group_by("id", "group")
        .agg(pl.len().alias("found"), pl.col("mv_id").first())
        .filter(pl.col("found") == 1)
        .sort("id", "group")
        .unique("id", keep="first", maintain_order=True)
        .join(names, on="group", maintain_order="left")
        .select("id", "mv_id", "rule")
    )


def _projections(images: pl.DataFrame, joined: pl.DataFrame, inbound: list[CompiledRule]) -> pl.DataFrame:
    """(id, metaverse_type, rule) of objects without a join, by the strongest projecting rule in scope."""
    projecting = [compiled for compiled in inbound if compiled.rule.link is LinkBehavior.PROJECT]
    if not projecting:
        return pl.DataFrame(schema=_PROJECTED)
    choice = pl.coalesce(
        pl.when(compiled.in_scope).then(pl.lit(number, dtype=pl.Int32)) for number, compiled in enumerate(projecting)
    )
    names = pl.DataFrame(
        {
            "choice": range(len(projecting)),
            "metaverse_type": [c.rule.metaverse_type for c in projecting],
            "rule": [c.rule.name for c in projecting],
        },
        schema_overrides={"choice": pl.Int32},
    )
    return (
        images.filter(~pl.col("id").is_in(joined["id"].implode()))
        .select("id", choice=choice)
        .join(names, on="choice", maintain_order="left")
        .select("id", "metaverse_type", "rule")
    )


def _offers(images: pl.DataFrame, inbound: list[CompiledRule], join_targets: frozenset[str]) -> pl.DataFrame:
    """(id, attribute, value): join values that the objects may write once they are linked."""
    parts = [
        images.filter(compiled.in_scope)
        .select("id", attribute=pl.lit(flow.target.name), value=_keys_of(flow))
        .drop_nulls("value")
        .explode("value")
        for compiled in inbound
        for flow in compiled.flows
        if flow.target.name in join_targets
    ]
    return pl.concat(parts).unique() if parts else pl.DataFrame(schema=TOUCH_TYPES)


def _keys_of(flow: CompiledFlow) -> pl.Expr:
    return comparison_keys(flow.target, flow.value)


def _newly_written(writers: pl.DataFrame, joined: pl.DataFrame, projected: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Of the writers' values those that their metaverse object does not have yet."""
    if writers.is_empty():
        return writers
    projecting = writers.join(projected.select("id"), on="id", how="semi")
    joining = writers.join(joined.select("id", "mv_id"), on="id")
    present = facts.candidates(joining.select("attribute", "value").unique()).select("attribute", "value", "mv_id")
    added = joining.join(present, on=["attribute", "value", "mv_id"], how="anti")
    return pl.concat([projecting, added.select("id", "attribute", "value")])


def join_trials(
    images: pl.DataFrame, connector: str, object_type: str, rules: CompiledRules, facts: Facts
) -> pl.DataFrame:
    """What objects look for, and what they find: (rule, group, attribute, value, hits) in the order of trial."""
    groups = _groups(rules.inbound_of(connector, object_type), rules.outbound_of(connector, object_type))
    terms = _terms(images, groups)
    found = _hits(terms, groups, facts).group_by("group").agg(pl.col("mv_id").n_unique().alias("hits"))
    tried = pl.DataFrame(
        [
            {"number": g.number, "rule": g.rule.rule.name, "group": g.position + 1, "attribute": condition.target}
            for g in groups
            for condition in g.rule.joins[g.position]
        ],
        schema={"number": pl.Int32, "rule": pl.String, "group": pl.Int64, "attribute": pl.String},
    )
    asked = terms.select(number="group", attribute="attribute", value="value")
    return (
        tried.join(asked, on=["number", "attribute"], how="left", maintain_order="left")
        .join(found.rename({"group": "number"}), on="number", how="left", maintain_order="left")
        .with_columns(pl.col("hits").fill_null(0).cast(pl.Int64))
        .drop("number")
    )
