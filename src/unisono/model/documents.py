"""Objects as documents: wide frames to canonical JSON text and back.

The store keeps one JSON document per object and layer, on purpose readable with SQL. In a document

- keys are sorted, absent attributes are left out, lists are sorted and free of duplicates;
- a binary is base64 text, a date-time is ``YYYY-MM-DDTHH:MM:SS.ffffffZ``;
- reference attributes are missing: they are edges.

A *change document* is ``{"clear": [names], "set": {document}}``.

Encoding and decoding are columnar. Decoding joins the documents to newline-delimited JSON, which Polars parses six
times faster than value by value (canonical JSON escapes line breaks, so a document is one line).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from unisono.model.phases import Phase, belongs_to
from unisono.model.schema import DATETIME, Attribute, AttributeType, PolarsType

_DATETIME_TEXT = "%Y-%m-%dT%H:%M:%S%.6fZ"

# A key with a null value, behind "{" or ",". It cannot match inside a string value: there every quote is escaped, so
# no quote directly follows a brace or comma (attribute names cannot contain any of these characters).
_ABSENT_WITHIN = r'([{,])(?:"[^"\\]*":null,)+'
_ABSENT_LAST = r',?"[^"\\]*":null\}$'


def _text_type(attribute: Attribute) -> PolarsType:
    as_text = attribute.type in (AttributeType.BINARY, AttributeType.DATETIME, AttributeType.REFERENCE)
    if not as_text:
        return attribute.dtype
    return pl.List(pl.String) if attribute.multivalued else pl.String


def _encoded(attribute: Attribute, column: str) -> pl.Expr:
    values = pl.col(column)
    element = pl.element() if attribute.multivalued else values
    match attribute.type:
        case AttributeType.BINARY:
            scalar = element.bin.encode("base64")
        case AttributeType.DATETIME:
            scalar = element.dt.strftime(_DATETIME_TEXT)
        case _:
            return values.alias(attribute.name)
    return (values.list.eval(scalar) if attribute.multivalued else scalar).alias(attribute.name)


def _decoded(attribute: Attribute, values: pl.Expr) -> pl.Expr:
    element = pl.element() if attribute.multivalued else values
    match attribute.type:
        case AttributeType.BINARY:
            scalar = element.str.decode("base64")
        case AttributeType.DATETIME:
            scalar = element.str.to_datetime(_DATETIME_TEXT, time_unit="us", time_zone="UTC")
        case _:
            return values
    return values.list.eval(scalar) if attribute.multivalued else scalar


def normalized(attribute: Attribute, column: str | None = None) -> pl.Expr:
    """The attribute's column with multivalued values as a sorted set and the empty list as null."""
    values = pl.col(column or attribute.name)
    if not attribute.multivalued:
        return values
    return as_set(values)


def as_set(lists: pl.Expr) -> pl.Expr:
    """Lists as sorted sets without nulls; the empty one is null. (``list.sort`` would take ten times as long.)"""
    found = lists.list.eval(pl.element().drop_nulls().unique().sort())
    return pl.when(found.list.len() > 0).then(found)


@belongs_to(Phase.DECODE)
def documents(frame: pl.DataFrame, attributes: Sequence[Attribute], *, prefix: str = "") -> pl.Series:
    """Canonical documents of the frame's rows, in row order; column of attribute ``a`` is ``prefix + a``.

    Columns must be normalized. A row without any value gives ``{}``.
    """
    ordered = sorted(attributes, key=lambda a: a.name)
    if not ordered or frame.is_empty():
        return pl.Series("document", ["{}"] * frame.height, dtype=pl.String)
    encoded = frame.select(_encoded(a, prefix + a.name) for a in ordered)
    text = encoded.select(document=pl.struct(pl.all()).struct.json_encode()).to_series()
    if all(column.null_count() == 0 for column in encoded.iter_columns()):
        return text
    return text.str.replace_all(_ABSENT_WITHIN, "${1}").str.replace(_ABSENT_LAST, "}")


@belongs_to(Phase.DECODE)
def columns(text: pl.Series, attributes: Sequence[Attribute], *, prefix: str = "") -> pl.DataFrame:
    """The documents' values as typed columns ``prefix + name``; a null document gives nulls.

    Keys that are not among ``attributes`` are ignored; attributes that a document lacks are null.
    """
    ordered = sorted(attributes, key=lambda a: a.name)
    if not ordered:
        return text.to_frame().select([])
    raw = _read_lines(text, {a.name: _text_type(a) for a in ordered})
    return raw.select(_decoded(a, pl.col(a.name)).alias(prefix + a.name) for a in ordered)


