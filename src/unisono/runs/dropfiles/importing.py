"""What an import read, as lines and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import polars as pl

from unisono.connectors.contract import ImportBatch, ImportSession
from unisono.model.documents import documents, record_columns, records
from unisono.model.frames import DELETED, DISCOVERY_ERRORS, IMPORTED, Frame
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep
from unisono.model.schema import Attribute, ObjectType
from unisono.runs.dropfiles.form import DELETIONS, ERRORS, OBJECTS, Header
from unisono.runs.dropfiles.reading import DropReader
from unisono.runs.dropfiles.writing import DropWriter

K = TypeVar("K")


class Written:
    """A reading whose batches are written to a drop file on their way. The file is there when all were read.

    A reading that ended early leaves no file: resumed from, it would look as if everything else were gone.
    """

    def __init__(self, session: ImportSession, writer: DropWriter, definition: ConnectorDefinition) -> None:
        self._session = session
        self._writer = writer
        self._schema = definition.schema
        self.is_whole = False

    def batches(self) -> Iterator[ImportBatch]:
        for batch in self._session.batches():
            self._write(batch)
            yield batch
        self._writer.finish()
        self.is_whole = True

    @property
    def watermark(self) -> str | None:
        return self._session.watermark

    def close(self) -> None:
        """Who opened the reading and the file closes them."""

    def _write(self, batch: ImportBatch) -> None:
        object_type = self._schema[batch.object_type]
        values = {"values": documents(batch.objects, _kept(object_type))}
        self._writer.add(OBJECTS, object_type.name, records(batch.objects, list(IMPORTED.columns), values))
        self._writer.add(DELETIONS, object_type.name, _plain_lines(batch.deletions, DELETED))
        self._writer.add(ERRORS, object_type.name, _plain_lines(batch.errors, DISCOVERY_ERRORS))


class Resumed:
    """A reading of a drop file. It has no watermark: how far the source is by now nobody knows."""

    watermark = None

    def __init__(self, path: Path, step: RunStep, definition: ConnectorDefinition) -> None:
        self._schema = definition.schema
        self._reader = DropReader(path)
        try:
            self._reader.check(step, definition)
        except BaseException:
            self._reader.close()
            raise

    @property
    def header(self) -> Header:
        return self._reader.header

    def batches(self) -> Iterator[ImportBatch]:
        for section, lines in self._reader.pieces():
            if section.type not in self._schema:
                raise self._reader.damaged(f"has the object type {section.type!r}, which its header does not have")
            yield self._batch(section.section, self._schema[section.type], lines)

    def close(self) -> None:
        self._reader.close()

    def _batch(self, kind: str, object_type: ObjectType, lines: pl.Series) -> ImportBatch:
        nobody, name = _objects(lines.clear(), object_type), object_type.name
        if kind == OBJECTS:
            return ImportBatch(object_type=name, objects=self._decoded(_objects, lines, object_type))
        if kind == DELETIONS:
            return ImportBatch(object_type=name, objects=nobody, deletions=self._decoded(_plain_rows, lines, DELETED))
        if kind == ERRORS:
            errors = self._decoded(_plain_rows, lines, DISCOVERY_ERRORS)
            return ImportBatch(object_type=name, objects=nobody, errors=errors)
        raise self._reader.damaged(f"has a section {kind!r}, which no import writes")

    def _decoded(self, decode: Callable[[pl.Series, K], pl.DataFrame], lines: pl.Series, kind: K) -> pl.DataFrame:
        """One row per line. Its checksum may be right, and yet somebody may have made the file by hand."""
        try:
            rows = decode(lines, kind)
        except pl.exceptions.PolarsError as error:
            raise self._reader.damaged("has lines that no import writes") from error
        if rows.height != lines.len():
            raise self._reader.damaged("has empty lines")
        return rows


def _kept(object_type: ObjectType) -> list[Attribute]:
    return [a for a in object_type.attributes if not a.export_only]


def _objects(lines: pl.Series, object_type: ObjectType) -> pl.DataFrame:
    rows = record_columns(lines, IMPORTED.columns, "values", _kept(object_type))
    withheld = [a for a in object_type.attributes if a.export_only]
    whole = rows.with_columns(pl.lit(None, dtype=a.dtype).alias(a.name) for a in withheld)
    return whole.select(*IMPORTED.columns, *(a.name for a in object_type.attributes))


def _plain_lines(rows: pl.DataFrame, frame: Frame) -> pl.Series:
    return records(rows, list(frame.columns), {})


def _plain_rows(lines: pl.Series, frame: Frame) -> pl.DataFrame:
    return record_columns(lines, frame.columns, "", ())
