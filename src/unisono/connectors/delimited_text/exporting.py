"""Export sessions of delimited text: the next state of a file, written as a whole when all entries were sent."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation
from unisono.connectors.delimited_text.content import Content
from unisono.connectors.delimited_text.encoding import EntryEncoder
from unisono.connectors.delimited_text.oldfile import OldFile, old_file
from unisono.connectors.delimited_text.rows import RowFormat
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.refusals import Refusal, not_one, results
from unisono.connectors.files.replacing import replace_file
from unisono.connectors.files.workfile import WorkFile
from unisono.model.schema import Schema

_NO_NAME = pl.lit(None, pl.String)
_NUMBERS = pl.Schema({"id": pl.Int64, "number": pl.Int64})
_RENAMES = pl.Schema({"number": pl.Int64, "old": pl.String, "new": pl.String})


class DelimitedExport:
    """One writing. The constructor reads the file that is to be replaced; it raises ``StepStop``."""

    def __init__(self, settings: DelimitedSettings, schema: Schema, path: Path) -> None:
        self._settings = settings
        self._schema = schema
        self._path = path
        self._work = WorkFile(path)
        try:
            with old_file(settings, schema, path) as old:
                self._begin(old)
        except BaseException:
            self._work.close()
            raise

    def _begin(self, old: OldFile) -> None:
        settings, layout = self._settings, old.layout
        self._layout = layout
        self._file_encoding, self._byte_order_mark = old.encoding, old.byte_order_mark
        self._dn_column = layout.column(settings.dn) if settings.dn else None
        self._known = [layout.column(name) for name in _exported(settings, self._schema)]
        self._encoder = EntryEncoder(settings, layout, old.encoding)
        self._rows = RowFormat(settings.dialect, len(layout.header))
        self._content = Content(self._work, self._rows, self._references())
        # A record without anchor is no object, so that it holds no name either.
        name = pl.when(pl.col("anchor").is_not_null()).then(self._dn_column) if self._dn_column else _NO_NAME
        self._content.load(page.with_columns(name.alias("name")) for page in old.pages)

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
        replace_file(self._path, self._written())

    def close(self) -> None:
        self._work.close()

    # --- operations ---------------------------------------------------------------------------------------------------

    def _add(self, batch: ExportBatch) -> pl.DataFrame:
        encoded = self._encoder.encoded(batch, self._schema[batch.object_type])
        rows = self._named(encoded.rows, batch)
        known = self._content.known(anchors=rows["anchor"], names=rows["name"])
        refusals = encoded.refusals | self._name_refusals(batch.entries, "dn")
        there, numbers = dict[int, Sequence[int]](), dict[int, int]()
        new, new_dns = set[str](), set[str]()
        for id_, anchor, dn in rows.select("id", "anchor", "dn").iter_rows():
            if id_ in refusals:
                continue
            if anchor is None:
                refusals[id_] = Refusal(code="missing-anchor-component", message=self._anchor_message())
            elif found := known.found(anchor):
                there[id_] = found
            elif anchor in new or dn in new_dns or known.holder(dn) is not None:
                refusals[id_] = Refusal(code="cd-existing-object", message="another object has this anchor or name")
            else:
                new.add(anchor)
                new_dns.add(dn)
                numbers[id_] = self._content.new_number()
        refusals |= self._others(rows, there)
        self._content.add(_numbered(rows, numbers))
        return results(rows.select("id", "anchor", "dn"), refusals)

    def _update(self, batch: ExportBatch) -> pl.DataFrame:
        encoded = self._encoder.encoded(batch, self._schema[batch.object_type])
        names = batch.entries.select("anchor", "dn", "new_dn")
        known = self._content.known(anchors=names["anchor"], names=names["new_dn"])
        rows = pl.concat([encoded.rows, names], how="horizontal")
        refusals = encoded.refusals | self._name_refusals(batch.entries, "new_dn")
        numbers, renames = dict[int, int](), list[tuple[int, str | None, str]]()
        for id_, anchor, changed, new_dn in rows.select("id", "anchor", "changed", "new_dn").iter_rows():
            found = known.found(anchor)
            refusal = refusals.get(id_) or not_one(found) or self._fixed(changed, new_dn)
            if refusal is None and new_dn is not None and known.holder(new_dn) not in (None, *found):
                refusal = Refusal(code="rename-to-existing-dn", message="another object has the new name")
            if refusal:
                refusals[id_] = refusal
                continue
            numbers[id_] = found[0]
            if new_dn is not None:
                renames.append((found[0], known.name_of(found[0]), new_dn))
                known.rename(found[0], new_dn)
        self._content.update(_numbered(self._renamed(rows), numbers))
        self._content.rename(pl.DataFrame(renames, schema=_RENAMES, orient="row"))
        return results(names.select(rows["id"], "anchor", dn=pl.coalesce("new_dn", "dn")), refusals)

    def _delete(self, batch: ExportBatch) -> pl.DataFrame:
        rows = batch.entries.select("id", "anchor", "dn")
        known = self._content.known(anchors=rows["anchor"], names=rows["dn"].clear())
        refusals, numbers = known.deleted(rows)
        self._content.delete(numbers)
        return results(rows, refusals)

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _fixed(self, changed: list[str], new_dn: str | None) -> Refusal | None:
        parts = [name for name in self._settings.anchor if self._layout.column(name) in changed]
        if parts:
            return Refusal(code="modify-naming-attribute", message="an anchor does not change", attribute=parts[0])
        if new_dn is not None and self._dn_column is None:
            return Refusal(code="modify-naming-attribute", message="the objects of this file have no DN to change")
        return None

    def _name_refusals(self, entries: pl.DataFrame, column: str) -> dict[int, Refusal]:
        return self._encoder.name_refusals(entries["id"], entries[column]) if self._dn_column else {}

    def _others(self, rows: pl.DataFrame, there: Mapping[int, Sequence[int]]) -> dict[int, Refusal]:
        """Of objects that are there already, those that are not exactly as they are to be added. The others come from
        an export that was written but not recorded."""
        if not there:
            return {}
        absent = (pl.lit(None, pl.String).alias(name) for name in self._known if name not in rows.columns)
        pairs = [(id_, number) for id_, found in there.items() for number in found]
        numbers = pl.DataFrame(pairs, schema=_NUMBERS, orient="row")
        wanted = rows.with_columns(absent).join(numbers, on="id")
        same = set[int]()
        for page in self._content.rows(numbers["number"]):
            same |= set(wanted.join(page, on=["number", *self._known], how="semi", nulls_equal=True)["id"])
        refusal = Refusal(code="cd-existing-object", message="the file has another object with this anchor")
        return dict.fromkeys(there.keys() - same, refusal)

    def _anchor_message(self) -> str:
        return f"a new object needs {', '.join(self._settings.anchor)}"

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _named(self, rows: pl.DataFrame, batch: ExportBatch) -> pl.DataFrame:
        """New rows with their object type, anchor and DN, which is their name if they have one."""
        if self._settings.object_type_column:
            column = self._layout.column(self._settings.object_type_column)
            rows = rows.with_columns(pl.lit(batch.object_type).alias(column))
        parts = [self._layout.column(name) for name in self._settings.anchor]
        rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in parts if name not in rows.columns)
        rows = rows.with_columns(self._layout.anchor(self._settings.anchor).alias("anchor"))
        if self._dn_column is None:
            return rows.with_columns(_NO_NAME.alias("name"), dn=pl.col("anchor"))
        return rows.with_columns(batch.entries["dn"].alias(name) for name in ("dn", "name", self._dn_column))

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

    def _written(self) -> Iterator[bytes]:
        """The file's bytes: byte order mark, header and rows as the old file had them."""
        encoder = codecs.getincrementalencoder(self._file_encoding)()
        yield self._byte_order_mark
        if self._settings.columns is None:
            yield encoder.encode(self._rows.header(self._layout.header) + "\n")
        for page in self._content.texts():
            yield encoder.encode("\n".join(page) + "\n")


def _numbered(rows: pl.DataFrame, numbers: Mapping[int, int]) -> pl.DataFrame:
    """The rows of the ids among ``numbers``, with their ``number``."""
    known = pl.DataFrame(list(numbers.items()), schema=_NUMBERS, orient="row")
    return rows.join(known, on="id", how="inner", maintain_order="left")


def _exported(settings: DelimitedSettings, schema: Schema) -> list[str]:
    """The columns that exports set, each once."""
    written = (a.name for object_type in schema.object_types for a in object_type.attributes if not a.read_only)
    special = (name for name in (settings.object_type_column, settings.dn) if name)
    return list(dict.fromkeys([*special, *settings.anchor, *written]))
