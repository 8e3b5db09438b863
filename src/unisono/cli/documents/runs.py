"""Runs, their steps and counters, object errors, and what is pending."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from unisono.diagnosis import explain
from unisono.diagnosis.codes import COUNTER_CATEGORY
from unisono.model.runs import RunResult, StepCount, StepResult
from unisono.store.contract import HeldBatch, SpaceStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A counter of a step that is not zero."""

    phase: str  # staging, inbound, outbound, export
    counter: str  # `unisono code` explains it
    target: str | None  # of an outbound counter the connector
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    number: int  # from 1
    type: str  # full-import, delta-import, full-synchronization, delta-synchronization, export
    status: str  # `unisono code` explains it
    outcome: str  # success, warning, error, in-progress
    seconds: float
    message: str  # why it stopped or did not start
    hint: str
    connection: str  # connection result, where there is one
    error_count: int
    held_hash: str | None  # of the batch that the guard holds: what --approve takes
    counts: tuple[Count, ...]
    phases: dict[str, float]  # seconds by phase, which add up: source, decode, rules, store, target


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectErrorExample:
    """One object error, with where it lies in the source as far as that is known."""

    cs_id: int | None  # id of the object in the connector space
    anchor: str | None
    dn: str | None
    message: str
    cd_error: str | None  # the connected system's own words
    entry: int | None
    line: int | None
    column: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """Object errors of one code and cause. The cause is the rule, attribute and target that the errors share."""

    run: int
    connector: str
    category: str  # discovery, synchronization, export
    code: str  # `unisono code` explains it
    rule: str | None
    attribute: str | None
    target: str | None  # the other connector, where the failure lies there
    count: int
    example: ObjectErrorExample


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run. ``id`` is 0 for a run that was refused and left no history."""

    id: int
    connector: str
    profile: str
    status: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    error_count: int
    counts: tuple[Count, ...]  # of all steps together
    message: str  # of the step that ended it
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run with its steps. ``next``: commands that make sense now."""

    id: int
    connector: str
    profile: str
    status: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    fingerprint: str  # of the configuration that it ran
    steps: tuple[Step, ...]
    errors: tuple[ErrorGroup, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One connector space: how many objects it has, and what waits in it."""

    connector: str
    objects: int
    connectors: int
    disconnectors: int
    placeholders: int
    pending_imports: int
    pending_exports: int
    unconfirmed_exports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A batch that the guard holds. ``approve``: the command that lets exactly it pass."""

    hash: str
    connector: str
    profile: str
    run: int
    held_at: datetime
    reasons: tuple[str, ...]
    approve: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """``changed``: whether anything was staged, synchronized or exported."""

    runs: tuple[RunSummary, ...]
    pending: tuple[Pending, ...]
    held: tuple[Held, ...]
    changed: bool
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    runs: tuple[RunSummary, ...]  # newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What was cleared from the history, and what the store takes on the disk."""

    before: datetime | None  # runs that began earlier were cleared; null: the project keeps all
    runs: int  # cleared, with their steps and counters
    errors: int  # object errors that were cleared
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """``run`` is null for the errors of the latest run of every profile."""

    run: int | None
    total: int
    groups: tuple[ErrorGroup, ...]


def seconds_between(started_at: datetime, ended_at: datetime) -> float:
    return round((ended_at - started_at).total_seconds(), 3)


def counts_of(counts: Iterable[StepCount]) -> tuple[Count, ...]:
    return tuple(
        Count(phase=_phase(each), counter=each.counter.value, target=each.target, count=each.count) for each in counts
    )


def _phase(count: StepCount) -> str:
    """A counter that exists on both sides is outbound where it names its target."""
    phases = [each.phase for each in explain(count.counter.value, COUNTER_CATEGORY)]
    if count.target is not None or phases == ["outbound"]:
        return "outbound"
    return next(phase for phase in phases if phase != "outbound")


def step_of(result: StepResult) -> Step:
    return Step(
        number=result.number,
        type=result.step.type.value,
        status=result.status.value,
        outcome=result.status.outcome.value,
        seconds=seconds_between(result.started_at, result.ended_at),
        message=result.message,
        hint=result.hint,
        connection=result.connection,
        error_count=result.error_count,
        held_hash=result.held_hash,
        counts=counts_of(result.counts),
        phases={phase: round(seconds, 3) for phase, seconds in result.phase_s},
    )


def run_of(result: RunResult, errors: tuple[ErrorGroup, ...], next_: Iterable[str]) -> Run:
    return Run(
        id=result.id,
        connector=result.connector,
        profile=result.profile,
        status=result.status.value,
        outcome=result.status.outcome.value,
        started_at=result.started_at,
        ended_at=result.ended_at,
        seconds=seconds_between(result.started_at, result.ended_at),
        fingerprint=result.fingerprint,
        steps=tuple(map(step_of, result.steps)),
        errors=errors,
        next=tuple(next_),
    )


def summary_of(result: RunResult) -> RunSummary:
    last = result.steps[-1] if result.steps else None
    return RunSummary(
        id=result.id,
        connector=result.connector,
        profile=result.profile,
        status=result.status.value,
        outcome=result.status.outcome.value,
        started_at=result.started_at,
        ended_at=result.ended_at,
        seconds=seconds_between(result.started_at, result.ended_at),
        error_count=sum(step.error_count for step in result.steps),
        counts=_together(result.steps),
        message=last.message if last else "",
        hint=last.hint if last else "",
    )


def _together(steps: Iterable[StepResult]) -> tuple[Count, ...]:
    """The steps' counters, added up in the order in which they appear."""
    sums: dict[tuple[str, str, str | None], int] = {}
    for count in counts_of(each for step in steps for each in step.counts):
        key = (count.phase, count.counter, count.target)
        sums[key] = sums.get(key, 0) + count.count
    return tuple(
        Count(phase=phase, counter=counter, target=target, count=number)
        for (phase, counter, target), number in sums.items()
    )


_CAUSE = ("run_id", "connector", "category", "code", "rule", "attribute", "target")
_EXAMPLE = ObjectErrorExample.__slots__


def error_groups(errors: pl.DataFrame) -> tuple[ErrorGroup, ...]:
    """A frame of ``OBJECT_ERRORS`` by run, code and cause; runs by connector, in each the most frequent cause first."""
    grouped = (
        errors.group_by(_CAUSE, maintain_order=True)
        .agg(pl.len().alias("count"), pl.struct(_EXAMPLE).first().alias("example"))
        .sort("connector", "count", descending=[False, True], maintain_order=True)
        .rename({"run_id": "run"})
    )
    return tuple(
        ErrorGroup(**{**row, "example": ObjectErrorExample(**row["example"])}) for row in grouped.iter_rows(named=True)
    )


def pending_of(statistics: SpaceStatistics) -> Pending:
    return Pending(**{name: getattr(statistics, name) for name in Pending.__slots__})


def held_of(batch: HeldBatch, approve: str) -> Held:
    return Held(
        hash=batch.hash,
        connector=batch.connector,
        profile=batch.profile,
        run=batch.run_id,
        held_at=batch.held_at,
        reasons=batch.reasons,
        approve=approve,
    )


#: Counters that tell of work without a change; failures are told by the run's status.
_QUIET = frozenset(
    {
        "stage-no-change",
        "stage-failure",
        "flow-failure",
        "export-failure",
        "filtered-deletions",
        "filtered-objects",
        "disconnector-filtered",
        "disconnector-remains",
        "connector-no-flow",
    }
)


def is_change(count: Count) -> bool:
    return count.counter not in _QUIET
