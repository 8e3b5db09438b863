"""What a store answers: the methods of ``Reader``, by theme. Statements are built once, here, when loaded."""

from __future__ import annotations

from unisono.store.queries.history import HistoryQueries
from unisono.store.queries.metaverse import MetaverseQueries
from unisono.store.queries.references import ReferenceQueries
from unisono.store.queries.search import SearchQueries
from unisono.store.queries.space import SpaceQueries


class SqlReader(SpaceQueries, MetaverseQueries, ReferenceQueries, SearchQueries, HistoryQueries):
    """``Reader`` over one transaction."""
