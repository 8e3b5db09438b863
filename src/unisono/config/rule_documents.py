"""The shape of a rule: one synchronization rule of a file in rules/, in short and long forms."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema

from unisono.config.checks import Check
from unisono.config.forms import COUNT, Choice, Description, Name, Shape, ShortForm, mistake, one_of
from unisono.model.rules import Direction, Language, LinkBehavior, MergeType
from unisono.model.schema import ATTRIBUTE_NAME


def _constant(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    raise mistake(Check.WRONG_TYPE, "a constant is text, a whole number of 64 bits, true or false")


#: Words of the rule language that look like the name of an attribute.
_RESULTS = ("AuthoritativeNull", "IgnoreThisFlow")


def _flow(value: Any) -> Any:
    if isinstance(value, str):
        is_name = ATTRIBUTE_NAME.fullmatch(value) and value not in _RESULTS
        return {"source" if is_name else "expression": value}
    if isinstance(value, list):
        message = "a flow is an attribute, an expression or a group of keys, not a list"
        raise mistake(Check.WRONG_TYPE, message, "put an expression that starts with [ in quotes: '[name]'")
    if isinstance(value, bool | int):
        raise mistake(Check.WRONG_TYPE, "a flow cannot be a bare value", "write {constant: …}")
    return value


class FlowShape(Shape):
    """An attribute flow: exactly one of source, constant and expression."""

    source: str | SkipJsonSchema[None] = Field(None, description="Attribute whose value flows as it is (direct).")
    constant: Annotated[
        str | int | bool | None, BeforeValidator(_constant), WithJsonSchema({"type": ["string", "integer", "boolean"]})
    ] = Field(None, description="A fixed value of the target's type.")
    expression: str | SkipJsonSchema[None] = Field(None, description="Expression over the source object.")
    apply_once: bool = Field(default=False, description="Outbound: flow only while the object is being created.")
    merge: Annotated[MergeType, Choice(members=MergeType, what="a way of merging")] = Field(
        MergeType.UPDATE, description="Inbound: how contributions of several rules come together."
    )
    allow_null: bool = Field(default=True, description="Outbound: whether an absent value clears the target.")
    description: Description

    model_config = ConfigDict(json_schema_extra=one_of("source", "constant", "expression"))

    @model_validator(mode="after")
    def _one_value(self) -> FlowShape:
        given = [name for name in ("source", "constant", "expression") if name in self.model_fields_set]
        if len(given) != 1:
            message = "a flow has exactly one of source, constant and expression"
            raise mistake(Check.WRONG_VALUE, message, f"here: {', '.join(given)}" if given else "")
        return self


_Flow = Annotated[
    FlowShape,
    ShortForm(
        expand=_flow, schema={"type": "string", "description": "An attribute's name (direct flow) or an expression."}
    ),
]


def _groups(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class RuleTypesShape(Shape):
    """The object types that a rule brings together."""

    connector: str = Field(description="Object type of the connector.")
    metaverse: str = Field(description="Object type of the metaverse.")


class RuleShape(Shape):
    """A synchronization rule; a file in rules/ holds one or a list of them."""

    name: Name = Field(description="Name of the rule, unique in the project.")
    description: Description
    direction: Annotated[Direction, Choice(members=Direction, what="a direction")] = Field(
        description="inbound: connector to metaverse; outbound: metaverse to connector."
    )
    connector: str = Field(description="Name of the connector.")
    types: RuleTypesShape = Field(description="Object types on both sides.")
    precedence: Annotated[int, COUNT] = Field(description="Lower is stronger; unique in the project.")
    link: Annotated[LinkBehavior, Choice(members=LinkBehavior, what="a link behaviour")] = Field(
        LinkBehavior.NONE,
        description="join: only join; project: join, else create the metaverse object; provision: join, else create "
        "the connector-space object; none: only attribute flow.",
    )
    language: Annotated[Language, Choice(members=Language, what="a language")] = Field(
        Language.ENTRA,
        description="How the rule's expressions are written: entra ([name] & text) or mim (name + text).",
    )
    scope: str | SkipJsonSchema[None] = Field(
        None, description="Expression over the source object; the rule applies where it is true. Default: everywhere."
    )
    join: Annotated[
        list[Annotated[dict[str, str], Field(min_length=1)]],
        ShortForm(
            expand=_groups,
            schema={"type": "object", "additionalProperties": {"type": "string"}, "description": "The only group."},
        ),
    ] = Field(
        [],
        description="Groups of conditions, tried in order; in a group, metaverse attributes and the expressions over "
        "the connector-space object that must all equal them.",
    )
    flows: dict[str, _Flow] = Field({}, description="Attribute flows by their target attribute.")
    deprovision: bool = Field(
        default=False, description="Outbound: deprovision when the object leaves the scope, as the connector says."
    )
    enabled: bool = Field(default=True, description="A rule that is not enabled is checked, and does nothing.")
