"""References: stored ones, exported ones, metaverse ones, and the joins that carry them from one to the other."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import ColumnElement, FromClause, Select, and_, func, or_, select, text

from unisono.model.frames import Extent, Frame
from unisono.store.frames import (
    DESIRED_EDGES,
    EXPORT_EDGES,
    MV_REFERENCES,
    PAIRS,
    REFERENCE_CONTRIBUTIONS,
    REFERENCE_COUNTS,
    STORED_EDGES,
)
from unisono.store.queries.base import (
    CONNECTOR_ID,
    IDS,
    STAGED_IDS,
    ByExtent,
    Queries,
    columns_of,
    name_of_connector,
)
from unisono.store.tables import (
    CHANGED_EDGE,
    WAITING_EDGE,
    cs_object,
    cs_reference,
    export_reference,
    mv_reference,
    staged_edge,
    staged_pair,
)

# Sums with nothing, and texts put together with nothing, do not change a value but the way to it. SQLite's planner,
# which knows neither that a staged table is small nor how many references an object may have, would start elsewhere.
_edge = staged_edge.c
_from, _along, _to = _edge.source_id + 0, _edge.attribute + "", _edge.target_id + 0


def _rows(edges: FromClause, frame: Frame) -> ByExtent:
    rows = select(*columns_of(frame, edges))
    is_staged = and_(edges.c.source_id == _from, edges.c.attribute == _along, edges.c.target_id == _to)
    return ByExtent(
        of=rows.where(edges.c.source_id.in_(STAGED_IDS)), among=rows.join_from(staged_edge, edges, is_staged)
    )


_STORED: Final = _rows(cs_reference, STORED_EDGES)
_EXPORTED: Final = _rows(export_reference, EXPORT_EDGES)
_OF_METAVERSE: Final = _rows(mv_reference, MV_REFERENCES)
_CHANGED: Final = select(*columns_of(STORED_EDGES, cs_reference)).where(
    cs_reference.c.source_id.in_(STAGED_IDS), text(CHANGED_EDGE)
)
_WAITING: Final = select(*columns_of(EXPORT_EDGES, export_reference)).where(
    export_reference.c.source_id.in_(STAGED_IDS), text(WAITING_EDGE)
)
_STORED_TO: Final = select(*columns_of(STORED_EDGES, cs_reference)).where(cs_reference.c.target_id.in_(STAGED_IDS))
_EXPORTED_TO: Final = select(*columns_of(EXPORT_EDGES, export_reference)).where(
    export_reference.c.target_id.in_(STAGED_IDS)
)
_METAVERSE_TO: Final = select(*columns_of(MV_REFERENCES, mv_reference)).where(mv_reference.c.target_id.in_(STAGED_IDS))
_REFERRERS: Final = select(mv_reference.c.source_id).where(mv_reference.c.target_id.in_(STAGED_IDS)).distinct()

_source, _target = cs_object.alias("source"), cs_object.alias("target")
_COUNTS: Final = (
    select(mv_reference.c.source_id, func.count())
    .where(mv_reference.c.source_id.in_(STAGED_IDS))
    .group_by(mv_reference.c.source_id)
)
# Counted object by object: a planner that joined would rather look at all references than for those of a few objects.
_held = select(func.count()).where(cs_reference.c.source_id == _source.c.id).correlate(_source).scalar_subquery()
_CONNECTORS_COUNTS: Final = (
    select(_source.c.mv_id, func.sum(_held))
    .where(_source.c.mv_id.in_(STAGED_IDS), _source.c.connector_id + 0 == CONNECTOR_ID)
    .group_by(_source.c.mv_id)
)


def _leads(edges: FromClause, source: ColumnElement[int], target: ColumnElement[int]) -> ColumnElement[bool]:
    """The edge between two known ends; looked up when both are known, not when the first is."""
    return and_(edges.c.source_id == source + 0 * target, edges.c.attribute == _along, edges.c.target_id == target)


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
def _contributions(source: FromClause) -> Select[tuple[object, ...]]:
    return select(
        *columns_of(
            REFERENCE_CONTRIBUTIONS,
            source,
            cs_id=source.c.id,
            connector=name_of_connector(source.c.connector_id),
            attribute=cs_reference.c.attribute,
            target_id=_target.c.mv_id,
        )
    ).where(cs_reference.c.layer != "add", _target.c.mv_id.is_not(None))


# PostgreSQL decides about the staged objects first, and then how to find their references. Together it would look at
# the references of everybody, once for each part of the population.
_staged_sources = (
    select(cs_object).where(cs_object.c.mv_id.in_(STAGED_IDS)).with_statement_hint("OFFSET 0", "postgresql")
).subquery("source")
_CONTRIBUTIONS: Final = ByExtent(
    of=_contributions(_staged_sources)
    .join_from(_staged_sources, cs_reference, cs_reference.c.source_id == _staged_sources.c.id)
    .join(_target, _target.c.id == cs_reference.c.target_id),
    among=_contributions(_source)
    .join_from(staged_edge, _source, _source.c.mv_id == _from)
    .join(_target, _target.c.mv_id == _to)
    .join(cs_reference, _leads(cs_reference, _source.c.id, _target.c.id)),
)


def _stays_in_space(end: FromClause) -> ColumnElement[bool]:
    pending = (end.c.import_operation, end.c.export_operation)
    return and_(*(or_(change.is_(None), change != "delete") for change in pending))


# From connectors to their metaverse objects, along references, to the targets' connectors in the same space. The sums
# keep a planner, which knows nothing of a transaction's new rows, from starting at all objects of a connector.
_desired = select(
    _source.c.id.label("source_id"), _source.c.mv_id, mv_reference.c.attribute, _target.c.id.label("target_id")
).where(_target.c.connector_id + 0 == _source.c.connector_id + 0, _stays_in_space(_source), _stays_in_space(_target))
_DESIRED: Final = ByExtent(
    of=_desired.join_from(_source, mv_reference, mv_reference.c.source_id == _source.c.mv_id)
    .join(_target, _target.c.mv_id == mv_reference.c.target_id)
    .where(_source.c.id.in_(STAGED_IDS)),
    among=_desired.join_from(staged_edge, _source, _source.c.id == _from)
    .join(_target, _target.c.id == _to)
    .join(mv_reference, _leads(mv_reference, _source.c.mv_id, _target.c.mv_id)),
)
_LINKED_PAIRS: Final = (
    select(_source.c.id.label("source_id"), _target.c.id.label("target_id"))
    .join_from(staged_pair, _source, _source.c.mv_id == staged_pair.c.source_id + 0)
    .join(_target, _target.c.mv_id == staged_pair.c.target_id + 0)
    .where(_source.c.connector_id + 0 == CONNECTOR_ID, _target.c.connector_id + 0 == CONNECTOR_ID)
)


class ReferenceQueries(Queries):
    def edges_of(self, extent: Extent) -> pl.DataFrame:
        return self._fetch_extent(extent, _STORED, STORED_EDGES)

    def changed_edges_of(self, source_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(source_ids, _CHANGED, STORED_EDGES)

    def edges_to(self, target_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(target_ids, _STORED_TO, STORED_EDGES)

    def export_edges_of(self, extent: Extent) -> pl.DataFrame:
        return self._fetch_extent(extent, _EXPORTED, EXPORT_EDGES)

    def waiting_edges_of(self, source_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(source_ids, _WAITING, EXPORT_EDGES)

    def export_edges_to(self, target_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(target_ids, _EXPORTED_TO, EXPORT_EDGES)

    def references_of(self, extent: Extent) -> pl.DataFrame:
        return self._fetch_extent(extent, _OF_METAVERSE, MV_REFERENCES)

    def reference_counts(self, mv_ids: pl.Series, connector: str | None = None) -> pl.DataFrame:
        if connector is None:
            return self._fetch_of(mv_ids, _COUNTS, REFERENCE_COUNTS)
        return self._fetch_of(mv_ids, _CONNECTORS_COUNTS, REFERENCE_COUNTS, connector=connector)

    def references_to(self, mv_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(mv_ids, _METAVERSE_TO, MV_REFERENCES)

    def referrers(self, mv_ids: pl.Series) -> pl.Series:
        return self._fetch_of(mv_ids, _REFERRERS, IDS)["id"]

    def connected_referrers(self, cs_ids: pl.Series) -> pl.Series:
        return self._fetch_of(cs_ids, _CONNECTED_REFERRERS, IDS)["id"]

    def reference_contributions(self, extent: Extent) -> pl.DataFrame:
        # Several targets of one reference may be linked to one metaverse object: that is one contribution.
        return self._fetch_extent(extent, _CONTRIBUTIONS, REFERENCE_CONTRIBUTIONS).unique()

    def desired_edges(self, extent: Extent) -> pl.DataFrame:
        return self._fetch_extent(extent, _DESIRED, DESIRED_EDGES)

    def linked_pairs(self, connector: str, mv_pairs: pl.DataFrame) -> pl.DataFrame:
        pairs = mv_pairs.select("source_id", "target_id")
        return self._fetch_by(staged_pair, pairs, _LINKED_PAIRS, PAIRS, connector=connector)
