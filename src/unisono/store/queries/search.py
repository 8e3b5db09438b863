"""What people look for: exactly, or as a part of what is stored. The latter reads everything until enough is found."""

from __future__ import annotations

import json
import re
from typing import Final

import polars as pl
from sqlalchemy import Column, ColumnElement, Select, and_, or_, select
from sqlalchemy import text as condition

from unisono.model.frames import CS_OBJECT, MV_OBJECT
from unisono.store.queries.base import Queries, columns_of, object_columns
from unisono.store.tables import NAMED_APART, cs_object, mv_object
from unisono.store.tables import connector as connectors

_ESCAPE: Final = "!"
_ID: Final = re.compile("[1-9][0-9]{0,18}")
_LARGEST_ID: Final = 2**63 - 1
_object = cs_object.c
# The sum keeps the database from the connector's index: rows are read in the order of ids, until there are enough.
_unindexed_connector = _object.connector_id + 0
_DOCUMENTS: Final = (_object.hologram, _object.pending_import, _object.pending_export, _object.unconfirmed_export)

Spaces = Select[tuple[int]]  # ids of connectors


class SearchQueries(Queries):
    def find_metaverse(self, text: str, limit: int) -> pl.DataFrame:
        query = select(*columns_of(MV_OBJECT, mv_object)).order_by(mv_object.c.id).limit(limit)
        found = or_(mv_object.c.id == _as_id(text), self._holds(mv_object.c.attributes, _in_document(text)))
        return self._transaction.fetch(query.where(found), MV_OBJECT)

    def find_objects(self, connector: str | None, text: str, limit: int) -> pl.DataFrame:
        spaces = select(connectors.c.id)
        if connector is not None:
            spaces = spaces.where(connectors.c.name == connector)
        found = self._objects(_is(text, spaces), limit)
        return found if found.height else self._objects(self._object_holds(text, spaces), limit)

    def _objects(self, condition: ColumnElement[bool], limit: int) -> pl.DataFrame:
        query = select(*object_columns(CS_OBJECT)).where(_object.object_type.is_not(None), condition)
        return self._transaction.fetch(query.order_by(_object.id).limit(limit), CS_OBJECT)

    def _object_holds(self, text: str, spaces: Spaces) -> ColumnElement[bool]:
        names = (self._holds(column, text) for column in (_object.anchor, _object.dn))
        documents = (self._holds(column, _in_document(text)) for column in _DOCUMENTS)
        return and_(_unindexed_connector.in_(spaces), or_(*names, *documents))

    def _holds(self, column: Column[str], text: str) -> ColumnElement[bool]:
        return self._transaction.lowered(column, text).contains(text.lower(), autoescape=True, escape=_ESCAPE)


def _is(text: str, spaces: Spaces) -> ColumnElement[bool]:
    """The id, anchor or DN is the text: one search of one index each. A DN is its own key, or is so in lower case."""
    within = _object.connector_id.in_(spaces)
    return or_(
        and_(_unindexed_connector.in_(spaces), _object.id == _as_id(text)),
        and_(within, _object.anchor == text),
        and_(within, _object.dn_key.in_([text, text.lower()]), condition(NAMED_APART), _object.dn == text),
    )


def _in_document(text: str) -> str:
    """The text as it stands inside a JSON document."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _as_id(text: str) -> int:
    """The text as an id; 0, which no object has, where it cannot be one."""
    id_ = int(text) if _ID.fullmatch(text) else 0
    return id_ if id_ <= _LARGEST_ID else 0
