"""Generic SQL: the tables and views of any database that SQLAlchemy and ``databases`` know.

A row is an object. Its anchor is the key, its DN ``CN=<name>,OBJECT=<type>``; values of multivalued attributes are
rows of tables of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unisono.connectors.registry import Kind
from unisono.connectors.sql.check import check
from unisono.connectors.sql.connector import SqlConnector
from unisono.connectors.sql.settings import SETTINGS, TableSettings, sql_settings
from unisono.model.names import Naming, escape_dn_value
from unisono.model.schema import Schema


def _make(settings: Mapping[str, Any], schema: Schema, directory: Path) -> SqlConnector:
    return SqlConnector(sql_settings(settings), schema, directory)


def _naming(settings: Mapping[str, Any], schema: Schema) -> Mapping[str, Naming]:
    """``CN=<name>,OBJECT=<type>``, where the name is the key or the value of the configured column."""
    tables = sql_settings(settings).tables
    return {name: _name_of(name, table, schema) for name, table in tables.items() if name in schema}


def _name_of(object_type: str, table: TableSettings, schema: Schema) -> Naming:
    attributes = {table.column_of(attribute.name): attribute.name for attribute in schema[object_type].attributes}
    columns = (table.dn_column,) if table.dn_column else table.anchor
    return Naming(
        attributes=tuple(attributes.get(column, column) for column in columns),
        prefix="CN=",
        suffix=f",OBJECT={escape_dn_value(object_type)}",
        escaped=True,
    )


KIND = Kind(
    name="sql",
    summary="Tables and views of a database: SQLite, PostgreSQL.",
    settings=SETTINGS,
    make=_make,
    check=check,
    naming=_naming,
)
