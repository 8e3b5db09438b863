"""Row by row inside a frame: for what has no columnar definition.

Only the columns that are needed become Python values, and of rows that are alike only one. Errors are captured per row.
Value, error and marker are separate expressions, so a part that can fail is evaluated once for each: Polars shares no
calls of Python between expressions, be the frame lazy or not, and to share them here would take a lock that its own
threads could wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
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
    required = [place for place in places if not _parameter(function, place).takes_null]
    common = function.common(*operands) if function.common and places[0] == 0 else None
    rows = _Rows(
        inputs={place: operands[place].expr for place in places},
        required=required if common is None else sorted({0, *required}),
        common=common,
        constants={place: operand.value for place, operand in enumerate(operands) if operand.constant},
    )
    evaluate = applied(function)
    value = rows.part(_value(evaluate), node.kind.dtype, has_common=common is not None)
    return value, rows.part(_error(evaluate), pl.String()) if typed.can_fail_itself(node) else None


def _parameter(function: Function, place: int) -> Parameter:
    return function.parameters[min(place, len(function.parameters) - 1)]


def node(node: typed.Node, inputs: Mapping[str | int, pl.Expr]) -> tuple[pl.Expr, pl.Expr | None, pl.Expr | None]:
    """Value, error and marker of a node; ``inputs`` by attribute name and by slot are what it reads."""
    names, of_scope = list(inputs), evaluator(node)
    rows = _Rows(inputs=dict(enumerate(inputs.values())))

    def evaluate(*values: Any) -> Any:
        return of_scope(dict(zip(names, values, strict=True)))

    return (
        rows.part(_value(evaluate), node.kind.dtype),
        rows.part(_error(evaluate), pl.String()) if typed.can_fail(node) else None,
        rows.part(_marker(evaluate), pl.String()) if typed.can_mark(node) else None,
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


_ROW, _RESULT, _COMMON = "row", "result", "common"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What is evaluated row by row.

    ``inputs`` are columns by their place among the arguments. Nothing is called where one of the ``required`` is null,
    or where there is a ``common`` value already. ``constants`` are arguments that are the same in each row, by place.
    """

    inputs: Mapping[int, pl.Expr]
    required: Sequence[int] = ()
    common: pl.Expr | None = None
    constants: Mapping[int, Any] = field(default_factory=dict)

    def part(self, evaluate: Callable[..., Value], dtype: PolarsType, *, has_common: bool = False) -> pl.Expr:
        """The part for each row. Where there is a common value, it is that if it ``has_common``, or else null."""
        if not self.inputs:  # the same for all rows
            return pl.lit(evaluate(), dtype=dtype)

        def run(rows: pl.Series) -> pl.Series:
            table = rows.struct.unnest()
            known = table[_COMMON] if has_common else pl.repeat(None, table.height, dtype=dtype, eager=True)
            found = self._found(table.with_row_index(_ROW), evaluate, dtype)
            if found.height == table.height:
                return found[_RESULT]
            if found.height == 0:
                return known
            others = table.select(pl.row_index(_ROW)).join(found, on=_ROW, how="left", maintain_order="left")
            return known.zip_with(known.is_not_null(), others[_RESULT])

        named = [value.alias(str(place)) for place, value in self.inputs.items()]
        if self.common is not None:
            named.append(self.common.alias(_COMMON))
        return pl.struct(named).map_batches(run, return_dtype=dtype, is_elementwise=True)

    def _found(self, table: pl.DataFrame, evaluate: Callable[..., Value], dtype: PolarsType) -> pl.DataFrame:
        """Rows and results of those rows for which something is called."""
        if self.common is not None:
            table = table.filter(pl.col(_COMMON).is_null()).drop(_COMMON)
        wanted = table.drop_nulls([str(place) for place in self.required]) if self.required else table
        distinct = _distinct(wanted)
        results = _series(evaluated(distinct.drop(_ROW), evaluate, self.constants), dtype)
        found = distinct.with_columns(results)
        if distinct.height < wanted.height:
            columns = [name for name in wanted.columns if name != _ROW]
            found = wanted.join(found.drop(_ROW), on=columns, how="left", nulls_equal=True, maintain_order="left")
        return found.select(_ROW, _RESULT)


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


def _series(values: Sequence[Value], dtype: PolarsType) -> pl.Series:
    """The values as a series. Lists are put together of their members: that takes a tenth of the time."""
    if not isinstance(dtype, pl.List):
        return pl.Series(_RESULT, values, dtype=dtype)
    lists = [value if isinstance(value, list) else [] for value in values]
    members = {
        _ROW: pl.Series([row for row, members in enumerate(lists) for _ in members], dtype=pl.UInt32),
        _RESULT: pl.Series(list(chain.from_iterable(lists)), dtype=dtype.inner),
    }
    by_row = pl.DataFrame(members).group_by(_ROW, maintain_order=True).agg(_RESULT)
    rows = pl.DataFrame({"is_null": [value is None for value in values]}, schema={"is_null": pl.Boolean})
    joined = rows.with_row_index(_ROW).join(by_row, on=_ROW, how="left", maintain_order="left")
    present = pl.coalesce(_RESULT, pl.lit([], dtype=dtype))
    return joined.select(pl.when(~pl.col("is_null")).then(present).alias(_RESULT)).to_series()
