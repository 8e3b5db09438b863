"""References: stored ones, exported ones, metaverse ones, and the joins that carry them from one to the other."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import ColumnElement, FromClause, and_, or_, select

from unisono.store.contract import DESIRED_EDGES, EXPORT_EDGES, MV_REFERENCES, REFERENCE_CONTRIBUTIONS, STORED_EDGES
from unisono.store.queries.base import CONNECTOR_ID, IDS, STAGED_IDS, Queries, columns_of, name_of_connector
from unisono.store.tables import cs_object, cs_reference, export_reference, mv_reference

_STORED: Final = select(*columns_of(STORED_EDGES, cs_reference)).where(cs_reference.c.source_id.in_(STAGED_IDS))
_STORED_TO: Final = select(*columns_of(STORED_EDGES, cs_reference)).where(cs_reference.c.target_id.in_(STAGED_IDS))
_EXPORTED: Final = select(*columns_of(EXPORT_EDGES, export_reference)).where(
    export_reference.c.source_id.in_(STAGED_IDS)
)
_EXPORTED_TO: Final = select(*columns_of(EXPORT_EDGES, export_reference)).where(
    export_reference.c.target_id.in_(STAGED_IDS)
)
_OF_METAVERSE: Final = select(*columns_of(MV_REFERENCES, mv_reference)).where(mv_reference.c.source_id.in_(STAGED_IDS))
_REFERRERS: Final = select(mv_reference.c.source_id).where(mv_reference.c.target_id.in_(STAGED_IDS)).distinct()

_source, _target = cs_object.alias("source"), cs_object.alias("target")

_CONNECTED_REFERRERS: Final = (
    select(_source.c.mv_id)
    .join_from(cs_reference, _source, _source.c.id == cs_reference.c.source_id)
    .where(
        cs_reference.c.target_id.in_(STAGED_IDS),
        cs_reference.c.layer != "add",
        _source.c.mv_id.is_not(None),
    )
    .distinct()
)

# From the connectors of the objects, along synchronized references, to what their targets are linked with.
_CONTRIBUTIONS: Final = (
    select(
        *columns_of(
            REFERENCE_CONTRIBUTIONS,
            _source,
            cs_id=_source.c.id,
            connector=name_of_connector(_source.c.connector_id),
            attribute=cs_reference.c.attribute,
            target_id=_target.c.mv_id,
        )
    )
    .join_from(_source, cs_reference, cs_reference.c.source_id == _source.c.id)
    .join(_target, _target.c.id == cs_reference.c.target_id)
    .where(_source.c.mv_id.in_(STAGED_IDS), cs_reference.c.layer != "add", _target.c.mv_id.is_not(None))
)


def _stays_in_space(end: FromClause) -> ColumnElement[bool]:
    pending = (end.c.import_operation, end.c.export_operation)
    # The sum keeps a planner, which knows nothing of a transaction's new rows, from starting at all of the connector's.
    here = end.c.connector_id + 0 == CONNECTOR_ID
    return and_(here, *(or_(change.is_(None), change != "delete") for change in pending))


# From the metaverse references of the objects to the connectors of both ends in one connector space.
_DESIRED: Final = (
    select(_source.c.id.label("source_id"), _source.c.mv_id, mv_reference.c.attribute, _target.c.id.label("target_id"))
    .join_from(mv_reference, _source, _source.c.mv_id == mv_reference.c.source_id)
    .join(_target, _target.c.mv_id == mv_reference.c.target_id)
    .where(mv_reference.c.source_id.in_(STAGED_IDS), _stays_in_space(_source), _stays_in_space(_target))
)


class ReferenceQueries(Queries):
    def edges_of(self, source_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(source_ids, _STORED, STORED_EDGES)

    def edges_to(self, target_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(target_ids, _STORED_TO, STORED_EDGES)

    def export_edges_of(self, source_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(source_ids, _EXPORTED, EXPORT_EDGES)

    def export_edges_to(self, target_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(target_ids, _EXPORTED_TO, EXPORT_EDGES)

    def references_of(self, mv_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(mv_ids, _OF_METAVERSE, MV_REFERENCES)

    def referrers(self, mv_ids: pl.Series) -> pl.Series:
        return self._fetch_of(mv_ids, _REFERRERS, IDS)["id"]

    def connected_referrers(self, cs_ids: pl.Series) -> pl.Series:
        return self._fetch_of(cs_ids, _CONNECTED_REFERRERS, IDS)["id"]

    def reference_contributions(self, mv_ids: pl.Series) -> pl.DataFrame:
        # Several targets of one reference may be linked to one metaverse object: that is one contribution.
        return self._fetch_of(mv_ids, _CONTRIBUTIONS, REFERENCE_CONTRIBUTIONS).unique()

    def desired_edges(self, connector: str, mv_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(mv_ids, _DESIRED, DESIRED_EDGES, connector=connector)
