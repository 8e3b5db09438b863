"""Tests of values. They never fail and never give NULL."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from unisono.expressions.functions.conversion import c_num, is_guid_text
from unisono.expressions.functions.encoded import GUID, number_of
from unisono.expressions.kinds import BINARY, BOOLEAN, TEXT_LIKE
from unisono.expressions.registry import Family, Operand, Shape, anything, text
from unisono.expressions.values import Failure, Scalar, Value
from unisono.model.schema import AttributeType

TESTS = Family(title="Tests")

_WHATEVER = anything("x", shape=Shape.EITHER, takes_null=True)


@TESTS.function(
    "IsNull",
    _WHATEVER,
    gives=BOOLEAN,
    columnar=lambda x: x.expr.is_null(),
    examples=("IsNull([mail]) => True", "IsNull([description]) => False"),
)
def is_null(x: Value) -> bool:
    """Whether it is absent or NULL."""
    return x is None


def _is_single_text(x: Operand) -> bool:
    return x.kind.scalar in TEXT_LIKE and not x.kind.multivalued


def _is_empty(x: Operand) -> pl.Expr:
    if _is_single_text(x):
        return (x.expr == "").fill_null(value=False)
    return x.expr.is_null() & pl.lit(value=False)


@TESTS.function(
    "IsEmpty",
    _WHATEVER,
    gives=BOOLEAN,
    columnar=_is_empty,
    examples=("IsEmpty([description]) => True", "IsEmpty([mail]) => False"),
)
def is_empty(x: Value) -> bool:
    """Whether it is present and the empty text."""
    return isinstance(x, str) and x == ""


def _is_null_or_empty(x: Operand) -> pl.Expr:
    if x.kind.multivalued:
        return x.expr.list.len().fill_null(0) == 0
    return x.expr.fill_null("") == "" if _is_single_text(x) else x.expr.is_null()


@TESTS.function(
    "IsNullOrEmpty",
    _WHATEVER,
    gives=BOOLEAN,
    columnar=_is_null_or_empty,
    examples=("IsNullOrEmpty([mail]) => True", "IsNullOrEmpty([description]) => True"),
)
def is_null_or_empty(x: Value) -> bool:
    """Whether it is absent, NULL, the empty text or an empty list."""
    return x is None or x == "" or x == []


@TESTS.function(
    "IsPresent",
    _WHATEVER,
    gives=BOOLEAN,
    columnar=lambda x: ~_is_null_or_empty(x),
    examples=("IsPresent([givenName]) => True", "IsPresent([mail]) => False"),
)
def is_present(x: Value) -> bool:
    """The opposite of IsNullOrEmpty."""
    return not is_null_or_empty(x)


def _is_string(x: Operand) -> pl.Expr:
    return x.expr.is_not_null() & pl.lit(x.kind != BINARY)


@TESTS.function(
    "IsString",
    anything("x", takes_null=True),
    gives=BOOLEAN,
    columnar=_is_string,
    examples=("IsString([givenName]) => True", "IsString([objectGUID]) => False"),
)
def is_string(x: Scalar | None) -> bool:
    """Whether CStr can make a text of it: anything but a binary or NULL."""
    return x is not None and not isinstance(x, bytes)


def _is_numeric(x: Operand) -> pl.Expr:
    match x.kind.scalar:
        case AttributeType.INTEGER:
            return x.expr.is_not_null()
        case AttributeType.STRING | AttributeType.REFERENCE:
            return x.expr.str.strip_chars().cast(pl.Int64, strict=False).is_not_null()
        case AttributeType.BINARY:
            return number_of(x.expr).is_not_null()
        case _:
            return x.expr.is_not_null() & pl.lit(value=False)


@TESTS.function(
    "IsNumeric",
    anything("x", takes_null=True),
    gives=BOOLEAN,
    columnar=_is_numeric,
    mentions=4,
    examples=('IsNumeric("42") => True', 'IsNumeric("4x2") => False'),
)
def is_numeric(x: Scalar | None) -> bool:
    """Whether CNum can make a number of it."""
    if x is None or isinstance(x, bool | datetime):
        return False
    try:
        c_num(x)
    except Failure:
        return False
    return True


@TESTS.function(
    "IsGuid",
    text("s", takes_null=True),
    gives=BOOLEAN,
    columnar=lambda s: s.expr.str.contains(GUID).fill_null(value=False),
    examples=('IsGuid("{33221100-5544-7766-8899-aabbccddeeff}") => True', 'IsGuid("hello") => False'),
)
def is_guid(s: str | None) -> bool:
    """Whether it is the text of a GUID, with or without braces."""
    return s is not None and is_guid_text(s)
