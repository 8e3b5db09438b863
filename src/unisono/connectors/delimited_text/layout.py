"""Which column of a file holds what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unisono.connectors.delimited_text.records import column_name
from unisono.connectors.delimited_text.settings import DelimitedSettings
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Schema

_PART_SEPARATOR = ";"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of one file. ``positions`` counts from 0; columns that nobody asks for are in ``header`` only."""

    header: tuple[str, ...]
    positions: Mapping[str, int]

    @classmethod
    def of(cls, header: Sequence[str]) -> Layout:
        return cls(header=tuple(header), positions={name: position for position, name in enumerate(header)})

    def column(self, name: str) -> str:
        """The column of a ``Rows`` frame that holds the file's column of that name."""
        return column_name(self.positions[name])

    def __contains__(self, name: object) -> bool:
        return name in self.positions

    def anchor(self, attributes: Sequence[str]) -> pl.Expr:
        """The anchor of each row as text; null where a part of it is missing.

        Several parts are joined with ``;``, which is escaped within them with a backslash.
        """
        parts = [_present(pl.col(self.column(name))) for name in attributes]
        if len(parts) == 1:
            return parts[0]
        return pl.concat_str([part.str.replace_all(r"([\\;])", r"\${1}") for part in parts], separator=_PART_SEPARATOR)


def _present(texts: pl.Expr) -> pl.Expr:
    return pl.when(texts != "").then(texts)


def layout_of(header: Sequence[str] | None, needed: Sequence[str], path: Path) -> Layout:
    """The layout, if the header has each needed column exactly once.

    Raises ``StepStop`` with ``no-start-header-row-mismatch``, naming what is wrong.
    """
    if header is None:
        raise _mismatch(path, "has no header row that can be read")
    missing = [name for name in needed if name not in header]
    if missing:
        raise _mismatch(path, f"has no column {_listed(missing)}; it has {_listed(header)}")
    repeated = [name for name in needed if header.count(name) > 1]
    if repeated:
        raise _mismatch(path, f"has more than one column {_listed(repeated)}")
    return Layout.of(header)


def needed_columns(settings: DelimitedSettings, schema: Schema, *, delta: bool) -> tuple[str, ...]:
    """The columns that an import reads, each once, in the order in which a new file has them."""
    return tuple(dict.fromkeys(_needed(settings, schema, delta=delta)))


def _needed(settings: DelimitedSettings, schema: Schema, *, delta: bool) -> Iterator[str]:
    if settings.object_type_column:
        yield settings.object_type_column
    yield from settings.anchor
    if settings.dn:
        yield settings.dn
    for object_type in schema.object_types:
        yield from (a.name for a in object_type.attributes if not a.export_only)
    if delta and settings.change_type_column:
        yield settings.change_type_column


def _mismatch(path: Path, what: str) -> StepStop:
    hint = "Compare the first line of the file with the connector's schema; names are case-sensitive."
    return StepStop(Status.NO_START_HEADER_ROW_MISMATCH, f"the file {path} {what}", hint=hint)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
