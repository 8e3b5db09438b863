"""Row by row inside a frame: for what has no columnar definition.

Only the columns that are needed become Python values. Errors are captured per row. Value, error and marker are
separate expressions, so a part that can fail is evaluated once for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from unisono.expressions import typed
from unisono.expressions.registry import Function, Operand, Parameter
from unisono.expressions.rowwise import apply, evaluator, outcome
from unisono.expressions.values import Result
from unisono.model.schema import PolarsType


def call(node: typed.Call, operands: Sequence[Operand]) -> tuple[pl.Expr, pl.Expr | None]:
    """Value and own error of a call whose arguments are columns."""
    function, arguments = node.function, [operand.value for operand in operands]
    places = [place for place, operand in enumerate(operands) if not operand.constant]
    required = [i for i, place in enumerate(places) if not _parameter(function, place).takes_null]
    inputs = [operands[place].expr for place in places]
    common = function.common(*operands) if function.common and places[0] == 0 else None
    if common is not None:
        inputs[0] = pl.when(common.is_null()).then(inputs[0])

    def evaluate(*values: Any) -> Any:
        filled = list(arguments)
        for place, value in zip(places, values, strict=True):
            filled[place] = value
        return apply(function, filled)

    captured = _captured(evaluate)
    value = _part(inputs, captured, "value", node.kind.dtype, required)
    value = value if common is None else pl.coalesce(common, value)
    return value, _part(inputs, captured, "error", pl.String(), required) if typed.can_fail_itself(node) else None


def _parameter(function: Function, place: int) -> Parameter:
    return function.parameters[min(place, len(function.parameters) - 1)]


def node(node: typed.Node, inputs: Mapping[str | int, pl.Expr]) -> tuple[pl.Expr, pl.Expr | None, pl.Expr | None]:
    """Value, error and marker of a node; ``inputs`` by attribute name and by slot are what it reads."""
    names, columns, evaluate = list(inputs), list(inputs.values()), evaluator(node)
    captured = _captured(lambda *values: evaluate(dict(zip(names, values, strict=True))))
    return (
        _part(columns, captured, "value", node.kind.dtype),
        _part(columns, captured, "error", pl.String()) if typed.can_fail(node) else None,
        _part(columns, captured, "marker", pl.String()) if typed.can_mark(node) else None,
    )


def _captured(evaluate: Callable[..., Any]) -> Callable[..., Result]:
    return lambda *values: outcome(lambda: evaluate(*values))


def _part(
    inputs: Sequence[pl.Expr],
    evaluate: Callable[..., Result],
    part: str,
    dtype: PolarsType,
    required: Sequence[int] = (),
) -> pl.Expr:
    """One part of the result for each row; it is null without a call where one of the ``required`` inputs is."""

    def evaluated(table: pl.DataFrame) -> pl.Series:
        columns = (column.to_list() for column in table.iter_columns())
        results = [getattr(evaluate(*values), part) for values in zip(*columns, strict=True)]
        return pl.Series("result", results, dtype=dtype)

    def run(rows: pl.Series) -> pl.Series:
        table = rows.struct.unnest()
        if not required:
            return evaluated(table)
        wanted = table.with_row_index("row").drop_nulls([str(place) for place in required])
        if wanted.height == table.height:
            return evaluated(table)
        results = wanted.select("row", result=evaluated(wanted.drop("row")))
        return table.select(row=pl.row_index()).join(results, on="row", how="left", maintain_order="left")["result"]

    named = [value.alias(str(place)) for place, value in enumerate(inputs)]
    return pl.struct(named).map_batches(run, return_dtype=dtype, is_elementwise=True)
