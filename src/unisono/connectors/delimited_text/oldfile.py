"""The file that an export replaces, or the empty one that it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unisono.connectors.delimited_text.grammar import Grammar
from unisono.connectors.delimited_text.layout import Layout, layout_of, needed_columns
from unisono.connectors.delimited_text.records import RecordReader, Rows
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.failures import cannot_open
from unisono.connectors.files.reading import TextFile
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class OldFile:
    """``pages``: texts of all columns of ``layout``, ``anchor`` and ``number``, in file order; read as they are asked
    for. The layout has every column that the schema asks for, behind those that the file had."""

    layout: Layout
    pages: Iterator[pl.DataFrame]
    encoding: str
    byte_order_mark: bytes


@contextmanager
def old_file(settings: DelimitedSettings, schema: Schema, path: Path) -> Iterator[OldFile]:
    """The file, open. Raises ``StepStop``, also from its pages: what cannot be read entirely must not be replaced."""
    if not path.exists():
        if not path.parent.is_dir():
            raise cannot_open(path.parent, FileNotFoundError())
        layout = _completed(Layout.of(settings.columns or ()), settings, schema)
        yield OldFile(layout=layout, pages=iter(()), encoding=settings.encoding, byte_order_mark=b"")
        return
    with closing(TextFile(path, settings.encoding)) as file:
        records = RecordReader(file.blocks(), Grammar(settings.dialect))
        found = layout_of(settings.columns or records.header(), settings.anchor, path)
        layout = _completed(found, settings, schema)
        absent = [pl.lit(None, pl.String).alias(layout.column(name)) for name in layout.header[len(found.header) :]]
        pages = (
            _sound(rows, path)
            .with_columns(absent)
            .with_columns(layout.anchor(settings.anchor).alias("anchor"), number="entry")
            for rows in records.rows(len(found.header))
        )
        yield OldFile(layout=layout, pages=pages, encoding=file.encoding, byte_order_mark=file.byte_order_mark)


def _completed(layout: Layout, settings: DelimitedSettings, schema: Schema) -> Layout:
    """The layout with the columns behind it that exports may need."""
    written = [attribute.name for object_type in schema.object_types for attribute in object_type.attributes]
    needed = dict.fromkeys([*needed_columns(settings, schema, delta=False), *written])
    return Layout.of([*layout.header, *(name for name in needed if name not in layout)])


def _sound(rows: Rows, path: Path) -> pl.DataFrame:
    if rows.errors.height:
        message, line = rows.errors.select("message", "line").row(0)
        raise StepStop(
            Status.NO_START_FILE_OPEN,
            f"the file {path} cannot be kept up to date, because line {line} cannot be read: {message}",
            hint="Correct the line; replacing the file would lose its content.",
        )
    return rows.texts
