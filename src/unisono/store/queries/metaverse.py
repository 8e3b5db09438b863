"""The metaverse: objects, and how they are found by the values that joins compare."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import select, tuple_

from unisono.model.frames import MV_OBJECT
from unisono.store.frames import CANDIDATES
from unisono.store.queries.base import STAGED_IDS, Queries, columns_of
from unisono.store.tables import mv_join_key, mv_object, rule, staged_term, store_meta

_OBJECTS: Final = select(*columns_of(MV_OBJECT, mv_object)).where(mv_object.c.id.in_(STAGED_IDS))

_CANDIDATES: Final = (
    select(*columns_of(CANDIDATES, mv_join_key, object_type=mv_object.c.object_type))
    .join_from(mv_join_key, mv_object, mv_object.c.id == mv_join_key.c.mv_id)
    .where(tuple_(mv_join_key.c.attribute, mv_join_key.c.value).in_(select(staged_term)))
)


class MetaverseQueries(Queries):
    def metaverse(self, ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(ids, _OBJECTS, MV_OBJECT)

    def metaverse_population(self) -> int:
        ((objects,),) = self._transaction.rows(select(store_meta.c.metaverse_objects))
        return int(objects)

    def candidates(self, terms: pl.DataFrame) -> pl.DataFrame:
        return self._fetch_by(staged_term, terms.select("attribute", "value"), _CANDIDATES, CANDIDATES)

    def rule_names(self) -> dict[int, str]:
        return dict(self._transaction.rows(select(rule.c.id, rule.c.name)))

    @property
    def hash_seed(self) -> int:
        ((seed,),) = self._transaction.rows(select(store_meta.c.hash_seed))
        return int(seed)
