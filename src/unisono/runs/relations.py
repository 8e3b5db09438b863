"""The reference phase of a synchronization step, when all of its links are known.

Where few references can have changed, only those are computed, so the cost is that of the changes, however large the
groups are. Otherwise, and always in a full synchronization, all references of the objects in question are: memory is
bounded by the part that is worked on, not by what changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.reference_pairs import NO_PAIRS, bound, inward, outward
from unisono.engine.references import (
    flow_references,
    flow_references_between,
    resolve_references,
    resolve_references_between,
)
from unisono.model.frames import EDGES
from unisono.model.plan import RELINKED, ReferencePlan, SyncPlan
from unisono.runs.apply import apply_references
from unisono.store.contract import Reader, UnitOfWork

_NO_IDS = pl.Series("id", [], dtype=pl.Int64)
_NO_ORPHANS = pl.DataFrame(schema={"source_id": pl.Int64, "attribute": pl.String})
_EDGE = list(EDGES.columns)

#: More changes than these, held as edges and links until the end of the step, are no longer few.
FEW = 1_000_000
#: About how many edges are compared at once.
EDGES_AT_ONCE = 400_000


@dataclass(slots=True, kw_only=True)
class Relations:
    """What the plans of a step say about references; grows with each of them."""

    full: bool
    whole: list[pl.Series] = field(default_factory=list)  # metaverse objects: all of their references
    pushed: list[pl.Series] = field(default_factory=list)  # objects of the step's connector: those that changed
    edges: list[pl.DataFrame] = field(default_factory=list)  # the changed ones of those
    relinked: list[pl.DataFrame] = field(default_factory=list)
    orphaned: list[pl.DataFrame] = field(default_factory=list)  # references to metaverse objects that were deleted

    def add(self, plan: SyncPlan, reader: Reader) -> None:
        """Called before the plan is applied: layers are there still, and deleted objects have their referrers."""
        self.whole.append(plan.touched)
        self.relinked.append(plan.relinked)
        if plan.pushed.len():
            self.pushed.append(plan.pushed)
            if self.are_few:
                self.edges.append(reader.changed_edges_of(plan.pushed).select(_EDGE))
        if plan.mv_deleted.len():
            self.orphaned.append(reader.references_to(plan.mv_deleted).select("source_id", "attribute").unique())

    @property
    def are_few(self) -> bool:
        return not self.full and sum(frame.height for frame in (*self.edges, *self.relinked)) <= FEW


def synchronize_references(
    relations: Relations, connector: str, rules: CompiledRules, unit: UnitOfWork, run_id: int, size: int
) -> Iterator[ReferencePlan]:
    """Plan and apply references in parts of at most ``size`` objects; each plan is given once applied.

    ``connector``: whose objects were synchronized.
    """
    if not any(compiled.reference_flows for compiled in (*rules.inbound, *rules.outbound)):
        return
    phase = _Phase(rules=rules, unit=unit, run_id=run_id, size=size)
    relinked = pl.concat([RELINKED.empty(), *relations.relinked])
    orphaned = pl.concat([_NO_ORPHANS, *relations.orphaned])
    if relations.are_few:
        whole = _unique([*relations.whole, bound(orphaned, rules)["source_id"]])
        edges = pl.concat([EDGES.empty(), *relations.edges]).unique()
        yield from phase.changes_of(whole, relinked, edges, connector)
    else:
        pushed = (unit.linked(ids)["mv_id"] for ids in relations.pushed)
        yield from phase.all_of(_unique([*relations.whole, orphaned["source_id"], *pushed]), relinked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    rules: CompiledRules
    unit: UnitOfWork
    run_id: int
    size: int

    def all_of(self, whole: pl.Series, relinked: pl.DataFrame) -> Iterator[ReferencePlan]:
        """All references of metaverse objects, and of those that refer to an object whose link changed."""
        sources = _unique([whole, *(self.unit.connected_referrers(ids) for ids in self._parts(_ids(relinked)))])
        yield from self._resolved(sources)
        here = _unique([_linked(relinked, target) for target in self._targets()])
        outward_sources = _unique([sources, here, *(self.unit.referrers(ids) for ids in self._parts(here))])
        yield from self._flowed(outward_sources)

    def changes_of(
        self, whole: pl.Series, relinked: pl.DataFrame, edges: pl.DataFrame, connector: str
    ) -> Iterator[ReferencePlan]:
        """All references of ``whole``, otherwise only what edges and changed links can have changed."""
        if whole.is_empty() and relinked.is_empty() and edges.is_empty():
            return
        moved = relinked.select("id", "old_mv_id").drop_nulls().unique()
        known = [edges, *(self.unit.edges_to(ids).select(_EDGE) for ids in self._parts(_ids(relinked)))]
        seen = [inward(part, moved, self.rules, self.unit) for part in known]
        whole = _unique([whole, *(one.whole for one in seen)])
        yield from self._resolved(whole)
        pairs = pl.concat([NO_PAIRS, *(one.pairs for one in seen)]).unique()
        changed = [NO_PAIRS]
        for between in self._pairs(pairs.filter(~pl.col("source_id").is_in(whole.implode()))):
            plan = self._applied(resolve_references_between(between, self.rules, self.unit, self.run_id))
            changed += [frame.select(NO_PAIRS.columns) for frame in (plan.mv_added, plan.mv_removed)]
            yield plan
        here = _unique([whole, *(_linked(relinked, target) for target in self._targets())])
        yield from self._flowed(here)
        targets = self._targets()
        own = edges if connector in targets else edges.clear()
        moved_there = _ids(relinked.filter(pl.col("connector").is_in(targets)))
        found = [outward(targets, pl.concat(changed), moved_there.clear(), own, self.unit)]
        found += [outward(targets, NO_PAIRS, ids, edges.clear(), self.unit) for ids in self._parts(moved_there)]
        for between in self._pairs(pl.concat(found).unique()):
            yield self._applied(flow_references_between(between, self.rules, self.unit))

    def _resolved(self, mv_ids: pl.Series) -> Iterator[ReferencePlan]:
        contributing = sorted({compiled.rule.connector for compiled in self.rules.inbound if compiled.reference_flows})
        for part in self._bearable(mv_ids, [*contributing, None]):  # what is there, too: rules may have gone
            yield self._applied(resolve_references(part, self.rules, self.unit, self.run_id))

    def _flowed(self, mv_ids: pl.Series) -> Iterator[ReferencePlan]:
        for part in self._bearable(mv_ids, [None]):
            for target in self._targets():
                yield self._applied(flow_references(part, target, self.rules, self.unit))

    def _bearable(self, mv_ids: pl.Series, holders: Sequence[str | None]) -> Iterator[pl.Series]:
        """The metaverse objects in parts that have few enough references where the ``holders`` keep them: connector
        spaces, or None for the metaverse."""
        for ids in self._parts(mv_ids):
            counts = pl.concat([self.unit.reference_counts(ids, holder) for holder in holders])
            held = counts.group_by("id").agg(pl.col("references").sum())
            before = pl.col("references").fill_null(0).cum_sum() - pl.col("references").fill_null(0)
            weighed = ids.to_frame("id").join(held, on="id", how="left", maintain_order="left")
            parts = weighed.select("id", part=before // EDGES_AT_ONCE)
            yield from (part["id"] for part in parts.partition_by("part", maintain_order=True))

    def _applied(self, plan: ReferencePlan) -> ReferencePlan:
        apply_references(plan, self.unit)
        return plan

    def _targets(self) -> list[str]:
        return sorted({compiled.rule.connector for compiled in self.rules.outbound if compiled.reference_flows})

    def _parts(self, ids: pl.Series) -> list[pl.Series]:
        return [ids.slice(offset, self.size) for offset in range(0, ids.len(), self.size)]

    def _pairs(self, pairs: pl.DataFrame) -> list[pl.DataFrame]:
        """Pairs in parts; those of one source stay together, so that it is counted once."""
        if pairs.height <= EDGES_AT_ONCE:
            return [pairs] if pairs.height else []
        ordered = pairs.sort("source_id", "target_id").with_row_index("row")
        part = (pl.col("row").min().over("source_id") // EDGES_AT_ONCE).alias("part")
        return ordered.with_columns(part).drop("row").partition_by("part", include_key=False, maintain_order=True)


def _unique(parts: list[pl.Series]) -> pl.Series:
    return pl.concat([_NO_IDS, *(part.alias("id") for part in parts)]).unique().sort()


def _ids(relinked: pl.DataFrame) -> pl.Series:
    return relinked["id"].unique().sort()


def _linked(relinked: pl.DataFrame, connector: str) -> pl.Series:
    """Metaverse objects that objects of a connector space were linked with, or are."""
    there = relinked.filter(pl.col("connector") == connector)
    return pl.concat([there["old_mv_id"], there["mv_id"]]).drop_nulls().alias("id")
