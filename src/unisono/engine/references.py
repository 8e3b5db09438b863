"""References: edges of a connector space become edges of the metaverse, and those edges of other connector spaces.

They are planned when all links of a step are known: all references of some objects, or only those between pairs of
objects (``reference_pairs`` tells which can have changed), so a group of a million members costs what it changes.
Either way edges are compared as sets. A reference to something that is no connector is left out, without an error
(engine specification §7).
"""

from __future__ import annotations

import polars as pl

from unisono.engine.compile import CompiledRule, CompiledRules
from unisono.engine.compile_flow import PREFIX, column
from unisono.engine.facts import Facts
from unisono.engine.images import by_type, image
from unisono.engine.reference_pairs import among, separable_attributes, sources_of
from unisono.model.documents import columns
from unisono.model.frames import EDGES
from unisono.model.guard import ChangeKind
from unisono.model.plan import CHANGES, METAVERSE, ReferencePlan
from unisono.model.runs import Counter
from unisono.model.schema import Attribute

_KEY = list(EDGES.columns)
_MV_EDGE = {**EDGES.columns, "rule_id": pl.Int64, "run_id": pl.Int64}
_EXPORT_EDGE = {**EDGES.columns, "operation": pl.String, "state": pl.String}
_NO_TEXT = pl.lit(None, dtype=pl.String)


def resolve_references(mv_ids: pl.Series, rules: CompiledRules, facts: Facts, run_id: int) -> ReferencePlan:
    """The metaverse edges of the objects, computed anew from all their connectors' synchronized references.

    Per object and attribute the strongest rule in scope with at least one resolvable reference contributes all of its.
    ``mv_added`` and ``mv_removed`` are the differences to what the metaverse has, by source, attribute and target; an
    edge that now comes from another rule is among the added ones.
    """
    stored = facts.references_of(mv_ids)
    edges = facts.reference_contributions(mv_ids)
    return _resolved(stored, _contributed(edges, mv_ids, stored, rules, facts, run_id))


def resolve_references_between(
    mv_pairs: pl.DataFrame, rules: CompiledRules, facts: Facts, run_id: int
) -> ReferencePlan:
    """As ``resolve_references``, for separable attributes between pairs (``PAIRS``) of metaverse objects only."""
    separable = separable_attributes(rules)
    stored = facts.references_of(among(mv_pairs, separable))
    sources = [str(f.source) for c in rules.inbound for f in c.reference_flows if f.target in separable]
    edges = facts.reference_contributions(among(mv_pairs, sources))
    wanted = _contributed(edges, sources_of(mv_pairs), stored, rules, facts, run_id)
    return _resolved(stored, wanted.filter(pl.col("attribute").is_in(sorted(separable))))


def _resolved(stored: pl.DataFrame, wanted: pl.DataFrame) -> ReferencePlan:
    added = wanted.join(stored, on=[*_KEY, "rule_id"], how="anti").sort(_KEY)  # or the same by another rule
    removed = stored.join(wanted, on=_KEY, how="anti").select(_KEY).sort(_KEY)
    fresh = added.join(stored, on=_KEY, how="anti", maintain_order="left")
    return ReferencePlan(
        mv_added=added,
        mv_removed=removed,
        exports_added=pl.DataFrame(schema=_EXPORT_EDGE),
        guard={(METAVERSE, ChangeKind.REMOVED): removed.height} if removed.height else {},
        changes=_listed(pl.concat([_as(fresh, "add"), _as(removed, "delete")]), pl.lit(METAVERSE)),
    )


