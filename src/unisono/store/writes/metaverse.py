"""The metaverse: objects, join keys, and the rules that lineage names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl
from sqlalchemy import bindparam, delete, or_, select, update

from unisono.model.frames import JOIN_KEYS, MV_OBJECT
from unisono.store.queries.base import STAGED_IDS, columns_of
from unisono.store.tables import mv_join_key, mv_object, mv_reference, rule, store_meta
from unisono.store.writes.base import Writes, shaped

_UPDATABLE: Final = {name: dtype for name, dtype in MV_OBJECT.columns.items() if name != "object_type"}

_REMOVE: Final = delete(mv_object).where(mv_object.c.id.in_(STAGED_IDS))
_REMOVE_JOIN_KEYS: Final = delete(mv_join_key).where(mv_join_key.c.mv_id.in_(STAGED_IDS))
_REMOVE_REFERENCES: Final = delete(mv_reference).where(
    or_(mv_reference.c.source_id.in_(STAGED_IDS), mv_reference.c.target_id.in_(STAGED_IDS))
)
_JOIN_KEYS: Final = select(*columns_of(JOIN_KEYS, mv_join_key)).where(mv_join_key.c.mv_id.in_(STAGED_IDS))
_ADD_TO_POPULATION: Final = update(store_meta).values(
    metaverse_objects=store_meta.c.metaverse_objects + bindparam("difference")
)


class MetaverseWrites(Writes):
    def insert_metaverse(self, frame: pl.DataFrame) -> None:
        self._transaction.insert(mv_object, MV_OBJECT.check(frame))
        self._transaction.execute(_ADD_TO_POPULATION, difference=frame.height)

    def update_metaverse(self, frame: pl.DataFrame) -> None:
        self._transaction.update(mv_object, shaped(frame, _UPDATABLE, required=frozenset({"id"})))

    def delete_metaverse(self, ids: pl.Series) -> None:
        self._stage(ids)
        removed = self._transaction.execute(_REMOVE)
        self._transaction.execute(_ADD_TO_POPULATION, difference=-removed)
        self._transaction.execute(_REMOVE_JOIN_KEYS)
        self._transaction.execute(_REMOVE_REFERENCES)

    def replace_join_keys(self, mv_ids: pl.Series, frame: pl.DataFrame) -> None:
        """As ``Writer.replace_join_keys``; only the difference is written."""
        desired = JOIN_KEYS.check(frame)
        actual = self._fetch_of(mv_ids, _JOIN_KEYS, JOIN_KEYS)
        self._transaction.delete(mv_join_key, actual.join(desired, on=JOIN_KEYS.key, how="anti"))
        self._transaction.insert(mv_join_key, desired.join(actual, on=JOIN_KEYS.key, how="anti"))

    def rule_ids(self, names: Sequence[str]) -> dict[str, int]:
        known = {name: id_ for id_, name in self._transaction.rows(select(rule.c.id, rule.c.name))}
        missing = sorted(set(names) - set(known))
        if missing:
            first = self._take_ids("rule", len(missing))
            new = pl.DataFrame({"id": range(first, first + len(missing)), "name": missing})
            self._transaction.insert(rule, new)
            known |= dict(zip(new["name"], new["id"], strict=True))
        return {name: known[name] for name in names}
