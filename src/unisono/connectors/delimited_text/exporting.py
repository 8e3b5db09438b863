"""Export sessions of delimited text: the next state of a file, written as a whole when all entries were sent."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation
from unisono.connectors.delimited_text.content import Content
from unisono.connectors.delimited_text.encoding import EntryEncoder
from unisono.connectors.delimited_text.oldfile import OldFile
from unisono.connectors.delimited_text.records import column_name
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.refusals import AMBIGUOUS, MISSING, Refusal, results
from unisono.connectors.files.replacing import replace_file
from unisono.model.schema import Schema

_ROWS_PER_CHUNK = 50_000


class DelimitedExport:
    """One writing. The constructor reads the file that is to be replaced; it raises ``StepStop``."""

    def __init__(self, settings: DelimitedSettings, schema: Schema, path: Path) -> None:
        self._settings = settings
        self._schema = schema
        self._path = path
        self._old = OldFile.read(settings, schema, path)
        layout = self._layout = self._old.layout
        self._dn_column = layout.column(settings.dn) if settings.dn else None
        self._known = [layout.column(name) for name in _exported(settings, schema)]
        self._encoder = EntryEncoder(settings, layout, self._old.encoding)
        self._content = Content(
            self._old.rows,
            [column_name(i) for i in range(len(layout.header))],
            dn_column=self._dn_column,
            references=self._references(),
        )

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        match batch.operation:
            case ExportOperation.ADD:
                return self._add(batch)
            case ExportOperation.UPDATE:
                return self._update(batch)
            case ExportOperation.DELETE:
                return self._delete(batch)

    def finish(self) -> None:
        """Raises ``StepStop`` with ``stopped-disk-full`` or ``stopped-export-write``; the old file stays then."""
        replace_file(self._path, self._written(self._content.current()))

    def close(self) -> None:
        """Nothing is open between the calls."""

    # --- operations ---------------------------------------------------------------------------------------------------

    def _add(self, batch: ExportBatch) -> pl.DataFrame:
        encoded = self._encoder.encoded(batch, self._schema[batch.object_type])
        rows = self._named(encoded.rows, batch)
        refusals = encoded.refusals | self._name_refusals(batch.entries, "dn")
        there: list[int] = []
        new, new_dns = set[str](), set[str]()
        for id_, anchor, dn in rows.select("id", "anchor", "dn").iter_rows():
            if id_ in refusals:
                continue
            if anchor is None:
                refusals[id_] = Refusal(code="missing-anchor-component", message=self._anchor_message())
            elif self._content.occurrences(anchor):
                there.append(id_)
            elif anchor in new or dn in new_dns or self._content.holder(dn):
                refusals[id_] = Refusal(code="cd-existing-object", message="another object has this anchor or name")
            else:
                new.add(anchor)
                new_dns.add(dn)
        self._refuse_others(rows.filter(pl.col("id").is_in(there)), refusals)
        self._content.add(_without(rows, {*refusals, *there}).drop("changed"))
        return results(rows.select("id", "anchor", "dn"), refusals)

    def _update(self, batch: ExportBatch) -> pl.DataFrame:
        encoded = self._encoder.encoded(batch, self._schema[batch.object_type])
        names = batch.entries.select("anchor", "dn", "new_dn")
        rows = pl.concat([encoded.rows, names], how="horizontal")
        refusals = encoded.refusals | self._name_refusals(batch.entries, "new_dn")
        for id_, anchor, changed, dn, new_dn in rows.select("id", "anchor", "changed", "dn", "new_dn").iter_rows():
            refusal = refusals.get(id_) or self._missing(anchor) or self._moved(anchor, changed, new_dn)
            if refusal:
                refusals[id_] = refusal
            elif new_dn is not None:
                self._content.rename(anchor, dn, new_dn)
        self._content.update(self._renamed(_without(rows, refusals)))
        return results(names.select(rows["id"], "anchor", dn=pl.coalesce("new_dn", "dn")), refusals)

    def _delete(self, batch: ExportBatch) -> pl.DataFrame:
        rows = batch.entries.select("id", "anchor", "dn")
        refusals, found = {}, []
        for id_, anchor in rows.select("id", "anchor").iter_rows():
            match self._missing(anchor):
                case None:
                    found.append(id_)
                case refusal if refusal is AMBIGUOUS:
                    refusals[id_] = refusal
                case _:
                    pass  # already gone: what was wanted
        self._content.delete(rows.filter(pl.col("id").is_in(found)).unique("anchor"))
        return results(rows, refusals)

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _missing(self, anchor: str) -> Refusal | None:
        match self._content.occurrences(anchor):
            case 0:
                return MISSING
            case 1:
                return None
            case _:
                return AMBIGUOUS

    def _moved(self, anchor: str, changed: list[str], new_dn: str | None) -> Refusal | None:
        parts = [name for name in self._settings.anchor if self._layout.column(name) in changed]
        if parts:
            return Refusal(code="modify-naming-attribute", message="an anchor does not change", attribute=parts[0])
        if new_dn is not None and self._dn_column is None:
            return Refusal(code="modify-naming-attribute", message="the objects of this file have no DN to change")
        if new_dn is not None and self._content.holder(new_dn) not in (None, anchor):
            return Refusal(code="rename-to-existing-dn", message="another object has the new name")
        return None

    def _name_refusals(self, entries: pl.DataFrame, column: str) -> dict[int, Refusal]:
        return self._encoder.name_refusals(entries["id"], entries[column]) if self._dn_column else {}

    def _refuse_others(self, there: pl.DataFrame, refusals: dict[int, Refusal]) -> None:
        """Of objects that are there already, those that are not exactly as they are to be added. The others come from
        an export that was written but not recorded."""
        if there.is_empty():
            return
        absent = (pl.lit(None, pl.String).alias(name) for name in self._known if name not in there.columns)
        same = there.with_columns(absent).join(
            self._content.current(), on=["anchor", *self._known], how="semi", nulls_equal=True
        )
        for id_ in there.join(same, on="id", how="anti")["id"]:
            refusals[id_] = Refusal(code="cd-existing-object", message="the file has another object with this anchor")

    def _anchor_message(self) -> str:
        return f"a new object needs {', '.join(self._settings.anchor)}"

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _named(self, rows: pl.DataFrame, batch: ExportBatch) -> pl.DataFrame:
        """New rows with their object type, anchor and DN."""
        if self._settings.object_type_column:
            column = self._layout.column(self._settings.object_type_column)
            rows = rows.with_columns(pl.lit(batch.object_type).alias(column))
        parts = [self._layout.column(name) for name in self._settings.anchor]
        rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in parts if name not in rows.columns)
        rows = rows.with_columns(self._layout.anchor(self._settings.anchor).alias("anchor"))
        if self._dn_column is None:
            return rows.with_columns(dn=pl.col("anchor"))
        return rows.with_columns(batch.entries["dn"].alias("dn"), batch.entries["dn"].alias(self._dn_column))

    def _renamed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Updated rows, with the DN among the changed columns where it changes."""
        if self._dn_column is None:
            return rows
        changed = pl.col("changed").list.concat(pl.lit([self._dn_column]))
        is_renamed = pl.col("new_dn").is_not_null()
        return rows.with_columns(
            pl.when(is_renamed).then(changed).otherwise("changed").alias("changed"),
            pl.col("new_dn").alias(self._dn_column),
        )

    def _references(self) -> dict[str, str | None]:
        return {
            self._layout.column(attribute.name): self._settings.multivalue_separator if attribute.multivalued else None
            for object_type in self._schema.object_types
            for attribute in object_type.references
        }

    def _written(self, rows: pl.DataFrame) -> Iterator[bytes]:
        """The file's bytes: byte order mark, header and rows as the old file had them."""
        dialect, encoder = self._settings.dialect, codecs.getincrementalencoder(self._old.encoding)()
        yield self._old.byte_order_mark
        header = pl.DataFrame([self._layout.header], orient="row")
        pages = rows.drop("anchor").iter_slices(_ROWS_PER_CHUNK)
        for frame in ([header] if self._settings.columns is None else []), pages:
            for page in frame:
                text = page.write_csv(
                    include_header=False,
                    separator=dialect.delimiter,
                    quote_char=dialect.quote or '"',
                    quote_style="necessary" if dialect.quote else "never",
                )
                yield encoder.encode(text)


def _without(rows: pl.DataFrame, ids: dict[int, Refusal] | set[int]) -> pl.DataFrame:
    return rows.filter(~pl.col("id").is_in(list(ids))) if ids else rows


def _exported(settings: DelimitedSettings, schema: Schema) -> list[str]:
    """The columns that exports set, each once."""
    written = (a.name for object_type in schema.object_types for a in object_type.attributes if not a.read_only)
    special = (name for name in (settings.object_type_column, settings.dn) if name)
    return list(dict.fromkeys([*special, *settings.anchor, *written]))
