"""The connector for LDIF content files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import polars as pl

from unisono.connectors.contract import Capabilities, ExportSession, ImportRequest, ImportSession, Support
from unisono.connectors.files.reading import TextFile
from unisono.connectors.ldif.entries import Entries, EntryReader, chunks
from unisono.connectors.ldif.exporting import LdifExport
from unisono.connectors.ldif.importing import ENCODING, LdifImport
from unisono.connectors.ldif.settings import DN, LdifSettings
from unisono.model.errors import StepStop
from unisono.model.names import DnStyle
from unisono.model.runs import Status
from unisono.model.schema import Attribute, ObjectType, Schema


class Ldif:
    """Imports the entries of a file; exports by replacing a file with its next state, as a small directory would."""

    def __init__(self, settings: LdifSettings, schema: Schema) -> None:
        self._settings = settings
        self._schema = schema

    @property
    def capabilities(self) -> Capabilities:
        exports = self._settings.export_file is not None
        return Capabilities(
            export=Support.FULL if exports else Support.IMPOSSIBLE,
            rename=Support.FULL if exports and self._settings.anchor != DN else Support.IMPOSSIBLE,
            dn_style=DnStyle.LDAP,
            complete_references=exports,
            durable_at_finish=exports,
            export_page_objects=20_000,
        )

    def discover_schema(self) -> Schema:
        """The configured object types with the attributes that any entry has; unknown ones are strings, with several
        values where any entry has them."""
        found: dict[str, tuple[str, bool]] = {}
        with closing(TextFile(self._settings.file, ENCODING)) as file:
            for name, several in _attributes(EntryReader().read(chunk) for chunk in chunks(file.blocks())):
                found[name.lower()] = (name, several or found.get(name.lower(), ("", False))[1])
        return Schema(object_types=tuple(_found(object_type, found) for object_type in self._schema.object_types))

    def open_import(self, request: ImportRequest) -> ImportSession:
        """Raises ``StepStop``, also for a delta import, which files of content cannot give."""
        if not request.full:
            raise StepStop(
                Status.NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED, "a file of entries tells no changes: import it fully"
            )
        return LdifImport(self._settings, self._schema, request)

    def open_export(self) -> ExportSession:
        """Raises ``StepStop``, also where no file to export to is configured."""
        if self._settings.export_file is None:
            raise StepStop(
                Status.NO_START_BAD_MA_CONFIGURATION, "no file to export to is configured", hint="Set 'export_file'."
            )
        return LdifExport(self._settings, self._schema, self._settings.export_file)


def _attributes(parts: Iterator[Entries]) -> Iterator[tuple[str, bool]]:
    """Names as they are written, and whether an entry has several values."""
    for part in parts:
        counts = part.lines.group_by("entry", "key").agg(pl.len(), pl.col("text").first())
        most = counts.group_by("key").agg(pl.col("len").max(), pl.col("text").first()).sort("key")
        for text, count in most.select("text", "len").iter_rows():
            yield text.partition(":")[0].removesuffix(";binary"), count > 1


def _found(object_type: ObjectType, found: dict[str, tuple[str, bool]]) -> ObjectType:
    known = {attribute.name.lower(): attribute for attribute in object_type.attributes}
    attributes = (
        known.get(key) or Attribute(name=name, multivalued=several) for key, (name, several) in sorted(found.items())
    )
    return ObjectType(name=object_type.name, attributes=tuple(attributes))
