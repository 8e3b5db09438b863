"""Text to typed values and back, by column.

A text that does not fit its attribute's type becomes null, and its row is marked; the caller makes an error of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from unisono.model.schema import DATETIME, AttributeType

#: ISO 8601 as people write it; the first is by far the fastest to parse. Without a zone, UTC is meant.
ISO_FORMATS = (
    "%Y-%m-%dT%H:%M:%SZ",
    "%+",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)
#: GeneralizedTime of LDAP (RFC 4517 §3.3.13), with minutes, as every server writes it.
GENERALIZED_FORMATS = (
    "%Y%m%d%H%M%SZ",
    "%Y%m%d%H%M%S%.fZ",
    "%Y%m%d%H%M%S%#z",
    "%Y%m%d%H%M%S%.f%#z",
    "%Y%m%d%H%MZ",
)

_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

#: The discovery error of a text that does not fit, by type.
CODES = {
    AttributeType.INTEGER: "invalid-numeric-value",
    AttributeType.BOOLEAN: "invalid-boolean-value",
    AttributeType.BINARY: "invalid-base64-value",
    AttributeType.DATETIME: "invalid-attribute-value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Values of one column; ``bad`` marks the rows whose text does not fit, None where every text does."""

    values: pl.Series
    bad: pl.Series | None


def typed(texts: pl.Series, kind: AttributeType, date_formats: Sequence[str] = ISO_FORMATS) -> Typed:
    """The texts as values of the type. Null stays null."""
    match kind:
        case AttributeType.STRING | AttributeType.REFERENCE:
            return Typed(values=texts, bad=None)
        case AttributeType.INTEGER:
            values = texts.cast(pl.Int64, strict=False)
        case AttributeType.BOOLEAN:
            values = texts.str.to_lowercase().replace_strict({"true": True, "false": False}, default=None)
            values = values.cast(pl.Boolean)
        case AttributeType.BINARY:
            values = texts.str.decode("base64", strict=False)
        case AttributeType.DATETIME:
            values = _datetimes(texts, date_formats)
    if values.null_count() == texts.null_count():
        return Typed(values=values, bad=None)
    return Typed(values=values, bad=values.is_null() & texts.is_not_null())


def typed_lists(lists: pl.Series, kind: AttributeType, date_formats: Sequence[str] = ISO_FORMATS) -> Typed:
    """The same for lists of texts; a row is bad when one of its texts is."""
    if kind in (AttributeType.STRING, AttributeType.REFERENCE):
        return Typed(values=lists, bad=None)
    single = pl.DataFrame({"row": pl.int_range(len(lists), eager=True), "text": lists}).explode("text")
    column = typed(single["text"], kind, date_formats)
    flat = single.select("row").with_columns(value=column.values, bad=column.bad if column.bad is not None else False)
    grouped = flat.group_by("row", maintain_order=True).agg("value", pl.col("bad").any())
    values = grouped["value"].zip_with(lists.is_not_null(), pl.Series([None], dtype=grouped.schema["value"]))
    return Typed(values=values.alias(lists.name), bad=grouped["bad"] if column.bad is not None else None)


def texts(values: pl.Series, kind: AttributeType, date_format: str | None = None) -> pl.Series:
    """The values as text; date-times in ISO 8601, UTC, where no format is given."""
    match kind:
        case AttributeType.STRING | AttributeType.REFERENCE:
            return values
        case AttributeType.INTEGER | AttributeType.BOOLEAN:
            return values.cast(pl.String)
        case AttributeType.BINARY:
            return values.bin.encode("base64").cast(pl.String)
        case AttributeType.DATETIME if date_format is not None:
            return values.dt.strftime(date_format)
        case AttributeType.DATETIME:
            return values.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")


def is_date_format(text: str) -> bool:
    """Whether days can be written and read again with the format."""
    sample = pl.Series([datetime(2001, 2, 3, tzinfo=UTC)], dtype=DATETIME)
    try:
        return _datetimes(sample.dt.strftime(text), (text,)).equals(sample)
    except pl.exceptions.PolarsError:
        return False


def _datetimes(texts: pl.Series, formats: Sequence[str]) -> pl.Series:
    """The first format that fits each text."""
    values = _parsed(texts, formats[0])
    for date_format in formats[1:]:
        if values.null_count() == texts.null_count():
            break
        left = texts.set(values.is_not_null(), None)
        values = values.zip_with(values.is_not_null(), _parsed(left, date_format))
    return values.set(~values.is_between(_FIRST, _LAST), None)


def _parsed(texts: pl.Series, date_format: str) -> pl.Series:
    return texts.str.to_datetime(date_format, time_unit="us", time_zone="UTC", strict=False, cache=False)
