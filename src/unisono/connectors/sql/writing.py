"""A writing: batches of entries, each object type to its table."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import sqlalchemy as sa

from unisono.connectors.contract import ExportBatch, PartialSend
from unisono.connectors.sql.changes import results, works
from unisono.connectors.sql.database import Link
from unisono.connectors.sql.delivery import Delivery
from unisono.connectors.sql.failures import Failed, Failure, stopped_writing
from unisono.connectors.sql.names import name_of_dn
from unisono.connectors.sql.tables import BoundTable, ReferenceTarget

_NAMES_AT_ONCE = 500  # parameters of one statement; databases have limits


class Writing:
    """An export session. Each transaction is committed as it is sent; ``finish`` has nothing left to do."""

    def __init__(self, link: Link, tables: Mapping[str, BoundTable], batch_objects: int) -> None:
        self._link = link
        self._tables = tables
        self._batch_objects = batch_objects

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        """A frame of ``EXPORT_RESULTS``. Raises ``StepStop``, and ``PartialSend`` where some outcomes are known."""
        bound = self._tables.get(batch.object_type)
        if bound is None:
            return results(batch.entries.select("id", code=pl.lit("no-export-to-this-object-type")))
        known: list[pl.DataFrame] = []
        failure = self._send(batch, bound, known)
        told = pl.concat(known) if known else results(batch.entries.select("id").clear())
        if failure is None:
            return told
        stop = stopped_writing(failure)
        if told.is_empty():
            raise stop
        raise PartialSend(told) from stop

    def finish(self) -> None:
        pass

    def close(self) -> None:
        self._link.close()

    def _send(self, batch: ExportBatch, bound: BoundTable, known: list[pl.DataFrame]) -> Failure | None:
        """Adds to ``known`` what is known of each entry; the failure that nothing more can be written after."""
        try:
            for work, refused in works(batch, bound, self._keys_of):
                known.append(refused)
                delivery = Delivery(self._link, work, self._batch_objects)
                try:
                    delivery.run()
                finally:
                    known.append(delivery.results())
        except Failed as failed:
            return failed.failure
        return None

    def _keys_of(self, target: ReferenceTarget, dns: pl.Series) -> pl.Series:
        names = dns.to_frame("dn").select(name_of_dn(target.object_type, pl.col("dn"))).to_series()
        if target.name is None:
            return names
        keys: dict[str, str] = {}
        distinct = names.drop_nulls().unique().to_list()
        with self._link.transaction():
            for start in range(0, len(distinct), _NAMES_AT_ONCE):
                keys |= self._found(target, distinct[start : start + _NAMES_AT_ONCE])
        return names.replace_strict(list(keys), list(keys.values()), default=None, return_dtype=pl.String)

    def _found(self, target: ReferenceTarget, names: list[str]) -> dict[str, str]:
        """The text of the key by name, of the rows that there are."""
        table = target.table.clause
        name = table.c[target.name.name] if target.name is not None else table.c[target.key.name]
        key = sa.cast(table.c[target.key.name], sa.Text)
        rows = self._link.rows(sa.select(sa.cast(name, sa.Text), key).where(name.in_(names)))
        return {row[0]: row[1] for row in rows}
