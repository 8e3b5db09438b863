"""References: stored ones and exported ones of connector spaces, and those of the metaverse."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import text, update

from unisono.model.frames import EDGES
from unisono.store.frames import EXPORT_EDGES, MV_REFERENCES, STORED_EDGES
from unisono.store.queries.base import STAGED_IDS
from unisono.store.tables import WAITING_EDGE, cs_reference, export_reference, mv_reference
from unisono.store.writes.base import Writes

_CONFIRM_SENT: Final = (
    update(export_reference)
    .where(export_reference.c.source_id.in_(STAGED_IDS), text(WAITING_EDGE))
    .values(state="unconfirmed")
)


class ReferenceWrites(Writes):
    def write_edges(self, frame: pl.DataFrame) -> None:
        self._transaction.upsert(cs_reference, STORED_EDGES.check(frame))

    def delete_edges(self, frame: pl.DataFrame) -> None:
        self._transaction.delete(cs_reference, EDGES.check(frame))

    def write_export_edges(self, frame: pl.DataFrame) -> None:
        self._transaction.upsert(export_reference, EXPORT_EDGES.check(frame))

    def delete_export_edges(self, frame: pl.DataFrame) -> None:
        self._transaction.delete(export_reference, EDGES.check(frame))

    def confirm_sent_edges(self, source_ids: pl.Series) -> None:
        self._stage(source_ids)
        self._transaction.execute(_CONFIRM_SENT)

    def write_references(self, frame: pl.DataFrame) -> None:
        self._transaction.upsert(mv_reference, MV_REFERENCES.check(frame))

    def delete_references(self, frame: pl.DataFrame) -> None:
        self._transaction.delete(mv_reference, EDGES.check(frame))
