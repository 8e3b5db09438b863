"""Decisions become a plan: frames to write, counters, guard counts; what failed leaves it with all its consequences.

The unit of failure is the metaverse object: when anything about it fails, nothing of it is written, and each selected
object that leads to it gets the error, keeps its pending import and is tried again (engine specification §4.1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from unisono.engine.changes import list_changes
from unisono.engine.compile import CompiledRules, comparison_keys
from unisono.engine.compile_flow import column
from unisono.engine.contribute import AMBIGUOUS
from unisono.engine.counting import count, guard_counts
from unisono.engine.linking import CUT, FILTERED, GONE, JOINED, KEPT, REFUSED
from unisono.engine.related import pushed, relinked, touched
from unisono.model.frames import JOIN_KEYS, MV_OBJECT
from unisono.model.plan import LINKS, PENDING_EXPORTS, PROVISIONED, RENAMED_ADDS, SYNC_ERRORS, SyncPlan

if TYPE_CHECKING:
    from unisono.engine.planning import Decisions, TypeResult

_NO_IDS = pl.Series("id", [], dtype=pl.Int64)


def assemble(decisions: Decisions, rules: CompiledRules, *, detail: bool) -> SyncPlan:
    """The plan of all decisions but those about failed metaverse objects."""
    errors = pl.concat([result.errors for result in decisions.types]) if decisions.types else None
    failed = errors["mv_id"].unique() if errors is not None else _NO_IDS
    leaving = _leaving(decisions, failed)
    next_in_line = _next_in_line(decisions.linking.objects, failed, leaving)
    objects = decisions.linking.objects.filter(~pl.col("id").is_in(next_in_line.implode())).with_columns(
        failed=(pl.col("event") == REFUSED)
        | pl.col("mv_id").is_in(failed.implode()).fill_null(value=False)
        | pl.col("old_mv_id").is_in(failed.implode()).fill_null(value=False)
    )
    good = objects.filter(~pl.col("failed"))
    results = [_without(result, failed) for result in decisions.types]
    abandoned = _abandoned(decisions, results, leaving)
    deleted = decisions.deleted.filter(~decisions.deleted.is_in(failed.implode()))
    plan = SyncPlan(
        links=_links(good, leaving, results),
        promoted=_promoted(good, leaving),
        removed=pl.concat([good.filter(pl.col("event") == GONE)["id"], leaving.filter(_removed())["id"]])
        .unique()
        .sort(),
        mv_added=_metaverse(results, abandoned, new=True),
        mv_updated=_metaverse(results, abandoned, new=False),
        mv_deleted=pl.concat([deleted, _existing(abandoned, decisions)]).unique().sort(),
        join_keys_of=_join_keys_of(results, rules),
        join_keys=_join_keys(results, abandoned, rules),
        provisioned=_created(results),
        exports=_exports(good, leaving, results),
        renamed_adds=_renamed_adds(results),
        errors=_errors(objects, errors),
        deferred=pl.concat([decisions.linking.deferred, next_in_line]).sort(),
        touched=touched(objects, deleted, results, rules, full=decisions.full),
        pushed=_NO_IDS if decisions.full else pushed(good, rules),
        relinked=relinked(objects, leaving, results, rules),
    )
    return replace(
        plan,
        counts=count(objects, deleted, results, leaving),
        guard=guard_counts(plan, results, leaving, good),
        changes=list_changes(plan, good, results, leaving, decisions, rules) if detail else SyncPlan().changes,
    )


def _next_in_line(objects: pl.DataFrame, failed: pl.Series, leaving: pl.DataFrame) -> pl.Series:
    """Objects refused in favour of an earlier one which then failed or was deprovisioned; they try again, after it."""
    if not (objects["event"] == REFUSED).any():
        return _NO_IDS
    ordered = objects.with_row_index("order")
    gave_up = (pl.col("event") == JOINED) & pl.col("mv_id").is_in(failed.implode())
    left = pl.col("event").is_in([JOINED, KEPT]) & pl.col("id").is_in(leaving["id"].implode())
    favoured = ordered.filter(gave_up | left).group_by("mv_id").agg(pl.col("order").min().alias("favoured"))
    refused = ordered.filter(pl.col("event") == REFUSED).join(favoured, left_on="refused_mv_id", right_on="mv_id")
    return refused.filter(pl.col("favoured") < pl.col("order"))["id"]


def _without(result: TypeResult, failed: pl.Series) -> TypeResult:
    """The type's result without failed metaverse objects."""
    if failed.is_empty():
        return result
    alive = ~pl.col("id").is_in(failed.implode())
    linked = ~pl.col("mv_id").is_in(failed.implode())
    resolved = replace(
        result.resolved, values=result.resolved.values.filter(alive), before=result.resolved.before.filter(alive)
    )
    targets = [
        replace(
            one,
            created=one.created.filter(linked),
            joined=one.joined.filter(linked),
            deprovisioned=one.deprovisioned.filter(linked),
            exports=one.exports.filter(linked),
            renamed_adds=one.renamed_adds.filter(linked),
        )
        for one in result.outbound
    ]
    return replace(result, resolved=resolved, outbound=targets)


