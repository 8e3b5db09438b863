"""What a step counts and records while it runs, and the status that follows from it."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import polars as pl

from unisono.model.errors import StepStop
from unisono.model.runs import Counter, ObjectError, Status, StepCount


@dataclass(slots=True, kw_only=True)
class Record:
    """Mutable on purpose: it grows while a step runs and is frozen into a ``StepResult`` at its end."""

    error_limit: int = 5000
    counts: Tally[tuple[Counter, str | None]] = field(default_factory=Tally)
    errors: list[ObjectError] = field(default_factory=list)
    warnings: int = 0
    seconds: Tally[str] = field(default_factory=Tally)  # by phase; a Tally of floats

    def add(self, counts: Mapping[tuple[Counter, str | None], int]) -> None:
        self.counts.update(counts)

    def add_errors(self, errors: list[ObjectError]) -> None:
        """Raises ``StepStop`` beyond the limit; 0 and more than 100,000 mean 100,000 (engine spec. §3.11)."""
        self.errors += errors
        limit = self.error_limit if 0 < self.error_limit <= 100_000 else 100_000
        if len(self.errors) > limit:
            del self.errors[limit:]
            message = f"more than {limit} objects had errors"
            raise StepStop(Status.STOPPED_ERROR_LIMIT, message, hint="Look at `unisono errors`; most share one cause.")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the seconds of the block to a phase."""
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += perf_counter() - started  # type: ignore[assignment]

    def step_counts(self) -> tuple[StepCount, ...]:
        ordered = sorted(self.counts.items(), key=lambda item: (str(item[0][1] or ""), list(Counter).index(item[0][0])))
        return tuple(StepCount(counter=c, target=target, count=n) for (c, target), n in ordered if n)

    def status(self) -> Status:
        """The worst that was met (engine specification §3.12, diagnostics specification §1.2)."""
        categories = {error.category for error in self.errors if error.code != _WARNING}
        if "discovery" in categories:
            return Status.COMPLETED_DISCOVERY_ERRORS
        if "export" in categories:
            return Status.COMPLETED_EXPORT_ERRORS
        if "synchronization" in categories:
            return Status.COMPLETED_SYNC_ERRORS
        if self.warnings or any(error.code == _WARNING for error in self.errors):
            return Status.COMPLETED_WARNINGS
        return Status.SUCCESS


_WARNING = "exported-change-not-reimported"


def object_errors(frame: pl.DataFrame, category: str, **constant: str) -> list[ObjectError]:
    """Rows of an error frame as records; columns that a record lacks are dropped."""
    names = {field_name for field_name in ObjectError.__slots__ if field_name in frame.columns}
    return [
        ObjectError(**{"category": category, **constant, **row})
        for row in frame.select(sorted(names)).iter_rows(named=True)
    ]
