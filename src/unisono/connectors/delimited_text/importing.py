"""Import sessions of delimited text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import polars as pl

from unisono.connectors.contract import Capabilities, ImportBatch, ImportRequest
from unisono.connectors.delimited_text.delta import folded
from unisono.connectors.delimited_text.grammar import Grammar
from unisono.connectors.delimited_text.images import ENTRY, ImageReader, Images
from unisono.connectors.delimited_text.layout import layout_of, needed_columns
from unisono.connectors.delimited_text.records import RecordReader
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.reading import TextFile
from unisono.model.errors import StepStop
from unisono.model.frames import DELETED, DISCOVERY_ERRORS
from unisono.model.runs import Status
from unisono.model.schema import Schema


class DelimitedImport:
    """One reading of one file. The constructor opens it and compares its header; it raises ``StepStop``."""

    def __init__(self, settings: DelimitedSettings, schema: Schema, request: ImportRequest) -> None:
        self._settings = settings
        self._full = request.full
        self._page_objects = request.page_objects or Capabilities().import_page_objects
        path = settings.file if request.full else settings.delta_file
        self._file = TextFile(path, settings.encoding, watermarked=settings.change_type_column is not None)
        try:
            header = settings.columns or self._records().header()
            layout = layout_of(header, needed_columns(settings, schema, delta=not request.full), path)
        except BaseException:
            self._file.close()
            raise
        self._columns = len(layout.header)
        self._images = ImageReader(settings, schema, layout, delta=not request.full)

    def batches(self) -> Iterator[ImportBatch]:
        """Raises ``StepStop``; a full import also for fewer objects than ``minimum_objects``."""
        if not self._full:
            for part in folded(self._read, self._file.path):
                yield from _paged(part, self._page_objects)
            return
        count = 0
        for part in self._read():
            for batch in _paged(part, self._page_objects):
                count += batch.objects.height
                yield batch
        if count < self._settings.minimum_objects:
            raise self._too_few(count)

    def _read(self) -> Iterator[Images]:
        """Everything, from the beginning."""
        records = self._records()
        if self._settings.columns is None:
            records.header()
        return (self._images.read(rows) for rows in records.rows(self._columns))

    def _records(self) -> RecordReader:
        return RecordReader(self._file.blocks(), Grammar(self._settings.dialect))

    @property
    def watermark(self) -> str | None:
        return self._file.watermark

    def close(self) -> None:
        self._file.close()

    def _too_few(self, count: int) -> StepStop:
        return StepStop(
            Status.STOPPED_IMPORT_READ,
            f"the file {self._file.path} has {count} objects, at least {self._settings.minimum_objects} are expected",
            hint="If the file is complete, lower 'minimum_objects'.",
        )


class NothingNew:
    """The delta import of a file that was read to its end before."""

    def __init__(self, watermark: str) -> None:
        self.watermark: str | None = watermark

    def batches(self) -> Iterator[ImportBatch]:
        return iter(())

    def close(self) -> None:
        """Nothing is open."""


def _paged(images: Images, page_objects: int) -> Iterator[ImportBatch]:
    """Batches of at most a page. Deletions and errors come with the first one."""
    deletions, errors = images.deletions.drop(ENTRY), images.errors
    for object_type, objects in images.objects.items():
        for page in _pages(objects.drop(ENTRY), page_objects):
            if page.height or deletions.height or errors.height:
                yield ImportBatch(object_type=object_type, objects=page, deletions=deletions, errors=errors)
            deletions, errors = DELETED.empty(), DISCOVERY_ERRORS.empty()


def _pages(objects: pl.DataFrame, page_objects: int) -> Iterator[pl.DataFrame]:
    yield objects.head(page_objects)
    for start in range(page_objects, objects.height, page_objects):
        yield objects.slice(start, page_objects)


def header_of(settings: DelimitedSettings) -> tuple[str, ...]:
    """The names of the file's columns now. Raises ``StepStop``."""
    with closing(TextFile(settings.file, settings.encoding)) as file:
        header = settings.columns or RecordReader(file.blocks(), Grammar(settings.dialect)).header()
    return layout_of(header, (), settings.file).header
