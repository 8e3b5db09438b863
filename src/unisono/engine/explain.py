"""Explanations: the same computations as a run's, for one object, with what lost and why."""

from __future__ import annotations

import polars as pl

from unisono.engine.changes import text_of
from unisono.engine.compile import CompiledRules
from unisono.engine.contribute import NumberedFlow, contribute, number_flows
from unisono.engine.correlate import join_trials
from unisono.engine.facts import Facts
from unisono.engine.images import by_type, image
from unisono.model.frames import Frame

CONTRIBUTIONS = Frame(
    row="what one flow offers to one attribute of a metaverse object",
    columns={
        "attribute": pl.String,
        "rule": pl.String,
        "precedence": pl.Int64,
        "connector": pl.String,
        "cs_id": pl.Int64,
        "dn": pl.String,
        "value": pl.String,
        "verdict": pl.String,  # wins, not precedent, equal: …, no value, out of scope, error: …
    },
    key=("attribute", "rule", "cs_id"),
    nullable=frozenset({"value"}),
)
TRIALS = Frame(
    row="one join group tried for one object",
    columns={
        "rule": pl.String,
        "group": pl.Int64,  # inside the rule, from 1
        "attribute": pl.String,
        "value": pl.String,
        "hits": pl.Int64,  # metaverse objects that fulfil the whole group
    },
    key=("rule", "group", "attribute", "value"),
    nullable=frozenset({"value"}),
)


def contributions_of(mv_id: int, metaverse_type: str, rules: CompiledRules, facts: Facts) -> pl.DataFrame:
    """``CONTRIBUTIONS`` to one metaverse object as last synchronized, strongest first per attribute."""
    flows = number_flows(rules, metaverse_type)
    linked = facts.connectors_of(pl.Series("id", [mv_id], dtype=pl.Int64))
    parts = [CONTRIBUTIONS.empty().with_columns(number=pl.lit(0))]
    for connector, kind, group in by_type(linked):
        own = [n for n in flows if (n.flow.rule.connector, n.flow.rule.connector_type) == (connector, kind)]
        if own:
            reads = frozenset[str]().union(*(c.reads for c in rules.inbound_of(connector, kind, metaverse_type)))
            images = image(group, rules.connector(connector).schema[kind], reads, facts, pending=False)
            parts += [_one(n, images) for n in own]
    offers = pl.concat(parts).sort("attribute", "number", "cs_id")
    winner = (pl.col("verdict") == "") & (pl.col("verdict") == "").cum_sum().over("attribute").eq(1)
    equals = sorted(name for kind, name in rules.project.metaverse.equal if kind == metaverse_type)
    verdict = (
        pl.when((pl.col("verdict") == "") & pl.col("attribute").is_in(equals))
        .then(pl.lit("equal: the last change counts"))
        .when(winner)
        .then(pl.lit("wins"))
        .when(pl.col("verdict") == "")
        .then(pl.lit("not precedent"))
    )
    return CONTRIBUTIONS.check(offers.with_columns(verdict=verdict.otherwise(pl.col("verdict"))))


def _one(numbered: NumberedFlow, images: pl.DataFrame) -> pl.DataFrame:
    flow = numbered.flow
    offered = pl.concat([images, contribute(images, [numbered]).drop("id", "mv_id")], how="horizontal")
    value = text_of(flow.target, pl.col(numbered.value))
    error = pl.col(numbered.error) if flow.error is not None else pl.lit(None, dtype=pl.String)
    verdict = (
        pl.when(~numbered.scope)
        .then(pl.lit("out of scope"))
        .when(error.is_not_null())
        .then(pl.concat_str(pl.lit("error: "), error))
        .when(pl.col(numbered.value).is_null())
        .then(pl.lit("no value"))
        .otherwise(pl.lit(""))
    )
    return offered.select(
        attribute=pl.lit(flow.target.name),
        rule=pl.lit(flow.rule.name),
        precedence=pl.lit(flow.rule.precedence, dtype=pl.Int64),
        connector="connector",
        cs_id="id",
        dn="dn",
        value=value,
        verdict=verdict,
        number=pl.lit(numbered.number),
    )


def trials_of(objects: pl.DataFrame, rules: CompiledRules, facts: Facts) -> pl.DataFrame:
    """``TRIALS`` of one connector-space object: what it looked for, and how many metaverse objects matched."""
    parts = [TRIALS.empty()]
    for connector, kind, group in by_type(objects):
        reads = frozenset[str]().union(*(c.reads for c in rules.inbound_of(connector, kind)))
        for compiled in rules.outbound_of(connector, kind):
            reads = reads.union(*(condition.reads for joins in compiled.joins for condition in joins))
        images = image(group, rules.connector(connector).schema[kind], reads, facts, pending=True)
        parts.append(TRIALS.check(join_trials(images, connector, kind, rules, facts)))
    return pl.concat(parts)


def filtered(objects: pl.DataFrame, rules: CompiledRules, facts: Facts) -> bool:
    """Whether the connector filter matches the object."""
    for connector, kind, group in by_type(objects):
        if (connector, kind) not in rules.filters:
            continue
        matches, reads = rules.filters[connector, kind]
        images = image(group, rules.connector(connector).schema[kind], reads, facts, pending=True)
        return bool(images.select(matches).to_series().any())
    return False