def _leaving(decisions: Decisions, failed: pl.Series) -> pl.DataFrame:
    """All connectors that are deprovisioned, as ``deletion.deprovision`` gives them, by id."""
    parts = [decisions.deprovisioned, *(one.deprovisioned for result in decisions.types for one in result.outbound)]
    return pl.concat(parts).filter(~pl.col("mv_id").is_in(failed.implode())).unique("id").sort("id")


def _removed() -> pl.Expr:
    return pl.col("action") == "removed"


def _links(good: pl.DataFrame, leaving: pl.DataFrame, results: list[TypeResult]) -> pl.DataFrame:
    changed = (
        pl.col("old_mv_id").ne_missing(pl.col("mv_id")) | (pl.col("state") != pl.col("old_state")) | pl.col("retyped")
    )
    own = good.filter(changed & (pl.col("event") != GONE) & ~pl.col("id").is_in(leaving["id"].implode()))
    nothing = pl.lit(None, dtype=pl.String)
    cut = leaving.filter(~_removed()).select(
        "id",
        mv_id=pl.lit(None, dtype=pl.Int64),
        # A disconnector that waits for its deletion must not be joined again by rules.
        state=pl.when(pl.col("action") == "disconnect").then(pl.lit("normal")).otherwise(pl.lit("explicit")),
        link_kind=nothing,
        link_rule=nothing,
    )
    joined = [
        one.joined.select("id", "mv_id", "state", link_kind=pl.lit("join"), link_rule="link_rule")
        for result in results
        for one in result.outbound
    ]
    return pl.concat([LINKS.check(own), LINKS.check(cut), *(LINKS.check(frame) for frame in joined)]).sort("id")


def _promoted(good: pl.DataFrame, leaving: pl.DataFrame) -> pl.Series:
    """Objects whose pending import is pushed through; those without one have nothing to push."""
    removed = leaving.filter(_removed())["id"]
    return good.filter((pl.col("event") != GONE) & pl.col("pending") & ~pl.col("id").is_in(removed.implode()))[
        "id"
    ].sort()


def _abandoned(decisions: Decisions, results: list[TypeResult], leaving: pl.DataFrame) -> pl.Series:
    """Metaverse objects that deprovisioning left without any connector: they cease to exist (§4.13)."""
    left = leaving["mv_id"].unique()
    if left.is_empty():
        return _NO_IDS
    stays = ~pl.col("id").is_in(leaving["id"].implode())
    linked = [
        decisions.others.filter(stays)["mv_id"],
        decisions.linking.objects.filter(stays)["mv_id"].drop_nulls(),
        *(one.created["mv_id"] for result in results for one in result.outbound),
        *(one.joined["mv_id"] for result in results for one in result.outbound),
    ]
    return left.filter(~left.is_in(pl.concat(linked).implode())).alias("id")


def _existing(abandoned: pl.Series, decisions: Decisions) -> pl.Series:
    existing = decisions.metaverse.filter(~pl.col("is_new"))["id"]
    return abandoned.filter(abandoned.is_in(existing.implode()))


def _metaverse(results: list[TypeResult], abandoned: pl.Series, *, new: bool) -> pl.DataFrame:
    chosen = pl.col("is_new") if new else pl.col("changed") & ~pl.col("is_new")
    parts = [
        result.resolved.values.filter(chosen & ~pl.col("id").is_in(abandoned.implode())).select(
            "id", "attributes", "lineage", object_type=pl.lit(result.metaverse_type)
        )
        for result in results
    ]
    return pl.concat([MV_OBJECT.empty(), *(MV_OBJECT.check(part) for part in parts)]).sort("id")


def join_attributes(result: TypeResult, rules: CompiledRules) -> list[str]:
    """Join attributes that the type has."""
    object_type = rules.metaverse_type(result.metaverse_type)
    return sorted(name for name in rules.join_targets if name in object_type and not object_type[name].is_reference)


