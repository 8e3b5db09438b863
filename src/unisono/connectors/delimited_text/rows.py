"""Records between their text and their columns."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from unisono.connectors.delimited_text.grammar import Grammar
from unisono.connectors.delimited_text.records import RecordReader, column_name
from unisono.connectors.delimited_text.settings import Dialect

# Neither a file that is read nor a value that is written has it.
_BETWEEN = "\0"


class RowFormat:
    """How the records of one file are written: ``columns`` of them, in a dialect, quoted where they must be."""

    def __init__(self, dialect: Dialect, columns: int) -> None:
        self.columns = [column_name(position) for position in range(columns)]
        self._dialect = dialect
        self._grammar = Grammar(dialect)

    def texts(self, rows: pl.DataFrame) -> pl.Series:
        """Each row, null where nothing stands, as a record without its line break."""
        text = rows.select(self.columns).write_csv(
            include_header=False,
            separator=self._dialect.delimiter,
            line_terminator=_BETWEEN,
            quote_char=self._dialect.quote or '"',
            quote_style="necessary" if self._dialect.quote else "never",
        )
        return pl.Series("text", text.split(_BETWEEN)[:-1], dtype=pl.String)

    def rows(self, texts: pl.Series) -> pl.DataFrame:
        """The records as rows of ``columns``."""
        reader = RecordReader(iter([("\n".join(texts) + "\n").encode()]), self._grammar)
        parts = [part.texts.select(self.columns) for part in reader.rows(len(self.columns))]
        return pl.concat(parts)

    def header(self, names: Sequence[str]) -> str:
        return str(self.texts(pl.DataFrame([names], schema=self.columns, orient="row"))[0])
