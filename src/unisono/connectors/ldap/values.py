"""Values between LDAP's octet strings and typed columns (RFC 4517), whole columns at a time.

Decoding never guesses: what a value is says the schema, not the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from unisono.model.schema import DATETIME, Attribute, AttributeType

_INSTANT = "%Y%m%d%H%M%S%.f%z"


def decoded(values: pl.Series, type_: AttributeType) -> tuple[pl.Series, pl.Series | None]:
    """Typed values of a binary series, and a mask of those that are no such value; None where all are.

    Nulls stay null and are never wrong.
    """
    match type_:
        case AttributeType.BINARY:
            return values, None
        case AttributeType.STRING:
            typed = _text(values)
        case AttributeType.INTEGER:
            typed = _text(values).cast(pl.Int64, strict=False)
        case _:
            typed = _text(values).to_frame().select(_DECODERS[type_](pl.col(values.name))).to_series()
    all_right = typed.null_count() == values.null_count()
    return typed, None if all_right else typed.is_null() & values.is_not_null()


def encoded(attribute: Attribute, column: str) -> pl.Expr:
    """The column of the attribute's values as octet strings, lists of them where the column has lists."""
    values = pl.col(column)
    return (
        values.list.eval(_encoded(attribute.type, pl.element()))
        if attribute.multivalued
        else (_encoded(attribute.type, values))
    )


def _text(values: pl.Series) -> pl.Series:
    try:
        return values.cast(pl.String)
    except pl.exceptions.ComputeError:  # somewhere is a value that is not UTF-8: find which, one by one
        return pl.Series(values.name, [_utf8(value) for value in values], dtype=pl.String)


def _utf8(value: bytes | None) -> str | None:
    try:
        return value.decode() if value is not None else None
    except UnicodeDecodeError:
        return None


def _instant(text: pl.Expr) -> pl.Expr:
    """Generalized time (RFC 4517 §3.3.13) as UTC. Fractions of hours and minutes are not understood."""
    full = (
        text.str.replace(",", ".", literal=True)
        .str.replace(r"^(\d{10})(Z|[+-])", "${1}0000${2}")
        .str.replace(r"^(\d{12})(Z|[+-])", "${1}00${2}")
        .str.replace(r"([+-]\d\d)$", "${1}00")
        .str.replace(r"Z$", "+0000")
    )
    return full.str.to_datetime(_INSTANT, time_unit="us", strict=False).cast(DATETIME)


def _truth(text: pl.Expr) -> pl.Expr:
    return text.str.to_uppercase().replace_strict({"TRUE": True, "FALSE": False}, default=None, return_dtype=pl.Boolean)


def _name(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains("=", literal=True)).then(text)


_DECODERS: Mapping[AttributeType, Callable[[pl.Expr], pl.Expr]] = {
    AttributeType.BOOLEAN: _truth,
    AttributeType.DATETIME: _instant,
    AttributeType.REFERENCE: _name,
}


def _encoded(type_: AttributeType, values: pl.Expr) -> pl.Expr:
    match type_:
        case AttributeType.BINARY:
            return values
        case AttributeType.INTEGER:
            text = values.cast(pl.String)
        case AttributeType.BOOLEAN:
            text = pl.when(values).then(pl.lit("TRUE")).when(values.not_()).then(pl.lit("FALSE"))
        case AttributeType.DATETIME:
            fraction = values.dt.strftime("%.6f").str.replace(r"\.?0+$", "")
            text = values.dt.strftime("%Y%m%d%H%M%S") + fraction + pl.lit("Z")
        case AttributeType.STRING | AttributeType.REFERENCE:
            text = values
    return text.cast(pl.Binary)
