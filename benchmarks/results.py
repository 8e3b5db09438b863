"""Results of a benchmark, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from benchmarks.machine import is_loud
from benchmarks.measure import Cost


class Verdict(StrEnum):
    WITHIN = "within"
    OVER = "OVER"
    NONE = "-"  # measured for information


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a piece of work may take: at most so many floors, seconds or MiB."""

    floors: float | None = None
    seconds: float | None = None
    mib: float | None = None

    def __str__(self) -> str:
        if self.floors is not None:
            return f"≤ {self.floors:g} × floor"
        if self.seconds is not None:
            return f"≤ {self.seconds:g} s"
        return f"≤ {self.mib:g} MiB" if self.mib is not None else ""


NO_BUDGET = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of the table. ``rows_written`` by table of the store; ``details`` for the JSON document only."""

    work: str
    unisono_s: float
    cost: Cost | None = None
    budget: Budget = NO_BUDGET
    floor: Cost | None = None
    rows_written: dict[str, int] | None = None  # None: not counted
    allows_rows: bool = True  # whether the work may write rows of objects at all
    others_count: bool = True  # whether other programs than product and server would make the figures worthless
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.unisono_s / self.floor.wall_s if self.floor else None

    @property
    def cpu_ratio(self) -> float | None:
        """Of the CPU time that each side and its server took: what is left to look at beside other work."""
        return self.cost.all_cpu_s / self.floor.all_cpu_s if self.cost and self.floor else None

    @property
    def is_disturbed(self) -> bool:
        costs = [cost for cost in (self.cost, self.floor) if cost is not None]
        return self.others_count and any(is_loud(cost.others_cpu_s, cost.wall_s) for cost in costs)

    @property
    def rows(self) -> int | None:
        return None if self.rows_written is None else sum(self.rows_written.values())

    @property
    def verdict(self) -> Verdict:
        if not self.allows_rows and self.rows:
            return Verdict.OVER
        for limit, value in (
            (self.budget.floors, self.ratio),
            (self.budget.seconds, self.unisono_s),
            (self.budget.mib, self.cost.peak_mib if self.cost else None),
        ):
            if limit is not None and value is not None:
                return Verdict.WITHIN if value <= limit else Verdict.OVER
        return Verdict.NONE

    def document(self) -> dict[str, Any]:
        told = asdict(self)
        for cost in ("cost", "floor"):
            if told[cost] is not None:
                del told[cost]["output"]
        computed = {"ratio": self.ratio, "cpu_ratio": self.cpu_ratio, "rows": self.rows, "verdict": self.verdict.value}
        return {**told, **computed, "is_disturbed": self.is_disturbed}


_HEADINGS = (
    "work", "floor s", "Unisono s", "ratio", "CPU ratio", "budget", "rows written", "CPU s", "peak MiB",
    "server CPU s", "server MiB", "verdict",
)  # fmt: skip
_TO_THE_LEFT = ("work", "budget", "verdict")
_DISTURBED = " (disturbed)"


def table(results: Sequence[Result]) -> str:
    """The results as aligned text, one line each."""
    lines = [_HEADINGS, *(_cells(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    shown = ["  ".join(map(_aligned, line, widths, _HEADINGS)) for line in lines]
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:]])


def _aligned(cell: str, width: int, heading: str) -> str:
    return cell.ljust(width) if heading in _TO_THE_LEFT else cell.rjust(width)


def _cells(result: Result) -> tuple[str, ...]:
    cost = result.cost
    return (
        result.work,
        _number(result.floor.wall_s if result.floor else None),
        _number(result.unisono_s or None),
        _number(result.ratio),
        _number(result.cpu_ratio),
        str(result.budget),
        "" if result.rows is None else f"{result.rows:,}",
        _number(cost.cpu_s or None if cost else None),
        _whole(cost.peak_mib if cost else None),
        _number(cost.server_cpu_s or None if cost else None),
        _whole(cost.server_mib or None if cost else None),
        result.verdict.value + (_DISTURBED if result.is_disturbed else ""),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 1 else f"{value:.2f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