@belongs_to(Phase.DECODE)
def change_documents(values: pl.Series, cleared: pl.Series) -> pl.Series:
    """Change documents from value documents and lists of cleared attribute names (null or sorted), row by row."""
    frame = pl.DataFrame({"set": values, "clear": cleared})
    names = pl.concat_str(pl.lit('["'), pl.col("clear").list.join('","'), pl.lit('"]'))
    has_clear = pl.col("clear").list.len().fill_null(0) > 0
    clear = pl.when(has_clear).then(names).otherwise(pl.lit("[]"))
    return frame.select(
        change=pl.concat_str(pl.lit('{"clear":'), clear, pl.lit(',"set":'), pl.col("set").fill_null("{}"), pl.lit("}"))
    ).to_series()


@belongs_to(Phase.DECODE)
def change_columns(
    text: pl.Series, attributes: Sequence[Attribute], *, prefix: str = "", clear: str = "clear"
) -> pl.DataFrame:
    """Change documents as typed columns ``prefix + name`` and the list column ``clear``; null changes nothing."""
    ordered = sorted(attributes, key=lambda a: a.name)
    set_type = pl.Struct({a.name: _text_type(a) for a in ordered}) if ordered else None
    schema: dict[str, PolarsType] = {"clear": pl.List(pl.String)}
    if set_type is not None:
        schema["set"] = set_type
    raw = _read_lines(text, schema)
    return raw.select(
        pl.col("clear").fill_null([]).alias(clear),
        *(_decoded(a, pl.col("set").struct.field(a.name)).alias(prefix + a.name) for a in ordered),
    )


@belongs_to(Phase.DECODE)
def records(frame: pl.DataFrame, plain: Sequence[str], parts: Mapping[str, pl.Series]) -> pl.Series:
    """One line of JSON per row: the columns ``plain``, then under their names the documents of ``parts``."""
    text = frame.select(text=pl.struct(plain).struct.json_encode().str.strip_suffix("}")).to_series()
    pieces = [piece for name, part in parts.items() for piece in (pl.lit(f',"{name}":'), part)]
    return pl.select(record=pl.concat_str([text, *pieces, pl.lit("}")])).to_series()


@belongs_to(Phase.DECODE)
def record_columns(
    text: pl.Series, plain: Mapping[str, PolarsType], part: str, attributes: Sequence[Attribute]
) -> pl.DataFrame:
    """Lines of ``records`` as columns: those of ``plain``, then a typed one per attribute of the document ``part``.

    Raises ``polars.exceptions.PolarsError`` for lines that are no such records.
    """
    ordered = sorted(attributes, key=lambda a: a.name)
    schema = dict(plain)
    if ordered:
        schema[part] = pl.Struct({a.name: _text_type(a) for a in ordered})
    raw = _read_lines(text, schema)
    return raw.select(*plain, *(_decoded(a, pl.col(part).struct.field(a.name)).alias(a.name) for a in ordered))


def _read_lines(text: pl.Series, schema: dict[str, PolarsType]) -> pl.DataFrame:
    if text.is_empty():
        return pl.DataFrame(schema=schema)
    lines = "\n".join(text.fill_null("{}").to_list()).encode()
    return pl.read_ndjson(lines, schema=schema)


#: Stands for the hash of an image that has to be looked at more closely; it is the hash of none, as good as surely.
FORGOTTEN = 0


@belongs_to(Phase.DECODE)
def content_hash(frame: pl.DataFrame, names: Sequence[str], *, seed: int) -> pl.Series:
    """A signed 64-bit hash of the named columns per row.

    ``seed`` is the store's own random number, so that nobody outside can construct a change that goes unnoticed. The
    value is comparable only within one Polars version; the store records which one wrote it.
    """
    if not names:
        return pl.Series("hash", [0] * frame.height, dtype=pl.Int64)
    hashed = pl.struct(list(names)).hash(seed).reinterpret(signed=True)
    return frame.select(hash=hashed).to_series()


__all__ = [
    "DATETIME",
    "FORGOTTEN",
    "as_set",
    "change_columns",
    "change_documents",
    "columns",
    "content_hash",
    "documents",
    "normalized",
    "record_columns",
    "records",
]
