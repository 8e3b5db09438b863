"""Settings of delimited-text connectors: what they mean, and what cannot be."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from unisono.connectors.files.places import located, path_mistakes
from unisono.connectors.files.values import is_date_format
from unisono.connectors.registry import Setting, SettingMistake, Settings, SettingType
from unisono.model.schema import AttributeType, ObjectType, Schema


class ChangeType(StrEnum):
    """What a record of a delta file says about its object."""

    ADD = "add"
    MODIFY = "modify"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How records and columns are told apart: two single ASCII characters; ``quote`` may be empty for none."""

    delimiter: str = ","
    quote: str = '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedSettings:
    """Validated settings, with files located and defaults filled in."""

    file: Path
    delta_file: Path
    export_file: Path | None
    encoding: str
    dialect: Dialect
    columns: tuple[str, ...] | None  # None: the file has a header
    anchor: tuple[str, ...]
    dn: str | None
    object_type_column: str | None
    change_type_column: str | None
    change_types: Mapping[str, ChangeType]  # text in the file → meaning
    multivalue_separator: str
    quoted_empty_is_value: bool
    minimum_objects: int
    date_formats: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings, directory: Path) -> DelimitedSettings:
        """From settings without mistakes."""
        given: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
        given |= {name: value for name, value in settings.items() if value is not None}
        markers = _DEFAULT_MARKERS | dict(given["change_types"] or {})
        return cls(
            file=located(directory, given["file"]),
            delta_file=located(directory, given["delta_file"] or given["file"]),
            export_file=located(directory, given["export_file"]) if given["export_file"] else None,
            encoding=given["encoding"],
            dialect=Dialect(delimiter=given["delimiter"], quote=given["quote"]),
            columns=None if given["header"] else tuple(given["columns"]),
            anchor=tuple(given["anchor"]),
            dn=given["dn"],
            object_type_column=given["object_type_column"],
            change_type_column=given["change_type_column"],
            change_types={text: ChangeType(name) for name, text in markers.items()},
            multivalue_separator=given["multivalue_separator"],
            quoted_empty_is_value=given["quoted_empty_is_value"],
            minimum_objects=given["minimum_objects"],
            date_formats=dict(given["date_formats"] or {}),
        )


_DEFAULT_MARKERS = {ChangeType.ADD.value: "Add", ChangeType.MODIFY.value: "Modify", ChangeType.DELETE.value: "Delete"}
_TEXT, _FLAG = SettingType.TEXT, SettingType.BOOLEAN

SETTINGS = (
    Setting(name="file", type=_TEXT, required=True, summary="The file to import, in the project's directory."),
    Setting(
        name="export_file", type=_TEXT, summary="The file that exports keep up to date; it may be the imported one."
    ),
    Setting(name="delta_file", type=_TEXT, summary="The file of a delta import; by default the imported file."),
    Setting(name="encoding", type=_TEXT, default="utf-8", summary="Code page; a byte order mark in the file beats it."),
    Setting(name="delimiter", type=_TEXT, default=",", summary="The character between columns."),
    Setting(name="quote", type=_TEXT, default='"', summary="The character around quoted values; empty for none."),
    Setting(name="header", type=_FLAG, default=True, summary="Whether the first record names the columns."),
    Setting(name="columns", type=SettingType.TEXTS, summary="Names of the columns of a file without header."),
    Setting(name="anchor", type=SettingType.TEXTS, required=True, summary="The attributes that identify an object."),
    Setting(name="dn", type=_TEXT, summary="The attribute that names objects to people and in references."),
    Setting(name="object_type_column", type=_TEXT, summary="The column that tells the object type."),
    Setting(name="change_type_column", type=_TEXT, summary="The column of a delta file that tells the kind of change."),
    Setting(
        name="change_types",
        type=SettingType.TEXT_MAP,
        summary="What the change type column says for add, modify and delete.",
    ),
    Setting(name="multivalue_separator", type=_TEXT, default="|", summary="The text between several values."),
    Setting(
        name="quoted_empty_is_value",
        type=_FLAG,
        default=False,
        summary='Whether "" is an empty text; by default it is no value, like an empty column.',
    ),
    Setting(
        name="minimum_objects",
        type=SettingType.INTEGER,
        default=0,
        minimum=0,
        summary="A full import of fewer objects stops: the file is taken as cut off.",
    ),
    Setting(name="date_formats", type=SettingType.TEXT_MAP, summary="Date formats by attribute; by default ISO 8601."),
)


