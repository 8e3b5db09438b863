"""Mistakes in the settings that no single setting shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from unisono.connectors.registry import SettingMistake
from unisono.connectors.sql.databases import url_mistake
from unisono.connectors.sql.settings import table_name
from unisono.model.schema import Attribute, ObjectType, Schema

_Table = Mapping[str, Any]  # Any: settings of one table as the configuration file has them


def check(settings: Mapping[str, Any], schema: Schema) -> tuple[SettingMistake, ...]:
    return tuple(_mistakes(settings, schema))


def _mistakes(settings: Mapping[str, Any], schema: Schema) -> Iterator[SettingMistake]:
    url = url_mistake(settings["url"])
    if url is not None:
        yield SettingMistake(path=("url",), message=url)
    tables = settings["tables"]
    for object_type in schema.object_types:
        if object_type.name not in tables:
            yield SettingMistake(
                path=("tables",), message=f"there is no table for the object type {object_type.name!r}"
            )
    for name, table in tables.items():
        yield from _names(table, ("tables", name))
        yield from _keys(table, ("tables", name))
        if name in schema:
            yield from _attributes(table, schema[name], tables, ("tables", name))


def _names(table: _Table, path: tuple[str, ...]) -> Iterator[SettingMistake]:
    children = (table.get("multivalued") or {}).items()
    for where, group in [(path, table), *(((*path, "multivalued", name), child) for name, child in children)]:
        try:
            table_name(group["table"])
        except ValueError as error:
            hint = "write schema.table, or one in quotes that has a dot in it"
            yield SettingMistake(path=(*where, "table"), message=str(error), hint=hint)


def _keys(table: _Table, path: tuple[str, ...]) -> Iterator[SettingMistake]:
    if not table["anchor"]:
        yield SettingMistake(path=(*path, "anchor"), message="an anchor needs at least one column")
    for name, child in (table.get("multivalued") or {}).items():
        if len(child["key"]) != len(table["anchor"]):
            message = f"the key has {len(child['key'])} columns and the anchor {len(table['anchor'])}"
            yield SettingMistake(path=(*path, "multivalued", name, "key"), message=message)


def _attributes(
    table: _Table, object_type: ObjectType, tables: Mapping[str, _Table], path: tuple[str, ...]
) -> Iterator[SettingMistake]:
    multivalued, references = table.get("multivalued") or {}, table.get("references") or {}
    many = [a for a in object_type.attributes if a.multivalued]
    yield from _unknown(multivalued, many, (*path, "multivalued"), "multivalued attribute")
    yield from _unknown(references, object_type.references, (*path, "references"), "reference attribute")
    yield from _unknown(table.get("columns") or {}, object_type.attributes, (*path, "columns"), "attribute")
    for attribute in many:
        if attribute.name not in multivalued:
            message = f"there is no table for the multivalued attribute {attribute.name!r}"
            yield SettingMistake(path=(*path, "multivalued"), message=message)
    for attribute in object_type.references:
        if attribute.name not in references:
            message = f"to which object type does {attribute.name!r} refer?"
            yield SettingMistake(path=(*path, "references"), message=message)
    for name, target in references.items():
        yield from _target(target, tables, (*path, "references", name))


def _unknown(
    named: Mapping[str, object], known: Sequence[Attribute], path: tuple[str, ...], what: str
) -> Iterator[SettingMistake]:
    names = {attribute.name for attribute in known}
    for name in named:
        if name not in names:
            yield SettingMistake(path=(*path, name), message=f"{name!r} is no {what} of the object type")


def _target(target: str, tables: Mapping[str, _Table], path: tuple[str, ...]) -> Iterator[SettingMistake]:
    if target not in tables:
        yield SettingMistake(path=path, message=f"there is no table for the object type {target!r}")
    elif len(tables[target]["anchor"]) != 1:
        message = f"one column cannot refer to {target!r}, whose anchor has {len(tables[target]['anchor'])}"
        yield SettingMistake(path=path, message=message)
