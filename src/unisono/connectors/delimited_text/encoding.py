"""From export entries to the texts of columns, with a refusal for every entry that the file cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from unisono.connectors.contract import ExportBatch
from unisono.connectors.delimited_text.layout import Layout
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.refusals import Refusal
from unisono.connectors.files.values import texts
from unisono.model.schema import Attribute, AttributeType, ObjectType

_TEXTUAL = (AttributeType.STRING, AttributeType.REFERENCE)

#: What a line-oriented file must not hold in a value: its readers may take it for the end of a record.
_BREAKS = r"[\r\n\x00]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """``rows``: per entry, in order, its ``id``, ``changed`` as a list of columns, and a text for each column that any
    entry changes. ``refusals`` by id."""

    rows: pl.DataFrame
    refusals: dict[int, Refusal]


class EntryEncoder:
    """Encodes entries for one file. The DN is not among the attributes: entries say it in columns of their own."""

    def __init__(self, settings: DelimitedSettings, layout: Layout, encoding: str) -> None:
        self._settings = settings
        self._layout = layout
        self._encoding = encoding

    def encoded(self, batch: ExportBatch, object_type: ObjectType) -> Encoded:
        entries, refusals = batch.entries, dict[int, Refusal]()
        names = {}
        rows = entries.select("id")
        for attribute in self._written(object_type, entries):
            column = names[attribute.name] = self._layout.column(attribute.name)
            named = entries["changed"].list.contains(attribute.name)
            values = entries[attribute.name].set(~named, None)
            written = self._text(attribute, values)
            rows = rows.with_columns(written.alias(column))
            _refuse(refusals, entries["id"], self._faults(attribute, values, written), attribute.name)
        changed = entries["changed"].list.eval(pl.element().replace_strict(names, default=None, return_dtype=pl.String))
        return Encoded(rows=rows.with_columns(changed=changed.list.drop_nulls()), refusals=refusals)

    def name_refusals(self, ids: pl.Series, names: pl.Series) -> dict[int, Refusal]:
        """Refusals of DNs that cannot be written."""
        refusals: dict[int, Refusal] = {}
        name = self._settings.dn or ""
        _refuse(refusals, ids, self._faults(Attribute(name=name), names, names), name)
        return refusals

    def _written(self, object_type: ObjectType, entries: pl.DataFrame) -> Iterator[Attribute]:
        for attribute in object_type.attributes:
            if attribute.name in entries.columns and attribute.name != self._settings.dn:
                yield attribute

    def _text(self, attribute: Attribute, values: pl.Series) -> pl.Series:
        date_format = self._settings.date_formats.get(attribute.name)
        if not attribute.multivalued:
            return texts(values, attribute.type, date_format)
        single = pl.DataFrame({"row": pl.int_range(len(values), eager=True), "value": values}).explode("value")
        single = single.with_columns(text=texts(single["value"], attribute.type, date_format)).drop_nulls("text")
        joined = single.group_by("row").agg(pl.col("text").sort().str.join(self._settings.multivalue_separator))
        rows = pl.DataFrame({"row": pl.int_range(len(values), eager=True)})
        return rows.join(joined, on="row", how="left", maintain_order="left")["text"]

    def _faults(
        self, attribute: Attribute, values: pl.Series, written: pl.Series
    ) -> Iterator[tuple[str, str, pl.Series]]:
        """Code, message and the rows it is true of."""
        code = "invalid-attribute-value"
        yield code, "a line break or NUL character cannot be written", written.str.contains(_BREAKS)
        yield code, "an empty value cannot be told from no value", self._empty(attribute, values)
        if attribute.multivalued and attribute.type in _TEXTUAL:
            contains = pl.element().str.contains(self._settings.multivalue_separator, literal=True)
            yield code, "a value holds the text that separates values", values.list.eval(contains).list.any()
        if not self._settings.dialect.quote:
            delimiter = self._settings.dialect.delimiter
            yield code, "without quotes the delimiter cannot be written", written.str.contains(delimiter, literal=True)
        yield "code-page-conversion", f"a character does not exist in {self._encoding}", self._unwritable(written)

    def _empty(self, attribute: Attribute, values: pl.Series) -> pl.Series:
        if attribute.type not in (*_TEXTUAL, AttributeType.BINARY):
            return _never(values)
        if attribute.multivalued:
            return values.list.eval(pl.element().cast(pl.Binary).bin.size() == 0).list.any()
        if attribute.type in _TEXTUAL and self._settings.quoted_empty_is_value:
            return _never(values)
        return values.cast(pl.Binary).bin.size() == 0

    def _unwritable(self, written: pl.Series) -> pl.Series:
        if _is_writable("".join(written.drop_nulls()), self._encoding):
            return _never(written)
        return pl.Series([text is not None and not _is_writable(text, self._encoding) for text in written])


def _refuse(
    refusals: dict[int, Refusal], ids: pl.Series, faults: Iterator[tuple[str, str, pl.Series]], attribute: str
) -> None:
    """The first refusal of an entry stands."""
    for code, message, rows in faults:
        for id_ in ids.filter(rows.fill_null(value=False)):
            refusals.setdefault(id_, Refusal(code=code, message=message, attribute=attribute))


def _is_writable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _never(values: pl.Series) -> pl.Series:
    return pl.repeat(value=False, n=len(values), eager=True)
