"""Object types and the tables that hold them: the settings, the schema and the database brought together.

What does not fit is told at once, with everything that is missing, before the first object is read or written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unisono.connectors.sql.catalog import Catalog, Column, Table
from unisono.connectors.sql.settings import SqlSettings, TableName, TableSettings
from unisono.connectors.sql.wire import ColumnKind, Form, form_of
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTarget:
    """The rows that a reference column points to: their key, and the column of their names where that is another."""

    object_type: str
    table: Table
    key: Column
    name: Column | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An attribute and the column of its values."""

    attribute: Attribute
    column: Column
    target: ReferenceTarget | None = None

    @property
    def form(self) -> Form:
        return form_of(self.column.kind, self.attribute.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A multivalued attribute and the table with a row per value; ``key`` holds the anchor."""

    table: Table
    key: tuple[Column, ...]
    value: Value
    watermark: Column | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTable:
    """An object type and its table; ``values`` without multivalued attributes, in the order of the schema."""

    object_type: ObjectType
    table: Table
    key: tuple[Column, ...]
    name: Column | None  # None: the key is the name
    values: tuple[Value, ...]
    children: tuple[Child, ...]
    watermark: Column | None
    deleted: Column | None

    @property
    def imported_values(self) -> tuple[Value, ...]:
        return tuple(value for value in self.values if not value.attribute.export_only)

    @property
    def imported_children(self) -> tuple[Child, ...]:
        return tuple(child for child in self.children if not child.value.attribute.export_only)

    @property
    def key_is_unique(self) -> bool:
        return self.table.identifies(tuple(column.name for column in self.key))


def key_form(column: Column) -> Form:
    """Keys are numbers or text: both can be compared with a parameter of any driver."""
    return Form.INTEGER if column.kind is ColumnKind.INTEGER else Form.TEXT


def bound_tables(schema: Schema, settings: SqlSettings, catalog: Catalog) -> tuple[BoundTable, ...]:
    """The table of each object type of the schema. Raises ``StepStop`` naming all that is missing, and ``Failed``."""
    missing = _Missing(catalog)
    bound = [_bound(type_, settings, missing) for type_ in schema.object_types if type_.name in settings.tables]
    missing.stop_if_any()
    return tuple(table for table in bound if table is not None)


class _Missing:
    """Looks up tables and columns, and remembers what is not there."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tables: list[str] = []
        self._columns: list[str] = []

    def table(self, name: TableName) -> Table | None:
        table = self._catalog.find(name)
        if table is None and str(name) not in self._tables:
            self._tables.append(str(name))
        return table

    def columns(self, table: Table, names: Sequence[str]) -> tuple[Column, ...] | None:
        absent = [f"{table.name}.{name}" for name in names if name not in table.columns]
        self._columns += [name for name in absent if name not in self._columns]
        return None if absent else tuple(table.columns[name] for name in names)

    def column(self, table: Table, name: str | None) -> Column | None:
        """None for None too: an optional setting."""
        found = self.columns(table, [name]) if name is not None else None
        return found[0] if found else None

    def attribute(self, table: Table, attribute: Attribute) -> None:
        self._columns.append(f"a table for the multivalued attribute {attribute.name!r} of {table.name}")

    def stop_if_any(self) -> None:
        if self._tables:
            raise StepStop(
                Status.NO_START_DATABASE_TABLE,
                f"the database has no {', '.join(self._tables)}",
                hint="check the names of tables, with their schema; they are case-sensitive",
            )
        if self._columns:
            raise StepStop(
                Status.NO_START_DATABASE_SCHEMA_MISMATCH,
                f"the database has no {', '.join(self._columns)}",
                hint="compare the settings with the columns (names are case-sensitive), or refresh the schema",
            )


def _bound(object_type: ObjectType, settings: SqlSettings, missing: _Missing) -> BoundTable | None:
    chosen = settings.tables[object_type.name]
    table = missing.table(chosen.table)
    if table is None:
        for child in chosen.multivalued.values():
            missing.table(child.table)
        return None
    key = missing.columns(table, chosen.anchor)
    names = _Names(table=table, chosen=chosen, settings=settings, missing=missing)
    single = [a for a in object_type.attributes if not a.multivalued]
    multiple = [a for a in object_type.attributes if a.multivalued]
    bound = BoundTable(
        object_type=object_type,
        table=table,
        key=key or (),
        name=missing.column(table, chosen.dn_column),
        values=tuple(names.values(single)),
        children=tuple(names.children(multiple)),
        watermark=missing.column(table, chosen.watermark_column),
        deleted=missing.column(table, chosen.deleted_column),
    )
    return bound if key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Finds what the attributes of one object type are called in the database."""

    table: Table
    chosen: TableSettings
    settings: SqlSettings
    missing: _Missing

    def values(self, attributes: Sequence[Attribute]) -> Iterator[Value]:
        for attribute in attributes:
            column = self.missing.column(self.table, self.chosen.column_of(attribute.name))
            if column is not None:
                yield Value(attribute=attribute, column=column, target=self._target(attribute))

    def children(self, attributes: Sequence[Attribute]) -> Iterator[Child]:
        for attribute in attributes:
            chosen = self.chosen.multivalued.get(attribute.name)
            if chosen is None:
                self.missing.attribute(self.table, attribute)
            elif (table := self.missing.table(chosen.table)) is not None:
                key = self.missing.columns(table, chosen.key)
                column = self.missing.column(table, chosen.value)
                watermark = self.missing.column(table, chosen.watermark_column)
                if key and column:
                    value = Value(attribute=attribute, column=column, target=self._target(attribute))
                    yield Child(table=table, key=key, value=value, watermark=watermark)

    def _target(self, attribute: Attribute) -> ReferenceTarget | None:
        if attribute.type is not AttributeType.REFERENCE:
            return None
        object_type = self.chosen.references[attribute.name]
        chosen = self.settings.tables[object_type]
        table = self.missing.table(chosen.table)
        key = self.missing.columns(table, chosen.anchor) if table else None
        if table is None or key is None:
            return None
        name = self.missing.column(table, chosen.dn_column)
        return ReferenceTarget(object_type=object_type, table=table, key=key[0], name=name)
