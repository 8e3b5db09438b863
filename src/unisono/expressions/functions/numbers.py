"""Bits and numbers. Numbers have 64 bits, negative ones are two's complement."""

from __future__ import annotations

import polars as pl

from unisono.expressions.kinds import BOOLEAN, NUMBER
from unisono.expressions.registry import Family, Operand, number

NUMBERS = Family(title="Bits and numbers")


@NUMBERS.function(
    "BitAnd",
    number("value1"),
    number("value2"),
    gives=NUMBER,
    columnar=lambda left, right: left.expr & right.expr,
    examples=("BitAnd([userAccountControl], 2) => 2", "BitAnd(&HF, &HF7) => 7"),
)
def bit_and(left: int, right: int) -> int:
    """The bits that are set in both numbers."""
    return left & right


@NUMBERS.function(
    "BitOr",
    number("value1"),
    number("value2"),
    gives=NUMBER,
    columnar=lambda left, right: left.expr | right.expr,
    examples=("BitOr(514, 64) => 578",),
)
def bit_or(left: int, right: int) -> int:
    """The bits that are set in at least one of the numbers."""
    return left | right


def _is_bit_set(value: Operand, flag: Operand) -> pl.Expr:
    return (value.expr & flag.expr) != 0


@NUMBERS.function(
    "IsBitSet",
    number("value"),
    number("flag"),
    gives=BOOLEAN,
    columnar=_is_bit_set,
    examples=("IsBitSet([userAccountControl], 2) => True", "IsBitSet(512, 2) => False"),
)
def is_bit_set(value: int, flag: int) -> bool:
    """Whether a bit of the mask is set in the number."""
    return value & flag != 0
