"""The content of an exported file: its records as they are to be written, changed page by page.

References to renamed objects are brought up to date when the content is written: any record may have some, and every
record is read then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from unisono.connectors.delimited_text.rows import RowFormat
from unisono.connectors.files.known import Known
from unisono.connectors.files.workfile import WorkFile


class Content:
    """Rows are frames of the file's columns, null where nothing stands, with ``number``, ``anchor`` and ``name`` (the
    DN, null where objects have none). ``references`` are the columns that hold names of other objects, with what
    separates several (None for single ones).
    """

    def __init__(self, work: WorkFile, rows: RowFormat, references: Mapping[str, str | None] | None = None) -> None:
        self._work = work
        self._format = rows
        self._references = references or {}

    def load(self, pages: Iterator[pl.DataFrame]) -> None:
        """The rows of the old file."""
        self._work.load(self._records(page) for page in pages)

    def known(self, *, anchors: pl.Series, names: pl.Series) -> Known:
        """What there is of these anchors and names."""
        return Known(self._work, anchors=anchors, names=names)

    def new_number(self) -> int:
        return self._work.new_number()

    def rows(self, numbers: pl.Series) -> Iterator[pl.DataFrame]:
        """The columns of these records, and ``number``."""
        for page in self._work.texts(numbers):
            yield self._format.rows(page["text"]).with_columns(page["number"])

    def add(self, rows: pl.DataFrame) -> None:
        """New records."""
        self._work.add(self._records(rows))

    def update(self, rows: pl.DataFrame) -> None:
        """Records that are there: ``number``, texts, and ``changed``, the columns that are set."""
        columns = self._format.columns
        missing = (pl.lit(None, pl.String).alias(name) for name in columns if name not in rows.columns)
        changes = rows.with_columns(missing).select("number", *columns, "changed")
        for page in self._work.texts(rows["number"]):
            before = self._format.rows(page["text"]).with_columns(page["number"], changed=pl.lit(columns))
            theirs = changes.join(page, on="number", how="semi", maintain_order="left")
            after = _merged(pl.concat([before.select(changes.columns), theirs]), columns)
            self._work.rewrite(after.select("number", self._format.texts(after)))

    def rename(self, renames: pl.DataFrame) -> None:
        """Other DNs: ``number``, ``old`` and ``new``. References follow; the column itself comes with ``update``."""
        self._work.rename(renames.with_columns(name="new"))

    def delete(self, numbers: Sequence[int]) -> None:
        self._work.delete(pl.Series(numbers, dtype=pl.Int64))

    def texts(self) -> Iterator[pl.Series]:
        """All records as they are now, page by page."""
        follow = bool(self._references) and self._work.has_renames
        for page in self._work.all_texts():
            yield self._followed(page["text"]) if follow else page["text"]

    def _records(self, rows: pl.DataFrame) -> pl.DataFrame:
        missing = (pl.lit(None, pl.String).alias(name) for name in self._format.columns if name not in rows.columns)
        return rows.select("number", "anchor", "name", self._format.texts(rows.with_columns(missing)))

    def _followed(self, texts: pl.Series) -> pl.Series:
        rows = self._format.rows(texts)
        return self._format.texts(followed(rows, self._references, self._work.new_names))


def followed(
    rows: pl.DataFrame, references: Mapping[str, str | None], new_names: Callable[[pl.Series], Mapping[str, str]]
) -> pl.DataFrame:
    """The rows with references to renamed objects naming them as they are called now."""
    names = [rows.select(_listed(name, by))[name].explode() for name, by in references.items()]
    renamed = new_names(pl.concat([each.rename("name") for each in names]))
    single = pl.element().replace(renamed)
    return rows.with_columns(
        pl.col(name).replace(renamed) if by is None else _listed(name, by).list.eval(single).list.join(by)
        for name, by in references.items()
    )


def _listed(column: str, separator: str | None) -> pl.Expr:
    return pl.col(column).str.split(separator) if separator else pl.concat_list(column)


def _merged(stack: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """One row per number, with the last text that was set of every column; changes come in the order in which they
    happened."""
    texts = [pl.col(name).filter(pl.col("changed").list.contains(name)).last() for name in columns]
    return stack.group_by("number", maintain_order=True).agg(texts)
