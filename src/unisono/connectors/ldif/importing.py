"""Import sessions of LDIF content."""

from __future__ import annotations

from collections.abc import Iterator

from unisono.connectors.contract import Capabilities, ImportBatch, ImportRequest
from unisono.connectors.files.reading import TextFile
from unisono.connectors.ldif.entries import Chunk, EntryReader, chunks
from unisono.connectors.ldif.images import ImageReader, Images
from unisono.connectors.ldif.settings import LdifSettings
from unisono.model.errors import StepStop
from unisono.model.frames import DISCOVERY_ERRORS
from unisono.model.runs import Status
from unisono.model.schema import Schema

#: LDIF is UTF-8 (RFC 2849); a byte order mark of another encoding is honoured.
ENCODING = "utf-8"


class LdifImport:
    """One reading of one file. The constructor opens it; it raises ``StepStop``."""

    watermark: str | None = None

    def __init__(self, settings: LdifSettings, schema: Schema, request: ImportRequest) -> None:
        self._settings = settings
        self._page_objects = request.page_objects or Capabilities().import_page_objects
        self._file = TextFile(settings.file, ENCODING)
        self._images = ImageReader(settings, schema)

    def batches(self) -> Iterator[ImportBatch]:
        """Raises ``StepStop``, also for fewer objects than ``minimum_objects``."""
        entries, count = EntryReader(), 0
        for chunk in chunks(self._file.blocks()):
            images = self._images.read(entries.read(chunk), maybe_cut=not chunk.closed)
            for batch in _paged(images, chunk, self._page_objects):
                count += batch.objects.height
                yield batch
        if count < self._settings.minimum_objects:
            raise self._too_few(count)

    def close(self) -> None:
        self._file.close()

    def _too_few(self, count: int) -> StepStop:
        return StepStop(
            Status.STOPPED_IMPORT_READ,
            f"the file {self._file.path} has {count} objects, at least {self._settings.minimum_objects} are expected",
            hint="If the file is complete, lower 'minimum_objects'.",
        )


def _paged(images: Images, chunk: Chunk, page_objects: int) -> Iterator[ImportBatch]:
    """Batches of at most a page; errors come with the first one."""
    errors = images.errors
    if errors.height:
        errors = errors.with_columns(line=chunk.file_lines(errors["line"]))
    for object_type, objects in images.objects.items():
        for start in range(0, max(objects.height, 1), page_objects):
            page = objects.slice(start, page_objects)
            if page.height or errors.height:
                yield ImportBatch(object_type=object_type, objects=page, errors=errors)
            errors = DISCOVERY_ERRORS.empty()
