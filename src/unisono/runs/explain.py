"""Answers to what people ask about one object or one connected system. Reads only; no transaction is rehearsed.

The computations are those of a synchronization (``engine.explain``); here they meet the store and the project.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.connectors.runtime import Runtime
from unisono.engine.compile import CompiledRule, CompiledRules, Traits, compile_rules
from unisono.engine.compile_flow import PREFIX, column
from unisono.engine.explain import CONTRIBUTIONS, contributions_of, filtered, trials_of
from unisono.engine.images import by_type, image
from unisono.model.documents import columns
from unisono.model.frames import Frame
from unisono.model.rules import Flow
from unisono.model.schema import Schema
from unisono.runs.context import Context
from unisono.runs.naming import titles
from unisono.store.contract import Reader

SCOPES = Frame(
    row="a rule that could concern an object, and whether the object is in its scope",
    columns={
        "rule": pl.String,
        "direction": pl.String,
        "connector": pl.String,
        "link": pl.String,  # what the rule may do for an object without a counterpart: join, project, provision, none
        "scope": pl.String,  # the rule's expression; null: every object
        "in_scope": pl.Boolean,
    },
    key=("rule",),
    nullable=frozenset({"scope"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOrigins:
    """Where the values of a metaverse object come from and go to.

    ``offers``: ``CONTRIBUTIONS`` of values and references, strongest first per attribute; ``outbound``: ``SCOPES`` of
    the outbound rules.
    """

    offers: pl.DataFrame
    outbound: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReasons:
    """Why a connector-space object has the link it has, or none.

    ``scopes``: ``SCOPES`` of the inbound rules, judged on the object as last imported; ``trials``: ``TRIALS``.
    """

    filtered: bool
    scopes: pl.DataFrame
    trials: pl.DataFrame


def discovered_schema(connector: str, context: Context) -> Schema:
    """What the connected data source offers now. Raises ``StepStop``, and ``KeyError`` for an unknown connector."""
    definition = context.project.connector(connector)
    if definition is None:
        raise KeyError(connector)
    return Runtime(context.connectors[connector].connector, definition).discover_schema()


def why_value(metaverse: pl.DataFrame, context: Context, reader: Reader) -> ValueOrigins:
    """The origins of the values of one metaverse object (one row of ``MV_OBJECT``)."""
    rules = _rules(context)
    mv_id, kind = int(metaverse["id"][0]), str(metaverse["object_type"][0])
    values = contributions_of(mv_id, kind, rules, reader)
    references = _reference_offers(mv_id, kind, rules, reader)
    return ValueOrigins(
        offers=pl.concat([values, references]).sort("attribute", maintain_order=True),
        outbound=_scopes_of_metaverse(metaverse, rules),
    )


def why_linked(objects: pl.DataFrame, context: Context, reader: Reader) -> LinkReasons:
    """The reasons of one connector-space object's link (one row of ``CS_OBJECT``)."""
    rules = _rules(context)
    return LinkReasons(
        filtered=filtered(objects, rules, reader),
        scopes=_scopes_of_object(objects, rules, reader),
        trials=trials_of(objects, rules, reader),
    )


def _rules(context: Context) -> CompiledRules:
    """The project's rules without the store's rule ids: those are made by writing, and needed for lineage only."""
    traits = {
        name: Traits(dn_style=live.connector.capabilities.dn_style, naming=live.naming)
        for name, live in context.connectors.items()
    }
    return compile_rules(context.project, context.environment(), traits, {})


# --- scopes ----------------------------------------------------------------------------------------------------------


def _scopes_of_object(objects: pl.DataFrame, rules: CompiledRules, reader: Reader) -> pl.DataFrame:
    rows = []
    for connector, kind, group in by_type(objects):
        for compiled in rules.inbound_of(connector, kind):
            wide = image(group, rules.connector(connector).schema[kind], compiled.reads, reader, pending=True)
            rows.append(_scope_row(compiled, wide))
    return SCOPES.check(pl.DataFrame(rows, schema=dict(SCOPES.columns)))


