"""The reference phase of a synchronization step, when all of its links are known.

A full synchronization computes all references of what it touched. A synchronization of changes computes only those that
can differ, so its cost is that of the changes, however large the groups are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.reference_pairs import NO_PAIRS, inward, outward, referrers_to
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
_EDGE = list(EDGES.columns)


@dataclass(slots=True, kw_only=True)
class Relations:
    """What the plans of a step say about references; grows with each of them."""

    full: bool
    whole: list[pl.Series] = field(default_factory=list)  # metaverse objects: all of their references
    edges: list[pl.DataFrame] = field(default_factory=list)  # of the step's connector: those that an import changed
    relinked: list[pl.DataFrame] = field(default_factory=list)
    deleted: list[pl.Series] = field(default_factory=list)  # referrers of deleted metaverse objects

    def add(self, plan: SyncPlan, rules: CompiledRules, reader: Reader) -> None:
        """Called before the plan is applied: layers are there still, and deleted objects have their referrers."""
        self.whole.append(plan.touched)
        self.relinked.append(plan.relinked)
        if plan.pushed.len():
            self.edges.append(reader.changed_edges_of(plan.pushed).select(_EDGE))
        if plan.mv_deleted.len():
            referrers = reader.referrers(plan.mv_deleted) if self.full else referrers_to(plan.mv_deleted, rules, reader)
            self.deleted.append(referrers)


def synchronize_references(
    relations: Relations, connector: str, rules: CompiledRules, unit: UnitOfWork, run_id: int, size: int
) -> Iterator[ReferencePlan]:
    """Plan and apply references in parts of about ``size`` objects or edges; each plan is given once applied.

    ``connector``: whose objects were synchronized.
    """
    if not any(compiled.reference_flows for compiled in (*rules.inbound, *rules.outbound)):
        return
    phase = _Phase(rules=rules, unit=unit, run_id=run_id, size=size)
    relinked = pl.concat([RELINKED.empty(), *relations.relinked])
    whole = _unique([*relations.whole, *relations.deleted])
    if relations.full:
        yield from phase.all_of(whole, relinked)
    else:
        edges = pl.concat([EDGES.empty(), *relations.edges]).unique()
        yield from phase.changes_of(whole, relinked, edges, connector)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    rules: CompiledRules
    unit: UnitOfWork
    run_id: int
    size: int

    def all_of(self, whole: pl.Series, relinked: pl.DataFrame) -> Iterator[ReferencePlan]:
        """All references of metaverse objects, and of those that refer to an object whose link changed."""
        sources = _unique([whole, *(self.unit.connected_referrers(ids) for ids in self._parts(_ids(relinked)))])
        for part in self._parts(sources):
            yield self._resolved(part)
        here = _unique([_linked(relinked, target) for target in self._targets()])
        outward_sources = _unique([sources, here, *(self.unit.referrers(ids) for ids in self._parts(here))])
        yield from self._flowed(outward_sources)

    def changes_of(
        self, whole: pl.Series, relinked: pl.DataFrame, edges: pl.DataFrame, connector: str
    ) -> Iterator[ReferencePlan]:
        """All references of ``whole``, otherwise only what edges and changed links can have changed."""
        moved = relinked.select("id", "old_mv_id").drop_nulls().unique()
        known = [edges, *(self.unit.edges_to(ids).select(_EDGE) for ids in self._parts(_ids(relinked)))]
        seen = [inward(part, moved, self.rules, self.unit) for part in known]
        whole = _unique([whole, *(one.whole for one in seen)])
        for part in self._parts(whole):
            yield self._resolved(part)
        pairs = pl.concat([NO_PAIRS, *(one.pairs for one in seen)]).unique()
        changed = [NO_PAIRS]
        for between in self._pairs(pairs.filter(~pl.col("source_id").is_in(whole.implode()))):
            plan = self._applied(resolve_references_between(between, self.rules, self.unit, self.run_id))
            changed += [frame.select(NO_PAIRS.columns) for frame in (plan.mv_added, plan.mv_removed)]
            yield plan
        here = _unique([whole, *(_linked(relinked, target) for target in self._targets())])
        yield from self._flowed(here)
        for target in self._targets():
            own = edges if target == connector else edges.clear()
            moved_there = _ids(relinked.filter(pl.col("connector") == target))
            found = [outward(target, pl.concat(changed), moved_there.clear(), own, self.unit)]
            found += [outward(target, NO_PAIRS, ids, edges.clear(), self.unit) for ids in self._parts(moved_there)]
            for between in self._pairs(pl.concat(found).unique()):
                yield self._applied(flow_references_between(between, target, self.rules, self.unit))

    def _resolved(self, mv_ids: pl.Series) -> ReferencePlan:
        return self._applied(resolve_references(mv_ids, self.rules, self.unit, self.run_id))

    def _flowed(self, mv_ids: pl.Series) -> Iterator[ReferencePlan]:
        for part in self._parts(mv_ids):
            for target in self._targets():
                yield self._applied(flow_references(part, target, self.rules, self.unit))

    def _applied(self, plan: ReferencePlan) -> ReferencePlan:
        apply_references(plan, self.unit)
        return plan

    def _targets(self) -> list[str]:
        return sorted({compiled.rule.connector for compiled in self.rules.outbound if compiled.reference_flows})

    def _parts(self, ids: pl.Series) -> list[pl.Series]:
        return [ids.slice(offset, self.size) for offset in range(0, ids.len(), self.size)]

    def _pairs(self, pairs: pl.DataFrame) -> list[pl.DataFrame]:
        """Pairs in parts; those of one source stay together, so that it is counted once."""
        ordered = pairs.sort("source_id", "target_id").with_row_index("row")
        part = (pl.col("row").min().over("source_id") // self.size).alias("part")
        return ordered.with_columns(part).drop("row").partition_by("part", include_key=False, maintain_order=True)


def _unique(parts: list[pl.Series]) -> pl.Series:
    return pl.concat([_NO_IDS, *(part.alias("id") for part in parts)]).unique().sort()


def _ids(relinked: pl.DataFrame) -> pl.Series:
    return relinked["id"].unique().sort()


def _linked(relinked: pl.DataFrame, connector: str) -> pl.Series:
    """Metaverse objects that objects of a connector space were linked with, or are."""
    there = relinked.filter(pl.col("connector") == connector)
    return pl.concat([there["old_mv_id"], there["mv_id"]]).drop_nulls().alias("id")