def _contributed(
    edges: pl.DataFrame, mv_ids: pl.Series, stored: pl.DataFrame, rules: CompiledRules, facts: Facts, run_id: int
) -> pl.DataFrame:
    """The edges that ``edges`` (``REFERENCE_CONTRIBUTIONS``) give the objects, and those that were left to them."""
    flows = [(compiled, flow) for compiled in rules.inbound for flow in compiled.reference_flows]
    scoped = [compiled for compiled, _ in flows if compiled.scope is not None]
    in_scope = _scopes(edges, scoped, rules, facts)
    parts = [pl.DataFrame(schema={**_MV_EDGE, "rank": pl.Int64, "single": pl.Boolean})]
    for rank, (compiled, flow) in enumerate(flows):
        target = rules.metaverse_type(compiled.rule.metaverse_type)[flow.target]
        mine = edges.filter(
            (pl.col("connector") == compiled.rule.connector)
            & (pl.col("object_type") == compiled.rule.connector_type)
            & (pl.col("attribute") == flow.source)
        )
        if compiled.scope is not None:
            mine = mine.filter(pl.col("cs_id").is_in(in_scope[compiled.rule.name].implode()))
        rule_id = rules.rule_ids[compiled.rule.name]
        offered = mine.select(
            source_id="mv_id",
            attribute=pl.lit(target.name),
            target_id="target_id",
            rule_id=pl.lit(rule_id, dtype=pl.Int64),
            run_id=pl.lit(run_id, dtype=pl.Int64),
        )
        if not rules.connector(compiled.rule.connector).recall:
            own = stored.filter((pl.col("rule_id") == rule_id) & (pl.col("attribute") == target.name))
            offered = pl.concat([offered, _left_behind(own, mv_ids, compiled, facts)])
        parts.append(offered.with_columns(rank=pl.lit(rank, dtype=pl.Int64), single=pl.lit(not target.multivalued)))
    offered = pl.concat(parts)
    strongest = offered.filter(pl.col("rank") == pl.col("rank").min().over("source_id", "attribute"))
    # A single-valued attribute takes one target; the smallest id, so that no order of rows can show.
    first = pl.col("target_id") == pl.col("target_id").min().over("source_id", "attribute")
    return strongest.filter(~pl.col("single") | first).select(list(_MV_EDGE)).unique(_KEY, maintain_order=True)


def _left_behind(stored: pl.DataFrame, mv_ids: pl.Series, compiled: CompiledRule, facts: Facts) -> pl.DataFrame:
    """A rule's edges on metaverse objects that its connector left without taking its values along (§4.11)."""
    linked = facts.links_of(compiled.rule.connector, mv_ids).filter(
        pl.col("object_type") == compiled.rule.connector_type
    )
    return stored.filter(~pl.col("source_id").is_in(linked["mv_id"].implode())).select(list(_MV_EDGE))


def _scopes(
    edges: pl.DataFrame, scoped: list[CompiledRule], rules: CompiledRules, facts: Facts
) -> dict[str, pl.Series]:
    """Per rule with a scope the source objects in scope, judged on their synchronized images."""
    result = {compiled.rule.name: pl.Series("id", [], dtype=pl.Int64) for compiled in scoped}
    pairs = {(compiled.rule.connector, compiled.rule.connector_type) for compiled in scoped}
    concerned = [
        edges.filter((pl.col("connector") == connector) & (pl.col("object_type") == kind))["cs_id"]
        for connector, kind in sorted(pairs)
    ]
    if not concerned:
        return result
    for connector, kind, group in by_type(facts.objects(pl.concat(concerned).unique().alias("id"))):
        judges = [c for c in scoped if (c.rule.connector, c.rule.connector_type) == (connector, kind)]
        reads = frozenset[str]().union(*(compiled.reads for compiled in judges))
        images = image(group, rules.connector(connector).schema[kind], reads, facts, pending=False)
        for compiled in judges:
            result[compiled.rule.name] = images.filter(compiled.in_scope)["id"]
    return result


def flow_references(mv_ids: pl.Series, connector: str, rules: CompiledRules, facts: Facts) -> ReferencePlan:
    """All pending edges of one connector space for the metaverse objects' connectors there.

    Desired edges against those that the connected data source should have by now: synchronized or imported ones, then
    what was exported. Only attributes for which an outbound rule in scope has a flow are flowed; what is pending
    elsewhere is no longer wanted.
    """
    objects = _sources(facts.links_of(connector, mv_ids), rules)
    governed = _governed(objects, rules, facts)
    ids = objects["id"]
    return _flowed(objects, governed, facts.desired_edges(ids), facts.edges_of(ids), facts.export_edges_of(ids))


