"""A file's records as frames of text, and what could not be read as discovery errors.

The fast path reads the well-formed part of a block with Polars; the careful path reads what is behind it, record by
record. Both give the same for the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.connectors.delimited_text.grammar import Grammar, Malformed, Record
from unisono.model.errors import StepStop
from unisono.model.frames import DISCOVERY_ERRORS
from unisono.model.runs import Status

#: A record longer than this is taken for a quote that was never closed.
RECORD_BYTES = 16 << 20


def column_name(position: int) -> str:
    """The column of a ``Rows`` frame that holds the file's column at a position, counted from 0."""
    return f"c{position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Records in file order. ``texts``: one text column per column of the file (``column_name``), null where nothing
    stands, and ``entry`` and ``line`` of the record's beginning, counted from 1. ``errors``: of ``DISCOVERY_ERRORS``.
    """

    texts: pl.DataFrame
    errors: pl.DataFrame


class RecordReader:
    """Reads blocks of UTF-8 text once: first the header, if there is one, then all rows."""

    def __init__(self, blocks: Iterator[bytes], grammar: Grammar) -> None:
        self._blocks = blocks
        self._grammar = grammar
        self._text = b""
        self._final = False
        self._entry, self._line = 1, 1  # of the record that comes next

    def header(self) -> tuple[str, ...] | None:
        """The fields of the first record; None where there is none, or none that can be read."""
        while True:
            self._read_on()
            item = next(self._grammar.records(self._text, 0, final=self._final), None)
            if item is not None or self._final or len(self._text) > RECORD_BYTES:
                break
        if not isinstance(item, Record) or item.is_blank:
            return None
        self._text = self._text[item.end :]
        self._line += item.lines
        return tuple(field or "" for field in item.fields)

    def rows(self, columns: int) -> Iterator[Rows]:
        """All further records. Raises ``StepStop`` for a record that is longer than ``RECORD_BYTES``."""
        if self._text:
            yield self._rows_of_text(columns)
        while not self._final:
            self._read_on()
            yield self._rows_of_text(columns)

    def _read_on(self) -> None:
        """One more block behind the text that is left; an end of the last line where the file lacks it."""
        block = next(self._blocks, None)
        if block is not None:
            self._text += block
            return
        self._final = True
        if self._text and not self._text.endswith(b"\n"):
            self._text += b"\n"

    def _rows_of_text(self, columns: int) -> Rows:
        """The complete records of the text; the text keeps what is behind them."""
        clean = self._grammar.clean_length(self._text, columns)
        fast = self._fast(self._text[:clean], columns)
        careful, errors, end = self._careful(clean, columns)
        self._text = self._text[end:]
        if len(self._text) > RECORD_BYTES:
            raise StepStop(
                Status.STOPPED_PARSING_ERRORS,
                f"the record that begins in line {self._line} has no end within {RECORD_BYTES >> 20} MiB",
                hint="A quote may be missing there.",
            )
        return Rows(texts=pl.concat([fast, careful]) if careful.height else fast, errors=errors)

    def _fast(self, text: bytes, columns: int) -> pl.DataFrame:
        names = [column_name(i) for i in range(columns)]
        dialect = self._grammar.dialect
        if not text:
            return _texts([], names, [], [])
        # With a header of our own in front, a byte order mark at the beginning of a value stays what it is.
        frame = pl.read_csv(
            dialect.delimiter.join(names).encode() + b"\n" + text,
            separator=dialect.delimiter,
            quote_char=dialect.quote or None,
            schema=dict.fromkeys(names, pl.String),
        )
        breaks = text.count(b"\n")
        entry = pl.int_range(self._entry, self._entry + frame.height, eager=True)
        frame = frame.with_columns(entry=entry, line=self._lines(frame, several=breaks > frame.height))
        self._entry += frame.height
        self._line += breaks
        return frame

    def _lines(self, frame: pl.DataFrame, *, several: bool) -> pl.Series:
        """The line in which each record begins; ``several``: some records go over several lines."""
        plain = pl.int_range(self._line, self._line + frame.height, eager=True)
        if not several:
            return plain
        inner = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).cast(pl.Int64).fill_null(0))
        return plain + frame.select(inner.cum_sum().shift(1, fill_value=0)).to_series()

    def _careful(self, position: int, columns: int) -> tuple[pl.DataFrame, pl.DataFrame, int]:
        """Rows and errors of the records from the position on, and where they end."""
        rows: list[tuple[str | None, ...]] = []
        places: list[tuple[int, int]] = []
        errors: list[dict[str, object]] = []
        for item in self._grammar.records(self._text, position, final=self._final):
            position = item.end
            fault = _fault(item, columns)
            if fault is not None:
                errors.append({**fault, "code": "parse-error", "entry": self._entry, "line": self._line})
            elif isinstance(item, Record) and not item.is_blank:
                rows.append(item.fields)
                places.append((self._entry, self._line))
            self._entry += not (isinstance(item, Record) and item.is_blank)
            self._line += item.lines
        names = [column_name(i) for i in range(columns)]
        texts = _texts(rows, names, [entry for entry, _ in places], [line for _, line in places])
        return texts, pl.DataFrame(errors, schema=dict(DISCOVERY_ERRORS.columns)), position


def _fault(item: Record | Malformed, columns: int) -> dict[str, object] | None:
    if isinstance(item, Malformed):
        return {"message": item.reason, "column": item.column}
    if len(item.fields) == columns or item.is_blank:
        return None
    return {"message": f"the record has {len(item.fields)} columns instead of {columns}"}


def _texts(
    rows: Sequence[tuple[str | None, ...]], names: Sequence[str], entries: Sequence[int], lines: Sequence[int]
) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(entry=pl.Series(entries, dtype=pl.Int64), line=pl.Series(lines, dtype=pl.Int64))
