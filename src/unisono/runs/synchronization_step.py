"""The synchronization step of a run."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.model.plan import SYNC_ERRORS
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep, Status, StepType
from unisono.runs.context import Context
from unisono.runs.spool import Spool
from unisono.runs.steps import Ending, Holding, completed, hold_or_pass, stopped_by_user
from unisono.runs.synchronize import Listed, Synchronized, compile_for, judge, populations, synchronize
from unisono.runs.tally import Record, object_errors
from unisono.store.contract import UnitOfWork

#: Only one synchronization at a time in the whole store (engine specification §9.3).
_LOCK = "synchronization"

#: Plans and applies inside a unit of work.
Synchronizing = Callable[[UnitOfWork, CompiledRules, Listed], Synchronized]


def run_synchronization(
    step: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context
) -> Ending:
    """Synchronize the objects of a connector."""

    def synchronizing(unit: UnitOfWork, rules: CompiledRules, listed: Listed) -> Synchronized:
        full = step.type is StepType.FULL_SYNCHRONIZATION
        return synchronize(unit, definition.name, full=full, rules=rules, run_id=run_id, context=context, listed=listed)

    return commit_synchronization(synchronizing, definition, record, context)


def commit_synchronization(
    synchronizing: Synchronizing, definition: ConnectorDefinition, record: Record, context: Context
) -> Ending:
    """Synchronize in one transaction; nothing of it is written when the guard holds it or somebody stops it."""
    with context.store.lock(_LOCK) as free:
        if not free:
            message = "another synchronization is under way; only one runs at a time"
            return Ending(status=Status.NO_START_MA_ALREADY_RUNNING, message=message)
        try:
            with record.unit() as unit, Spool(SYNC_ERRORS) as errors:
                return _synchronize(synchronizing, definition, record, context, unit, errors)
        except Holding as holding:
            return holding.ending


def _synchronize(
    synchronizing: Synchronizing,
    definition: ConnectorDefinition,
    record: Record,
    context: Context,
    unit: UnitOfWork,
    errors: Spool,
) -> Ending:
    population = populations(unit, context)
    done = synchronizing(unit, compile_for(context, unit), Listed(errors=errors))
    held = hold_or_pass(judge(done.guard, definition.name, population, context), done.digest, context)
    if held:
        raise Holding(held)
    if stop := stopped_by_user(context):
        raise Holding(stop)
    for block in errors.blocks():
        record.add_errors(object_errors(_named(block, unit), "synchronization"))
        record.check_limit()
    record.add(done.counts)
    return completed(record)


def _named(errors: pl.DataFrame, unit: UnitOfWork) -> pl.DataFrame:
    """Add the names of the objects."""
    if errors.is_empty():
        return errors
    names = unit.names_of(errors["id"].unique())
    return errors.join(names.drop("object_type"), on="id", how="left", maintain_order="left").rename({"id": "cs_id"})
