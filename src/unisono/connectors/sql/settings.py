"""What an administrator says about a database, as the check finds it and as the connector uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisono.connectors.registry import Setting, SettingType
from unisono.model.secrets import Secret

_CHILD_FIELDS = (
    Setting(name="table", type=SettingType.TEXT, summary="Table with a row per value.", required=True),
    Setting(
        name="key", type=SettingType.TEXTS, summary="Columns that hold the anchor of the value's object.", required=True
    ),
    Setting(name="value", type=SettingType.TEXT, summary="Column that holds the value.", required=True),
    Setting(
        name="watermark_column", type=SettingType.TEXT, summary="Column that grows whenever a row of values changes."
    ),
)

_TABLE_FIELDS = (
    Setting(name="table", type=SettingType.TEXT, summary="Table or view with a row per object.", required=True),
    Setting(
        name="anchor", type=SettingType.TEXTS, summary="Columns that identify a row and never change.", required=True
    ),
    Setting(name="dn", type=SettingType.TEXT, summary="Column that names the object; without it the anchor does."),
    Setting(
        name="columns", type=SettingType.TEXT_MAP, summary="Columns of attributes that are not named like their column."
    ),
    Setting(
        name="watermark_column",
        type=SettingType.TEXT,
        summary="Column that grows whenever a row changes: a time, or a number that is never used twice.",
    ),
    Setting(
        name="deleted_column",
        type=SettingType.TEXT,
        summary="Column that marks a row as deleted: true, a number other than 0, or any other value that is there.",
    ),
    Setting(
        name="multivalued",
        type=SettingType.GROUP_MAP,
        summary="Tables that hold the values of multivalued attributes.",
        fields=_CHILD_FIELDS,
    ),
    Setting(
        name="references",
        type=SettingType.TEXT_MAP,
        summary="Object types that reference attributes point to; their columns hold the key of the row.",
    ),
)

SETTINGS = (
    Setting(
        name="url",
        type=SettingType.TEXT,
        summary="SQLAlchemy URL without a password; a file is relative to the project.",
        required=True,
    ),
    Setting(name="password", type=SettingType.SECRET, summary="Password of the account in the URL."),
    Setting(
        name="tables",
        type=SettingType.GROUP_MAP,
        summary="Table of each object type.",
        required=True,
        fields=_TABLE_FIELDS,
    ),
    Setting(
        name="overlap_s",
        type=SettingType.INTEGER,
        summary="Seconds that a delta import looks back, for rows stamped before and committed after the last one.",
        default=300,
        minimum=0,
    ),
    Setting(
        name="connect_timeout_s",
        type=SettingType.INTEGER,
        summary="Seconds to wait for a connection.",
        default=15,
        minimum=1,
    ),
    Setting(
        name="statement_timeout_s",
        type=SettingType.INTEGER,
        summary="Seconds that one statement may take; on SQLite, that it may wait for another writer.",
        default=120,
        minimum=1,
    ),
    Setting(
        name="references_in_second_pass",
        type=SettingType.BOOLEAN,
        default=True,
        summary="Whether new rows get their references when all rows exist; false is faster, without foreign keys.",
    ),
    Setting(
        name="batch_objects",
        type=SettingType.INTEGER,
        summary="Objects that are exported in one transaction.",
        default=1000,
        minimum=1,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableName:
    """A table or view; ``schema`` None: the database's default."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSettings:
    """A table with a row per value of a multivalued attribute; ``key`` holds the anchor of the object."""

    table: TableName
    key: tuple[str, ...]
    value: str
    watermark_column: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """A table with a row per object. ``multivalued`` and ``references`` are by attribute."""

    table: TableName
    anchor: tuple[str, ...]
    dn: str | None
    columns: Mapping[str, str]
    watermark_column: str | None
    deleted_column: str | None
    multivalued: Mapping[str, ChildSettings]
    references: Mapping[str, str]

    def column_of(self, attribute: str) -> str:
        return self.columns.get(attribute, attribute)

    @property
    def dn_column(self) -> str | None:
        """The column of the name, where the name is not the key itself."""
        return None if self.dn is None or (self.dn,) == self.anchor else self.dn


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSettings:
    """The settings of one connector; ``tables`` by object type."""

    url: str
    password: Secret | None
    tables: Mapping[str, TableSettings]
    overlap_s: int
    connect_timeout_s: int
    statement_timeout_s: int
    batch_objects: int
    references_in_second_pass: bool


def sql_settings(settings: Mapping[str, Any]) -> SqlSettings:
    """Validated settings as the connector uses them, defaults filled in."""
    defaults = {setting.name: setting.default for setting in SETTINGS}
    given = {**defaults, **{name: value for name, value in settings.items() if value is not None}}
    tables = {object_type: _table(table) for object_type, table in given.pop("tables").items()}
    return SqlSettings(tables=tables, **given)


def _table(settings: Mapping[str, Any]) -> TableSettings:
    multivalued = settings.get("multivalued") or {}
    return TableSettings(
        table=table_name(settings["table"]),
        anchor=_names(settings["anchor"]),
        dn=settings.get("dn"),
        columns=dict(settings.get("columns") or {}),
        watermark_column=settings.get("watermark_column"),
        deleted_column=settings.get("deleted_column"),
        multivalued={attribute: _child(child) for attribute, child in multivalued.items()},
        references=dict(settings.get("references") or {}),
    )


def _child(settings: Mapping[str, Any]) -> ChildSettings:
    return ChildSettings(
        table=table_name(settings["table"]),
        key=_names(settings["key"]),
        value=settings["value"],
        watermark_column=settings.get("watermark_column"),
    )


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names)


_PART = re.compile(r'"([^"]+)"|\[([^\]]+)\]|([^".\[\]]+)')


def table_name(text: str) -> TableName:
    """``[schema.]name``; a part with a dot in it stands in quotes or brackets. Raises ``ValueError``."""
    parts = [next(filter(None, match.groups())) for match in _PART.finditer(text)]
    separators = _PART.sub("", text)
    if len(parts) not in (1, 2) or separators != "." * (len(parts) - 1):
        raise ValueError(f"{text!r} is not the name of a table")
    return TableName(name=parts[-1], schema=parts[0] if len(parts) == 2 else None)
