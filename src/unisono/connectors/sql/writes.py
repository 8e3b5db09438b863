"""The statements that write rows, with a parameter for every value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from unisono.connectors.sql.catalog import Column, Table
from unisono.connectors.sql.changes import KEY, VALUE
from unisono.connectors.sql.database import Link, Row
from unisono.connectors.sql.selects import key_element
from unisono.connectors.sql.tables import BoundTable, Child


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """``parameters`` are columns of ``Work.entries``; a row of parameters is a tuple in their order."""

    text: str
    parameters: tuple[str, ...]
    places: tuple[int, ...]  # of the parameters, in the texts of the key followed by the values

    def row(self, key: Row, values: Row) -> Row:
        given = key + values
        return tuple([given[place] for place in self.places])


class Writes:
    """The statements of one object type."""

    def __init__(self, link: Link, bound: BoundTable) -> None:
        self._link = link
        self._bound = bound
        self._table = bound.table.clause

    def insert(self, columns: Sequence[str], *, returning_key: bool = False) -> Statement:
        statement = sa.insert(self._table).values(_assignments(columns))
        if returning_key:
            key = (sa.cast(self._table.c[column.name], sa.Text) for column in self._bound.key)
            return self._compiled(statement.returning(*key))
        return self._compiled(statement)

    def update(self, columns: Sequence[str]) -> Statement:
        """Without columns the row is touched all the same: its absence shows, and its triggers fire."""
        own = self._bound.key[0].name
        assignments = _assignments(columns) or {own: self._table.c[own]}
        return self._compiled(sa.update(self._table).values(assignments).where(*self._is_row()))

    def delete(self) -> Statement:
        return self._compiled(sa.delete(self._table).where(*self._is_row()))

    def count(self, columns: Sequence[str]) -> Statement:
        """How many rows with the key have these values."""
        same = (
            self._table.c[column].is_not_distinct_from(_parameter(VALUE.format(i))) for i, column in enumerate(columns)
        )
        return self._counted(*self._is_row(), *same)

    def count_named(self, column: Column) -> Statement:
        """How many rows have the name ``VALUE`` 0."""
        is_named = self._table.c[column.name] == _parameter(VALUE.format(0))
        return self._counted(is_named)

    def insert_value(self, child: Child) -> Statement:
        columns = {column.name: _parameter(KEY.format(i)) for i, column in enumerate(child.key)}
        columns[child.value.column.name] = _parameter(VALUE.format(0))
        return self._compiled(sa.insert(child.table.clause).values(columns))

    def delete_value(self, child: Child) -> Statement:
        return self._compiled(sa.delete(child.table.clause).where(*_is_value(child)))

    def count_value(self, child: Child) -> Statement:
        return self._compiled(sa.select(sa.func.count()).select_from(child.table.clause).where(*_is_value(child)))

    def delete_values(self, child: Child) -> Statement:
        return self._compiled(sa.delete(child.table.clause).where(*_has_key(child.table, child.key)))

    def _is_row(self) -> list[sa.ColumnElement[bool]]:
        return _has_key(self._bound.table, self._bound.key)

    def _counted(self, *conditions: sa.ColumnElement[bool]) -> Statement:
        return self._compiled(sa.select(sa.func.count()).select_from(self._table).where(*conditions))

    def _compiled(self, statement: sa.ClauseElement) -> Statement:
        text, parameters = self._link.compiled(statement)
        width = len(self._bound.key)
        places = {KEY.format(i): i for i in range(width)}
        values = {name: width + int(name.removeprefix(VALUE.format(""))) for name in parameters if name not in places}
        ordered = tuple({**places, **values}[name] for name in parameters)
        return Statement(text=text, parameters=tuple(parameters), places=ordered)


def _assignments(columns: Sequence[str]) -> dict[str, Any]:
    return {column: _parameter(VALUE.format(i)) for i, column in enumerate(columns)}


def _has_key(table: Table, key: Sequence[Column]) -> list[sa.ColumnElement[bool]]:
    return [key_element(table.clause, column) == _parameter(KEY.format(i)) for i, column in enumerate(key)]


def _is_value(child: Child) -> list[sa.ColumnElement[bool]]:
    value = child.table.clause.c[child.value.column.name] == _parameter(VALUE.format(0))
    return [*_has_key(child.table, child.key), value]


def _parameter(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=sa.types.NULLTYPE)
