"""From rows of text to objects: types, anchors, names, and an error for every record that does not fit.

An object comes only from a record that fits entirely; the first thing wrong with a record is its error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.connectors.delimited_text.layout import Layout
from unisono.connectors.delimited_text.records import Rows
from unisono.connectors.delimited_text.settings import ChangeType, DelimitedSettings
from unisono.connectors.files.faults import Fault, errors_of, without
from unisono.connectors.files.values import CODES, ISO_FORMATS, Typed, typed, typed_lists
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

#: The column with the number of an object's record. No attribute has such a name.
ENTRY = "#entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """What some records say.

    ``objects`` by object type: a frame of the contract's shape, with ``ENTRY`` in front. ``deletions``: ``ENTRY``,
    ``anchor``, ``dn``. ``errors``: of ``DISCOVERY_ERRORS``, at most one per entry.
    """

    objects: Mapping[str, pl.DataFrame]
    deletions: pl.DataFrame
    errors: pl.DataFrame


class ImageReader:
    """Reads rows of one file. ``delta``: the records tell changes, otherwise each is an object that exists."""

    def __init__(self, settings: DelimitedSettings, schema: Schema, layout: Layout, *, delta: bool) -> None:
        self._settings = settings
        self._schema = schema
        self._layout = layout
        self._delta = delta

    def read(self, rows: Rows) -> Images:
        texts = self._emptied(rows.texts).with_columns(anchor=self._layout.anchor(self._settings.anchor))
        faulty = errors_of(texts, self._record_faults(texts))
        texts = without(texts, faulty)
        deletes = self._deletes(texts)
        deletions = texts.filter(deletes).select(self._names())
        present = texts.filter(~deletes)
        mistyped = errors_of(present, self._object_type_faults(present))
        objects, errors = {}, [rows.errors, faulty, mistyped]
        for object_type in self._schema.object_types:
            members = present.filter(self._is_of(object_type))
            objects[object_type.name], unfit = self._objects(members, object_type)
            errors.append(unfit)
        return Images(objects=objects, deletions=deletions, errors=pl.concat(errors).sort("entry"))

    # --- what a record is about ---------------------------------------------------------------------------------------

    def _emptied(self, texts: pl.DataFrame) -> pl.DataFrame:
        """``""`` is no value, unless the settings say that it is."""
        if self._settings.quoted_empty_is_value:
            return texts
        empty = [column.name for column in texts.iter_columns() if column.dtype == pl.String and (column == "").any()]
        return texts.with_columns(_present(name) for name in empty)

    def _record_faults(self, texts: pl.DataFrame) -> list[Fault]:
        message = f"the record needs a value of {' and of '.join(self._settings.anchor)}"
        anchorless = Fault(rows=texts["anchor"].is_null(), code="missing-anchor-component", message=message)
        return [*self._change_type_faults(texts), anchorless]

    def _change_type_faults(self, texts: pl.DataFrame) -> list[Fault]:
        name = self._settings.change_type_column
        if name is None or name not in self._layout:
            return []
        marker = texts.select(_present(self._layout.column(name))).to_series()
        column = self._layout.positions[name] + 1
        missing = Fault(rows=marker.is_null(), code="missing-change-type", message="no change type", column=column)
        kinds = list(ChangeType) if self._delta else [ChangeType.ADD]
        strange = marker.is_not_null() & ~marker.is_in(self._markers(*kinds))
        message = "unknown change type" if self._delta else "a full import takes no records of this change type"
        unknown = Fault(rows=strange, code="invalid-change-type", message=message, column=column)
        return [missing, unknown] if self._delta else [unknown]

    def _markers(self, *kinds: ChangeType) -> list[str]:
        return [text for text, kind in self._settings.change_types.items() if kind in kinds]

    def _deletes(self, texts: pl.DataFrame) -> pl.Series:
        """Marks the records of deleted objects."""
        name = self._settings.change_type_column
        if not self._delta or name is None:
            return pl.repeat(value=False, n=texts.height, eager=True)
        return texts[self._layout.column(name)].is_in(self._markers(ChangeType.DELETE))

    def _object_type_faults(self, texts: pl.DataFrame) -> list[Fault]:
        name = self._settings.object_type_column
        if name is None:
            return []
        told = texts.select(_present(self._layout.column(name))).to_series()
        unknown = told.is_not_null() & ~told.is_in([object_type.name for object_type in self._schema.object_types])
        column = self._layout.positions[name] + 1
        return [
            Fault(rows=told.is_null(), code="missing-object-type", message="no object type", column=column),
            Fault(rows=unknown, code="unmappable-object-type", message="unknown object type", column=column),
        ]

    def _is_of(self, object_type: ObjectType) -> pl.Expr:
        if self._settings.object_type_column is None:
            return pl.lit(value=True)
        return pl.col(self._layout.column(self._settings.object_type_column)) == object_type.name

    def _names(self) -> list[pl.Expr]:
        dn = _present(self._layout.column(self._settings.dn)) if self._settings.dn else pl.col("anchor")
        return [pl.col("entry").alias(ENTRY), pl.col("anchor"), dn.alias("dn")]

    # --- values -------------------------------------------------------------------------------------------------------

    def _objects(self, texts: pl.DataFrame, object_type: ObjectType) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Objects, and the errors of records that do not fit their type."""
        names = texts.select(self._names())
        message = f"the record needs a value of {self._settings.dn}"
        faults = [Fault(rows=names["dn"].is_null(), code="missing-dn", message=message)]
        columns = []
        for attribute in object_type.attributes:
            column = self._typed(texts, attribute)
            columns.append(column.values.alias(attribute.name))
            if column.bad is not None:
                faults.append(self._value_fault(attribute, column.bad))
        errors = errors_of(texts, faults)
        good = ~texts["entry"].is_in(errors["entry"].implode())
        return names.with_columns(columns).filter(good), errors

    def _typed(self, texts: pl.DataFrame, attribute: Attribute) -> Typed:
        if attribute.export_only:
            return Typed(values=pl.Series([None], dtype=attribute.dtype).new_from_index(0, texts.height), bad=None)
        column = texts[self._layout.column(attribute.name)]
        formats = self._formats(attribute)
        if attribute.multivalued:
            return typed_lists(self._listed(column), attribute.type, formats)
        if attribute.type is not AttributeType.STRING and self._settings.quoted_empty_is_value:
            column = column.set(column == "", None)
        return typed(column, attribute.type, formats)

    def _listed(self, texts: pl.Series) -> pl.Series:
        lists = texts.str.split(self._settings.multivalue_separator)
        return lists.list.eval(pl.element().filter(pl.element() != ""))

    def _formats(self, attribute: Attribute) -> Sequence[str]:
        configured = self._settings.date_formats.get(attribute.name)
        return (configured,) if configured else ISO_FORMATS

    def _value_fault(self, attribute: Attribute, rows: pl.Series) -> Fault:
        return Fault(
            rows=rows,
            code=CODES[attribute.type],
            message=f"the value of {attribute.name} is no {attribute.type}",
            attribute=attribute.name,
            column=self._layout.positions[attribute.name] + 1,
        )


def _present(column: str) -> pl.Expr:
    """The column with ``""`` as no value."""
    return pl.when(pl.col(column) != "").then(pl.col(column)).alias(column)
