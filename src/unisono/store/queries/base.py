"""What the queries share: the transaction, staged keys, selected columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import ColumnElement, Executable, FromClause, ScalarSelect, Table, bindparam, select

from unisono.model.frames import EDGES, Extent, Frame
from unisono.store.tables import connector, cs_object, staged_edge, staged_id
from unisono.store.transaction import Transaction

#: The ids that were staged last, for ``column.in_(STAGED_IDS)``.
STAGED_IDS: Final = select(staged_id.c.id)

#: The id of the connector that the parameter ``connector`` names; null for one that the store does not know.
CONNECTOR_ID: Final[ScalarSelect[int]] = (
    select(connector.c.id).where(connector.c.name == bindparam("connector")).scalar_subquery()
)

#: Ids as a result.
IDS: Final = Frame(row="an object", columns={"id": pl.Int64}, key=("id",))

AnyColumn = ColumnElement[Any]  # Any: columns of one select have several types


def name_of_connector(id_: ColumnElement[int]) -> ScalarSelect[str]:
    return select(connector.c.name).where(connector.c.id == id_).scalar_subquery()


def columns_of(frame: Frame, table: FromClause, **others: AnyColumn) -> list[AnyColumn]:
    """The table's columns that a frame names, in its order; ``others`` come from elsewhere."""
    return [others[name] if name in others else table.c[name] for name in frame.columns]


def object_columns(frame: Frame) -> list[AnyColumn]:
    """The columns of ``cs_object`` that a frame names."""
    return columns_of(frame, cs_object, connector=name_of_connector(cs_object.c.connector_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByExtent:
    """The same question about ``STAGED_IDS`` and about the rows of ``staged_edge``."""

    of: Executable
    among: Executable


class Queries:
    """Base of all groups of queries. A question about nothing is answered without asking the database."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._staged: dict[Table, pl.DataFrame] = {}

    def _stage(self, ids: pl.Series) -> None:
        """Put the ids where ``STAGED_IDS`` finds them."""
        self._stage_rows(staged_id, ids.cast(pl.Int64).alias("id").to_frame())

    def _stage_rows(self, table: Table, rows: pl.DataFrame) -> None:
        """Put the rows, once each and without nulls, into a table of ``tables.staging``, unless they are there:
        questions often come in groups."""
        there = self._staged.get(table)
        if there is None or not there.equals(rows):
            self._transaction.stage(table, rows.drop_nulls().unique())
            self._staged[table] = rows

    def _fetch_of(self, ids: pl.Series, query: Executable, frame: Frame, **parameters: object) -> pl.DataFrame:
        """The rows of a query about ``STAGED_IDS``."""
        if ids.is_empty():
            return frame.empty()
        self._stage(ids)
        return self._transaction.fetch(query, frame, **parameters)

    def _fetch_extent(self, extent: Extent, queries: ByExtent, frame: Frame) -> pl.DataFrame:
        if isinstance(extent, pl.Series):
            return self._fetch_of(extent, queries.of, frame)
        return self._fetch_by(staged_edge, EDGES.check(extent), queries.among, frame)

    def _fetch_by(
        self, table: Table, keys: pl.DataFrame, query: Executable, frame: Frame, **parameters: object
    ) -> pl.DataFrame:
        """The rows of a query about the keys in a table of ``tables.staging``."""
        if keys.is_empty():
            return frame.empty()
        self._stage_rows(table, keys)
        return self._transaction.fetch(query, frame, **parameters)
