"""A whole connector space in memory, asked for the part that a batch of an import is about.

The rows are found by binary search among sorted hashes of their anchors and names, so that a batch costs what the batch
holds, however large the connector space is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from unisono.model.documents import FORGOTTEN
from unisono.model.frames import CS_INDEX


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """Hashes in order, and the numbers of the rows that they come from."""

    hashes: pl.Series
    rows: pl.Series

    @classmethod
    def of(cls, texts: pl.Series) -> _Keys:
        hashes = texts.hash(seed=0).alias("hash").to_frame().with_row_index("row")
        ordered = hashes.filter(texts.is_not_null()).sort("hash")
        return cls(hashes=ordered["hash"], rows=ordered["row"])

    def find(self, wanted: pl.Series) -> pl.Series:
        """The numbers of the rows that have one of the hashes; ``wanted`` is sorted."""
        first = self.hashes.search_sorted(wanted, side="left")
        after = self.hashes.search_sorted(wanted, side="right")
        places = pl.select(pl.int_ranges(first, after).alias("place")).filter(pl.col("place").list.len() > 0)
        return self.rows.gather(places["place"].explode(empty_as_null=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """Rows that came together; those of the ids in ``replaced`` have newer ones."""

    rows: pl.DataFrame
    anchors: _Keys
    names: _Keys
    replaced: list[pl.Series] = field(default_factory=list)

    @classmethod
    def of(cls, rows: pl.DataFrame) -> _Layer:
        return cls(rows=rows, anchors=_Keys.of(rows["anchor"]), names=_Keys.of(rows["dn_key"]))

    def about(self, anchors: pl.Series, names: pl.Series) -> pl.DataFrame:
        found = pl.concat([self.anchors.find(anchors), self.names.find(names)]).unique().sort()
        rows = self.rows[found]
        return rows.filter(~pl.col("id").is_in(pl.concat(self.replaced).implode())) if self.replaced else rows


class SpaceIndex:
    """``CS_INDEX`` rows that grow with what the batches of an import write.

    ``before``: the rows as they were when the import began.
    """

    def __init__(self, before: pl.DataFrame) -> None:
        self.before = before
        self._forgotten: list[pl.Series] = []
        self._layers = [_Layer.of(CS_INDEX.check(before))]

    def add(self, rows: pl.DataFrame, replaced: pl.Series) -> None:
        """Rows that were written, with some of the columns; ``replaced``: ids whose rows until now do not count."""
        if replaced.len():
            for layer in self._layers:
                layer.replaced.append(replaced)
        if rows.height:
            known = rows.select(name for name in CS_INDEX.columns if name in rows.columns)
            self._layers.append(_Layer.of(pl.concat([CS_INDEX.empty(), known], how="diagonal")))

    def forget(self, ids: pl.Series) -> None:
        """Later batches compare these objects closely, as after ``Writer.forget_hashes``."""
        self._forgotten.append(ids)

    def about(self, anchors: pl.Series, dn_keys: pl.Series) -> pl.DataFrame:
        """The rows that have one of the anchors or names, and possibly a few others."""
        wanted = [keys.drop_nulls().hash(seed=0).unique().sort() for keys in (anchors, dn_keys)]
        rows = pl.concat([layer.about(*wanted) for layer in self._layers])
        if not self._forgotten:
            return rows
        forgotten = pl.col("id").is_in(pl.concat(self._forgotten).implode())
        return rows.with_columns(
            pl.when(forgotten & pl.col(name).is_not_null()).then(FORGOTTEN).otherwise(name).cast(pl.Int64).alias(name)
            for name in ("import_hash", "hologram_hash")
        )