def rekeyed(result: TypeResult, rules: CompiledRules) -> pl.DataFrame:
    """New metaverse objects, and those of which a join attribute changed."""
    names = join_attributes(result, rules)
    values = result.resolved.values.filter(pl.col("changed"))
    if not names or values.is_empty():
        return values.clear()
    former = result.resolved.before.select("id", *(pl.col(column(name)).alias("old@" + name) for name in names))
    differs = [pl.col(column(name)).ne_missing(pl.col("old@" + name)) for name in names]
    return values.join(former, on="id", how="left", maintain_order="left").filter(
        pl.col("is_new") | pl.any_horizontal(differs)
    )


def _join_keys_of(results: list[TypeResult], rules: CompiledRules) -> pl.Series:
    """Only objects that exist already have keys to replace; deleting an object removes its own."""
    return pl.concat([_NO_IDS, *(rekeyed(result, rules).filter(~pl.col("is_new"))["id"] for result in results)]).sort()


def _join_keys(results: list[TypeResult], abandoned: pl.Series, rules: CompiledRules) -> pl.DataFrame:
    parts = [JOIN_KEYS.empty()]
    for result in results:
        object_type = rules.metaverse_type(result.metaverse_type)
        values = rekeyed(result, rules).filter(~pl.col("id").is_in(abandoned.implode()))
        for name in join_attributes(result, rules):
            keys = values.select(
                attribute=pl.lit(name), value=comparison_keys(object_type[name], pl.col(column(name))), mv_id="id"
            )
            parts.append(keys.drop_nulls("value").explode("value"))
    return pl.concat(parts).sort("attribute", "value", "mv_id")


def _created(results: list[TypeResult]) -> pl.DataFrame:
    parts = [one.created for result in results for one in result.outbound]
    return pl.concat([PROVISIONED.empty(), *parts]).sort("id")


def _exports(good: pl.DataFrame, leaving: pl.DataFrame, results: list[TypeResult]) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    # What was to be written to an object is no longer wanted when it is no connector any more.
    was_connector = pl.col("event").is_in([FILTERED, CUT]) & pl.col("old_mv_id").is_not_null()
    dropped = good.filter(was_connector & pl.col("export_operation").is_not_null()).select(
        "id", export_operation=nothing, new_dn=nothing, pending_export=nothing
    )
    cut = leaving.filter(~_removed()).select(
        "id",
        export_operation=pl.when(pl.col("action") == "delete").then(pl.lit("delete")),
        new_dn=nothing,
        pending_export=nothing,
    )
    flows = [
        one.exports.filter("differs").select(
            "id", export_operation="operation", new_dn="rename", pending_export="document"
        )
        for result in results
        for one in result.outbound
    ]
    return pl.concat(PENDING_EXPORTS.check(frame) for frame in (dropped, cut, *flows)).sort("id")


def _renamed_adds(results: list[TypeResult]) -> pl.DataFrame:
    parts = [RENAMED_ADDS.check(one.renamed_adds) for result in results for one in result.outbound]
    return pl.concat([RENAMED_ADDS.empty(), *parts]).sort("id")


def _errors(objects: pl.DataFrame, errors: pl.DataFrame | None) -> pl.DataFrame:
    """One row per failed selected object: its refusal, or the first error of its metaverse object, new before old."""
    refused = _refusals(objects.filter(pl.col("event") == REFUSED))
    if errors is None or errors.is_empty():
        return refused
    first = errors.unique("mv_id", keep="first", maintain_order=True)
    failed = objects.filter("failed").select("id", pl.col("mv_id").alias("new_mv_id"), "old_mv_id")
    by_new = failed.join(first, left_on="new_mv_id", right_on="mv_id")
    by_old = failed.join(first, left_on="old_mv_id", right_on="mv_id")
    both = pl.concat([refused, by_new.select(_ERROR_COLUMNS), by_old.select(_ERROR_COLUMNS)])
    return SYNC_ERRORS.check(both.unique("id", keep="first", maintain_order=True)).sort("id")


def _refusals(objects: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    return objects.select(
        "id",
        code=pl.lit(AMBIGUOUS),
        algorithm_step=pl.lit("join"),
        target=nothing,
        attribute=nothing,
        rule="link_rule",
        message=pl.format(
            "another object of {} is joined to metaverse object #{} already", "connector", "refused_mv_id"
        ),
    )


_ERROR_COLUMNS = ["id", "code", "algorithm_step", "target", "attribute", "rule", "message"]
