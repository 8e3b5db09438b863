"""The synchronization step: selection, plans, references, guard; one transaction.

A plan is the same code in a transaction that is rolled back, so what is shown is what would be written.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.connectors.contract import Support
from unisono.engine.compile import CompiledRules, Traits, compile_rules
from unisono.engine.planning import plan_synchronization
from unisono.model.guard import ChangeKind, Held
from unisono.model.plan import METAVERSE, ReferencePlan, SyncPlan
from unisono.model.rules import Direction
from unisono.model.runs import Counter
from unisono.runs.apply import apply_synchronization
from unisono.runs.context import Context
from unisono.runs.relations import Relations, synchronize_references
from unisono.runs.spool import Spool
from unisono.store.contract import Selection, UnitOfWork


@dataclass(slots=True, kw_only=True)
class Synchronized:
    """What a synchronization did, or would do: sums, which grow while partitions are planned."""

    counts: Tally[tuple[Counter, str | None]] = field(default_factory=Tally)
    guard: Tally[tuple[str, ChangeKind]] = field(default_factory=Tally)
    digest: str = ""
    objects: int = 0

    def add(self, plan: SyncPlan | ReferencePlan) -> None:
        self.counts.update(plan.counts)
        self.guard.update(plan.guard)
        self.digest = hashlib.sha256((self.digest + _digest(plan)).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Where the rows go that a synchronization has to tell: ``SYNC_ERRORS``, and ``CHANGES`` where somebody wants them.

    There may be some for every object of the population.
    """

    errors: Spool
    changes: Spool | None = None

    def add(self, plan: SyncPlan | ReferencePlan) -> None:
        self.errors.add(plan.errors)
        if self.changes is not None:
            self.changes.add(plan.changes)


def _digest(plan: SyncPlan | ReferencePlan) -> str:
    """A hash over everything that a plan writes but run ids, in the plan's fixed order."""
    if isinstance(plan, SyncPlan):
        frames = [
            plan.links,
            plan.mv_added.drop("lineage"),
            plan.mv_updated.drop("lineage"),
            plan.mv_deleted.to_frame("id"),
            plan.provisioned,
            plan.exports,
            plan.removed.to_frame("id"),
        ]
    else:
        frames = [plan.mv_added.drop("run_id"), plan.mv_removed, plan.exports_added, plan.exports_removed]
    hashed = hashlib.sha256()
    for frame in filter(len, frames):
        hashed.update(array("Q", frame.hash_rows(seed=0).to_list()).tobytes())
    return hashed.hexdigest()


def compile_for(context: Context, unit: UnitOfWork) -> CompiledRules:
    """The project's rules, compiled for now and with the store's rule ids."""
    names = [rule.name for rule in context.project.rules]
    traits = {
        name: Traits(
            dn_style=live.connector.capabilities.dn_style,
            renames=live.connector.capabilities.rename in (Support.FULL, Support.PARTIAL),
            naming=live.naming,
        )
        for name, live in context.connectors.items()
    }
    return compile_rules(context.project, context.environment(), traits, unit.rule_ids(names))


def synchronize(
    unit: UnitOfWork,
    connector: str,
    *,
    full: bool,
    rules: CompiledRules,
    run_id: int,
    context: Context,
    listed: Listed,
) -> Synchronized:
    """Synchronize a connector's objects inside a unit of work: regular objects, pending deletes, then references.

    Errors, and changes in the order in which they are planned, are added to ``listed``.
    """
    done = Synchronized()
    relations = Relations(full=full)
    first = Selection.FULL if full else Selection.DELTA
    for selection in (first, Selection.DELETES):
        after: str | None = None
        while True:
            selected = unit.selection(connector, selection, after, context.partition_objects)
            if selected.is_empty():
                break
            after = selected["anchor"][-1]
            _synchronize_partition(selected, unit, full, rules, run_id, done, relations, listed)
            done.objects += selected.height
            context.reporter.advance(selected.height, "objects synchronized")
    for plan in synchronize_references(relations, connector, rules, unit, run_id, context.partition_objects):
        done.add(plan)
        listed.add(plan)
    return done


def synchronize_by_hand(
    unit: UnitOfWork, by_hand: pl.DataFrame, *, rules: CompiledRules, run_id: int, context: Context, listed: Listed
) -> Synchronized:
    """Join or disconnect objects of one connector as ``by_hand`` (``BY_HAND``) says, with all that follows from it.

    The objects are synchronized as in a full synchronization, and so are all references of and to them.
    """
    done = Synchronized()
    relations = Relations(full=True)
    selected = unit.objects(by_hand["id"]).sort("anchor", "id")
    _synchronize_partition(selected, unit, True, rules, run_id, done, relations, listed, by_hand)  # noqa: FBT003 - full
    done.objects = selected.height
    connector = str(selected["connector"][0])
    for plan in synchronize_references(relations, connector, rules, unit, run_id, context.partition_objects):
        done.add(plan)
        listed.add(plan)
    return done


def _synchronize_partition(
    selected: pl.DataFrame,
    unit: UnitOfWork,
    full: bool,  # noqa: FBT001  # handed on from a keyword
    rules: CompiledRules,
    run_id: int,
    done: Synchronized,
    relations: Relations,
    listed: Listed,
    by_hand: pl.DataFrame | None = None,
) -> None:
    """Plan and apply a selection, then what it deferred, until nothing is deferred."""
    while not selected.is_empty():
        detail = listed.changes is not None
        plan = plan_synchronization(
            selected,
            full=full,
            rules=rules,
            facts=unit,
            ids=unit.allocate,
            run_id=run_id,
            detail=detail,
            by_hand=by_hand,
        )
        relations.add(plan, unit)
        apply_synchronization(plan, unit, run_id)
        done.add(plan)
        listed.add(plan)
        if plan.deferred.is_empty():
            return
        selected = unit.objects(plan.deferred).sort("anchor")


def populations(unit: UnitOfWork, context: Context) -> dict[str, int]:
    """How many objects each space has; asked before anything is planned."""
    sizes = {name: unit.population(name) for name in context.connectors}
    return {**sizes, METAVERSE: unit.metaverse_population()}


def judge(
    guard: Mapping[tuple[str, ChangeKind], int], source: str, population: Mapping[str, int], context: Context
) -> tuple[Held, ...]:
    """What the guard holds: the metaverse by the source's limits, each target by its own."""
    held: list[Held] = []
    for space in sorted({space for space, _ in guard}):
        definition = context.project.connector(source if space == METAVERSE else space)
        if definition is None:
            continue
        counts = {kind: number for (where, kind), number in guard.items() if where == space}
        held += definition.guard.judge(space, counts, population.get(space, 0))
    return tuple(held)


def outbound_connectors(context: Context) -> set[str]:
    """Connectors that some outbound rule writes to."""
    return {rule.connector for rule in context.project.rules if rule.direction is Direction.OUTBOUND and rule.enabled}
