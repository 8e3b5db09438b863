"""Plans and previews: the real synchronization in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.explain import CONTRIBUTIONS, contributions_of, filtered, trials_of
from unisono.engine.planning import plan_synchronization
from unisono.model.frames import CS_OBJECT
from unisono.model.guard import ChangeKind, Held
from unisono.model.plan import CHANGES, NAMED_CHANGES, NAMED_ERRORS, SYNC_ERRORS
from unisono.model.runs import StepCount, StepType
from unisono.runs.apply import apply_synchronization
from unisono.runs.context import Context
from unisono.runs.naming import with_names
from unisono.runs.spool import Spool
from unisono.runs.synchronize import Listed, compile_for, judge, populations, synchronize
from unisono.runs.tally import step_counts
from unisono.store.contract import Reader, UnitOfWork

#: A run id that lineage in a plan refers to: the run that did not happen.
NO_RUN = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPlan:
    """What synchronizing one connector would do.

    ``changes``: ``NAMED_CHANGES``, in the order in which they were planned; ``errors``: ``NAMED_ERRORS``; ``guard``:
    what the guard counts; ``held``: the limits exceeded; ``hash`` identifies the batch.
    """

    connector: str
    step: StepType
    counts: tuple[StepCount, ...]
    changes: Spool
    errors: Spool
    guard: dict[tuple[str, ChangeKind], int]
    held: tuple[Held, ...]
    hash: str
    objects: int


@contextmanager
def plan(context: Context, connectors: Sequence[str], *, full: bool) -> Iterator[tuple[ConnectorPlan, ...]]:
    """What synchronizing the connectors one after the other would do; each sees what those before it would do.

    Nothing of the store is held in the block; the lists of changes and errors can be read until it ends.
    """
    plans = []
    with ExitStack() as lists:
        with context.store.rehearse() as unit, context.store.read() as before:
            for connector in connectors:
                changes, errors = lists.enter_context(Spool(NAMED_CHANGES)), lists.enter_context(Spool(NAMED_ERRORS))
                plans.append(_planned(connector, changes, errors, full=full, context=context, unit=unit, before=before))
        yield tuple(plans)


def _planned(
    connector: str,
    changes: Spool,
    errors: Spool,
    *,
    full: bool,
    context: Context,
    unit: UnitOfWork,
    before: Reader,
) -> ConnectorPlan:
    population = populations(unit, context)
    rules = compile_for(context, unit)
    with Spool(CHANGES) as unnamed, Spool(SYNC_ERRORS) as failed:
        listed = Listed(changes=unnamed, errors=failed)
        done = synchronize(unit, connector, full=full, rules=rules, run_id=NO_RUN, context=context, listed=listed)
        # Only now: an object may get its name, or another one, after the first change that tells of it.
        for block in unnamed.blocks():
            changes.add(with_names(block, unit, before))
        for block in failed.blocks():
            names = unit.names_of(block["id"].unique()).drop("object_type")
            errors.add(block.join(names, on="id", how="left", maintain_order="left"))
    return ConnectorPlan(
        connector=connector,
        step=StepType.FULL_SYNCHRONIZATION if full else StepType.DELTA_SYNCHRONIZATION,
        counts=step_counts(done.counts),
        changes=changes,
        errors=errors,
        guard=dict(done.guard),
        held=judge(done.guard, connector, population, context),
        hash=done.digest[:16],
        objects=done.objects,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What synchronizing one object would do, step by step. ``trials``: join groups tried; ``contributions``: what all
    connectors of its metaverse object would offer afterwards; ``changes``: as in a plan."""

    object: pl.DataFrame  # CS_OBJECT, one row
    filtered: bool
    trials: pl.DataFrame
    contributions: pl.DataFrame
    changes: pl.DataFrame
    errors: pl.DataFrame
    counts: tuple[StepCount, ...]


def preview(context: Context, cs_id: int, *, full: bool) -> Preview:
    """The synchronization of one connector-space object, rehearsed. Raises ``KeyError`` when it does not exist."""
    with context.store.rehearse() as unit, context.store.read() as before:
        selected = unit.objects(pl.Series("id", [cs_id], dtype=pl.Int64))
        if selected.is_empty():
            raise KeyError(cs_id)
        rules = compile_for(context, unit)
        trials = trials_of(selected, rules, unit)
        matches = filtered(selected, rules, unit)
        one = plan_synchronization(
            selected, full=full, rules=rules, facts=unit, ids=unit.allocate, run_id=NO_RUN, detail=True
        )
        apply_synchronization(one, unit, NO_RUN)
        return Preview(
            object=CS_OBJECT.check(selected),
            filtered=matches,
            trials=trials,
            contributions=_contributions(selected, rules, unit),
            changes=with_names(one.changes, unit, before),
            errors=one.errors,
            counts=step_counts(one.counts),
        )


def _contributions(selected: pl.DataFrame, rules: CompiledRules, unit: UnitOfWork) -> pl.DataFrame:
    now = unit.objects(selected["id"])
    mv_ids = now["mv_id"].drop_nulls() if now.height else pl.Series("mv_id", [], dtype=pl.Int64)
    metaverse = unit.metaverse(mv_ids.alias("id"))
    if metaverse.is_empty():
        return CONTRIBUTIONS.empty()
    return contributions_of(int(metaverse["id"][0]), str(metaverse["object_type"][0]), rules, unit)
