"""JSON Schemas of the project's files, for editors (draft 2020-12).

They are published in ``docs/reference/schemas``; after a change of the documents or of a connector's settings,
``publish`` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from unisono.config.documents import ConnectorShape, MetaverseShape, ProjectShape
from unisono.config.rule_documents import RuleShape
from unisono.connectors.registry import Setting, SettingType, kind_names, load_kind

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: The value of a file of each kind.
_FILES: Mapping[str, Any] = {  # Any: types have no common type
    "unisono": ProjectShape,
    "metaverse": MetaverseShape,
    "connector": ConnectorShape,
    "rule": RuleShape | list[RuleShape],
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of file, by the name under which it is published."""
    schemas = {name: TypeAdapter(value).json_schema(schema_generator=_Generator) for name, value in _FILES.items()}
    schemas["connector"]["properties"]["kind"]["enum"] = list(kind_names())
    schemas["connector"]["allOf"] = [_settings_of(kind) for kind in kind_names()]
    return {name: {"$schema": _DIALECT, **schema} for name, schema in schemas.items()}


def publish(folder: Path) -> list[Path]:
    """Write the schemas as ``NAME.json`` into the folder and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in json_schemas().items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


class _Generator(GenerateJsonSchema):
    """Without what tells an administrator nothing: titles that repeat the key, and defaults of nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # Any: one of many of Pydantic's types
        del schema
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


# --- settings of the kinds -------------------------------------------------------------------------------------------


def _settings_of(kind: str) -> dict[str, Any]:
    settings = {"settings": _group(load_kind(kind).settings)}
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"properties": settings}}


def _group(fields: Sequence[Setting]) -> dict[str, Any]:
    required = [setting.name for setting in fields if setting.required]
    return {
        "type": "object",
        "properties": {setting.name: _setting(setting) for setting in fields},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _setting(setting: Setting) -> dict[str, Any]:
    schema = {"description": setting.summary, **_value(setting)}
    if setting.choices:
        schema["enum"] = list(setting.choices)
    if setting.minimum is not None:
        schema["minimum"] = setting.minimum
    if setting.default is not None:
        schema["default"] = setting.default
    return schema


def _value(setting: Setting) -> dict[str, Any]:
    match setting.type:
        case SettingType.TEXT | SettingType.TEXT_OR_SECRET:
            return {"type": "string"}
        case SettingType.SECRET:
            return {"type": "string", "pattern": r"\$\{(env|file):[^{}]+\}"}
        case SettingType.INTEGER:
            return {"type": "integer"}
        case SettingType.BOOLEAN:
            return {"type": "boolean"}
        case SettingType.TEXTS:
            return {"type": "array", "items": {"type": "string"}}
        case SettingType.TEXT_MAP:
            return {"type": "object", "additionalProperties": {"type": "string"}}
        case SettingType.GROUP:
            return _group(setting.fields)
        case SettingType.GROUPS:
            return {"type": "array", "items": _group(setting.fields)}
        case SettingType.GROUP_MAP:
            return {"type": "object", "additionalProperties": _group(setting.fields)}
