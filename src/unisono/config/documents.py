"""The shapes of a project's files: which keys there are, what they mean, and what their values look like.

Rules are in ``rule_documents``. A file is looked at by itself here; what files say about each other is for the
``check_…`` modules. The descriptions reach the editor through the JSON Schemas.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from unisono.config.checks import Check
from unisono.config.forms import (
    COUNT,
    AttributeName,
    Choice,
    ConnectorAttributeName,
    ConnectorName,
    Description,
    Name,
    Shape,
    ShortForm,
    any_of,
    mistake,
    one_of,
)
from unisono.model.guard import Limit
from unisono.model.project import DEFAULT_HISTORY_DAYS, Deprovisioning, Precedence
from unisono.model.runs import RunStep, StepType
from unisono.model.schema import AttributeType

_STEP = RunStep(type=StepType.EXPORT)  # for the defaults of a step


# --- unisono.yaml ----------------------------------------------------------------------------------------------------


def _days(value: Any) -> Any:  # Any: whatever the file holds
    return None if value == "none" else value


_OptionalDays = Annotated[
    Annotated[int, Field(ge=1, le=36_500)] | SkipJsonSchema[None],
    ShortForm(expand=_days, schema={"const": "none", "description": "For ever."}),
]


class HistoryShape(Shape):
    """What is kept of the history of runs."""

    keep_days: _OptionalDays = Field(
        DEFAULT_HISTORY_DAYS, description="Days after which a run is cleared, with its steps, counters and errors."
    )


class ProjectShape(Shape):
    """unisono.yaml"""

    name: Name = Field(description="Name of the project, for people.")
    description: Description
    store: str = Field(
        "sqlite:///unisono.db",
        min_length=1,
        description="URL of the store: sqlite:///file, relative to the project, or postgresql://….",
    )
    parameters: dict[AttributeName, str] = Field(
        {}, description="Texts that expressions read as %Name%: what differs between test and production."
    )
    cycle: list[str] | SkipJsonSchema[None] = Field(
        None, description="Connectors in the order of `unisono cycle`; default: all, by name."
    )
    history: HistoryShape = Field(HistoryShape.model_construct(), description="What is kept of the history of runs.")


# --- metaverse.yaml --------------------------------------------------------------------------------------------------


def _attribute(value: Any) -> Any:  # Any: whatever the file holds, here and below
    return {"type": value} if isinstance(value, str) else value


_TYPE_NAMES = ShortForm(expand=_attribute, schema={"enum": [t.value for t in AttributeType]})


class AttributeShape(Shape):
    """An attribute of either side."""

    type: Annotated[AttributeType, Choice(members=AttributeType, what="a type of attributes")] = Field(
        AttributeType.STRING, description="Data type of one value."
    )
    multivalued: bool = Field(default=False, description="Whether an object may have several values.")
    description: Description

    @model_validator(mode="after")
    def _one_boolean(self) -> AttributeShape:
        if self.type is AttributeType.BOOLEAN and self.multivalued:
            raise mistake(Check.WRONG_VALUE, "a boolean attribute cannot be multivalued")
        return self


class MetaverseAttributeShape(AttributeShape):
    """An attribute of the metaverse."""

    precedence: Annotated[Precedence, Choice(members=Precedence, what="a kind of precedence")] = Field(
        Precedence.RANKED,
        description="Which contribution counts. ranked: that of the strongest rule; equal: the last one that changed, "
        "and of several values each source adds and removes its own.",
    )

    @model_validator(mode="after")
    def _ranked_references(self) -> MetaverseAttributeShape:
        if self.precedence is Precedence.EQUAL and self.type is AttributeType.REFERENCE:
            raise mistake(Check.WRONG_VALUE, "references have ranked precedence", "leave the key out")
        return self


class DeletionShape(Shape):
    """When cutting a link deletes the metaverse object."""

    any_of: list[str] = Field([], description="Delete the object when a connector of one of these is cut.")
    ignoring: list[str] = Field([], description="Delete the object with its last connector, not counting these.")

    model_config = ConfigDict(json_schema_extra=one_of("any-of", "ignoring"))

    @model_validator(mode="after")
    def _one_rule(self) -> DeletionShape:
        if bool(self.any_of) == bool(self.ignoring):
            message = "a deletion rule has either any-of or ignoring"
            raise mistake(Check.WRONG_VALUE, message, "without a deletion rule the object goes with its last connector")
        return self


class MetaverseTypeShape(Shape):
    """An object type of the metaverse."""

    attributes: dict[AttributeName, Annotated[MetaverseAttributeShape, _TYPE_NAMES]] = Field(
        min_length=1, description="The attributes, each as its data type or with more to say."
    )
    deletion: DeletionShape | SkipJsonSchema[None] = Field(
        None, description="When cutting a link deletes the object; default: with its last connector."
    )
    description: Description


class MetaverseShape(Shape):
    """metaverse.yaml"""

    types: dict[AttributeName, MetaverseTypeShape] = Field(min_length=1, description="The object types by name.")
    description: Description


# --- connectors/*.yaml -----------------------------------------------------------------------------------------------


class ConnectorAttributeShape(AttributeShape):
    """An attribute of a connected data source."""

    required: bool = Field(default=False, description="Whether every object has a value.")
    read_only: bool = Field(default=False, description="Imported, never exported.")
    export_only: bool = Field(default=False, description="Exported, never imported or confirmed: passwords.")


class ConnectorTypeShape(Shape):
    """An object type of a connected data source."""

    attributes: dict[ConnectorAttributeName, Annotated[ConnectorAttributeShape, _TYPE_NAMES]] = Field(
        min_length=1, description="The attributes, each as its data type or with more to say."
    )
    filter: str | SkipJsonSchema[None] = Field(
        None, description="Connector filter: an expression; objects for which it is true are not synchronized."
    )
    description: Description


class LimitShape(Shape):
    """At most so many changes of one kind in one step."""

    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | SkipJsonSchema[None] = Field(
        None, description="Per cent of the objects."
    )
    floor: Annotated[int, COUNT] = Field(
        Limit().floor, description="So many changes pass whatever the percentage: small populations."
    )
    absolute: Annotated[int, COUNT] | SkipJsonSchema[None] = Field(None, description="So many changes, never more.")

    model_config = ConfigDict(json_schema_extra=any_of("percent", "absolute"))

    @model_validator(mode="after")
    def _limits_something(self) -> LimitShape:
        if self.percent is None and self.absolute is None:
            raise mistake(Check.MISSING_KEY, "a limit has percent, absolute or both", "write none for no limit")
        return self


def _limit(value: Any) -> Any:
    return None if value == "none" else value


_OptionalLimit = Annotated[
    LimitShape | SkipJsonSchema[None], ShortForm(expand=_limit, schema={"const": "none", "description": "No limit."})
]


class GuardShape(Shape):
    """Limits on what one step may change, over the defaults."""

    adds: _OptionalLimit = Field(None, description="New objects.")
    updates: _OptionalLimit = Field(None, description="Changed objects.")
    renames: _OptionalLimit = Field(None, description="Objects that get another DN.")
    deletes: _OptionalLimit = Field(None, description="Deleted objects.")
    cleared: _OptionalLimit = Field(None, description="Attribute values removed without a successor.")
    removed: _OptionalLimit = Field(None, description="Memberships: reference values removed.")


def _step(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class StepShape(Shape):
    """A step of a run profile; a limit of 0 is none."""

    type: Annotated[
        StepType, Choice(members=StepType, what="a type of run steps", check=Check.UNKNOWN_RUN_PROFILE_STEP)
    ] = Field(description="What the step does.")
    page_objects: Annotated[int, COUNT] = Field(
        _STEP.page_objects, description="Objects that are asked for or sent at a time; 0: the connector's default."
    )
    object_limit: Annotated[int, COUNT] = Field(_STEP.object_limit, description="Stop after so many objects.")
    deletion_limit: Annotated[int, COUNT] = Field(_STEP.deletion_limit, description="Stop at so many deletions.")
    error_limit: Annotated[int, COUNT] = Field(_STEP.error_limit, description="Stop at so many object errors.")
    timeout_s: Annotated[int, Field(ge=1, le=86_400)] = Field(
        _STEP.timeout_s, description="Seconds to wait for an answer of the connected data source."
    )
    verify: bool = Field(
        _STEP.verify, description="Compare every imported object value by value, also where hashes say it is the same."
    )
    to_file: Annotated[str, Field(min_length=1)] | SkipJsonSchema[None] = Field(
        None, description="Write what is imported, or would be exported, to this drop file, and do nothing else."
    )
    resume_from_file: Annotated[str, Field(min_length=1)] | SkipJsonSchema[None] = Field(
        None,
        description="Import what this drop file has, or export what of it is still pending. With to-file, and the same"
        " path, the step writes the file and goes on.",
    )

    @model_validator(mode="after")
    def _one_drop_file(self) -> StepShape:
        if (self.to_file or self.resume_from_file) and self.type.is_synchronization:
            raise mistake(Check.WRONG_VALUE, "a synchronization has no drop file", "imports and exports have one")
        if self.to_file and self.resume_from_file and self.to_file != self.resume_from_file:
            raise mistake(Check.WRONG_VALUE, "to-file and resume-from-file together name one file")
        return self


_Step = Annotated[StepShape, ShortForm(expand=_step, schema={"enum": [t.value for t in StepType]})]


class ConnectorShape(Shape):
    """connectors/*.yaml"""

    name: ConnectorName | SkipJsonSchema[None] = Field(None, description="Default: the file's name without .yaml.")
    description: Description
    kind: str = Field(description="Family of the connected data source: delimited-text, ldif, sql, ldap.")
    settings: dict[str, Any] = Field({}, description="What the kind asks for; see its page.")
    types: dict[AttributeName, ConnectorTypeShape] = Field(min_length=1, description="The object types by name.")
    deprovisioning: Annotated[Deprovisioning, Choice(members=Deprovisioning, what="a way of deprovisioning")] = Field(
        Deprovisioning.DISCONNECT,
        description="What happens to a connector whose link a rule or the deletion of its metaverse object cut.",
    )
    recall: bool = Field(default=True, description="Whether a cut link takes its contributed values with it.")
    guard: GuardShape = Field(GuardShape.model_construct(), description="Limits on what one step may change.")
    run_profiles: dict[Name, Annotated[list[_Step], Field(min_length=1)]] = Field(
        {}, description="Named lists of steps, beside full-import, delta-import, full-sync, delta-sync and export."
    )
