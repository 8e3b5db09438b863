"""Row by row inside a frame: for what has no columnar definition.

Only the columns that are needed become Python values, and of rows that are alike only one. Errors are captured per row.
Value, error and marker are separate expressions, so a part that can fail is evaluated once for each: Polars shares no
calls of Python between expressions, be the frame lazy or not, and to share them here would take a lock that its own
threads could wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any

import polars as pl

from unisono.expressions import typed
from unisono.expressions.registry import Function, Operand, Parameter
from unisono.expressions.rowwise import applied, evaluator
from unisono.expressions.values import Failure, Marker, Value
from unisono.model.schema import PolarsType

ROWS_WORTH_COMPARING = 200  # comparing fewer takes longer than it saves


def call(node: typed.Call, operands: Sequence[Operand]) -> tuple[pl.Expr, pl.Expr | None]:
    """Value and own error of a call whose arguments are columns."""
    function = node.function
    places = [place for place, operand in enumerate(operands) if not operand.constant]
    required = [i for i, place in enumerate(places) if not _parameter(function, place).takes_null]
    inputs = [operands[place].expr for place in places]
    common = function.common(*operands) if function.common and places[0] == 0 else None
    if common is not None:
        inputs[0] = pl.when(common.is_null()).then(inputs[0])
        required = sorted({0, *required})
    constants = {place: operand.value for place, operand in enumerate(operands) if operand.constant}
    evaluate = applied(function)
    value = _part(inputs, _value(evaluate), node.kind.dtype, required, constants)
    value = value if common is None else pl.coalesce(common, value)
    if not typed.can_fail_itself(node):
        return value, None
    return value, _part(inputs, _error(evaluate), pl.String(), required, constants)


def _parameter(function: Function, place: int) -> Parameter:
    return function.parameters[min(place, len(function.parameters) - 1)]


def node(node: typed.Node, inputs: Mapping[str | int, pl.Expr]) -> tuple[pl.Expr, pl.Expr | None, pl.Expr | None]:
    """Value, error and marker of a node; ``inputs`` by attribute name and by slot are what it reads."""
    names, columns, of_scope = list(inputs), list(inputs.values()), evaluator(node)

    def evaluate(*values: Any) -> Any:
        return of_scope(dict(zip(names, values, strict=True)))

    return (
        _part(columns, _value(evaluate), node.kind.dtype),
        _part(columns, _error(evaluate), pl.String()) if typed.can_fail(node) else None,
        _part(columns, _marker(evaluate), pl.String()) if typed.can_mark(node) else None,
    )


# --- one part of what an evaluation gives ---------------------------------------------------------------------------


def _value(evaluate: Callable[..., Any]) -> Callable[..., Value]:
    def value(*values: Any) -> Value:
        try:
            result: Value | Marker = evaluate(*values)
        except Failure:
            return None
        return None if isinstance(result, Marker) else result

    return value


def _error(evaluate: Callable[..., Any]) -> Callable[..., Value]:
    def error(*values: Any) -> Value:
        try:
            evaluate(*values)
        except Failure as failure:
            return str(failure)
        return None

    return error


def _marker(evaluate: Callable[..., Any]) -> Callable[..., Value]:
    def marker(*values: Any) -> Value:
        try:
            result = evaluate(*values)
        except Failure:
            return None
        return result.value if isinstance(result, Marker) else None

    return marker


# --- … for each row -------------------------------------------------------------------------------------------------


def _part(
    inputs: Sequence[pl.Expr],
    evaluate: Callable[..., Value],
    dtype: PolarsType,
    required: Sequence[int] = (),
    constants: Mapping[int, Any] | None = None,
) -> pl.Expr:
    """The part for each row; it is null without a call where one of the ``required`` inputs is.

    ``constants`` are arguments that are the same in each row, by their place among all arguments.
    """
    needed, fixed = [str(place) for place in required], constants or {}

    def run(rows: pl.Series) -> pl.Series:
        table = rows.struct.unnest().with_row_index(_ROW)
        wanted = table.drop_nulls(needed) if needed else table
        distinct = _distinct(wanted)
        results = pl.Series(_RESULT, evaluated(distinct.drop(_ROW), evaluate, fixed), dtype=dtype)
        if distinct.height == table.height:
            return results
        of_rows = distinct.with_columns(results)
        if distinct.height < wanted.height:
            columns = distinct.drop(_ROW).columns
            of_rows = wanted.join(of_rows.drop(_ROW), on=columns, how="left", nulls_equal=True)
        return table.select(_ROW).join(of_rows, on=_ROW, how="left", maintain_order="left")[_RESULT]

    named = [value.alias(str(place)) for place, value in enumerate(inputs)]
    return pl.struct(named).map_batches(run, return_dtype=dtype, is_elementwise=True)


_ROW, _RESULT = "row", "result"


def _distinct(table: pl.DataFrame) -> pl.DataFrame:
    """One row of those that are alike, where that makes few of many."""
    columns = table.drop(_ROW)
    if table.height < ROWS_WORTH_COMPARING or any(dtype.is_nested() for dtype in columns.dtypes):
        return table
    distinct = table.unique(columns.columns, keep="any")
    return distinct if 2 * distinct.height < table.height else table


def evaluated(table: pl.DataFrame, evaluate: Callable[..., Value], constants: Mapping[int, Any]) -> list[Value]:
    """What ``evaluate`` gives for the arguments in each row, with ``constants`` between them."""
    columns = iter(table.iter_columns())
    count = table.width + len(constants)
    arguments = [repeat(constants[i]) if i in constants else next(columns).to_list() for i in range(count)]
    return [evaluate(*values) for values in zip(*arguments, strict=False)]
