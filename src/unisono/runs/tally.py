"""What a step counts and records while it runs, and the status that follows from it."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from unisono.model.errors import StepStop
from unisono.model.runs import Counter, ObjectError, RunStep, Status, StepCount, StepResult
from unisono.runs.context import Context
from unisono.runs.profile import Profile
from unisono.store.contract import UnitOfWork

Counts = Mapping[tuple[Counter, str | None], int]


@dataclass(slots=True, kw_only=True)
class Record:
    """Mutable on purpose: it grows while a step runs and is frozen into a ``StepResult`` at its end.

    The run history has it from the step's begin, and grows with it: what a unit of work counted and met is written by
    that unit. So the counters of a step whose process dies say what was committed, neither less nor more.
    """

    context: Context
    run_id: int
    number: int  # of the step, from 1
    step: RunStep
    started_at: datetime
    counts: Tally[tuple[Counter, str | None]] = field(default_factory=Tally)
    errors: list[ObjectError] = field(default_factory=list)
    profile: Profile = field(default_factory=Profile)
    _saved_errors: int = 0

    def add(self, counts: Counts) -> None:
        self.counts.update(counts)

    def add_errors(self, errors: list[ObjectError]) -> None:
        self.errors += errors

    def check_limit(self) -> None:
        """Raises ``StepStop`` when more objects had errors than the step may have."""
        if len(self.errors) > self._limit:
            del self.errors[self._limit :]
            message = f"more than {self._limit} objects had errors"
            raise StepStop(Status.STOPPED_ERROR_LIMIT, message, hint="Look at `unisono errors`; most share one cause.")

    @property
    def _limit(self) -> int:
        """0 and more than 100,000 mean 100,000 (engine specification §3.11)."""
        return self.step.error_limit if 0 < self.step.error_limit <= 100_000 else 100_000

    @contextmanager
    def unit(self) -> Iterator[UnitOfWork]:
        """A unit of work of the step, with what it counts and meets: all of it is written, or nothing.

        What was counted in a unit that came to nothing is forgotten; the errors that were met in it are not.
        """
        before = Tally(self.counts)
        try:
            with self.context.store.begin() as unit:
                yield unit
                saved = self._save(unit, self.result(Status.IN_PROGRESS))
        except BaseException:
            self.counts = before
            raise
        self._saved_errors = saved

    def close(self, result: StepResult, unit: UnitOfWork) -> None:
        """Write the step as it ended."""
        self._save(unit, result)

    def _save(self, unit: UnitOfWork, result: StepResult) -> int:
        """Write what the history does not have yet; how many errors it has then."""
        errors = self.errors[: self._limit]
        unit.save_step(self.run_id, result, errors[self._saved_errors :])
        return len(errors)

    def result(self, status: Status) -> StepResult:
        """The step as it is now."""
        return StepResult(
            number=self.number,
            step=self.step,
            status=status,
            started_at=self.started_at,
            ended_at=self.context.clock(),
            counts=step_counts(self.counts),
            error_count=len(self.errors),
            phase_s=tuple((phase.value, round(seconds, 6)) for phase, seconds in self.profile.seconds.items()),
        )

    def status(self) -> Status:
        """The worst that was met (engine specification §3.12, diagnostics specification §1.2)."""
        categories = {error.category for error in self.errors if error.code != _WARNING}
        if "discovery" in categories:
            return Status.COMPLETED_DISCOVERY_ERRORS
        if "export" in categories:
            return Status.COMPLETED_EXPORT_ERRORS
        if "synchronization" in categories:
            return Status.COMPLETED_SYNC_ERRORS
        if any(error.code == _WARNING for error in self.errors):
            return Status.COMPLETED_WARNINGS
        return Status.SUCCESS


_WARNING = "exported-change-not-reimported"


def step_counts(counts: Counts) -> tuple[StepCount, ...]:
    """Counters in the order in which they are shown, without those that are 0."""
    ordered = sorted(counts.items(), key=lambda item: (str(item[0][1] or ""), list(Counter).index(item[0][0])))
    return tuple(StepCount(counter=c, target=target, count=n) for (c, target), n in ordered if n)


def object_errors(frame: pl.DataFrame, category: str, **constant: str) -> list[ObjectError]:
    """Rows of an error frame as records; columns that a record lacks are dropped."""
    names = {field_name for field_name in ObjectError.__slots__ if field_name in frame.columns}
    return [
        ObjectError(**{"category": category, **constant, **row})
        for row in frame.select(sorted(names)).iter_rows(named=True)
    ]
