"""Mistakes in the settings of delimited-text connectors."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping

from unisono.connectors.delimited_text.settings import DEFAULT_MARKERS, SETTINGS
from unisono.connectors.files.places import path_mistakes
from unisono.connectors.files.values import is_date_format
from unisono.connectors.registry import SettingMistake, Settings, with_defaults
from unisono.model.schema import AttributeType, ObjectType, Schema

_BREAKS = "\r\n\0"


def check(settings: Settings, schema: Schema) -> tuple[SettingMistake, ...]:
    """What the single settings do not show."""
    given = with_defaults(settings, SETTINGS)
    return (
        *path_mistakes(given, ("file", "export_file", "delta_file")),
        *_format_mistakes(given),
        *_column_mistakes(given),
        *_marker_mistakes(given["change_types"] or {}),
        *_name_mistakes(given, schema),
        *_date_mistakes(given["date_formats"] or {}, schema),
    )


def _format_mistakes(given: Settings) -> Iterator[SettingMistake]:
    delimiter, quote, separator = given["delimiter"], given["quote"], given["multivalue_separator"]
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in _BREAKS:
        yield _mistake("delimiter", f"{delimiter!r} cannot separate columns", "use one ASCII character, such as , or ;")
    if len(quote) > 1 or not quote.isascii() or (quote and quote in _BREAKS + delimiter):
        yield _mistake("quote", f"{quote!r} cannot quote values", "use one ASCII character other than the delimiter")
    if not separator or (quote and quote in separator) or set(separator) & set(_BREAKS):
        yield _mistake("multivalue_separator", f"{separator!r} cannot separate values", "use for instance | or ;")
    if not _is_encoding(given["encoding"]):
        message = f"there is no code page {given['encoding']!r}"
        yield _mistake("encoding", message, "for instance utf-8, cp1252 or utf-16")


def _is_encoding(name: str) -> bool:
    try:
        return isinstance("a".encode(name), bytes) and codecs.lookup(name).incrementaldecoder is not None
    except (LookupError, UnicodeError):
        return False


def _column_mistakes(given: Settings) -> Iterator[SettingMistake]:
    header, columns = given["header"], given["columns"]
    if not header and not columns:
        yield _mistake("columns", "a file without header needs the names of its columns")
    if header and columns:
        yield _mistake("columns", "the header names the columns", "set 'header: false' or leave out 'columns'")
    if columns and len(set(columns)) < len(columns):
        yield _mistake("columns", "two columns have one name")
    if given["delta_file"] and not given["change_type_column"]:
        yield _mistake("delta_file", "a delta file needs 'change_type_column'")


def _marker_mistakes(given: Mapping[str, str]) -> Iterator[SettingMistake]:
    for name in given.keys() - DEFAULT_MARKERS.keys():
        hint = f"known: {', '.join(DEFAULT_MARKERS)}"
        yield SettingMistake(path=("change_types", name), message=f"unknown change type {name!r}", hint=hint)
    texts = list((DEFAULT_MARKERS | dict(given)).values())
    if len(set(texts)) < len(texts) or "" in texts:
        yield _mistake("change_types", "every change type needs a text of its own")


def _name_mistakes(given: Settings, schema: Schema) -> Iterator[SettingMistake]:
    if len(schema.object_types) > 1 and not given["object_type_column"]:
        yield _mistake("object_type_column", "several object types in one file need a column that tells them apart")
    anchor, dn = given["anchor"], given["dn"]
    if not anchor:
        yield _mistake("anchor", "an object needs an anchor of at least one attribute")
    for object_type in schema.object_types:
        for index, name in enumerate(anchor):
            yield from _anchor_mistakes(object_type, name, ("anchor", index))
        if dn is not None:
            yield from _dn_mistakes(object_type, dn, anchor)


def _anchor_mistakes(object_type: ObjectType, name: str, path: tuple[str | int, ...]) -> Iterator[SettingMistake]:
    if name not in object_type:
        yield SettingMistake(path=path, message=f"the object type {object_type.name!r} has no attribute {name!r}")
    elif object_type[name].multivalued or object_type[name].type not in (AttributeType.STRING, AttributeType.INTEGER):
        yield SettingMistake(path=path, message=f"the anchor {name!r} must be a single string or integer")


def _dn_mistakes(object_type: ObjectType, name: str, anchor: list[str]) -> Iterator[SettingMistake]:
    if name not in object_type:
        yield _mistake("dn", f"the object type {object_type.name!r} has no attribute {name!r}")
    elif object_type[name].multivalued or object_type[name].type is not AttributeType.STRING:
        yield _mistake("dn", f"{name!r} must be a single string")
    elif name in anchor:
        yield _mistake("dn", "without 'dn' the anchor is the name already; a DN may change, an anchor never does")


def _date_mistakes(given: Mapping[str, str], schema: Schema) -> Iterator[SettingMistake]:
    dates = {a.name for t in schema.object_types for a in t.attributes if a.type is AttributeType.DATETIME}
    for name, date_format in given.items():
        path = ("date_formats", name)
        if name not in dates:
            yield SettingMistake(path=path, message=f"there is no datetime attribute {name!r}")
        elif not is_date_format(date_format):
            hint = "for instance %d.%m.%Y or %Y-%m-%d %H:%M:%S"
            yield SettingMistake(path=path, message=f"{date_format!r} is no date format", hint=hint)


def _mistake(name: str, message: str, hint: str = "") -> SettingMistake:
    return SettingMistake(path=(name,), message=message, hint=hint)
