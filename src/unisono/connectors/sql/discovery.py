"""The schema that the configured tables offer."""

from __future__ import annotations

from collections.abc import Iterator

from unisono.connectors.sql.catalog import Catalog, Column, Table
from unisono.connectors.sql.settings import ChildSettings, SqlSettings, TableName, TableSettings
from unisono.connectors.sql.wire import attribute_type
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import ATTRIBUTE_NAME, Attribute, AttributeType, ObjectType, Schema


def discovered(settings: SqlSettings, catalog: Catalog) -> Schema:
    """One object type per configured table, its attributes in the order of the columns, then the multivalued ones.

    Left out are the columns that only serve the reading (watermark and deletion mark), and those whose name no
    attribute can have unless ``columns`` gives them one. Raises ``StepStop`` and ``Failed``.
    """
    return Schema(
        object_types=tuple(
            ObjectType(name=name, attributes=(*_single(table, catalog), *_multivalued(table, catalog)))
            for name, table in settings.tables.items()
        )
    )


def _single(chosen: TableSettings, catalog: Catalog) -> Iterator[Attribute]:
    renamed = {column: attribute for attribute, column in chosen.columns.items()}
    serving = {chosen.watermark_column, chosen.deleted_column} - renamed.keys()
    for column in _found(chosen.table, catalog).columns.values():
        name = renamed.get(column.name, column.name)
        if column.name not in serving and ATTRIBUTE_NAME.fullmatch(name) and name not in chosen.multivalued:
            yield Attribute(
                name=name,
                type=_type(name, column, chosen),
                required=not (column.is_nullable or column.has_default or column.is_computed),
                read_only=column.is_computed,
            )


def _multivalued(chosen: TableSettings, catalog: Catalog) -> Iterator[Attribute]:
    for name, child in chosen.multivalued.items():
        yield Attribute(name=name, type=_type(name, _value_column(child, catalog), chosen), multivalued=True)


def _value_column(child: ChildSettings, catalog: Catalog) -> Column:
    column = _found(child.table, catalog).columns.get(child.value)
    if column is None:
        raise StepStop(
            Status.NO_START_DATABASE_SCHEMA_MISMATCH,
            f"the database has no {child.table}.{child.value}",
            hint="check the names of columns; they are case-sensitive",
        )
    return column


def _type(name: str, column: Column, chosen: TableSettings) -> AttributeType:
    return AttributeType.REFERENCE if name in chosen.references else attribute_type(column.kind)


def _found(name: TableName, catalog: Catalog) -> Table:
    table = catalog.find(name)
    if table is None:
        raise StepStop(
            Status.NO_START_DATABASE_TABLE,
            f"the database has no {name}",
            hint="check the names of tables, with their schema; they are case-sensitive",
        )
    return table
