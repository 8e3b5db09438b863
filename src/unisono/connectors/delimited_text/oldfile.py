"""The file that an export replaces, or the empty one that it begins with."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unisono.connectors.delimited_text.grammar import Grammar
from unisono.connectors.delimited_text.layout import Layout, layout_of, needed_columns
from unisono.connectors.delimited_text.records import RecordReader, Rows, column_name
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.connectors.files.failures import cannot_open
from unisono.connectors.files.reading import TextFile
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class OldFile:
    """``rows``: texts of all columns of ``layout``, and ``anchor``, in file order. The layout has every column that
    the schema asks for, behind those that the file had."""

    layout: Layout
    rows: pl.DataFrame
    encoding: str
    byte_order_mark: bytes

    @classmethod
    def read(cls, settings: DelimitedSettings, schema: Schema, path: Path) -> OldFile:
        """Raises ``StepStop``: what cannot be read entirely must not be replaced."""
        if not path.exists():
            return cls._new(settings, schema, path)
        with closing(TextFile(path, settings.encoding)) as file:
            records = RecordReader(file.blocks(), Grammar(settings.dialect))
            header = settings.columns or records.header()
            layout = layout_of(header, settings.anchor, path)
            texts = _texts(list(records.rows(len(layout.header))), path)
            whole = _completed(layout, settings, schema)
            absent = (pl.lit(None, pl.String).alias(whole.column(name)) for name in whole.header[len(layout.header) :])
            rows = texts.with_columns(absent).with_columns(whole.anchor(settings.anchor).alias("anchor"))
            return cls(layout=whole, rows=rows, encoding=file.encoding, byte_order_mark=file.byte_order_mark)

    @classmethod
    def _new(cls, settings: DelimitedSettings, schema: Schema, path: Path) -> OldFile:
        if not path.parent.is_dir():
            raise cannot_open(path.parent, FileNotFoundError())
        layout = _completed(Layout.of(settings.columns or ()), settings, schema)
        names = [column_name(position) for position in range(len(layout.header))]
        rows = pl.DataFrame(schema=dict.fromkeys([*names, "anchor"], pl.String))
        return cls(layout=layout, rows=rows, encoding=settings.encoding, byte_order_mark=b"")


def _completed(layout: Layout, settings: DelimitedSettings, schema: Schema) -> Layout:
    """The layout with the columns behind it that exports may need."""
    written = [attribute.name for object_type in schema.object_types for attribute in object_type.attributes]
    needed = dict.fromkeys([*needed_columns(settings, schema, delta=False), *written])
    return Layout.of([*layout.header, *(name for name in needed if name not in layout)])


def _texts(parts: list[Rows], path: Path) -> pl.DataFrame:
    for part in parts:
        if part.errors.height:
            message, line = part.errors.select("message", "line").row(0)
            raise StepStop(
                Status.NO_START_FILE_OPEN,
                f"the file {path} cannot be kept up to date, because line {line} cannot be read: {message}",
                hint="Correct the line; replacing the file would lose its content.",
            )
    return pl.concat([part.texts for part in parts]).drop("entry", "line")
