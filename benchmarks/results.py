"""Results of a benchmark, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


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
    budget: Budget = NO_BUDGET
    floor_s: float | None = None
    floor_cpu_s: float | None = None
    rows_written: dict[str, int] | None = None  # None: not counted
    allows_rows: bool = True  # whether the work may write rows of objects at all
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.unisono_s / self.floor_s if self.floor_s else None

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
            (self.budget.mib, self.peak_mib),
        ):
            if limit is not None and value is not None:
                return Verdict.WITHIN if value <= limit else Verdict.OVER
        return Verdict.NONE

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "rows": self.rows, "verdict": self.verdict.value}


_HEADINGS = ("work", "floor s", "Unisono s", "ratio", "budget", "rows written", "CPU s", "peak MiB", "verdict")


def table(results: Sequence[Result]) -> str:
    """The results as aligned text, one line each."""
    lines = [_HEADINGS, *(_cells(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    shown = ["  ".join(map(_aligned, line, widths, _HEADINGS)) for line in lines]
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:]])


def _aligned(cell: str, width: int, heading: str) -> str:
    return cell.ljust(width) if heading in ("work", "budget", "verdict") else cell.rjust(width)


def _cells(result: Result) -> tuple[str, ...]:
    return (
        result.work,
        _number(result.floor_s),
        _number(result.unisono_s or None),
        _number(result.ratio),
        str(result.budget),
        "" if result.rows is None else f"{result.rows:,}",
        _number(result.cpu_s or None),
        f"{result.peak_mib:,.0f}" if result.peak_mib else "",
        result.verdict.value,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 1 else f"{value:.2f}"
