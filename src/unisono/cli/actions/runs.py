"""Run profiles and cycles, and look at the history."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from unisono.cli import output
from unisono.cli.advice import after_run, approval
from unisono.cli.documents.runs import (
    Cycle,
    Errors,
    History,
    Run,
    RunSummary,
    Tidied,
    error_groups,
    held_of,
    is_change,
    pending_of,
    run_of,
    summary_of,
)
from unisono.cli.failures import CallMistake, unknown
from unisono.cli.progress import pause
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus, of_run, worst
from unisono.cli.stopping import stoppable
from unisono.cli.views.runs import cycle_end_view, cycle_row, errors_view, history_view, run_view, tidied_view
from unisono.model.errors import StoreError
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import Cleared, RunProfile, RunResult, RunStep, StepType
from unisono.runs.context import Context
from unisono.runs.cycle import run_cycle
from unisono.runs.execute import run_profile
from unisono.runs.retention import clear_history, kept_since
from unisono.store.contract import Reader

#: More object errors than all runs that are asked about can have.
ALL_ERRORS = 1_000_000


def run(session: Session, connector: str, profile: str, approve: Sequence[str]) -> ExitStatus:
    with stoppable() as stop, session.open(stop=stop, approved=approve) as context:
        definition = connector_named(connector, context.project)
        result = run_profile(definition.name, profile_named(profile, definition), context)
        document = _document(result, session, context)
    session.emit(document, run_view)
    return of_run(result)


def _document(result: RunResult, session: Session, context: Context) -> Run:
    try:
        with context.store.read() as reader:
            errors = error_groups(reader.errors(run_id=result.id, limit=ALL_ERRORS))
            return run_of(result, errors, after_run(result, context, reader, session))
    except StoreError:
        if not result.status.ends_run:
            raise
        return run_of(result, (), ())  # the run has lost the store, and says so itself


def profile_named(name: str, definition: ConnectorDefinition) -> RunProfile:
    """A run profile of the connector, or the single step of that name. Raises ``CallMistake``."""
    found = definition.run_profile(name)
    if found is not None:
        return found
    steps = [kind.value for kind in StepType]
    if name in steps:
        return RunProfile(name=name, steps=(RunStep(type=StepType(name)),))
    own = [profile.name for profile in definition.run_profiles]
    raise unknown(f"run profile or step of {definition.name}", name, [*own, *steps])


def cycle(session: Session, approve: Sequence[str]) -> ExitStatus:
    with stoppable() as stop, session.open(stop=stop, approved=approve) as context:
        results = told_cycle(session, context)
        with context.store.read() as reader:
            document = cycle_document(results, reader, session)
    session.emit(document, cycle_end_view)
    return worst(map(of_run, results))


def told_cycle(session: Session, context: Context) -> list[RunResult]:
    """Run a cycle; each run is shown in a line when it ended."""
    results = []
    widths = _widths(context)
    for result in run_cycle(context):
        results.append(result)
        if not session.as_json:
            pause(context.reporter)
            output.show([cycle_row(summary_of(result), widths)], sys.stdout)
        if context.stop.requested:
            break
    if not session.as_json:
        output.end_paragraph()
    return results


def _widths(context: Context) -> tuple[int, int]:
    connectors = max(map(len, context.project.cycle), default=0)
    return connectors, max(len(kind.value) for kind in StepType)


def cycle_document(results: Sequence[RunResult], reader: Reader, session: Session) -> Cycle:
    runs = tuple(map(summary_of, results))
    numbers = {run.id for run in runs}
    held = tuple(
        held_of(batch, approval(batch.connector, batch.profile, batch.hash, session))
        for batch in reader.held()
        if batch.run_id in numbers  # earlier ones are judged anew by this cycle
    )
    return Cycle(
        runs=runs,
        pending=tuple(map(pending_of, reader.statistics())),
        held=held,
        changed=any(is_change(count) for run in runs for count in run.counts),
        next=_after_cycle(runs, session),
    )


def _after_cycle(runs: Sequence[RunSummary], session: Session) -> tuple[str, ...]:
    failed = [session.command("errors", "--run", str(run.id)) for run in runs if run.error_count]
    stopped = [session.command("code", run.status) for run in runs if run.outcome == "error" and not run.error_count]
    return tuple(dict.fromkeys([*failed, *stopped]))


def history(session: Session, connector: str | None, limit: int) -> ExitStatus:
    with session.open() as context, context.store.read() as reader:
        name = connector_named(connector, context.project).name if connector else None
        document = History(runs=tuple(map(summary_of, reader.runs(connector=name, limit=limit))))
    session.emit(document, history_view)
    return ExitStatus.SUCCESS


def one_run(session: Session, number: int) -> ExitStatus:
    with session.open() as context, context.store.read() as reader:
        result = run_numbered(number, reader)
        errors = error_groups(reader.errors(run_id=number, limit=ALL_ERRORS))
        document = run_of(result, errors, ())
    session.emit(document, run_view)
    return ExitStatus.SUCCESS


def run_numbered(number: int, reader: Reader) -> RunResult:
    """The run of that number. Raises ``CallMistake``."""
    found = reader.run(number)
    if found is not None:
        return found
    latest = next((result.id for result in reader.runs(limit=1)), 0)
    if 0 < number < latest:
        hint = "it was cleared; `history: {keep-days: …}` in unisono.yaml says how long runs are kept"
        raise CallMistake(f"run {number} is not in the history any more", hint=hint)
    hint = f"runs have numbers from 1 to {latest}" if latest else "there was no run yet"
    raise CallMistake(f"there is no run {number}", hint=hint)


def errors(session: Session, number: int | None) -> ExitStatus:
    with session.open() as context, context.store.read() as reader:
        if number is not None:
            run_numbered(number, reader)
        frame = reader.errors(run_id=number, limit=ALL_ERRORS)
    session.emit(Errors(run=number, total=frame.height, groups=error_groups(frame)), errors_view)
    return ExitStatus.SUCCESS


def tidy(session: Session, days: int | None) -> ExitStatus:
    with session.open() as context:
        before = kept_since(context, context.project.history_days if days is None else days)
        size = context.store.size()
        cleared = Cleared() if before is None else clear_history(context, before)
        context.store.compact()
        document = Tidied(
            before=before,
            runs=cleared.runs,
            errors=cleared.errors,
            bytes_before=size,
            bytes_after=context.store.size(),
        )
    session.emit(document, tidied_view)
    return ExitStatus.SUCCESS
