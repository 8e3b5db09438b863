"""Execution of a run profile: locks, steps in order, statuses, history."""

from __future__ import annotations

from contextlib import ExitStack

from unisono.connectors.runtime import Runtime
from unisono.model.errors import StepStop, StoreError
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunProfile, RunResult, RunStep, Status, StepResult
from unisono.runs.context import Context
from unisono.runs.export_step import run_export
from unisono.runs.import_step import run_import
from unisono.runs.steps import Ending
from unisono.runs.synchronization_step import run_synchronization
from unisono.runs.tally import Record
from unisono.store.contract import HeldBatch

#: Only one synchronization at a time in the whole store (engine specification §9.3).
SYNCHRONIZATION_LOCK = "synchronization"


def run_profile(connector: str, profile: RunProfile, context: Context) -> RunResult:
    """Run the profile's steps until one ends the run. Never raises for what a connected system or the store does."""
    definition = context.project.connector(connector)
    if definition is None:
        raise KeyError(connector)
    with ExitStack() as locks:
        if not locks.enter_context(context.store.lock(f"connector {connector}")):
            return _refused(connector, profile, f"another run of {connector} is under way", context)
        if not profile.steps:
            message = f"the profile {profile.name} has no steps"
            return _refused(connector, profile, message, context, Status.NO_START_NO_STEPS_IN_PROFILE)
        return _run_steps(definition, profile, context)


def _refused(
    connector: str,
    profile: RunProfile,
    message: str,
    context: Context,
    status: Status = Status.NO_START_MA_ALREADY_RUNNING,
) -> RunResult:
    """A run that did not start leaves no history; its one step says why."""
    now = context.clock()
    step = profile.steps[0] if profile.steps else None
    steps = (
        (StepResult(number=1, step=step, status=status, started_at=now, ended_at=now, message=message),) if step else ()
    )
    return RunResult(
        id=0,
        connector=connector,
        profile=profile.name,
        status=status,
        started_at=now,
        ended_at=now,
        fingerprint=context.project.fingerprint,
        steps=steps,
    )


def _run_steps(definition: ConnectorDefinition, profile: RunProfile, context: Context) -> RunResult:
    started_at = context.clock()
    with context.store.begin() as unit:
        unit.close_interrupted_runs(definition.name, started_at)
        run_id = unit.start_run(definition.name, profile.name, context.project.fingerprint, started_at)
    results: list[StepResult] = []
    for number, step in enumerate(profile.steps, 1):
        result = _run_step(number, step, definition, profile, run_id, context)
        results.append(result)
        if result.status.ends_run:
            break
    status = worst(results)
    ended_at = context.clock()
    with context.store.begin() as unit:
        unit.finish_run(run_id, status, ended_at)
    return RunResult(
        id=run_id,
        connector=definition.name,
        profile=profile.name,
        status=status,
        started_at=started_at,
        ended_at=ended_at,
        fingerprint=context.project.fingerprint,
        steps=tuple(results),
    )


def worst(results: list[StepResult]) -> Status:
    """The run's status: that of the step that ended it, else the worst of its steps (engine specification §9.2)."""
    if results[-1].status.ends_run:
        return results[-1].status
    return max((result.status for result in results), key=_RANK.index)


_RANK = [
    Status.SUCCESS,
    Status.COMPLETED_NO_OBJECTS,
    Status.COMPLETED_WARNINGS,
    Status.COMPLETED_TRANSIENT_OBJECTS,
    Status.COMPLETED_SYNC_ERRORS,
    Status.COMPLETED_EXPORT_ERRORS,
]


def _run_step(
    number: int,
    step: RunStep,
    definition: ConnectorDefinition,
    profile: RunProfile,
    run_id: int,
    context: Context,
) -> StepResult:
    record = Record(error_limit=step.error_limit)
    started_at = context.clock()
    context.reporter.step(definition.name, step.type.value)
    ending = _guarded_step(step, definition, record, run_id, context)
    result = StepResult(
        number=number,
        step=step,
        status=ending.status,
        started_at=started_at,
        ended_at=context.clock(),
        message=ending.message,
        hint=ending.hint,
        connection=ending.connection,
        counts=record.step_counts(),
        error_count=len(record.errors),
        held_hash=ending.held_hash,
        phase_s=tuple(sorted((name, round(float(seconds), 6)) for name, seconds in record.seconds.items())),
    )
    with context.store.begin() as unit:
        unit.save_step(run_id, result, record.errors)
        if ending.held_hash:
            unit.hold(_held(ending, definition.name, profile.name, number, run_id, result))
        judged = ending.held_hash is not None or not ending.status.ends_run
        for batch in unit.held() if judged else ():  # what this step held before is approved by now, or obsolete
            same = (batch.connector, batch.profile, batch.step) == (definition.name, profile.name, number)
            if same and batch.hash != ending.held_hash:
                unit.release(batch.hash)
    return result


def _held(ending: Ending, connector: str, profile: str, number: int, run_id: int, result: StepResult) -> HeldBatch:
    return HeldBatch(
        hash=ending.held_hash or "",
        connector=connector,
        profile=profile,
        step=number,
        run_id=run_id,
        held_at=result.ended_at,
        reasons=tuple(str(one) for one in ending.held),
    )


def _guarded_step(
    step: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context
) -> Ending:
    """Do the step; what stops it becomes its ending."""
    try:
        return _do(step, definition, record, run_id, context)
    except StepStop as stop:
        return Ending(status=stop.status, message=stop.message, hint=stop.hint, connection=stop.connection)
    except StoreError as error:
        return Ending(status=error.status, message=error.message, hint=error.hint)
    except MemoryError:
        message = "the process ran out of memory"
        return Ending(status=Status.STOPPED_SERVER, message=message, hint="Lower the partition size.")


def _do(step: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context) -> Ending:
    if step.type.is_synchronization:
        with context.store.lock(SYNCHRONIZATION_LOCK) as free:
            if not free:
                message = "another synchronization is under way; only one runs at a time"
                return Ending(status=Status.NO_START_MA_ALREADY_RUNNING, message=message)
            return run_synchronization(step, definition, record, run_id, context)
    runtime = Runtime(context.connectors[definition.name].connector, definition)
    if step.type.is_import:
        return run_import(step, definition, runtime, record, run_id, context)
    return run_export(step, definition, runtime, record, run_id, context)
