"""Counters of a synchronization step, and the numbers that the guard judges (engine specification §4.14, §5.8)."""

from __future__ import annotations

from collections import Counter as Tally
from typing import TYPE_CHECKING

import polars as pl

from unisono.engine.linking import FILTERED, GONE, JOINED, KEPT, PROJECTED, REMAINS
from unisono.engine.outflow import NOTHING
from unisono.model.guard import ChangeKind
from unisono.model.plan import METAVERSE, GuardCounts, SyncPlan
from unisono.model.runs import Counter

if TYPE_CHECKING:
    from unisono.engine.planning import TypeResult

Counts = dict[tuple[Counter, str | None], int]


def count(objects: pl.DataFrame, deleted: pl.Series, results: list[TypeResult], leaving: pl.DataFrame) -> Counts:
    """Inbound counters have no target; outbound ones name the target connector. Zeros are left out."""
    tally: Tally[tuple[Counter, str | None]] = Tally()
    changed = pl.concat(
        [pl.Series("id", [], dtype=pl.Int64)] + [result.resolved.values.filter("changed")["id"] for result in results]
    )
    for name, number in _inbound(objects, deleted, changed):
        tally[Counter(name), None] += number
    for result in results:
        for one in result.outbound:
            target = one.target[0]
            flowing = one.created.filter(pl.col("pending_export") != NOTHING).height
            tally[Counter.PROVISIONED_ADD_FLOW, target] += flowing
            tally[Counter.PROVISIONED_ADD_NO_FLOW, target] += one.created.height - flowing
            renames = one.exports.filter(_newly_renamed())
            with_flow = renames.filter(pl.col("document").is_not_null()).height
            tally[Counter.PROVISIONED_RENAME_FLOW, target] += with_flow
            tally[Counter.PROVISIONED_RENAME_NO_FLOW, target] += renames.height - with_flow
            flows = one.exports.filter(pl.col("differs") & pl.col("operation").is_not_null()).height
            tally[Counter.CONNECTOR_FLOW, target] += flows
            tally[Counter.CONNECTOR_NO_FLOW, target] += one.exports.height - flows
    for connector, number in leaving.group_by("connector").len().iter_rows():
        tally[Counter.PROVISIONED_DISCONNECT, connector] += number
    return {key: number for key, number in sorted(tally.items(), key=str) if number}


def _newly_renamed() -> pl.Expr:
    return pl.col("rename").is_not_null() & pl.col("rename").ne_missing(pl.col("new_dn"))


def _inbound(objects: pl.DataFrame, deleted: pl.Series, changed: pl.Series) -> list[tuple[str, int]]:
    """(counter, number): exactly one counter per processed object, none for absorbed or plainly vanished ones."""
    event = pl.col("event")
    flow = pl.when(pl.col("mv_id").is_in(changed.implode())).then(pl.lit("flow")).otherwise(pl.lit("no-flow"))
    fate = pl.when(pl.col("old_mv_id").is_in(deleted.implode())).then(pl.lit("remove-mv")).otherwise(pl.lit("leave-mv"))
    was_connector = pl.col("old_mv_id").is_not_null()
    counter = (
        pl.when("failed")
        .then(pl.lit("flow-failure"))
        .when(pl.col("retyped") & was_connector)
        .then(pl.lit("connector-delete-add-processed"))
        .when((event == GONE) & was_connector)
        .then(pl.concat_str(pl.lit("connector-delete-"), fate))
        .when((event == FILTERED) & was_connector)
        .then(pl.concat_str(pl.lit("connector-filtered-"), fate))
        .when(event == FILTERED)
        .then(pl.lit("disconnector-filtered"))
        .when(event == JOINED)
        .then(pl.concat_str(pl.lit("disconnector-joined-"), flow))
        .when(event == PROJECTED)
        .then(pl.concat_str(pl.lit("disconnector-projected-"), flow))
        .when(event == KEPT)
        .then(pl.concat_str(pl.lit("connector-"), flow))
        .when(event == REMAINS)
        .then(pl.lit("disconnector-remains"))
    )
    counted = objects.select(counter=counter).drop_nulls().group_by("counter").len()
    return [(str(name), int(number)) for name, number in counted.iter_rows()]


def guard_counts(
    plan: SyncPlan, results: list[TypeResult], leaving: pl.DataFrame, objects: pl.DataFrame
) -> GuardCounts:
    """What the guard judges, per space: the metaverse, and each target connector. ``objects``: the selected ones."""
    tally: Tally[tuple[str, ChangeKind]] = Tally()
    tally[METAVERSE, ChangeKind.ADDS] = plan.mv_added.height
    tally[METAVERSE, ChangeKind.UPDATES] = plan.mv_updated.height
    tally[METAVERSE, ChangeKind.DELETES] = plan.mv_deleted.len()
    for result in results:
        tally[METAVERSE, ChangeKind.CLEARED] += _cleared(result)
        for one in result.outbound:
            target, differing = one.target[0], one.exports.filter("differs")
            updates = differing.filter(pl.col("operation") == "update")
            tally[target, ChangeKind.ADDS] += one.created.height
            tally[target, ChangeKind.UPDATES] += updates.height
            tally[target, ChangeKind.RENAMES] += differing.filter(_newly_renamed()).height
            tally[target, ChangeKind.CLEARED] += int(updates["cleared"].sum())
    deletes = leaving.filter(pl.col("action") == "delete")
    for connector, number in deletes.group_by("connector").len().iter_rows():
        tally[connector, ChangeKind.DELETES] += number
    return {key: number for key, number in sorted(tally.items()) if number and not objects.is_empty()}


def _cleared(result: TypeResult) -> int:
    """Values that metaverse objects lose without a successor."""
    before = result.resolved.before
    names = [name for name in before.columns if name.startswith("@")]
    if not names or before.is_empty():
        return 0
    after = result.resolved.values.select("id", *(pl.col(name).alias("new" + name) for name in names))
    both = before.join(after, on="id")
    lost = [(pl.col(name).is_not_null() & pl.col("new" + name).is_null()).sum().alias(name) for name in names]
    return sum(both.select(lost).row(0))
