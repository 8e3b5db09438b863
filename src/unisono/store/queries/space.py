"""Connector spaces: objects, their names and layers, what awaits which step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    TextClause,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    union,
)

from unisono.model.frames import CS_INDEX, CS_OBJECT, CS_OUTLINE
from unisono.store.contract import Selection, SpaceStatistics
from unisono.store.frames import EXPORT_INDEX, LINKED_OBJECT, NAMES
from unisono.store.queries.base import CONNECTOR_ID, STAGED_IDS, Queries, object_columns
from unisono.store.tables import (
    AWAITS_CONFIRMATION,
    AWAITS_DELETION,
    AWAITS_EXPORT,
    AWAITS_SYNCHRONIZATION,
    LINKED,
    NAMED_APART,
    PLACEHOLDER,
    connector,
    cs_object,
    export_reference,
    staged_anchor,
    staged_dn_key,
    staged_other,
)

_object = cs_object.c
_of_connector = _object.connector_id == CONNECTOR_ID
_is_object = _object.object_type.is_not(None)
_not_to_delete = or_(_object.import_operation.is_(None), _object.import_operation != "delete")

# A whole connector space. Rows come in the order of their ids, for in the order of another index each is another page
# to read, four times slower. Where the space is a good part of the table, the table is read from end to end (the sum
# keeps the database from an index); else an index gives the ids first.
# A name that repeats the anchor stays behind in the database: text is what takes longest to bring over.
_OUTLINE_COLUMNS: Final = (
    _object.id,
    _object.anchor,
    case((_object.anchor == _object.dn_key, None), else_=_object.dn_key),
    _object.import_hash,
    and_(_is_object, _not_to_delete, _object.unconfirmed_operation.is_(None)),
)
_OUTLINE_BY_SCAN: Final = select(*_OUTLINE_COLUMNS).where(_object.connector_id + 0 == CONNECTOR_ID)
_OUTLINE_BY_IDS: Final = select(*_OUTLINE_COLUMNS).where(_object.id.in_(select(_object.id).where(_of_connector)))
_SCANNED_SHARE: Final = 1 / 6

# The same for a few anchors and names: index searches, then the rows found.
_dn_keys = select(staged_dn_key.c.dn_key)
_INDEX_OF: Final = select(*object_columns(CS_INDEX)).where(
    _object.id.in_(
        union(
            select(_object.id).where(_of_connector, _object.anchor.in_(select(staged_anchor.c.anchor))),
            select(_object.id).where(_of_connector, _object.anchor.in_(_dn_keys), _object.anchor == _object.dn_key),
            select(_object.id).where(_of_connector, _object.dn_key.in_(_dn_keys), text(NAMED_APART)),
        )
    )
)

_INDEX_OF_IDS: Final = select(*object_columns(CS_INDEX)).where(_object.id.in_(STAGED_IDS))
_OBJECTS: Final = select(*object_columns(CS_OBJECT)).where(_object.id.in_(STAGED_IDS), _is_object)
_NAMES: Final = select(*object_columns(NAMES)).where(_object.id.in_(STAGED_IDS))
_CONNECTORS: Final = select(*object_columns(CS_OBJECT)).where(_object.mv_id.in_(STAGED_IDS), _is_object)
_OTHER_CONNECTORS: Final = _CONNECTORS.where(~exists().where(staged_other.c.id == _object.id))

Condition = ColumnElement[bool] | TextClause

# A step walks its selection in the order of an index, from where the page before ended.
_SELECTED: Final[dict[Selection, Condition]] = {
    Selection.DELTA: text(AWAITS_SYNCHRONIZATION),
    Selection.FULL: _object.import_hash.is_not(None) & _not_to_delete & _is_object,
    Selection.DELETES: text(AWAITS_DELETION),
}


def _page(condition: Condition, start: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return (
        select(*object_columns(CS_OBJECT))
        .where(_of_connector, condition, start)
        .order_by(_object.anchor)
        .limit(bindparam("limit"))
    )


_FIRST_PAGE: Final = {name: _page(condition, _object.anchor.is_not(None)) for name, condition in _SELECTED.items()}
_NEXT_PAGE: Final = {
    name: _page(condition, _object.anchor > bindparam("after")) for name, condition in _SELECTED.items()
}

# Normal disconnectors are a part of what awaits synchronization: the same index finds them.
_DISCONNECTORS: Final = select(*object_columns(CS_OBJECT)).where(
    _of_connector,
    text(AWAITS_SYNCHRONIZATION),
    _object.mv_id.is_(None),
    _object.state == "normal",
    _object.object_type == bindparam("object_type"),
)

_pending_references = (
    select(func.count())
    .where(export_reference.c.source_id == _object.id, export_reference.c.state == "pending")
    .scalar_subquery()
)
_EXPORT_INDEX: Final = select(
    *(_object[name] for name in EXPORT_INDEX.columns if name != "references"), _pending_references
).where(_of_connector, text(AWAITS_EXPORT), _is_object)

_LINKED: Final = select(*object_columns(LINKED_OBJECT)).where(_object.id.in_(STAGED_IDS), _object.mv_id.is_not(None))
_LINKS: Final = select(*object_columns(LINKED_OBJECT)).where(
    _object.mv_id.in_(STAGED_IDS), _object.connector_id + 0 == CONNECTOR_ID
)
_POPULATION: Final = select(connector.c.objects).where(connector.c.name == bindparam("connector"))
_SPACES: Final = select(connector.c.id, connector.c.name, connector.c.objects).order_by(connector.c.name)


def _count(condition: str) -> Select[int, int]:
    """How many rows of each connector space meet the condition of a partial index.

    The sum keeps the database from preferring the order of another index, which holds all rows.
    """
    space = literal_column("connector_id + 0", BigInteger)
    return select(space, func.count()).where(text(condition)).group_by(space).select_from(cs_object)


_COUNTS: Final = {
    "placeholders": _count(PLACEHOLDER),
    "connectors": _count(LINKED),
    "to_synchronize": _count(f"{AWAITS_SYNCHRONIZATION} AND import_operation IS NOT NULL"),
    "to_delete": _count(AWAITS_DELETION),
    "pending_exports": _count(AWAITS_EXPORT),
    "unconfirmed_exports": _count(AWAITS_CONFIRMATION),
}


class SpaceQueries(Queries):
    def connector_outline(self, connector: str) -> Iterator[pl.DataFrame]:
        populations = {name: objects for _, name, objects in self._transaction.rows(_SPACES)}
        is_large = populations.get(connector, 0) >= _SCANNED_SHARE * sum(populations.values())
        query = _OUTLINE_BY_SCAN if is_large else _OUTLINE_BY_IDS
        return self._transaction.stream(query, CS_OUTLINE, connector=connector)

    def index_of(self, ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(ids, _INDEX_OF_IDS, CS_INDEX)

    def connector_index_of(self, connector: str, anchors: pl.Series, dn_keys: pl.Series) -> pl.DataFrame:
        if anchors.is_empty() and dn_keys.is_empty():
            return CS_INDEX.empty()
        self._stage_rows(staged_anchor, anchors.alias("anchor").to_frame())
        self._stage_rows(staged_dn_key, dn_keys.alias("dn_key").to_frame())
        return self._transaction.fetch(_INDEX_OF, CS_INDEX, connector=connector)

    def objects(self, ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(ids, _OBJECTS, CS_OBJECT)

    def selection(self, connector: str, selection: Selection, after: str | None, limit: int) -> pl.DataFrame:
        pages = _FIRST_PAGE if after is None else _NEXT_PAGE
        start = {} if after is None else {"after": after}
        return self._transaction.fetch(pages[selection], CS_OBJECT, connector=connector, limit=limit, **start)

    def disconnectors(self, connector: str, object_type: str) -> pl.DataFrame:
        return self._transaction.fetch(_DISCONNECTORS, CS_OBJECT, connector=connector, object_type=object_type)

    def connectors_of(self, mv_ids: pl.Series, besides: pl.Series | None = None) -> pl.DataFrame:
        if besides is None:
            return self._fetch_of(mv_ids, _CONNECTORS, CS_OBJECT)
        self._stage_rows(staged_other, besides.cast(pl.Int64).alias("id").to_frame())
        return self._fetch_of(mv_ids, _OTHER_CONNECTORS, CS_OBJECT)

    def links_of(self, connector: str, mv_ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(mv_ids, _LINKS, LINKED_OBJECT, connector=connector)

    def linked(self, ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(ids, _LINKED, LINKED_OBJECT)

    def names_of(self, ids: pl.Series) -> pl.DataFrame:
        return self._fetch_of(ids, _NAMES, NAMES)

    def export_index(self, connector: str) -> pl.DataFrame:
        return self._transaction.fetch(_EXPORT_INDEX, EXPORT_INDEX, connector=connector)

    def population(self, connector: str) -> int:
        return next((objects for (objects,) in self._transaction.rows(_POPULATION, connector=connector)), 0)

    def statistics(self) -> tuple[SpaceStatistics, ...]:
        spaces = self._transaction.rows(_SPACES)
        counts = {name: dict(self._transaction.rows(query)) for name, query in _COUNTS.items()}
        return tuple(
            SpaceStatistics(
                connector=name,
                objects=objects,
                placeholders=counts["placeholders"].get(id_, 0),
                connectors=counts["connectors"].get(id_, 0),
                disconnectors=objects - counts["connectors"].get(id_, 0),
                pending_imports=counts["to_synchronize"].get(id_, 0) + counts["to_delete"].get(id_, 0),
                pending_exports=counts["pending_exports"].get(id_, 0),
                unconfirmed_exports=counts["unconfirmed_exports"].get(id_, 0),
            )
            for id_, name, objects in spaces
        )
