"""The end of an object's way: what was synchronized becomes the hologram, what is gone leaves the connector space."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import and_, delete, exists, false, func, literal_column, null, or_, select, text, union, update

from unisono.store.queries.base import IDS, STAGED_IDS
from unisono.store.tables import CHANGED_EDGE, cs_object, cs_reference, export_reference, staged_other
from unisono.store.transaction import Values
from unisono.store.writes.base import each_once
from unisono.store.writes.space import SpaceWrites

_object = cs_object.c

# --- promotion: L0 := L1 (engine specification §2.3) -----------------------------------------------------------------

_PUSHED: Final[Values] = (
    ("hologram", func.coalesce(_object.pending_import, _object.hologram)),
    ("hologram_hash", _object.import_hash),
    ("pending_import", null()),
    ("import_operation", null()),
    ("obsolete", false()),
    ("reevaluate", false()),
    ("import_error", null()),
    ("import_error_first_run", null()),
    ("import_error_count", literal_column("0")),
)
# An object for which this would change nothing is not written.
_PUSH_THROUGH: Final = (
    update(cs_object)
    .where(
        _object.id.in_(STAGED_IDS),
        or_(
            _object.import_operation.is_not(None),
            _object.pending_import.is_not(None),
            _object.import_error.is_not(None),
            _object.obsolete,
            _object.reevaluate,
            _object.hologram_hash.is_distinct_from(_object.import_hash),
        ),
    )
    .values(dict(_PUSHED))
)
_is_gone = and_(cs_reference.c.source_id.in_(STAGED_IDS), cs_reference.c.layer == "delete", text(CHANGED_EDGE))
_GONE_TARGETS: Final = select(cs_reference.c.target_id).where(_is_gone).distinct()
_DROP_GONE_EDGES: Final = delete(cs_reference).where(_is_gone)
_KEEP_NEW_EDGES: Final = (
    update(cs_reference)
    .where(cs_reference.c.source_id.in_(STAGED_IDS), cs_reference.c.layer == "add", text(CHANGED_EDGE))
    .values(layer="hologram")
)

# --- removal (engine specification §2.9) -----------------------------------------------------------------------------

_EDGE_TABLES: Final = (cs_reference, export_reference)
_TARGETS: Final = union(*(select(edges.c.target_id).where(edges.c.source_id.in_(STAGED_IDS)) for edges in _EDGE_TABLES))
_DROP_OWN_EDGES: Final = tuple(delete(edges).where(edges.c.source_id.in_(STAGED_IDS)) for edges in _EDGE_TABLES)
_is_referred_to = or_(*(exists().where(edges.c.target_id == _object.id) for edges in _EDGE_TABLES))

_EMPTY: Final = {column.name: None for column in cs_object.columns if column.nullable} | {
    "state": "normal",
    "obsolete": False,
    "reevaluate": False,
    "import_error_count": 0,
    "export_error_count": 0,
}
_MAKE_PLACEHOLDERS: Final = update(cs_object).where(_object.id.in_(STAGED_IDS), _is_referred_to).values(_EMPTY)
_REMOVE: Final = delete(cs_object).where(_object.id.in_(STAGED_IDS), ~_is_referred_to)
_REMOVE_PLACEHOLDERS: Final = delete(cs_object).where(
    _object.id.in_(select(staged_other.c.id)), _object.object_type.is_(None), ~_is_referred_to
)


class LayerWrites(SpaceWrites):
    def promote(self, ids: pl.Series, *frames: pl.DataFrame) -> None:
        promoted = pl.col("id").is_in(ids.implode())
        for frame in each_once(frames):
            self._update(frame.filter(promoted), also=_PUSHED)
            self._update(frame.filter(~promoted))
        if ids.is_empty():
            return
        targets = self._fetch_of(ids, _GONE_TARGETS, IDS)
        # Whom that wrote above is as it shall be, and is passed over.
        for statement in (_PUSH_THROUGH, _DROP_GONE_EDGES, _KEEP_NEW_EDGES):
            self._transaction.execute(statement)
        self._remove_placeholders(targets)

    def delete_objects(self, ids: pl.Series) -> None:
        """As ``Writer.delete_objects``; placeholders that only these objects referred to go with them."""
        with self._recounted(ids):
            self._stage(ids)
            targets = self._fetch_of(ids, _TARGETS, IDS)
            for statement in (*_DROP_OWN_EDGES, _MAKE_PLACEHOLDERS, _REMOVE):
                self._transaction.execute(statement)
            self._remove_placeholders(targets)

    def _remove_placeholders(self, targets: pl.DataFrame) -> None:
        """Those among the objects that nobody refers to any more."""
        if targets.height:
            self._stage_rows(staged_other, targets)
            self._transaction.execute(_REMOVE_PLACEHOLDERS)
