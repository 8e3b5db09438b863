"""How values travel between the database's columns and the attributes of objects.

Rows leave the driver as Python values of few types, each column in one *form*; what fits none of the forms, the
database writes as text (``CAST``). Whole columns are then converted at once. A value that the attribute's type
cannot hold becomes null, and the caller tells the object it belongs to from one that has no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from unisono.model.schema import DATETIME, AttributeType, PolarsType


class ColumnKind(StrEnum):
    """What a database's column holds, as far as it matters here."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    BINARY = "binary"
    TIME = "time"  # a date with a time of day
    DATE = "date"
    OTHER = "other"  # numbers with decimals, identifiers, documents, padded text …
    UNKNOWN = "unknown"  # a type of an extension; on SQLite, no type at all


class Form(StrEnum):
    """How a selected column arrives."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    BINARY = "binary"
    TIME = "time"


#: Polars types of the forms, once their database's own encoding is taken off.
FORM_TYPES: Mapping[Form, PolarsType] = {
    Form.INTEGER: pl.Int64,
    Form.BOOLEAN: pl.Boolean,
    Form.TEXT: pl.String,
    Form.BINARY: pl.Binary,
    Form.TIME: DATETIME,
}

# The first match counts. CHAR is padded with blanks that are not data; cast to text it has none.
# Any: the Python types of values do not matter here.
_KINDS: tuple[tuple[type[TypeEngine[Any]], ColumnKind], ...] = (
    (sa.Boolean, ColumnKind.BOOLEAN),
    (sa.Integer, ColumnKind.INTEGER),
    (sa.LargeBinary, ColumnKind.BINARY),
    (sa.DateTime, ColumnKind.TIME),
    (sa.Date, ColumnKind.DATE),
    (sa.Enum, ColumnKind.OTHER),
    (sa.CHAR, ColumnKind.OTHER),
    (sa.String, ColumnKind.TEXT),
    (sa.types.NullType, ColumnKind.UNKNOWN),
)

_TYPES = {
    ColumnKind.INTEGER: AttributeType.INTEGER,
    ColumnKind.BOOLEAN: AttributeType.BOOLEAN,
    ColumnKind.BINARY: AttributeType.BINARY,
    ColumnKind.TIME: AttributeType.DATETIME,
    ColumnKind.DATE: AttributeType.DATETIME,
}

_FORMS = {
    ColumnKind.INTEGER: Form.INTEGER,
    ColumnKind.BOOLEAN: Form.BOOLEAN,
    ColumnKind.TEXT: Form.TEXT,
    ColumnKind.TIME: Form.TIME,
}

_WRITTEN_TIME = "%Y-%m-%d %H:%M:%S%.6f"  # UTC; the session's time zone says so where a column keeps zones
_PLAIN_TIME = "%Y-%m-%d %H:%M:%S%.f"
_SHOWN_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"
_TRUE, _FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")


def kind_of(column_type: TypeEngine[Any]) -> ColumnKind:
    return next((kind for of, kind in _KINDS if isinstance(column_type, of)), ColumnKind.OTHER)


def attribute_type(kind: ColumnKind) -> AttributeType:
    """What a column's values are, where the administrator did not say."""
    return _TYPES.get(kind, AttributeType.STRING)


def form_of(kind: ColumnKind, wanted: AttributeType) -> Form:
    """How a column is selected for an attribute."""
    return Form.BINARY if wanted is AttributeType.BINARY else _FORMS.get(kind, Form.TEXT)


def needs_cast(kind: ColumnKind, form: Form) -> bool:
    """Whether the database has to write the column as text."""
    return form is Form.TEXT and kind is not ColumnKind.TEXT


# --- from the database -----------------------------------------------------------------------------------------------


def imported(value: pl.Expr, form: Form, wanted: AttributeType) -> pl.Expr:
    """The column in the attribute's type; null for what it cannot hold. References as key text."""
    match wanted:
        case AttributeType.STRING | AttributeType.REFERENCE:
            return _as_text(value, form)
        case AttributeType.INTEGER:
            return _as_integer(value, form)
        case AttributeType.BOOLEAN:
            return _as_boolean(value, form)
        case AttributeType.BINARY:
            return value
        case AttributeType.DATETIME:
            return _as_time(value, form)


