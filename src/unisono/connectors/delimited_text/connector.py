"""The connector for delimited text files."""

from __future__ import annotations

from unisono.connectors.contract import Capabilities, ExportSession, ImportRequest, ImportSession, Support
from unisono.connectors.delimited_text.exporting import DelimitedExport
from unisono.connectors.delimited_text.importing import DelimitedImport, NothingNew, header_of
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.reading import content_watermark, is_watermark
from unisono.model.errors import StepStop
from unisono.model.names import DnStyle
from unisono.model.runs import Status
from unisono.model.schema import Attribute, ObjectType, Schema


class DelimitedText:
    """Imports a file of records, whole or as changes; exports by replacing a file with its next state."""

    def __init__(self, settings: DelimitedSettings, schema: Schema) -> None:
        self._settings = settings
        self._schema = schema

    @property
    def capabilities(self) -> Capabilities:
        exports, names = self._settings.export_file is not None, self._settings.dn is not None
        deltas = self._settings.change_type_column is not None
        return Capabilities(
            delta_import=Support.FULL if deltas else Support.IMPOSSIBLE,
            export=Support.FULL if exports else Support.IMPOSSIBLE,
            rename=Support.FULL if exports and names else Support.IMPOSSIBLE,
            dn_style=DnStyle.GENERIC if names else DnStyle.NONE,
            complete_references=exports,
            durable_at_finish=exports,
            export_page_objects=20_000,
        )

    def discover_schema(self) -> Schema:
        """The configured object types with the columns that the file has now; unknown ones are strings."""
        special = {self._settings.object_type_column, self._settings.change_type_column}
        names = [name for name in header_of(self._settings) if name not in special]
        return Schema(object_types=tuple(_found(object_type, names) for object_type in self._schema.object_types))

    def open_import(self, request: ImportRequest) -> ImportSession:
        if not request.full and request.watermark is not None and self._is_read(request.watermark):
            return NothingNew(request.watermark)
        return DelimitedImport(self._settings, self._schema, request)

    def open_export(self) -> ExportSession:
        """Raises ``StepStop``, also where no file to export to is configured."""
        if self._settings.export_file is None:
            raise StepStop(
                Status.NO_START_BAD_MA_CONFIGURATION, "no file to export to is configured", hint="Set 'export_file'."
            )
        return DelimitedExport(self._settings, self._schema, self._settings.export_file)

    def _is_read(self, watermark: str) -> bool:
        if not is_watermark(watermark):
            raise StepStop(
                Status.NO_START_FULL_IMPORT_REQUIRED, "the watermark is not that of a file", hint="Run a full import."
            )
        return content_watermark(self._settings.delta_file) == watermark


def _found(object_type: ObjectType, names: list[str]) -> ObjectType:
    attributes = (object_type[name] if name in object_type else Attribute(name=name) for name in names)
    return ObjectType(name=object_type.name, attributes=tuple(attributes))
