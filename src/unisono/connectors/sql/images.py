"""Rows of a page become objects: whole columns at a time, bad rows beside good ones.

A row that cannot be read becomes a discovery error and is in no other frame. Rows that the database marks as deleted
become deletions, whatever else they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from unisono.connectors.contract import ImportBatch
from unisono.connectors.sql.database import Row
from unisono.connectors.sql.databases import Dialect
from unisono.connectors.sql.names import anchor_of, dn_of, key_text
from unisono.connectors.sql.selects import DELETED_MARK, KEY, NAME, Field, Selects
from unisono.connectors.sql.tables import BoundTable, Child, Value
from unisono.connectors.sql.wire import FORM_TYPES, imported
from unisono.model.frames import DISCOVERY_ERRORS
from unisono.model.schema import PolarsType

# Names that no attribute can have.
_CODE, _ATTRIBUTE = "the code", "the attribute"

_PYTHON_TYPES: Mapping[PolarsType, type] = {pl.Int64: int, pl.Boolean: bool, pl.String: str, pl.Binary: bytes}


def typed_rows(rows: Sequence[Row], fields: Sequence[Field], dialect: Dialect) -> pl.DataFrame:
    """The rows with one column per field, in the form's type; null also where the value is of another type.

    A boolean column ``name?`` tells where the database has a value.
    """
    columns: list[pl.Series] = []
    for position, field in enumerate(fields):
        values = [row[position] for row in rows]
        columns += _raw_column(field.name, values, dialect.raw_types[field.form])
    raw = pl.DataFrame(columns)
    return raw.with_columns(
        dialect.decoded(field.form, pl.col(field.name)).cast(FORM_TYPES[field.form]).alias(field.name)
        for field in fields
    )


def _raw_column(name: str, values: list[object], dtype: PolarsType) -> tuple[pl.Series, pl.Series]:
    try:
        column = pl.Series(name, values, dtype=dtype, strict=True)
    except (TypeError, ValueError, OverflowError):
        # SQLite's columns hold values of any type; this page has some.
        wanted = _PYTHON_TYPES[dtype]
        column = pl.Series(name, [v if type(v) is wanted else None for v in values], dtype=dtype)
        return column, pl.Series(_present(name), [v is not None for v in values])
    return column, column.is_not_null().alias(_present(name))


def images(rows: pl.DataFrame, children: Sequence[tuple[Child, pl.DataFrame]], selects: Selects) -> ImportBatch:
    """The batch of a page. ``rows`` and ``children`` are the ``typed_rows`` of the page and of its children."""
    bound = selects.bound
    key = [f"{KEY}{i}" for i in range(len(bound.key))]
    named = rows.with_columns(_names(bound, key))
    is_gone = (pl.col(DELETED_MARK) == 1) if selects.gives_deletions else pl.lit(value=False)
    living = named.filter(~is_gone).select(*key, "anchor", "dn", *_converted(bound.imported_values))
    for child, values in children:
        living = _with_values(living, values, child, key)
    judged = _judged(living, bound)
    return ImportBatch(
        object_type=bound.object_type.name,
        objects=judged.filter(pl.col(_CODE).is_null()).select("anchor", "dn", *_attributes(bound)),
        deletions=named.filter(is_gone).select("anchor", "dn"),
        errors=_errors(judged.filter(pl.col(_CODE).is_not_null()), bound),
    )


def keyless(count: int, bound: BoundTable) -> ImportBatch:
    """The batch of rows without a key."""
    columns = " and ".join(column.name for column in bound.key)
    message = f"a row of {bound.table.name} lacks its key; each needs {columns}"
    errors = pl.DataFrame({"code": ["missing-anchor-component"] * count, "message": [message] * count})
    names = pl.DataFrame(schema={"anchor": pl.String, "dn": pl.String})
    return ImportBatch(
        object_type=bound.object_type.name,
        objects=names.with_columns(pl.lit(None, a.dtype).alias(a.name) for a in bound.object_type.attributes),
        errors=pl.concat([DISCOVERY_ERRORS.empty(), errors], how="diagonal"),
    )


def _names(bound: BoundTable, key: Sequence[str]) -> list[pl.Expr]:
    """Anchor and DN; null where a part of them is."""
    text = key_text([pl.col(column).cast(pl.String) for column in key])
    name = text if bound.name is None else pl.col(NAME)
    object_type = bound.object_type.name
    return [
        anchor_of(object_type, text).alias("anchor"),
        dn_of(object_type, pl.when(name != "").then(name)).alias("dn"),
    ]


def _converted(values: Sequence[Value]) -> list[pl.Expr]:
    """Each value in its attribute's type, and whether it was lost on the way."""
    expressions = []
    for value in values:
        attribute = value.attribute
        converted = imported(pl.col(attribute.name), value.form, attribute.type)
        if value.target is not None:
            converted = dn_of(value.target.object_type, converted)
        lost = pl.col(_present(attribute.name)) & converted.is_null()
        expressions += [converted.alias(attribute.name), lost.alias(_lost(attribute.name))]
    return expressions