def flow_references_between(pairs: pl.DataFrame, rules: CompiledRules, facts: Facts) -> ReferencePlan:
    """As ``flow_references``, for the edges between pairs (``PAIRS``) of objects only, of any connector spaces."""
    objects = _sources(facts.linked(sources_of(pairs)), rules)
    governed = _governed(objects, rules, facts)
    flowing = pairs.join(governed, on="source_id")
    there = flowing.select(_KEY).unique()
    return _flowed(
        objects,
        governed,
        facts.desired_edges(flowing.select("source_id", pl.col("flows_from").alias("attribute"), "target_id")),
        facts.edges_of(there),
        facts.export_edges_of(there),
    )


def _flowed(
    objects: pl.DataFrame,
    governed: pl.DataFrame,
    wanted: pl.DataFrame,
    stored: pl.DataFrame,
    exported: pl.DataFrame,
) -> ReferencePlan:
    """``wanted``: ``DESIRED_EDGES``; ``stored``: ``STORED_EDGES``; ``exported``: ``EXPORT_EDGES``; of one extent."""
    desired = _desired(wanted, governed)
    has = _sent(stored, exported).join(governed, on=["source_id", "attribute"], how="semi")
    waiting = exported.filter(pl.col("state") == "pending")  # also by rules that no longer apply
    to_add, to_remove = desired.join(has, on=_KEY, how="anti"), has.join(desired, on=_KEY, how="anti")
    should = pl.concat([_as(to_add, "add"), _as(to_remove, "delete")])
    added = should.join(waiting, on=[*_KEY, "operation"], how="anti").with_columns(state=pl.lit("pending")).sort(_KEY)
    obsolete = waiting.join(should, on=[*_KEY, "operation"], how="anti").select(_KEY)
    removed = obsolete.join(added, on=_KEY, how="anti").sort(_KEY)
    listed = added.join(objects.select("connector", source_id="id"), on="source_id", maintain_order="left")
    return ReferencePlan(
        mv_added=pl.DataFrame(schema=_MV_EDGE),
        mv_removed=EDGES.empty(),
        exports_added=added,
        exports_removed=removed,
        counts=_counts(objects, added, removed),
        guard=_guard(listed),
        changes=_listed(listed.sort("operation", maintain_order=True), pl.col("connector")),
    )


def _flowing(rules: CompiledRules) -> list[tuple[CompiledRule, str, Attribute]]:
    """(rule, metaverse attribute, target attribute) of outbound reference flows."""
    return [
        (
            compiled,
            str(flow.source),
            rules.connector(compiled.rule.connector).schema[compiled.rule.connector_type][flow.target],
        )
        for compiled in rules.outbound
        for flow in compiled.reference_flows
    ]


def _desired(wanted: pl.DataFrame, governed: pl.DataFrame) -> pl.DataFrame:
    """Metaverse edges under the names of the target's attributes.

    A target with two connectors would give two edges; both are wanted until rules can choose.
    """
    edges = wanted.select("source_id", flows_from="attribute", target_id="target_id")
    flowing = edges.join(governed, on=["source_id", "flows_from"])
    return flowing.select(_KEY).unique().sort(_KEY)


def _sources(linked: pl.DataFrame, rules: CompiledRules) -> pl.DataFrame:
    """Of ``LINKED_OBJECT`` rows those of types with reference flows that stay in their connector space."""
    kinds = sorted({(compiled.rule.connector, compiled.rule.connector_type) for compiled, _, _ in _flowing(rules)})
    flows = [(pl.col("connector") == connector) & (pl.col("object_type") == kind) for connector, kind in kinds]
    return linked.filter(
        pl.any_horizontal(pl.lit(value=False), *flows)
        & (pl.col("import_operation") != "delete").fill_null(value=True)
        & (pl.col("export_operation") != "delete").fill_null(value=True)
    )


