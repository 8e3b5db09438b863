"""What the writes share: fresh ids, ids of connectors, frames in the shape of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import polars as pl
from sqlalchemy import bindparam, insert, select, update

from unisono.model.schema import PolarsType
from unisono.store.queries.base import CONNECTOR_ID, Queries
from unisono.store.tables import connector, id_sequence

_TAKE: Final = (
    update(id_sequence)
    .where(id_sequence.c.name == bindparam("sequence"))
    .values(next_id=id_sequence.c.next_id + bindparam("count"))
)
_NEXT: Final = select(id_sequence.c.next_id).where(id_sequence.c.name == bindparam("sequence"))


class Writes(Queries):
    """Base of all groups of writes."""

    def _take_ids(self, sequence: str, count: int) -> int:
        """The first of ``count`` fresh consecutive ids."""
        self._transaction.execute(_TAKE, sequence=sequence, count=count)
        ((following,),) = self._transaction.rows(_NEXT, sequence=sequence)
        return int(following) - count

    def _connector_id(self, name: str) -> int:
        """The connector's id, made when the store does not know the connector yet."""
        found = self._transaction.rows(select(CONNECTOR_ID), connector=name)
        if found[0][0] is not None:
            return int(found[0][0])
        id_ = self._take_ids("connector", 1)
        self._transaction.execute(insert(connector).values(id=id_, name=name, objects=0))
        return id_


def shaped(frame: pl.DataFrame, columns: Mapping[str, PolarsType], *, required: frozenset[str]) -> pl.DataFrame:
    """The frame, if it has just columns of ``columns``, of these types or all null, and the required ones.

    Raises ``ValueError``.
    """
    if missing := required - set(frame.columns):
        raise ValueError(f"the frame lacks {', '.join(sorted(missing))}")
    for name, dtype in frame.schema.items():
        if name not in columns:
            raise ValueError(f"no column {name!r} can be written")
        if dtype not in (columns[name], pl.Null):
            raise ValueError(f"the frame has {name!r} as {dtype}, not {columns[name]}")
    return frame


def each_once(frames: Sequence[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same columns of the same objects, but each ``id`` in one frame only.

    There is one for each set of ``frames`` that have an object in common, with the columns of all of them.
    """
    filled = [frame for frame in frames if frame.height]
    if len(filled) < 2:
        yield from filled
        return
    members = [frame.select("id", of=pl.lit(1 << number)) for number, frame in enumerate(filled)]
    sets = pl.concat(members).group_by("id", maintain_order=True).agg(pl.col("of").sum())
    for (of,), objects in sets.partition_by("of", as_dict=True, include_key=False).items():
        rows = objects
        for number, frame in enumerate(filled):
            if int(of) & 1 << number:
                rows = rows.join(frame, on="id", how="left", maintain_order="left")
        yield rows
