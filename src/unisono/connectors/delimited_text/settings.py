"""Settings of delimited-text connectors, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from unisono.connectors.files.places import located
from unisono.connectors.registry import Setting, Settings, SettingType, with_defaults


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
        given = with_defaults(settings, SETTINGS)
        markers = DEFAULT_MARKERS | dict(given["change_types"] or {})
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


DEFAULT_MARKERS = {ChangeType.ADD.value: "Add", ChangeType.MODIFY.value: "Modify", ChangeType.DELETE.value: "Delete"}
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