def _governed(objects: pl.DataFrame, rules: CompiledRules, facts: Facts) -> pl.DataFrame:
    """(source_id, attribute, flows_from): edges that outbound rules in scope decide about."""
    parts = [pl.DataFrame(schema={"source_id": pl.Int64, "attribute": pl.String, "flows_from": pl.String})]
    for compiled, source, target in _flowing(rules):
        mine = objects.filter(
            (pl.col("connector") == compiled.rule.connector) & (pl.col("object_type") == compiled.rule.connector_type)
        )
        if mine.is_empty():
            continue
        if compiled.scope is not None:
            metaverse = facts.metaverse(mine["mv_id"].unique().alias("id"))
            in_scope = _metaverse_in_scope(compiled, compiled.scope, metaverse, rules)
            mine = mine.filter(pl.col("mv_id").is_in(in_scope.implode()))
        parts.append(mine.select(source_id="id", attribute=pl.lit(target.name), flows_from=pl.lit(source)))
    return pl.concat(parts).unique()


def _metaverse_in_scope(
    compiled: CompiledRule, scope: pl.Expr, metaverse: pl.DataFrame, rules: CompiledRules
) -> pl.Series:
    typed = metaverse.filter(pl.col("object_type") == compiled.rule.metaverse_type)
    wanted = [a for a in rules.metaverse_type(compiled.rule.metaverse_type).values if a.name in compiled.reads]
    wide = typed.with_columns(pl.lit(None, dtype=pl.String).alias(column("dn")))
    if wanted:
        wide = wide.hstack(columns(typed["attributes"], wanted, prefix=PREFIX))
    return wide.filter(scope)["id"]


def _sent(stored: pl.DataFrame, exported: pl.DataFrame) -> pl.DataFrame:
    """Edges that the connected data source should have by now: as last imported, then what was exported."""
    imported = stored.filter(pl.col("layer") != "delete").select(_KEY)
    unconfirmed = exported.filter(pl.col("state") == "unconfirmed")
    gone = unconfirmed.filter(pl.col("operation") == "delete")
    new = unconfirmed.filter(pl.col("operation") == "add").select(_KEY)
    return pl.concat([imported.join(gone, on=_KEY, how="anti"), new]).unique()


def _counts(objects: pl.DataFrame, added: pl.DataFrame, removed: pl.DataFrame) -> dict[tuple[Counter, str | None], int]:
    """Connectors whose references change; one that also changes otherwise is counted there."""
    changed = pl.concat([added["source_id"], removed["source_id"]])
    quiet = objects.filter(pl.col("export_operation").is_null() & pl.col("id").is_in(changed.implode()))
    return {(Counter.CONNECTOR_FLOW, connector): number for connector, number in _by_connector(quiet)}


def _guard(listed: pl.DataFrame) -> dict[tuple[str, ChangeKind], int]:
    removals = listed.filter(pl.col("operation") == "delete")
    return {(connector, ChangeKind.REMOVED): number for connector, number in _by_connector(removals)}


def _by_connector(rows: pl.DataFrame) -> list[tuple[str, int]]:
    if rows.is_empty():
        return []
    return rows.group_by("connector").len().sort("connector").rows()


def _as(edges: pl.DataFrame, operation: str) -> pl.DataFrame:
    return edges.select(*_KEY, operation=pl.lit(operation))


def _listed(edges: pl.DataFrame, space: pl.Expr) -> pl.DataFrame:
    """``edges``: ``EDGES`` and ``operation``."""
    if edges.is_empty():
        return CHANGES.empty()
    target = pl.format("#{}", "target_id")
    return edges.select(
        space=space,
        object_id="source_id",
        object_type=pl.lit(""),
        change=pl.lit("update"),
        attribute="attribute",
        before=pl.when(pl.col("operation") == "delete").then(target),
        after=pl.when(pl.col("operation") == "add").then(target),
        rule=_NO_TEXT,
    ).pipe(CHANGES.check)
