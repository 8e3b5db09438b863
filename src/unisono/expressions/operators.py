"""Operators as functions (configuration specification §13.2); ``&&`` and ``||`` are in the tree itself.

NULL: ``&`` takes it as empty, arithmetic gives NULL, an ordering and ``=`` give False, ``<>`` is True when exactly one
side is NULL. Texts are compared exactly, by code point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import polars as pl

from unisono.expressions.kinds import BINARY, BOOLEAN, NUMBER, TEXT
from unisono.expressions.registry import Function, Operand, Outcome, Parameter, anything, number
from unisono.expressions.values import (
    MOST_BYTES,
    OUT_OF_RANGE,
    TOO_LONG,
    Scalar,
    Value,
    expect_length,
    text_of,
    within_integer,
)
from unisono.model.schema import AttributeType

#: Operands of ``&`` up to which a frame is evaluated by columns; more of them could grow too much at once.
_MOST_JOINED = 32
_DATE_TEXT = "%Y-%m-%dT%H:%M:%S%.fZ"


def printed(operand: Operand) -> pl.Expr:
    """The operand as text, the columnar ``text_of``."""
    match operand.kind.scalar:
        case AttributeType.BOOLEAN:
            return operand.expr.cast(pl.String).str.to_titlecase()
        case AttributeType.DATETIME:
            return operand.expr.dt.strftime(_DATE_TEXT)
        case AttributeType.INTEGER | None:
            return operand.expr.cast(pl.String)
        case _:
            return operand.expr


def _joined(*operands: Scalar | None) -> str:
    texts = [text_of(operand) for operand in operands if operand is not None and not isinstance(operand, bytes)]
    expect_length(sum(map(len, texts)))
    return "".join(texts)


def _joined_columns(*operands: Operand) -> Outcome | None:
    if len(operands) > _MOST_JOINED:
        return None
    texts = [printed(operand) for operand in operands]
    lengths = [text.str.len_bytes().cast(pl.Int64).fill_null(0) for text in texts]
    too_long = pl.sum_horizontal(lengths) > MOST_BYTES
    value = pl.concat_str(texts, ignore_nulls=True)
    return Outcome(value=value, failed=too_long, message=TOO_LONG, null_if_failed=False)


def _joined_binary_columns(*operands: Operand) -> Outcome | None:
    if len(operands) > _MOST_JOINED or any(operand.kind.scalar is None for operand in operands):
        return None
    data = [operand.expr.fill_null(pl.lit(b"")) for operand in operands]
    too_long = pl.sum_horizontal(each.bin.size().cast(pl.Int64) for each in data) > MOST_BYTES
    value = reduce(operator.add, data)
    return Outcome(value=value, failed=too_long, message=TOO_LONG, null_if_failed=False)


def _joined_binary(*operands: bytes | None) -> bytes:
    return b"".join(operand for operand in operands if operand is not None)


_OPERANDS = (anything("left", takes_null=True), anything("right", takes_null=True))
JOIN = Function(name="&", parameters=_OPERANDS, gives=TEXT, evaluate=_joined, columnar=_joined_columns, grows=True)
JOIN_BINARY = Function(
    name="&",
    parameters=_OPERANDS,
    gives=BINARY,
    evaluate=_joined_binary,
    columnar=_joined_binary_columns,
    grows=True,
)


def _arithmetic(name: str, calculate: Callable[[Any, Any], Any]) -> Function:
    def evaluate(left: int, right: int) -> int:
        return within_integer(calculate(left, right))

    def columnar(left: Operand, right: Operand) -> Outcome:
        exact = calculate(left.expr.cast(pl.Int128), right.expr.cast(pl.Int128))
        value = exact.cast(pl.Int64, strict=False)
        return Outcome(value=value, failed=exact.is_not_null() & value.is_null(), message=OUT_OF_RANGE)

    parameters = (number("left"), number("right"))
    return Function(name=name, parameters=parameters, gives=NUMBER, evaluate=evaluate, columnar=columnar, fails=True)


def _comparison(name: str, compare: Callable[[Any, Any], Any], *, unequal: bool = False) -> Function:
    def evaluate(left: Scalar | None, right: Scalar | None) -> bool:
        if left is None or right is None:
            return unequal and left is not right
        return bool(compare(left, right))

    def columnar(left: Operand, right: Operand) -> pl.Expr:
        if unequal:
            return left.expr.ne_missing(right.expr)
        compared: pl.Expr = compare(left.expr, right.expr)
        return compared.fill_null(value=False)

    return Function(name=name, parameters=_OPERANDS, gives=BOOLEAN, evaluate=evaluate, columnar=columnar)


COMPARISONS = {
    "=": _comparison("=", operator.eq),
    "<>": _comparison("<>", operator.ne, unequal=True),
    "<": _comparison("<", operator.lt),
    "<=": _comparison("<=", operator.le),
    ">": _comparison(">", operator.gt),
    ">=": _comparison(">=", operator.ge),
}
ARITHMETIC = {
    "+": _arithmetic("+", operator.add),
    "-": _arithmetic("-", operator.sub),
    "*": _arithmetic("*", operator.mul),
}


def _one(value: Scalar | None) -> Value:
    return None if value is None else [value]


def _one_column(value: Operand) -> pl.Expr:
    return pl.when(value.expr.is_not_null()).then(pl.concat_list(value.expr))


#: Not in the language: a single value where a list is wanted.
AS_LIST = Function(
    name="list",
    parameters=(Parameter(name="value", accepts=frozenset(AttributeType)),),
    gives=lambda kinds: kinds[0].several,
    evaluate=_one,
    columnar=_one_column,
    mentions=2,
)

#: What the documentation says of each operator, tightest level first.
OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("`*` `+` `-`", "numbers → number", "NULL on either side gives NULL; a result beyond 64 bits is an error"),
    ("`&`", "anything but binary → text", "joins; NULL counts as empty; two binaries give a binary"),
    ("`=` `<>`", "two values of one type → boolean", "NULL equals nothing; `<>` holds when just one side is NULL"),
    ("`<` `<=` `>` `>=`", "texts, numbers, dates, booleans → boolean", "False when a side is NULL"),
    ("`&&` `||`", "booleans → boolean", "NULL counts as False; the right side is evaluated only when it matters"),
)
