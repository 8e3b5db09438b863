"""The content of an exported file: what it holds, the changes to come, and both together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

_ALL = pl.lit(None, pl.List(pl.String)).alias("changed")  # of a change: it sets every column


class Content:
    """The rows of a file, and changes that are applied together when the content is asked for.

    Which anchors and DNs exist is known at any time without applying anything: deciding about an entry needs no more.
    Rows are frames of the file's ``columns``, null where nothing stands, and ``anchor``. ``references`` are the columns
    that hold names of other objects, with what separates several (None for single ones).
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        columns: Sequence[str],
        *,
        dn_column: str | None = None,
        references: Mapping[str, str | None] | None = None,
    ) -> None:
        self._rows = rows
        self._columns = list(columns)
        self._dn_column = dn_column
        self._references = references or {}
        self._changes: list[pl.DataFrame] = []
        self._renamed: dict[str, str] = {}
        self._anchors = Counter(rows["anchor"].drop_nulls())
        self._holders = self._names(rows)

    def occurrences(self, anchor: str) -> int:
        """How many rows the anchor has. More than one: nobody knows which of them is meant."""
        return self._anchors[anchor]

    def holder(self, dn: str) -> str | None:
        """The anchor of the object with that DN."""
        return self._holders.get(dn)

    def add(self, rows: pl.DataFrame) -> None:
        """Objects that are not there: ``anchor`` and texts."""
        self._anchors.update(rows["anchor"])
        self._holders.update(self._names(rows))
        self._remember(rows.with_columns(_ALL, deleted=pl.lit(value=False)))

    def update(self, rows: pl.DataFrame) -> None:
        """Objects that are there: ``anchor``, texts, and ``changed``, the columns that are set."""
        self._remember(rows.with_columns(deleted=pl.lit(value=False)))

    def rename(self, anchor: str, old: str, new: str) -> None:
        """The object's DN changes, and references to it follow; its row comes with ``update``."""
        if self._holders.get(old) == anchor:
            del self._holders[old]
            self._renamed[old] = new
        self._holders[new] = anchor

    def delete(self, names: pl.DataFrame) -> None:
        """Objects that are there: ``anchor`` and ``dn``."""
        for anchor, dn in names.select("anchor", "dn").iter_rows():
            del self._anchors[anchor]
            if self._holders.get(dn) == anchor:
                del self._holders[dn]
        self._remember(names.select("anchor", _ALL, deleted=pl.lit(value=True)))

    def current(self) -> pl.DataFrame:
        """All rows with the changes applied, old ones in their order, new ones behind them."""
        if self._changes:
            self._rows = self._followed(_applied(self._rows, pl.concat(self._changes), self._columns))
            self._changes, self._renamed = [], {}
        return self._rows

    def _names(self, rows: pl.DataFrame) -> dict[str, str]:
        if self._dn_column is None or self._dn_column not in rows.columns:
            return {}
        return dict(rows.select(self._dn_column, "anchor").drop_nulls().iter_rows())

    def _remember(self, rows: pl.DataFrame) -> None:
        missing = (pl.lit(None, pl.String).alias(name) for name in self._columns if name not in rows.columns)
        self._changes.append(rows.with_columns(missing).select(*self._columns, "anchor", "changed", "deleted"))

    def _followed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """References to renamed objects name them as they are called now."""
        if not self._renamed:
            return rows
        return rows.with_columns(_followed(name, self._renamed, by) for name, by in self._references.items())


def _followed(column: str, renamed: Mapping[str, str], separator: str | None) -> pl.Expr:
    if separator is None:
        return pl.col(column).replace(renamed)
    return pl.col(column).str.split(separator).list.eval(pl.element().replace(renamed)).list.join(separator)


def _applied(rows: pl.DataFrame, changes: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The rows after the changes, which come in the order in which they happened."""
    before = rows.with_columns(_ALL, deleted=pl.lit(value=False)).select(changes.columns)
    stack = pl.concat([before, changes]).with_row_index("order")
    touched = changes.select("anchor").unique()
    untouched = stack.join(touched, on="anchor", how="anti", maintain_order="left").select("order", *rows.columns)
    merged = _merged(stack.join(touched, on="anchor", how="semi", maintain_order="left"), columns)
    return pl.concat([untouched, merged.select("order", *rows.columns)]).sort("order").drop("order")


def _merged(stack: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """One row per anchor that exists after its last deletion, with the last text that was set of every column."""
    last_deletion = pl.col("order").filter(pl.col("deleted")).max().over("anchor")
    alive = stack.filter(last_deletion.is_null() | (pl.col("order") > last_deletion))
    texts = [pl.col(name).filter(pl.col("changed").is_null() | _sets(name)).last() for name in columns]
    return alive.group_by("anchor", maintain_order=True).agg(pl.col("order").first(), *texts)


def _sets(column: str) -> pl.Expr:
    return pl.col("changed").list.contains(column)