def check(settings: Settings, schema: Schema) -> tuple[SettingMistake, ...]:
    return (
        *path_mistakes(settings, ("file", "export_file", "delta_file")),
        *_format_mistakes(settings),
        *_column_mistakes(settings),
        *_name_mistakes(settings, schema),
        *_date_mistakes(settings, schema),
    )


def _format_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    delimiter, quote = settings.get("delimiter") or ",", settings.get("quote", '"') or ""
    separator = settings.get("multivalue_separator", "|")
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '\r\n\0 "':
        yield _mistake("delimiter", f"{delimiter!r} cannot separate columns", "use one ASCII character, such as , or ;")
    if len(quote) > 1 or not quote.isascii() or (quote and quote in f"\r\n\0 {delimiter}"):
        yield _mistake("quote", f"{quote!r} cannot quote values", "use one ASCII character other than the delimiter")
    if separator is not None and (not separator or (quote and quote in separator) or set(separator) & set("\r\n\0")):
        yield _mistake("multivalue_separator", f"{separator!r} cannot separate values", "use for instance | or ;")
    encoding = settings.get("encoding") or "utf-8"
    if not _is_encoding(encoding):
        yield _mistake("encoding", f"there is no code page {encoding!r}", "for instance utf-8, cp1252 or utf-16")


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name).incrementaldecoder is not None and isinstance("".encode(name), bytes)
    except LookupError:
        return False


def _column_mistakes(settings: Settings) -> Iterator[SettingMistake]:
    header, columns = settings.get("header", True), settings.get("columns")
    if header is False and not columns:
        yield _mistake("columns", "a file without header needs the names of its columns")
    if header is not False and columns:
        yield _mistake("columns", "the header names the columns", "set 'header: false' or leave out 'columns'")
    if columns and len(set(columns)) < len(columns):
        yield _mistake("columns", "two columns have one name")
    if settings.get("delta_file") and not settings.get("change_type_column"):
        yield _mistake("delta_file", "a delta file needs 'change_type_column'")
    yield from _marker_mistakes(settings.get("change_types") or {})


def _marker_mistakes(given: Mapping[str, str]) -> Iterator[SettingMistake]:
    for name in given.keys() - _DEFAULT_MARKERS.keys():
        yield SettingMistake(
            path=("change_types", name), message=f"unknown change type {name!r}", hint="known: add, modify, delete"
        )
    texts = list((_DEFAULT_MARKERS | dict(given)).values())
    if len(set(texts)) < len(texts) or "" in texts:
        yield _mistake("change_types", "every change type needs a text of its own")


def _name_mistakes(settings: Settings, schema: Schema) -> Iterator[SettingMistake]:
    if len(schema.object_types) > 1 and not settings.get("object_type_column"):
        yield _mistake("object_type_column", "several object types in one file need a column that tells them apart")
    anchor, dn = settings["anchor"], settings.get("dn")
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


def _date_mistakes(settings: Settings, schema: Schema) -> Iterator[SettingMistake]:
    dates = {a.name for t in schema.object_types for a in t.attributes if a.type is AttributeType.DATETIME}
    for name, date_format in (settings.get("date_formats") or {}).items():
        path = ("date_formats", name)
        if name not in dates:
            yield SettingMistake(path=path, message=f"there is no datetime attribute {name!r}")
        elif not is_date_format(date_format):
            hint = "for instance %d.%m.%Y or %Y-%m-%d %H:%M:%S"
            yield SettingMistake(path=path, message=f"{date_format!r} is no date format", hint=hint)


def _mistake(name: str, message: str, hint: str = "") -> SettingMistake:
    return SettingMistake(path=(name,), message=message, hint=hint)
