"""What a store writes: the methods of ``Writer``, by theme."""

from __future__ import annotations

from unisono.store.queries import SqlReader
from unisono.store.writes.clearing import ClearingWrites
from unisono.store.writes.history import HistoryWrites
from unisono.store.writes.layers import LayerWrites
from unisono.store.writes.metaverse import MetaverseWrites
from unisono.store.writes.references import ReferenceWrites


class SqlUnitOfWork(SqlReader, LayerWrites, ReferenceWrites, MetaverseWrites, HistoryWrites, ClearingWrites):
    """``UnitOfWork`` over one transaction."""
