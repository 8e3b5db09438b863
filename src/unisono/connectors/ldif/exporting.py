"""Export sessions of LDIF content: the next state of a file, written as a whole when all entries were sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation
from unisono.connectors.files.known import Known
from unisono.connectors.files.refusals import Refusal, not_one, results
from unisono.connectors.files.replacing import replace_file
from unisono.connectors.files.workfile import WorkFile
from unisono.connectors.ldif.content import Content
from unisono.connectors.ldif.names import is_ldap_name, naming_values, rooted_keys
from unisono.connectors.ldif.oldfile import old_entries
from unisono.connectors.ldif.renaming import Rename
from unisono.connectors.ldif.settings import DN, ENTRY_UUID, LdifSettings
from unisono.connectors.ldif.writing import attribute_lines, file_chunks, lines_of
from unisono.model.schema import ObjectType, Schema

_MODIFIED_NAME = "modify-naming-attribute"


class LdifExport:
    """One writing. The constructor reads the file that is to be replaced; it raises ``StepStop``."""

    def __init__(self, settings: LdifSettings, schema: Schema, path: Path) -> None:
        self._schema = schema
        self._settings = settings
        self._path = path
        self._anchor = None if settings.anchor == DN else settings.anchor
        references = dict.fromkeys(a.name for object_type in schema.object_types for a in object_type.references)
        self._work = WorkFile(path)
        try:
            self._content = Content(self._work, anchor=self._anchor, references=list(references))
            self._content.load(old_entries(path))
        except BaseException:
            self._work.close()
            raise

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
        replace_file(self._path, file_chunks(self._content.texts()))

    def close(self) -> None:
        self._work.close()

    # --- operations ---------------------------------------------------------------------------------------------------

    def _add(self, batch: ExportBatch) -> pl.DataFrame:
        rows = self._new_names(batch)
        known = self._content.known(anchors=rows["anchor"], names=rows["name"])
        refusals: dict[int, Refusal] = {}
        entries: dict[int, int] = {}
        there: dict[int, int] = {}
        for id_, dn, name, anchor in rows.select("id", "dn", "name", "anchor").iter_rows():
            holder = known.holder(name)
            if holder is not None:
                there[id_] = holder
            elif refusal := self._unfit(dn, anchor, known):
                refusals[id_] = refusal
            else:
                entries[id_] = self._content.new_entry()
                known.add(entries[id_], anchor, name)
        new = self._new_lines(batch, rows)
        # Before the new ones are written: an entry that another one of the same batch makes is another one's.
        refusals |= self._others(there, new)
        self._content.add(_numbered(rows, entries), _numbered(new, entries))
        holders = {id_: known.anchor_of(holder) for id_, holder in there.items()}
        anchors = rows["id"].replace_strict(holders, default=rows["anchor"], return_dtype=pl.String)
        return results(rows.select("id", "dn", anchor=anchors), refusals)

    def _update(self, batch: ExportBatch) -> pl.DataFrame:
        rows = batch.entries.select("id", "anchor", "dn", "new_dn", "changed")
        rows = rows.with_columns(new_name=rooted_keys(rows["new_dn"]))
        known = self._content.known(anchors=rows["anchor"], names=rows["new_name"])
        refusals: dict[int, Refusal] = {}
        entries: dict[int, int] = {}
        renames: list[Rename] = []
        columns = ("id", "anchor", "changed", "new_dn", "new_name")
        for id_, anchor, changed, new_dn, new_name in rows.select(columns).iter_rows():
            found = known.found(anchor)
            if refusal := not_one(found) or self._moved(changed, new_dn, known.holder(new_name) not in (None, *found)):
                refusals[id_] = refusal
                continue
            entries[id_] = found[0]
            if new_dn is not None:
                renames.append(Rename(entry=found[0], name=known.name_of(found[0]), new=new_dn))
                known.rename(found[0], new_name)
        values = self._values(batch.entries, self._schema[batch.object_type])
        self._content.change(_numbered(values, entries))
        self._content.rename(renames)
        return results(rows.select("id", "anchor", dn=pl.coalesce("new_dn", "dn")), refusals)

    def _delete(self, batch: ExportBatch) -> pl.DataFrame:
        rows = batch.entries.select("id", "anchor", "dn")
        known = self._content.known(anchors=rows["anchor"], names=rows["dn"].clear())
        refusals, entries = known.deleted(rows)
        self._content.delete(entries)
        return results(rows, refusals)

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _unfit(self, dn: str, anchor: str | None, known: Known) -> Refusal | None:
        if not is_ldap_name(dn):
            return Refusal(code="invalid-dn", message="the DN is no name of LDAP (RFC 4514)")
        if not anchor:
            return Refusal(code="missing-anchor-component", message=f"a new entry needs {self._settings.anchor}")
        if known.found(anchor):
            return Refusal(code="cd-existing-object", message="the file has another entry with this anchor")
        return None

    def _moved(self, changed: Sequence[str], new_dn: str | None, taken: bool) -> Refusal | None:  # noqa: FBT001 - private
        if self._anchor in changed or (new_dn is not None and self._anchor is None):
            return Refusal(code=_MODIFIED_NAME, message="an anchor does not change", attribute=self._anchor)
        if new_dn is None:
            return None
        if not is_ldap_name(new_dn):
            return Refusal(code="invalid-dn", message="the new DN is no name of LDAP (RFC 4514)")
        if taken:
            return Refusal(code="rename-to-existing-dn", message="another entry has the new DN")
        return None

    def _others(self, there: Mapping[int, int], new: pl.DataFrame) -> dict[int, Refusal]:
        """Of entries that are there already, those that are not exactly as they are to be added. The others come from
        an export that was written but not recorded."""
        if not there:
            return {}
        refusal = Refusal(code="cd-existing-object", message="the file has another entry with this DN")
        left_out = ["dn", ENTRY_UUID.lower()] if self._generates else ["dn"]
        present: dict[int, frozenset[str]] = {}
        for lines in self._content.lines(there.values()):
            present |= _line_sets(lines, left_out)
        theirs = new.filter(pl.col("id").is_in(list(there)))
        wanted = _line_sets(theirs.rename({"id": "entry"}), left_out)
        return {id_: refusal for id_, entry in there.items() if present.get(entry) != wanted[id_]}

    @property
    def _generates(self) -> bool:
        """Whether new entries get their anchor here, as from a server."""
        return self._anchor == ENTRY_UUID

    # --- lines --------------------------------------------------------------------------------------------------------

    def _new_names(self, batch: ExportBatch) -> pl.DataFrame:
        """``id``, ``dn``, ``name`` (its rooted key) and ``anchor`` of new entries."""
        entries = batch.entries
        rows = entries.select("id", "dn", rooted_keys(entries["dn"]).alias("name"))
        if self._anchor is None:
            return rows.with_columns(anchor=pl.col("dn"))
        given = pl.Series([None], dtype=pl.String).new_from_index(0, entries.height)
        if self._anchor in entries.columns:
            given = entries[self._anchor].set(~entries["changed"].list.contains(self._anchor), None)
        if self._generates:
            given = given.zip_with(given.is_not_null(), pl.Series([str(uuid.uuid4()) for _ in given]))
        return rows.with_columns(anchor=given)

    def _new_lines(self, batch: ExportBatch, rows: pl.DataFrame) -> pl.DataFrame:
        """``id``, ``key``, ``text`` of all attributes of new entries, with what makes them entries of a directory."""
        values = self._values(batch.entries, self._schema[batch.object_type]).drop_nulls("text")
        said = set(values.select("id", "key").iter_rows())
        object_class = self._settings.object_class(batch.object_type)
        more: list[tuple[int, str, str]] = []
        for id_, dn, anchor in rows.select("id", "dn", "anchor").iter_rows():
            more += [(id_, "objectClass", name) for name in ("top", object_class)]
            naming = naming_values(dn)
            more += [(id_, name, value) for name, value in naming.items()]
            if self._anchor is not None and self._anchor not in naming and anchor is not None:
                more.append((id_, self._anchor, anchor))
        missing = [row for row in more if (row[0], row[1].lower()) not in said]
        return pl.concat([_joined(missing), values])

    def _values(self, entries: pl.DataFrame, object_type: ObjectType) -> pl.DataFrame:
        """``id``, ``key`` and ``text`` of the attributes that the entries change; null text: no value any more."""
        parts = [pl.DataFrame(schema={"id": pl.Int64, "key": pl.String, "text": pl.String})]
        for attribute in object_type.attributes:
            if attribute.name in entries.columns:
                named = entries.filter(pl.col("changed").list.contains(attribute.name))
                text = attribute_lines(attribute, named[attribute.name])
                key = pl.lit(attribute.name.lower()).alias("key")
                parts.append(named.select("id", key, text.alias("text")))
        return pl.concat(parts)


def _numbered(rows: pl.DataFrame, entries: Mapping[int, int]) -> pl.DataFrame:
    """The rows of the ids among ``entries``, with the numbers of these as ``entry`` instead."""
    schema = {"id": pl.Int64, "entry": pl.Int64}
    numbers = pl.DataFrame(list(entries.items()), schema=schema, orient="row")
    return rows.join(numbers, on="id", how="inner", maintain_order="left").drop("id")


def _line_sets(lines: pl.DataFrame, left_out: Sequence[str]) -> dict[int, frozenset[str]]:
    """The lines of entries, as sets; but for those of some attributes."""
    single = lines.filter(~pl.col("key").is_in(left_out)).with_columns(pl.col("text").str.split("\n")).explode("text")
    return {entry: frozenset(texts) for entry, texts in single.group_by("entry").agg("text").iter_rows()}


def _joined(rows: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    """``id``, ``key`` and ``text`` of values given as id, attribute and text."""
    schema = {"id": pl.Int64, "name": pl.String, "value": pl.String}
    single = pl.DataFrame(rows, schema=schema, orient="row")
    lines = single.select(
        "id", pl.col("name").str.to_lowercase().alias("key"), text=lines_of(single["name"], single["value"])
    )
    return lines.group_by("id", "key", maintain_order=True).agg(pl.col("text").str.join("\n"))
