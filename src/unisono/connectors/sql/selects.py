"""The statements that read one object type.

Pages go by key (``WHERE key > :last ORDER BY key LIMIT n``): each costs the same, however deep in the table, where an
offset would read everything before it again. The values of multivalued attributes come by joining the same range of
the main table, so that both agree on what the range holds, whatever the collations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from unisono.connectors.sql.catalog import Column
from unisono.connectors.sql.tables import BoundTable, Child, ReferenceTarget, Value, key_form
from unisono.connectors.sql.wire import ColumnKind, Form, needs_cast

# Names of fields beside the attributes', which cannot have a blank.
KEY, NAME, DELETED_MARK = "key ", "the name", "is deleted"

Element = sa.ColumnElement[Any]  # Any: the columns have no types
Bounds = Mapping[str, object]  # watermark source → only what is above; None: everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A selected column."""

    name: str
    element: Element
    form: Form


def watermark_sources(bound: BoundTable) -> dict[str, tuple[sa.TableClause, Column]]:
    """The columns that tell what changed in an object type, by a name that stays the same."""
    sources = {bound.object_type.name: (bound.table.clause, bound.watermark)}
    for child in bound.children:
        name = f"{bound.object_type.name}/{child.value.attribute.name}"
        sources[name] = (child.table.clause, child.watermark)
    return {name: (table, column) for name, (table, column) in sources.items() if column is not None}


def highest(table: sa.TableClause, column: Column) -> sa.Select[Any]:
    """The highest watermark: a number, or text."""
    element = sa.func.max(table.c[column.name])
    return sa.select(element if column.kind is ColumnKind.INTEGER else sa.cast(element, sa.Text))


def clock() -> sa.Select[Any]:
    """The database's time as text, UTC."""
    return sa.select(sa.cast(sa.func.current_timestamp(), sa.Text))


