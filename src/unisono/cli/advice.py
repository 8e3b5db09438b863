"""The next command to type, from how a run ended and what is pending now."""

from __future__ import annotations

from collections.abc import Iterator

from unisono.cli.session import Session
from unisono.connectors.contract import Support
from unisono.model.runs import RunResult, StepResult, StepType
from unisono.runs.context import Context
from unisono.store.contract import Reader, SpaceStatistics


def after_run(result: RunResult, context: Context, reader: Reader, session: Session) -> tuple[str, ...]:
    """Commands in the order in which they make sense; none when all is done."""
    return tuple(dict.fromkeys(_after_run(result, context, reader, session)))


def _after_run(result: RunResult, context: Context, reader: Reader, session: Session) -> Iterator[str]:
    last = result.steps[-1] if result.steps else None
    if last is not None and last.held_hash:
        if last.step.type.is_synchronization:
            yield _plan(result.connector, last.step.type, session)
        yield approval(result.connector, result.profile, last.held_hash, session)
        return
    if any(step.error_count for step in result.steps):
        yield session.command("errors", "--run", str(result.id))
    if result.status.ends_run or last is None:
        yield session.command("code", result.status.value)
        return
    spaces = {space.connector: space for space in reader.statistics()}
    yield from _after_step(result.connector, last, spaces, context, session)


def _after_step(
    connector: str, last: StepResult, spaces: dict[str, SpaceStatistics], context: Context, session: Session
) -> Iterator[str]:
    """What was imported is planned and synchronized, what was synchronized exported, what was exported confirmed."""
    own = spaces.get(connector)
    if own is None:
        return
    if last.step.type is StepType.EXPORT:
        if own.unconfirmed_exports:
            yield session.command("run", connector, _import(connector, context))
    elif own.pending_imports and last.step.type.is_import:
        yield session.command("plan", connector)
        yield session.command("run", connector, StepType.DELTA_SYNCHRONIZATION.value)
    elif last.step.type.is_synchronization:
        for space in spaces.values():
            if space.pending_exports:
                yield session.command("run", space.connector, StepType.EXPORT.value)


def approval(connector: str, profile: str, hash_: str, session: Session) -> str:
    """The command that lets exactly the held batch pass."""
    return session.command("run", connector, profile, "--approve", hash_)


def _plan(connector: str, kind: StepType, session: Session) -> str:
    full = ["--full"] if kind is StepType.FULL_SYNCHRONIZATION else []
    return session.command("plan", connector, *full)


def _import(connector: str, context: Context) -> str:
    delta = context.connectors[connector].connector.capabilities.delta_import is Support.FULL
    return (StepType.DELTA_IMPORT if delta else StepType.FULL_IMPORT).value
