"""Planning a synchronization: the steps of the engine, put together for one selection of objects.

    link        the selected objects: filter, cut, join, project
    gather      their metaverse objects, and all other connectors of those
    delete      metaverse objects that lost their last or their deciding link
    contribute  and resolve: new metaverse values with lineage
    outbound    per target: provision, deprovision, outflow
    claims      new objects get their names, in turn
    assemble    everything into one ``SyncPlan``, without the objects that failed

References come in a phase of their own (``references``), when all links of the step are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from unisono.engine.assemble import assemble
from unisono.engine.claims import settle_claims
from unisono.engine.clashes import clashing
from unisono.engine.compile import CompiledRules
from unisono.engine.contribute import AMBIGUOUS, NumberedFlow, ambiguous, contribute, number_flows
from unisono.engine.deletion import deprovision, to_delete
from unisono.engine.equal import Said, last_words
from unisono.engine.facts import Facts, Ids
from unisono.engine.images import by_type, image
from unisono.engine.linking import CUT, FILTERED, GONE, Linking, link, refuse_second_connectors
from unisono.engine.outbound import Outbound, outbound
from unisono.engine.resolve import Resolved, resolve
from unisono.model.frames import CS_OBJECT, MV_OBJECT
from unisono.model.plan import SyncPlan

#: Provisioning may cut a connector whose values then leave the metaverse, which may change provisioning again.
CALL_LIMIT = 10
_ERRORS = {"mv_id": pl.Int64, "code": pl.String, "attribute": pl.String, "rule": pl.String, "message": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeResult:
    """Everything decided for the metaverse objects of one type. ``errors``: (mv_id, code, attribute, rule, message,
    algorithm_step, target)."""

    metaverse_type: str
    resolved: Resolved
    outbound: list[Outbound]
    errors: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """All decisions about one selection, before they become a plan. ``metaverse``: ``MV_OBJECT`` and ``is_new``."""

    linking: Linking
    metaverse: pl.DataFrame
    others: pl.DataFrame  # CS_OBJECT: connectors that were not selected
    deleted: pl.Series  # metaverse ids
    deprovisioned: pl.DataFrame  # connectors of deleted metaverse objects
    types: list[TypeResult]
    full: bool


def plan_synchronization(
    selected: pl.DataFrame,
    *,
    full: bool,
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
    run_id: int,
    detail: bool,
    by_hand: pl.DataFrame | None = None,
) -> SyncPlan:
    """What synchronizing the selected objects would write.

    ``selected``: ``CS_OBJECT`` rows of one connector in the order of anchors. ``full``: evaluate all outbound rules,
    also where the metaverse does not change. ``detail``: also list every change for people. ``by_hand``: ``BY_HAND`` of
    those whose links an operator decides. An empty selection gives an empty plan.
    """
    if selected.is_empty():
        return SyncPlan()
    decisions = decide(selected, full=full, rules=rules, facts=facts, ids=ids, run_id=run_id, by_hand=by_hand)
    return assemble(decisions, rules, detail=detail)


def decide(
    selected: pl.DataFrame,
    *,
    full: bool,
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
    run_id: int,
    by_hand: pl.DataFrame | None = None,
) -> Decisions:
    """All decisions of ``plan_synchronization``; preview shows them step by step."""
    decisions = _decide(selected, full=full, rules=rules, facts=facts, ids=ids, run_id=run_id, by_hand=by_hand)
    waiting = clashing(decisions, selected, rules, facts)
    if waiting.len() == decisions.linking.deferred.len():
        return decisions
    # The first object never waits, so somebody is left to decide.
    rest = selected.filter(~pl.col("id").is_in(waiting.implode()))
    again = _decide(rest, full=full, rules=rules, facts=facts, ids=ids, run_id=run_id, by_hand=by_hand)
    return replace(again, linking=replace(again.linking, deferred=waiting))


def _decide(
    selected: pl.DataFrame,
    *,
    full: bool,
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
    run_id: int,
    by_hand: pl.DataFrame | None,
) -> Decisions:
    linking = link(selected, rules, facts, ids, by_hand)
    metaverse = _metaverse(linking.objects, facts)
    others = facts.connectors_of(metaverse.filter(~pl.col("is_new"))["id"], besides=selected["id"]).sort("id")
    linking = refuse_second_connectors(linking, others, rules)
    objects = linking.objects
    metaverse = metaverse.filter(pl.col("id").is_in(_touched(objects).implode()))  # who is refused touches nothing
    others = others.filter(pl.col("mv_id").is_in(metaverse["id"].implode()))
    by_operator = pl.col("event") == CUT
    cut = objects.filter(_cut() | by_operator).select("connector", mv_id="old_mv_id", by_operator=by_operator)
    remaining = pl.concat(
        [others.select("connector", "mv_id"), objects.drop_nulls("mv_id").select("connector", "mv_id")]
    )
    deleted = to_delete(cut, remaining, metaverse.select("id", "object_type"), rules)
    doomed = pl.col("mv_id").is_in(deleted.implode())
    selected_linked = _as_linked(selected, objects)
    living = metaverse.filter(~pl.col("id").is_in(deleted.implode()))
    source = str(selected["connector"][0])
    former = _former(selected, linking, rules, facts)
    types = [
        _decide_type(
            str(metaverse_type),
            group,
            others.filter(~doomed),
            linking,
            selected_linked.filter(~doomed),
            _Scope(full=full, source=source, run_id=run_id, former=former),
            rules,
            facts,
            ids,
        )
        for (metaverse_type,), group in sorted(living.partition_by("object_type", as_dict=True).items())
    ]
    condemned = deprovision(pl.concat([others.filter(doomed), selected_linked.filter(doomed)]), rules)
    return Decisions(
        linking=linking,
        metaverse=metaverse,
        others=others,
        deleted=deleted,
        deprovisioned=condemned,
        types=settle_claims(types, linking, condemned),
        full=full,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    full: bool
    source: str  # the connector whose objects were selected
    run_id: int
    former: dict[tuple[str, str], pl.DataFrame]  # selected connectors as last synchronized, for equal precedence


def _cut() -> pl.Expr:
    """Objects whose link from before is gone, whether or not they have a new one."""
    lost = pl.col("event").is_in([GONE, FILTERED]) | pl.col("retyped")
    return pl.col("old_mv_id").is_not_null() & lost


def _metaverse(objects: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """``MV_OBJECT`` and ``is_new`` of every metaverse object that the selection touches, in the order of its objects.

    Where metaverse objects want the same thing, such as a name, the first one gets it.
    """
    projected = objects.filter(pl.col("metaverse_type").is_not_null()).select(
        id="mv_id",
        object_type="metaverse_type",
        attributes=pl.lit("{}"),
        lineage=pl.lit("{}"),
        is_new=pl.lit(value=True),
    )
    touched = _touched(objects)
    existing = facts.metaverse(touched.filter(~touched.is_in(projected["id"].implode())).alias("id"))
    both = pl.concat([MV_OBJECT.check(existing).with_columns(is_new=pl.lit(value=False)), projected])
    position = (
        objects.select("mv_id", "old_mv_id").with_row_index("position").unpivot(index="position", value_name="id")
    )
    first = position.drop_nulls("id").group_by("id").agg(pl.col("position").min())
    return both.join(first, on="id").sort("position").drop("position")


def _touched(objects: pl.DataFrame) -> pl.Series:
    """Metaverse objects to which the objects lead, or led."""
    return pl.concat([objects["mv_id"], objects["old_mv_id"]]).drop_nulls().unique()


def _as_linked(selected: pl.DataFrame, objects: pl.DataFrame) -> pl.DataFrame:
    """The selected objects that are connectors now, as ``CS_OBJECT`` rows with their new link."""
    now = objects.drop_nulls("mv_id").select("id", "mv_id", "link_kind", "link_rule", "state")
    return (
        selected.drop("mv_id", "link_kind", "link_rule", "state")
        .join(now, on="id", maintain_order="left")
        .select(list(CS_OBJECT.columns))
    )


def _decide_type(
    metaverse_type: str,
    current: pl.DataFrame,
    others: pl.DataFrame,
    linking: Linking,
    selected_linked: pl.DataFrame,
    scope: _Scope,
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
) -> TypeResult:
    """Resolve and flow out, again when deprovisioning took a contributor away, until nothing changes any more."""
    flows = number_flows(rules, metaverse_type)
    here = pl.col("mv_id").is_in(current["id"].implode())
    others, selected_linked = others.filter(here), selected_linked.filter(here)
    excluded, standing = pl.Series("id", [], dtype=pl.Int64), current
    failures: list[pl.DataFrame] = []  # of all rounds: a mistake stays one when its object is deprovisioned for it
    for _ in range(CALL_LIMIT):
        contributions, errors = _contributions(metaverse_type, others, linking, current, excluded, flows, rules, facts)
        words = _last_words(metaverse_type, current, others, linking, excluded, flows, scope, rules, facts)
        resolved = resolve(
            current, contributions, flows, rules.metaverse_type(metaverse_type), rules, scope.run_id, standing, words
        )
        targets = _outbound(
            metaverse_type, resolved, others, selected_linked, linking, excluded, scope, rules, facts, ids
        )
        failures += _failures(errors, targets)
        lost = _lost_contributors(targets, metaverse_type, rules)
        if lost.is_in(excluded.implode()).all():
            break
        excluded = pl.concat([excluded, lost]).unique()
        standing = resolved.values
    else:
        failures += _failures(_unstable(lost, others, selected_linked), [])
    return TypeResult(metaverse_type=metaverse_type, resolved=resolved, outbound=targets, errors=pl.concat(failures))


def _failures(inbound: pl.DataFrame, targets: list[Outbound]) -> list[pl.DataFrame]:
    """Errors with the algorithm step and the target where they happened."""
    nowhere = pl.lit(None, dtype=pl.String)
    return [
        inbound.with_columns(algorithm_step=pl.lit("import-flow"), target=nowhere),
        *(
            result.errors.with_columns(algorithm_step=_outbound_step(), target=pl.lit(result.target[0]))
            for result in targets
        ),
    ]


def _outbound_step() -> pl.Expr:
    provisioning = pl.col("code") == "sync-rule-flow-provisioning-failed"
    return pl.when(provisioning).then(pl.lit("provisioning")).otherwise(pl.lit("export-flow"))


def _contributions(
    metaverse_type: str,
    others: pl.DataFrame,
    linking: Linking,
    current: pl.DataFrame,
    excluded: pl.Series,
    flows: list[NumberedFlow],
    rules: CompiledRules,
    facts: Facts,
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """One frame per contributing (connector, object type), and the errors (mv_id, code, attribute, rule, message)."""
    frames: list[pl.DataFrame] = []
    errors = [pl.DataFrame(schema=_ERRORS)]
    pairs = sorted({(n.flow.rule.connector, n.flow.rule.connector_type) for n in flows})
    mine = pl.col("mv_id").is_in(current["id"].implode()) & ~pl.col("id").is_in(excluded.implode())
    other_groups = {(connector, kind): group for connector, kind, group in by_type(others)}
    per_connector: dict[str, list[pl.DataFrame]] = {}
    for connector, kind in pairs:
        own = [n for n in flows if (n.flow.rule.connector, n.flow.rule.connector_type) == (connector, kind)]
        reads = frozenset[str]().union(*(c.reads for c in rules.inbound_of(connector, kind, metaverse_type)))
        object_type = rules.connector(connector).schema[kind]
        parts = []
        if (connector, kind) in other_groups:
            unselected = other_groups[connector, kind].filter(mine)
            parts.append(contribute(image(unselected, object_type, reads, facts, pending=False), own))
        if (connector, kind) in linking.images:
            parts.append(contribute(linking.images[connector, kind].filter(mine), own))
        if not parts:
            continue
        contribution = pl.concat(parts)
        errors.append(_flow_errors(contribution, own))
        per_connector.setdefault(connector, []).append(contribution.select("mv_id", "id"))
        frames.append(contribution.unique("mv_id", keep="first", maintain_order=True))
    for connector, linked in per_connector.items():
        errors.append(_ambiguity_errors(connector, ambiguous(pl.concat(linked))))
    return frames, pl.concat(errors)


def _former(
    selected: pl.DataFrame, linking: Linking, rules: CompiledRules, facts: Facts
) -> dict[tuple[str, str], pl.DataFrame]:
    """The selected objects that were connectors, as last synchronized, where that matters."""
    if not rules.project.metaverse.equal:
        return {}
    were = selected.filter(pl.col("mv_id").is_not_null() & pl.col("id").is_in(linking.objects["id"].implode()))
    return {
        (connector, kind): _synchronized(connector, kind, group, rules, facts)
        for connector, kind, group in by_type(were)
    }


def _synchronized(connector: str, kind: str, objects: pl.DataFrame, rules: CompiledRules, facts: Facts) -> pl.DataFrame:
    reads = frozenset[str]().union(*(compiled.reads for compiled in rules.inbound_of(connector, kind)))
    return image(objects, rules.connector(connector).schema[kind], reads, facts, pending=False)


def _last_words(
    metaverse_type: str,
    current: pl.DataFrame,
    others: pl.DataFrame,
    linking: Linking,
    excluded: pl.Series,
    flows: list[NumberedFlow],
    scope: _Scope,
    rules: CompiledRules,
    facts: Facts,
) -> pl.DataFrame | None:
    """What the selected objects changed, and what those took along that were deprovisioned on the way."""
    object_type = rules.metaverse_type(metaverse_type)
    equals = [a for a in object_type.values if (metaverse_type, a.name) in rules.project.metaverse.equal]
    if not equals:
        return None
    names = {attribute.name for attribute in equals}
    is_excluded = pl.col("id").is_in(excluded.implode())
    here = pl.col("mv_id").is_in(current["id"].implode())
    lost = {
        (connector, kind): _synchronized(connector, kind, group, rules, facts)
        for connector, kind, group in by_type(others.filter(is_excluded))
    }

    def said(images: dict[tuple[str, str], pl.DataFrame], chosen: pl.Expr) -> list[Said]:
        found = []
        for (connector, kind), frame in sorted(images.items()):
            own = [n for n in flows if n.flow.target.name in names and n.flow.rule.connector == connector]
            own = [n for n in own if n.flow.rule.connector_type == kind]
            if own:
                found.append(Said(flows=own, contributions=contribute(frame.filter(chosen), own)))
        return found

    order = linking.objects.select("id").with_row_index("place")
    before = said(scope.former, here) + said(lost, here)
    return last_words(before, said(linking.images, here & ~is_excluded), order, equals, rules.rule_ids)


def _flow_errors(contribution: pl.DataFrame, flows: list[NumberedFlow]) -> pl.DataFrame:
    parts = [
        contribution.filter(pl.col(n.error).is_not_null()).select(
            "mv_id",
            code=pl.lit(n.flow.error_code),
            attribute=pl.lit(n.flow.target.name),
            rule=pl.lit(n.flow.rule.name),
            message=pl.col(n.error),
        )
        for n in flows
        if n.flow.error is not None
    ]
    return pl.concat([pl.DataFrame(schema=_ERRORS), *parts])


def _ambiguity_errors(connector: str, mv_ids: pl.Series) -> pl.DataFrame:
    return mv_ids.to_frame("mv_id").select(
        "mv_id",
        code=pl.lit(AMBIGUOUS),
        attribute=pl.lit(None, dtype=pl.String),
        rule=pl.lit(None, dtype=pl.String),
        message=pl.lit(f"several objects of {connector} are joined to the same metaverse object"),
    )


def _outbound(
    metaverse_type: str,
    resolved: Resolved,
    others: pl.DataFrame,
    selected_linked: pl.DataFrame,
    linking: Linking,
    excluded: pl.Series,
    scope: _Scope,
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
) -> list[Outbound]:
    """All targets for metaverse objects that changed; for the others only the source connector's own flows, which
    revert changes made behind our back (engine specification §4.2, reassert). A target for none of them is left out."""
    relinked = linking.objects.filter(pl.col("old_mv_id").ne_missing(pl.col("mv_id")) | pl.col("retyped"))
    again = linking.objects.filter("reevaluate")["mv_id"]
    released = linking.objects.filter("released")["old_mv_id"]
    affected = pl.concat([relinked["mv_id"], relinked["old_mv_id"], again]).drop_nulls()
    everywhere = pl.lit(scope.full) | pl.col("changed") | pl.col("id").is_in(affected.implode())
    connectors = pl.concat([others, selected_linked]).sort("id")
    results = []
    for target in rules.targets_of(metaverse_type):
        images = resolved.values if target[0] == scope.source else resolved.values.filter(everywhere)
        if target[0] == scope.source and released.len():  # nobody gets at once what an operator takes away
            images = images.filter(~pl.col("id").is_in(released.implode()))
        if images.is_empty():
            continue
        linked = connectors.filter(
            (pl.col("connector") == target[0])
            & (pl.col("object_type") == target[1])
            & pl.col("mv_id").is_in(images["id"].implode())
        )
        results.append(outbound(images, resolved.before, linked, excluded, target, metaverse_type, rules, facts, ids))
    return results


def _lost_contributors(targets: list[Outbound], metaverse_type: str, rules: CompiledRules) -> pl.Series:
    """Deprovisioned objects whose connector takes its values along."""
    lost = [
        result.deprovisioned["id"]
        for result in targets
        if any(compiled.contributes for compiled in rules.inbound_of(*result.target, metaverse_type))
    ]
    return pl.concat([pl.Series("id", [], dtype=pl.Int64), *lost])


def _unstable(lost: pl.Series, others: pl.DataFrame, selected_linked: pl.DataFrame) -> pl.DataFrame:
    """Metaverse objects whose provisioning did not come to rest (engine specification §5.12)."""
    linked = pl.concat([others.select("id", "mv_id"), selected_linked.select("id", "mv_id")])
    return linked.filter(pl.col("id").is_in(lost.implode())).select(
        "mv_id",
        code=pl.lit("extension-provisioning-call-limit-reached"),
        attribute=pl.lit(None, dtype=pl.String),
        rule=pl.lit(None, dtype=pl.String),
        message=pl.lit("provisioning and deprovisioning undo each other through recalled values"),
    )


__all__ = ["CALL_LIMIT", "Decisions", "TypeResult", "decide", "plan_synchronization"]