@dataclass(frozen=True, kw_only=True)
class Selects:
    """The statements of one object type: all of it (``bounds`` None), or what changed since."""

    bound: BoundTable
    bounds: Bounds | None = None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The columns of a page, in order: the key, the name, whether deleted, the values."""
        return (*self._key_fields, *self._extra_fields, *self._value_fields)

    @property
    def is_delta(self) -> bool:
        return self.bounds is not None

    @property
    def gives_deletions(self) -> bool:
        return self.is_delta and self.bound.deleted is not None

    def page(self, after: Sequence[object] | None, count: int) -> sa.Select[Any]:
        page = sa.select(*(field.element for field in self.fields)).where(*self._alive, *self._changed)
        return page.where(*self._above(after)).order_by(*self._key).limit(count)

    def same_key(self, key: Sequence[object]) -> sa.Select[Any]:
        """All rows with one key, where the database does not promise that there is one only."""
        same = (column == _parameter(value) for column, value in zip(self._key, key, strict=True))
        return sa.select(*(field.element for field in self.fields)).where(*self._alive, *self._changed, *same)

    def without_key(self, count: int) -> sa.Select[Any]:
        """One column for each row that cannot be identified; enough rows to be told."""
        lacking = sa.or_(*(column.is_(None) for column in self._key))
        rows = sa.select(sa.literal(1)).select_from(self._table)
        return rows.where(lacking, *self._alive_only, *self._changed_itself).limit(count)

    def child_fields(self, child: Child) -> tuple[Field, ...]:
        return (*self._key_fields, _value_field(child.value, child.table.clause))

    def child_values(self, child: Child, after: Sequence[object] | None, last: Sequence[object]) -> sa.Select[Any]:
        """A row per value of the objects above ``after``, up to ``last``."""
        values = sa.select(*(field.element for field in self.child_fields(child)))
        return self._of_children(values, child, after, last)

    def child_counts(self, child: Child, after: Sequence[object] | None, last: Sequence[object]) -> sa.Select[Any]:
        """A row per object in this range that has values: its key, and how many."""
        key = [field.element for field in self._key_fields]
        return self._of_children(sa.select(*key, sa.func.count()), child, after, last).group_by(*key)

    def _of_children(
        self, wanted: sa.Select[Any], child: Child, after: Sequence[object] | None, last: Sequence[object]
    ) -> sa.Select[Any]:
        table = child.table.clause
        links = (key_element(table, of) == key for of, key in zip(child.key, self._key, strict=True))
        up_to_last = sa.tuple_(*self._key) <= _parameters(last)
        has_value = table.c[child.value.column.name].is_not(None)
        return wanted.select_from(self._table.join(table, sa.and_(*links))).where(
            *self._alive, *self._changed, *self._above(after), up_to_last, has_value
        )

    # --- columns ------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> sa.TableClause:
        return self.bound.table.clause

    @cached_property
    def _key(self) -> tuple[Element, ...]:
        return tuple(key_element(self._table, column) for column in self.bound.key)

    @cached_property
    def _key_fields(self) -> tuple[Field, ...]:
        return tuple(
            _field(f"{KEY}{i}", self._table.c[column.name], column, key_form(column))
            for i, column in enumerate(self.bound.key)
        )

    @property
    def _extra_fields(self) -> tuple[Field, ...]:
        fields = []
        if self.bound.name is not None:
            fields.append(_field(NAME, self._table.c[self.bound.name.name], self.bound.name, Form.TEXT))
        if self.gives_deletions:
            marked = sa.case((self._is_deleted, 1), else_=0)
            fields.append(Field(name=DELETED_MARK, element=marked, form=Form.INTEGER))
        return tuple(fields)

    @property
    def _value_fields(self) -> tuple[Field, ...]:
        return tuple(_value_field(value, self._table) for value in self.bound.imported_values)

    # --- conditions ---------------------------------------------------------------------------------------------------

    @property
    def _is_deleted(self) -> Element:
        column = self.bound.deleted
        if column is None:
            return sa.false()
        element = self._table.c[column.name]
        match column.kind:
            case ColumnKind.BOOLEAN:
                return element.is_(sa.true())
            case ColumnKind.INTEGER:
                return sa.func.coalesce(element, 0) != 0
            case _:
                return element.is_not(None)

    @property
    def _alive_only(self) -> tuple[Element, ...]:
        return () if self.bound.deleted is None else (sa.not_(self._is_deleted),)

    @property
    def _alive(self) -> tuple[Element, ...]:
        """Rows that count: identified and, unless deletions are asked for, not deleted."""
        identified = tuple(column.is_not(None) for column in self._key)
        return identified if self.gives_deletions else (*identified, *self._alive_only)

    @property
    def _changed(self) -> tuple[Element, ...]:
        """In a delta, the rows whose own watermark or one of whose values' is above the bound."""
        children = [child for child in self.bound.children if child.watermark is not None]
        if not self._changed_itself or not children:
            return self._changed_itself
        keys = [sa.select(*self._key).where(*self._changed_itself), *(self._changed_values(c) for c in children)]
        return (_row(self._key).in_(sa.union(*keys)),)

    @cached_property
    def _changed_itself(self) -> tuple[Element, ...]:
        column = self.bound.watermark
        above = self.bounds[self.bound.object_type.name] if self.bounds is not None and column is not None else None
        if column is None or above is None:
            return ()
        return (self._table.c[column.name] > _parameter(above),)

    def _changed_values(self, child: Child) -> sa.Select[Any]:
        table, bounds = child.table.clause, self.bounds or {}
        keys = sa.select(*(key_element(table, column) for column in child.key))
        above = bounds[f"{self.bound.object_type.name}/{child.value.attribute.name}"]
        if child.watermark is None or above is None:
            return keys
        return keys.where(table.c[child.watermark.name] > _parameter(above))

    def _above(self, after: Sequence[object] | None) -> tuple[Element, ...]:
        return () if after is None else (sa.tuple_(*self._key) > _parameters(after),)


def key_element(table: sa.FromClause, column: Column) -> Element:
    """A key column to order by and to compare with a text. Values of unknown types are compared as texts, too: in
    SQLite, a column without a type may hold numbers, and no number is above a text."""
    element = table.c[column.name]
    return sa.cast(element, sa.Text) if column.kind is ColumnKind.UNKNOWN else element


def _row(columns: Sequence[Element]) -> Any:
    return columns[0] if len(columns) == 1 else sa.tuple_(*columns)


def _parameter(value: object) -> Element:
    """A parameter without a type: the database takes it for what it is compared with."""
    return sa.bindparam(None, value, type_=sa.types.NULLTYPE, unique=True)


def _parameters(values: Sequence[object]) -> Any:
    return sa.tuple_(*(_parameter(value) for value in values))


def _field(name: str, element: Element, column: Column, form: Form) -> Field:
    cast = sa.cast(element, sa.Text) if needs_cast(column.kind, form) else element
    return Field(name=name, element=cast, form=form)


def _value_field(value: Value, table: sa.TableClause) -> Field:
    element = table.c[value.column.name]
    if value.target is not None and value.target.name is not None:
        return Field(name=value.attribute.name, element=_name_of(value.target, element), form=Form.TEXT)
    return _field(value.attribute.name, element, value.column, value.form)


def _name_of(target: ReferenceTarget, key: Element) -> Element:
    """The name of the row that the key points to. A subquery: a join would double rows where two rows answer."""
    rows = target.table.clause.alias()
    name = rows.c[target.name.name] if target.name is not None else rows.c[target.key.name]
    is_target = key_element(rows, target.key) == key
    return sa.select(sa.func.max(sa.cast(name, sa.Text))).where(is_target).scalar_subquery()
