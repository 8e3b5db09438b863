"""The synchronization step of a run."""

from __future__ import annotations

import polars as pl

from unisono.model.plan import SYNC_ERRORS
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep, StepType
from unisono.runs.context import Context
from unisono.runs.spool import Spool
from unisono.runs.steps import Ending, Holding, completed, hold_or_pass, stopped_by_user
from unisono.runs.synchronize import Listed, compile_for, judge, populations, synchronize
from unisono.runs.tally import Record, object_errors
from unisono.store.contract import UnitOfWork


def run_synchronization(
    step: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context
) -> Ending:
    """Synchronize in one transaction; nothing of it is written when the guard holds it or somebody stops it."""
    try:
        with record.unit() as unit, Spool(SYNC_ERRORS) as errors:
            return _synchronize(step, definition, record, run_id, context, unit, errors)
    except Holding as holding:
        return holding.ending


def _synchronize(
    step: RunStep,
    definition: ConnectorDefinition,
    record: Record,
    run_id: int,
    context: Context,
    unit: UnitOfWork,
    errors: Spool,
) -> Ending:
    population = populations(unit, context)
    rules = compile_for(context, unit)
    full = step.type is StepType.FULL_SYNCHRONIZATION
    listed = Listed(errors=errors)
    done = synchronize(unit, definition.name, full=full, rules=rules, run_id=run_id, context=context, listed=listed)
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