def _as_text(value: pl.Expr, form: Form) -> pl.Expr:
    return value.dt.strftime(_SHOWN_TIME) if form is Form.TIME else value.cast(pl.String)


def _as_integer(value: pl.Expr, form: Form) -> pl.Expr:
    if form is Form.TEXT:
        return value.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    return value.cast(pl.Int64) if form in (Form.INTEGER, Form.BOOLEAN) else pl.lit(None, pl.Int64)


def _as_boolean(value: pl.Expr, form: Form) -> pl.Expr:
    if form is Form.BOOLEAN:
        return value
    text = value.cast(pl.String).str.to_lowercase()
    return pl.when(text.is_in(_TRUE)).then(pl.lit(value=True)).when(text.is_in(_FALSE)).then(pl.lit(value=False))


def _as_time(value: pl.Expr, form: Form) -> pl.Expr:
    if form is Form.TIME:
        return value
    return time_of_text(value) if form is Form.TEXT else pl.lit(None, DATETIME)


def time_of_text(text: pl.Expr) -> pl.Expr:
    """ISO 8601 dates and times, ``T`` or a blank between them; without a zone taken as UTC."""
    return text.map_batches(_times, return_dtype=DATETIME)


def _times(texts: pl.Series) -> pl.Series:
    plain = texts.str.to_datetime(_PLAIN_TIME, time_unit="us", strict=False)
    if plain.null_count() == texts.null_count():
        return plain.dt.replace_time_zone("UTC")
    return texts.to_frame("text").select(_time_of_any_text(pl.col("text"))).to_series()


def _time_of_any_text(text: pl.Expr) -> pl.Expr:
    zone = text.str.extract(r":[0-9]{2}(?:\.[0-9]+)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)$")
    local = text.str.strip_suffix(zone.fill_null("")).str.replace("T", " ", literal=True)
    times = [local.str.to_datetime(f, time_unit="us", strict=False) for f in (_PLAIN_TIME, "%Y-%m-%d %H:%M")]
    day = local.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    return (pl.coalesce(*times, day) - _offset(zone)).dt.replace_time_zone("UTC")


def _offset(zone: pl.Expr) -> pl.Expr:
    """How far a zone such as ``+02``, ``-0330`` or ``Z`` is ahead of UTC."""
    digits = zone.str.replace_all("[Z:+-]", "").str.pad_end(4, "0")
    ahead = pl.duration(
        hours=digits.str.head(2).cast(pl.Int64, strict=False), minutes=digits.str.tail(2).cast(pl.Int64, strict=False)
    )
    signed = pl.when(zone.str.starts_with("-")).then(-ahead).otherwise(ahead)
    return signed.fill_null(pl.duration(minutes=0))


# --- to the database -------------------------------------------------------------------------------------------------


def exported(value: pl.Expr, of: AttributeType, kind: ColumnKind) -> pl.Expr:
    """The attribute's values as the driver binds them to a column of that kind; references as key text.

    Text goes to columns of any kind that is not treated here: the database converts it, or says why not.
    """
    if of is AttributeType.BINARY:
        return value
    if kind is ColumnKind.INTEGER and of is not AttributeType.DATETIME:
        return _integer_or_text(value, of)
    if kind is ColumnKind.BOOLEAN and of is not AttributeType.DATETIME:
        return _as_boolean(value, Form.BOOLEAN if of is AttributeType.BOOLEAN else Form.TEXT)
    if of is AttributeType.DATETIME:
        return value.dt.strftime("%Y-%m-%d" if kind is ColumnKind.DATE else _WRITTEN_TIME)
    return value.cast(pl.String)


def always_fits(of: AttributeType, kind: ColumnKind) -> bool:
    """Whether ``exported`` loses no value; the database may still refuse it."""
    return kind is not ColumnKind.BOOLEAN or of in (AttributeType.BOOLEAN, AttributeType.BINARY, AttributeType.DATETIME)


def exported_key(text: pl.Expr, kind: ColumnKind) -> pl.Expr:
    """A text of a key as the driver binds it."""
    return text.cast(pl.Int64, strict=False) if kind is ColumnKind.INTEGER else text


def _integer_or_text(value: pl.Expr, of: AttributeType) -> pl.Expr:
    return value if of in (AttributeType.STRING, AttributeType.REFERENCE) else value.cast(pl.Int64)
