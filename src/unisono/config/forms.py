"""Building blocks of the documents' shapes: short forms, choices and names.

A mistake found here is raised with the id of its check as Pydantic's error type; ``shapes`` reads it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from unisono.config.checks import Check, shown, suggestion
from unisono.model.frames import IMPORTED
from unisono.model.schema import ATTRIBUTE_NAME


def mistake(check: Check, message: str, hint: str = "") -> PydanticCustomError:
    """What a validator raises. Message and hint are given as context, so that braces in them stay braces."""
    return PydanticCustomError(check.value, "{message}", {"message": message, "hint": hint})


def _hyphenated(name: str) -> str:
    return name.replace("_", "-")


def _title(shape: type) -> str:
    return shape.__name__.removesuffix("Shape")


class Shape(BaseModel):
    """A mapping with known keys: those of the fields, with hyphens. Values have the type that is asked for."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=_hyphenated, model_title_generator=_title
    )


def one_of(*keys: str) -> JsonDict:
    """For a JSON Schema: exactly one of the keys."""
    return {"oneOf": [{"required": [key]} for key in keys]}


def any_of(*keys: str) -> JsonDict:
    """For a JSON Schema: at least one of the keys."""
    return {"anyOf": [{"required": [key]} for key in keys]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortForm:
    """A second, shorter way to write a value: ``expand`` makes the long one of it and leaves everything else alone."""

    expand: Callable[[Any], Any]  # Any: whatever the file holds
    schema: JsonSchemaValue

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [self.schema, handler(schema)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The text of an enumeration's member; another text is a mistake of ``check`` that suggests the nearest one."""

    members: type[StrEnum]
    what: str
    check: Check = Check.WRONG_VALUE

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._member, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema, handler  # the enumeration's docstring is for programmers
        return {"enum": [member.value for member in self.members]}

    def _member(self, value: object) -> object:
        known = [member.value for member in self.members]
        if isinstance(value, str) and value in known:
            return self.members(value)
        text = value if isinstance(value, str) else ""
        found = f"{shown(text)} is not" if text else "this is not"
        raise mistake(self.check, f"{found} {self.what}", suggestion(text, known))


def is_name(value: str) -> bool:
    """Whether a project, rule or run profile may be called so."""
    return 0 < len(value) <= 128 and value.isprintable() and value == value.strip()


def _name(value: str) -> str:
    if not is_name(value):
        raise mistake(Check.BAD_NAME, f"{shown(value)} cannot be a name", "1 to 128 characters on one line")
    return value


CONNECTOR_NAME_HINT = "1 to 128 characters, none of / \\ : * ? \" < > | %; 'metaverse' is taken"


def is_connector_name(value: str) -> bool:
    """Whether a connector may be called so: it is a file's name, a word of the command line and part of a URL."""
    return is_name(value) and not set(value) & set('/\\:*?"<>|%') and value.lower() != "metaverse"


def _connector_name(value: str) -> str:
    if not is_connector_name(value):
        raise mistake(Check.BAD_NAME, f"{shown(value)} cannot be the name of a connector", CONNECTOR_NAME_HINT)
    return value


def _attribute_name(value: str) -> str:
    if not ATTRIBUTE_NAME.fullmatch(value) or value.endswith("-"):
        hint = "a letter, then letters, digits and _ . ; - up to 128 characters"
        raise mistake(Check.BAD_NAME, f"{shown(value)} cannot be the name of an attribute or object type", hint)
    return value


def _connector_attribute_name(value: str) -> str:
    if value in IMPORTED.columns:
        hint = f"an object's {value} is known without being declared"
        raise mistake(Check.BAD_NAME, f"an attribute of a connector cannot be called {value!r}", hint)
    return _attribute_name(value)


Name = Annotated[str, AfterValidator(_name)]
ConnectorName = Annotated[str, AfterValidator(_connector_name)]
AttributeName = Annotated[
    str,
    AfterValidator(_attribute_name),
    WithJsonSchema({"type": "string", "pattern": f"^{ATTRIBUTE_NAME.pattern}$"}),
]
ConnectorAttributeName = Annotated[
    str,
    AfterValidator(_connector_attribute_name),
    WithJsonSchema({"type": "string", "pattern": f"^{ATTRIBUTE_NAME.pattern}$"}),
]

#: A limit, or the rank of a rule.
COUNT = Field(ge=0, le=2**31 - 1)
Description = Annotated[str | SkipJsonSchema[None], Field(default=None, description="For people; changes nothing.")]
