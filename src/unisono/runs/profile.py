"""The profile of a step: how many seconds went to which phase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from unisono.model.phases import Phase, heard_by


class Profile:
    """Seconds by phase, of one thread.

    One phase at a time: what is entered within another one interrupts it, so that the phases add up to the time of the
    step.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._seconds: defaultdict[Phase, float] = defaultdict(float)
        self._phase: Phase | None = None  # None: nobody's time
        self._since = 0.0

    @contextmanager
    def kept(self, otherwise: Phase = Phase.RULES) -> Iterator[None]:
        """Count what this thread does in the block; ``otherwise`` is the phase of what says none."""
        with heard_by(self._within), self._within(otherwise):
            yield

    @contextmanager
    def waiting(self, other: Profile) -> Iterator[None]:
        """Wait in the block for what another thread makes; the time is divided as that thread's is by then."""
        before, started = self._enter(None), self._clock()
        try:
            yield
        finally:
            waited, whole = self._clock() - started, sum(other.seconds.values())
            for phase, seconds in other.seconds.items():
                self._seconds[phase] += waited * seconds / whole
            self._enter(before)

    @property
    def seconds(self) -> dict[Phase, float]:
        """The phases that there were, in their order."""
        return {phase: self._seconds[phase] for phase in Phase if phase in self._seconds}

    @contextmanager
    def _within(self, phase: Phase) -> Iterator[None]:
        before = self._enter(phase)
        try:
            yield
        finally:
            self._enter(before)

    def _enter(self, phase: Phase | None) -> Phase | None:
        """Begin a phase; which one it ends."""
        now, before = self._clock(), self._phase
        if before is not None:
            self._seconds[before] += now - self._since
        self._phase, self._since = phase, now
        return before
