"""Execution of a run profile: locks, steps in order, statuses, history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from unisono.connectors.runtime import Runtime
from unisono.model.errors import StepStop, StoreError
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunProfile, RunResult, RunStep, Status, StepResult
from unisono.runs.context import Context
from unisono.runs.export_step import run_export
from unisono.runs.import_step import run_import
from unisono.runs.measured import MeasuredStore
from unisono.runs.retention import clear_some_history
from unisono.runs.steps import Ending
from unisono.runs.synchronization_step import run_synchronization
from unisono.runs.tally import Record
from unisono.store.contract import HeldBatch, UnitOfWork

#: Does a step of a run, whose id it gets, and says how it ended.
Work = Callable[[RunStep, ConnectorDefinition, Record, int, Context], Ending]


def run_profile(connector: str, profile: RunProfile, context: Context) -> RunResult:
    """Run the profile's steps until one ends the run. Never raises for what a connected system or the store does."""
    return run_steps(connector, profile, context, _do)


def run_steps(connector: str, profile: RunProfile, context: Context, work: Work) -> RunResult:
    """Run the profile's steps, each of them by ``work``, as ``run_profile`` does."""
    definition = context.project.connector(connector)
    if definition is None:
        raise KeyError(connector)
    try:
        with context.store.lock(f"connector {connector}") as free:
            obstacle = _obstacle(connector, profile, free=free)
            if obstacle is None:
                return _run_steps(definition, profile, context, work)
    except StoreError as error:
        obstacle = _ending(error)
    return _refused(connector, profile, obstacle, context)


def _obstacle(connector: str, profile: RunProfile, *, free: bool) -> Ending | None:
    """Why the run cannot start."""
    if not free:
        message = f"another run of {connector} is under way"
        return Ending(status=Status.NO_START_MA_ALREADY_RUNNING, message=message)
    if not profile.steps:
        message = f"the profile {profile.name} has no steps"
        return Ending(status=Status.NO_START_NO_STEPS_IN_PROFILE, message=message)
    return None


def _refused(connector: str, profile: RunProfile, why: Ending, context: Context) -> RunResult:
    """A run that did not start leaves no history; its one step says why."""
    now = context.clock()
    steps = tuple(
        StepResult(
            number=1, step=step, status=why.status, started_at=now, ended_at=now, message=why.message, hint=why.hint
        )
        for step in profile.steps[:1]
    )
    return RunResult(
        id=0,
        connector=connector,
        profile=profile.name,
        status=why.status,
        started_at=now,
        ended_at=now,
        fingerprint=context.project.fingerprint,
        steps=steps,
    )


def _ending(error: StoreError) -> Ending:
    return Ending(status=error.status, message=error.message, hint=error.hint)


def _run_steps(definition: ConnectorDefinition, profile: RunProfile, context: Context, work: Work) -> RunResult:
    """Raises ``StoreError`` only before the first step."""
    started_at = context.clock()
    with context.store.begin() as unit:
        unit.close_interrupted_runs(definition.name, started_at, message=_INTERRUPTED, hint=_REPEAT)
        run_id = unit.start_run(definition.name, profile.name, context.project.fingerprint, started_at)
    results: list[StepResult] = []
    while not _is_over(results, profile):
        results.append(_run_step(definition, profile, run_id, results, context, work))
    clear_some_history(context)
    return RunResult(
        id=run_id,
        connector=definition.name,
        profile=profile.name,
        status=worst(results),
        started_at=started_at,
        ended_at=results[-1].ended_at,
        fingerprint=context.project.fingerprint,
        steps=tuple(results),
    )


def _is_over(results: Sequence[StepResult], profile: RunProfile) -> bool:
    return len(results) == len(profile.steps) or any(result.status.ends_run for result in results)


_INTERRUPTED = "the process of this run ended before the step did"
_REPEAT = "Run it again: what was committed stays, and the rest is done then."


def worst(results: Sequence[StepResult]) -> Status:
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
    definition: ConnectorDefinition,
    profile: RunProfile,
    run_id: int,
    earlier: Sequence[StepResult],
    context: Context,
    work: Work,
) -> StepResult:
    """Do the step that comes after the earlier ones. With the last one the run ends."""
    number = len(earlier) + 1
    step = profile.steps[number - 1]
    measured = replace(context, store=MeasuredStore(context.store))
    record = Record(context=measured, run_id=run_id, number=number, step=step, started_at=context.clock())
    context.reporter.step(definition.name, step.type.value)
    ending = _guarded_step(step, definition, record, run_id, measured, work)
    result = _as_ended(record.result(ending.status), ending)
    try:
        with context.store.begin() as unit:
            record.close(result, unit)
            _keep_held(ending, definition.name, profile.name, result, run_id, unit)
            if _is_over(results := [*earlier, result], profile):
                unit.finish_run(run_id, worst(results), result.ended_at)
    except StoreError as error:  # the next run of the connector finds this one in progress, and says that it was not
        return result if result.status.ends_run else _as_ended(result, _ending(error))
    return result


def _as_ended(result: StepResult, ending: Ending) -> StepResult:
    return replace(
        result,
        status=ending.status,
        message=ending.message,
        hint=ending.hint,
        connection=ending.connection,
        held_hash=ending.held_hash,
    )


def _keep_held(ending: Ending, connector: str, profile: str, result: StepResult, run_id: int, unit: UnitOfWork) -> None:
    """Keep the batch that the guard holds; what this step held before is approved by now, or obsolete."""
    if ending.held_hash:
        unit.hold(_held(ending, connector, profile, result.number, run_id, result))
    judged = ending.held_hash is not None or not ending.status.ends_run
    for batch in unit.held() if judged else ():
        same = (batch.connector, batch.profile, batch.step) == (connector, profile, result.number)
        if same and batch.hash != ending.held_hash:
            unit.release(batch.hash)


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
    step: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context, work: Work
) -> Ending:
    """Do the step, and measure it; what stops it becomes its ending."""
    try:
        with record.profile.kept():
            with record.unit():
                pass  # from here on the history shows the step
            return work(step, definition, record, run_id, context)
    except StepStop as stop:
        return Ending(status=stop.status, message=stop.message, hint=stop.hint, connection=stop.connection)
    except StoreError as error:
        return _ending(error)
    except MemoryError:
        message = "the process ran out of memory"
        return Ending(status=Status.STOPPED_SERVER, message=message, hint="Lower the partition size.")


def _do(step: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context) -> Ending:
    if step.type.is_synchronization:
        return run_synchronization(step, definition, record, run_id, context)
    runtime = Runtime(context.connectors[definition.name].connector, definition)
    if step.type.is_import:
        return run_import(step, definition, runtime, record, run_id, context)
    return run_export(step, definition, runtime, record, run_id, context)
