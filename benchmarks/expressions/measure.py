"""What one expression costs, by columns, by rows, and what copying the columns costs that it reads.

CPU time, because that is what an expression takes and what is left to look at beside other work. What is slow gets
fewer rows, so that all of it stays within a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from unittest.mock import patch

import polars as pl

from benchmarks.expressions.people import ATTRIBUTES
from unisono.expressions import Compiled, Environment, compile_expression, fallback, imported_name

ENVIRONMENT = Environment(now=datetime(2024, 2, 29, 12, 30, tzinfo=UTC), seed=b"a run")

_SAMPLE_ROWS = 2_000
_FEW_ROWS = 500  # for what is evaluated one by one
_BUDGET_S = 0.12
_REPEATS = 3
_MOST_COMMON = 0.5  # share of the rows that are left to the rows, where the usual case is by columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Times in CPU seconds per row. ``by_rows``: the share of rows for which Python was called."""

    name: str
    expression: str
    columns_s: float
    rows_s: float
    floor_s: float
    by_rows: float

    @property
    def way(self) -> str:
        if not self.by_rows:
            return "columns"
        return "common" if self.by_rows < _MOST_COMMON else "rows"

    @property
    def ratio(self) -> float:
        return self.columns_s / self.floor_s

    def document(self) -> dict[str, object]:
        return {
            "function": self.name,
            "expression": self.expression,
            "way": self.way,
            "by_rows": round(self.by_rows, 4),
            "rows_per_s": round(1 / self.columns_s),
            "rows_per_s_row_by_row": round(1 / self.rows_s),
            "ratio_to_copy": round(self.ratio, 2),
        }


def compiled(text: str) -> Compiled:
    return compile_expression(text, ATTRIBUTES, ENVIRONMENT, imported=ATTRIBUTES)


def measured(name: str, text: str, people: pl.DataFrame) -> Measured:
    """``people`` with a column for each attribute, also as it was imported."""
    expression = compiled(text)
    few = people.head(_SAMPLE_ROWS)
    estimate_s = _least(lambda: few.select(expression.value), 1)
    repeats = _REPEATS if estimate_s < _BUDGET_S else 1
    rows = int(few.height * _BUDGET_S / estimate_s / repeats)
    frame = people.head(max(few.height, min(rows, people.height)))
    copied = [pl.col(name).gather(pl.int_range(pl.len())) for name in _columns(expression)]
    return Measured(
        name=name,
        expression=text,
        columns_s=_least(lambda: frame.select(expression.value), repeats) / frame.height,
        floor_s=_least(lambda: people.select(copied), _REPEATS) / people.height,
        rows_s=_row_by_row_s(expression, few),
        by_rows=_called(expression, few) / few.height,
    )


def _columns(expression: Compiled) -> list[str]:
    return [*expression.attributes, *map(imported_name, expression.imported)] or ["id"]


def _least(work: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return max(min(taken), 1e-7)


def _row_by_row_s(expression: Compiled, people: pl.DataFrame) -> float:
    rows = people.select({"id", *_columns(expression)}).head(_FEW_ROWS).to_dicts()

    def evaluate() -> None:
        for row in rows:
            expression.evaluate(row, identity=row["id"])

    return _least(evaluate, 2) / len(rows)


def _called(expression: Compiled, people: pl.DataFrame) -> int:
    """For how many rows the value calls Python, were no two of them alike."""
    everyone = patch.object(fallback, "ROWS_WORTH_COMPARING", people.height + 1)
    with everyone, patch.object(fallback, "evaluated", wraps=fallback.evaluated) as evaluated:
        people.select(expression.value)
    return sum(call.args[0].height for call in evaluated.call_args_list)