def _scopes_of_metaverse(metaverse: pl.DataFrame, rules: CompiledRules) -> pl.DataFrame:
    kind = str(metaverse["object_type"][0])
    wide = metaverse.with_columns(pl.lit(None, dtype=pl.String).alias(column("dn"))).hstack(
        columns(metaverse["attributes"], rules.metaverse_type(kind).values, prefix=PREFIX)
    )
    rows = [_scope_row(compiled, wide) for compiled in rules.outbound if compiled.rule.metaverse_type == kind]
    return SCOPES.check(pl.DataFrame(rows, schema=dict(SCOPES.columns)))


def _scope_row(compiled: CompiledRule, wide: pl.DataFrame) -> dict[str, object]:
    rule = compiled.rule
    return {
        "rule": rule.name,
        "direction": rule.direction.value,
        "connector": rule.connector,
        "link": rule.link.value,
        "scope": rule.scope.text if rule.scope else None,
        "in_scope": bool(wide.select(compiled.in_scope).to_series().any()),
    }


# --- references ------------------------------------------------------------------------------------------------------


def _reference_offers(mv_id: int, kind: str, rules: CompiledRules, reader: Reader) -> pl.DataFrame:
    """``CONTRIBUTIONS`` of reference flows; the strongest one in scope with a reference gives all of its references."""
    flows = [
        (compiled, flow)
        for compiled in rules.inbound
        if compiled.rule.metaverse_type == kind
        for flow in compiled.reference_flows
    ]
    ids = pl.Series("id", [mv_id], dtype=pl.Int64)
    linked = reader.connectors_of(ids)
    edges = _named_targets(reader.reference_contributions(ids), reader)
    parts = [_one_offer(compiled, flow, linked, edges, rules, reader) for compiled, flow in flows]
    offers = pl.concat([CONTRIBUTIONS.empty(), *parts])
    usable = pl.col("verdict") == ""
    wins = usable & usable.cum_sum().over("attribute").eq(1)
    verdict = pl.when(wins).then(pl.lit("wins")).when(usable).then(pl.lit("not precedent"))
    return CONTRIBUTIONS.check(offers.with_columns(verdict=verdict.otherwise(pl.col("verdict"))))


def _named_targets(edges: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    targets = titles(reader.metaverse(edges["target_id"].unique().alias("id")))
    return edges.join(targets, left_on="target_id", right_on="id", how="left", maintain_order="left")


def _one_offer(
    compiled: CompiledRule,
    flow: Flow,
    linked: pl.DataFrame,
    edges: pl.DataFrame,
    rules: CompiledRules,
    reader: Reader,
) -> pl.DataFrame:
    rule = compiled.rule
    sources = linked.filter(connector=rule.connector, object_type=rule.connector_type).sort("id")
    if sources.is_empty():
        return CONTRIBUTIONS.empty()
    schema = rules.connector(rule.connector).schema[rule.connector_type]
    scope = image(sources, schema, compiled.reads, reader, pending=False).select("id", in_scope=compiled.in_scope)
    offered = (
        edges.filter(attribute=str(flow.source)).group_by("cs_id").agg(value=pl.col("title").sort().str.join("; "))
    )
    verdict = (
        pl.when(~pl.col("in_scope"))
        .then(pl.lit("out of scope"))
        .when(pl.col("value").is_null())
        .then(pl.lit("no value"))
        .otherwise(pl.lit(""))
    )
    return (
        sources.join(scope, on="id", maintain_order="left")
        .join(offered, left_on="id", right_on="cs_id", how="left", maintain_order="left")
        .select(
            attribute=pl.lit(flow.target),
            rule=pl.lit(rule.name),
            precedence=pl.lit(rule.precedence, dtype=pl.Int64),
            connector="connector",
            cs_id="id",
            dn="dn",
            value="value",
            verdict=verdict,
        )
    )
