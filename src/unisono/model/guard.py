"""The guard: limits on what one step may change, judged on its plan before the first write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ChangeKind(StrEnum):
    ADDS = "adds"
    UPDATES = "updates"
    RENAMES = "renames"
    DELETES = "deletes"
    CLEARED = "cleared"  # attribute values removed without a successor
    REMOVED = "removed"  # memberships: reference values removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``percent`` of the population, but no fewer than ``floor``; and at most ``absolute``. None: no limit."""

    percent: float | None = None
    floor: int = 10
    absolute: int | None = None

    def allowed(self, population: int) -> int | None:
        """The largest count that passes for a population, or None when every count does."""
        bounds = []
        if self.percent is not None:
            bounds.append(max(self.floor, int(population * self.percent / 100)))
        if self.absolute is not None:
            bounds.append(self.absolute)
        return min(bounds) if bounds else None


DEFAULT_LIMITS: Mapping[ChangeKind, Limit] = {
    ChangeKind.RENAMES: Limit(percent=20),
    ChangeKind.DELETES: Limit(percent=10),
    ChangeKind.CLEARED: Limit(percent=20),
    ChangeKind.REMOVED: Limit(percent=20),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One limit that a plan exceeds."""

    target: str  # connector, or "metaverse"
    kind: ChangeKind
    count: int
    allowed: int
    population: int

    def __str__(self) -> str:
        return f"{self.count} {self.kind} in {self.target}; allowed: {self.allowed} of {self.population}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Limits by kind of change; kinds that are not named have no limit. Per source and per target."""

    limits: Mapping[ChangeKind, Limit] = field(default_factory=lambda: DEFAULT_LIMITS)

    def judge(self, target: str, counts: Mapping[ChangeKind, int], population: int) -> tuple[Held, ...]:
        """The limits that the counts exceed, in the order of ``ChangeKind``."""
        held = []
        for kind in ChangeKind:
            limit = self.limits.get(kind)
            count = counts.get(kind, 0)
            allowed = limit.allowed(population) if limit else None
            if allowed is not None and count > allowed:
                held.append(Held(target=target, kind=kind, count=count, allowed=allowed, population=population))
        return tuple(held)