def _with_values(objects: pl.DataFrame, values: pl.DataFrame, child: Child, key: Sequence[str]) -> pl.DataFrame:
    """The objects with the values of one multivalued attribute as a list; null where there is none."""
    name = child.value.attribute.name
    lost = pl.col(_lost(name))
    kept = pl.col(name).drop_nulls()
    sets = values.select(*key, *_converted([child.value])).group_by(key).agg(kept, lost.any())
    sets = sets.with_columns(pl.when(pl.col(name).list.len() > 0).then(pl.col(name)))
    return objects.join(sets, on=key, how="left", maintain_order="left").with_columns(lost.fill_null(value=False))


def _judged(objects: pl.DataFrame, bound: BoundTable) -> pl.DataFrame:
    """The objects with the code of the first thing wrong with each, and the attribute it is about."""
    values = [*bound.imported_values, *(child.value for child in bound.imported_children)]
    lost = [pl.when(_lost(value.attribute.name)).then(pl.lit(value.attribute.name)) for value in values]
    attribute = pl.coalesce(*lost) if lost else pl.lit(None, pl.String)
    code = (
        pl.when(pl.col("anchor").is_null())
        .then(pl.lit("missing-anchor-component"))
        .when(pl.col("dn").is_null())
        .then(pl.lit("missing-dn"))
        .when(pl.col(_ATTRIBUTE).is_not_null())
        .then(pl.lit("invalid-attribute-value"))
    )
    return objects.with_columns(attribute.alias(_ATTRIBUTE)).with_columns(code.alias(_CODE))


def _errors(bad: pl.DataFrame, bound: BoundTable) -> pl.DataFrame:
    types = {a.name: a.type.value for a in bound.object_type.attributes}
    attribute = pl.col(_ATTRIBUTE)
    unfit = pl.format("the column of {} holds a value that is not {}", attribute, attribute.replace(types))
    message = (
        pl.when(pl.col(_CODE) == "missing-anchor-component")
        .then(pl.lit("a part of the key is empty or cannot be read"))
        .when(pl.col(_CODE) == "missing-dn")
        .then(pl.lit(f"the column {bound.name.name if bound.name else ''} that names the object is empty"))
        .otherwise(unfit)
    )
    errors = bad.select("anchor", "dn", code=_CODE, attribute=_ATTRIBUTE, message=message)
    return pl.concat([DISCOVERY_ERRORS.empty(), errors], how="diagonal")


def _attributes(bound: BoundTable) -> list[pl.Expr]:
    return [
        pl.lit(None, a.dtype).alias(a.name) if a.export_only else pl.col(a.name).cast(a.dtype)
        for a in bound.object_type.attributes
    ]


def _present(name: str) -> str:
    return f"{name}?"


def _lost(name: str) -> str:
    return f"{name}!"
