"""What the engine asks while it decides. A store's reader answers it; so can a few frames in a test."""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Facts(Protocol):
    """Each method gives the frame that ``store.contract.Reader`` declares under the same name."""

    def connector_index_of(self, connector: str, anchors: pl.Series, dn_keys: pl.Series) -> pl.DataFrame: ...

    def objects(self, ids: pl.Series) -> pl.DataFrame: ...

    def connectors_of(self, mv_ids: pl.Series) -> pl.DataFrame: ...

    def disconnectors(self, connector: str, object_type: str) -> pl.DataFrame: ...

    def edges_of(self, source_ids: pl.Series) -> pl.DataFrame: ...

    def export_edges_of(self, source_ids: pl.Series) -> pl.DataFrame: ...

    def metaverse(self, ids: pl.Series) -> pl.DataFrame: ...

    def candidates(self, terms: pl.DataFrame) -> pl.DataFrame: ...

    def references_of(self, mv_ids: pl.Series) -> pl.DataFrame: ...

    def reference_contributions(self, mv_ids: pl.Series) -> pl.DataFrame: ...

    def desired_edges(self, connector: str, mv_ids: pl.Series) -> pl.DataFrame: ...


class Ids(Protocol):
    """Gives fresh ids; the engine invents none."""

    def __call__(self, count: int) -> int:
        """The first of ``count`` consecutive ids."""
        ...
