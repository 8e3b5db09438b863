"""Documents that were understood to the types of ``model``: defaults filled in, short forms and places resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unisono.config.documents import (
    AttributeShape,
    ConnectorAttributeShape,
    ConnectorShape,
    GuardShape,
    LimitShape,
    MetaverseShape,
    StepShape,
)
from unisono.config.locate import At, Key, KeyPath
from unisono.config.rule_documents import FlowShape, RuleShape
from unisono.model.guard import DEFAULT_LIMITS, ChangeKind, Guard, Limit
from unisono.model.project import ConnectorDefinition, DeletionRule, Metaverse, Precedence
from unisono.model.rules import Expression, Flow, JoinCondition, Language, Rule
from unisono.model.runs import RunProfile, RunStep, StepType
from unisono.model.schema import ATTRIBUTE_NAME, Attribute, ObjectType, Schema

#: Run profiles that every connector has, unless it says what they do instead.
DEFAULT_RUN_PROFILES: Mapping[str, StepType] = {
    "full-import": StepType.FULL_IMPORT,
    "delta-import": StepType.DELTA_IMPORT,
    "full-sync": StepType.FULL_SYNCHRONIZATION,
    "delta-sync": StepType.DELTA_SYNCHRONIZATION,
    "export": StepType.EXPORT,
}


def to_metaverse(shape: MetaverseShape) -> Metaverse:
    deletion = {
        name: DeletionRule(any_of=tuple(t.deletion.any_of), ignoring=tuple(t.deletion.ignoring))
        for name, t in shape.types.items()
        if t.deletion
    }
    equal = frozenset(
        (name, attribute)
        for name, t in shape.types.items()
        for attribute, described in t.attributes.items()
        if described.precedence is Precedence.EQUAL
    )
    schema = _schema({name: t.attributes for name, t in shape.types.items()})
    return Metaverse(schema=schema, deletion=deletion, equal=equal)


def to_schema(shape: ConnectorShape) -> Schema:
    return _schema({name: t.attributes for name, t in shape.types.items()})


def to_connector(shape: ConnectorShape, at: At, name: str, settings: Mapping[str, Any]) -> ConnectorDefinition:
    """The connector; ``settings`` with secrets in them (Any: each kind has its own)."""
    filters = {
        object_type: expression(at, t.filter, *filter_path(object_type))
        for object_type, t in shape.types.items()
        if t.filter is not None
    }
    return ConnectorDefinition(
        name=name,
        kind=shape.kind,
        settings=settings,
        schema=to_schema(shape),
        filters=filters,
        deprovisioning=shape.deprovisioning,
        recall=shape.recall,
        guard=_guard(shape.guard),
        run_profiles=tuple(_run_profiles(shape)),
    )


def to_rule(shape: RuleShape, at: At) -> Rule:
    return Rule(
        name=shape.name,
        direction=shape.direction,
        connector=shape.connector,
        connector_type=shape.types.connector,
        metaverse_type=shape.types.metaverse,
        precedence=shape.precedence,
        link=shape.link,
        scope=expression(at, shape.scope, "scope", language=shape.language) if shape.scope is not None else None,
        joins=tuple(_conditions(shape, group, at, number) for number, group in enumerate(shape.join)),
        flows=tuple(_flow(shape, target, flow, at) for target, flow in shape.flows.items()),
        deprovision=shape.deprovision,
        enabled=shape.enabled,
        place=at.place(),
    )


def expression(at: At, text: str, *path: Key, language: Language = Language.ENTRA) -> Expression:
    return Expression(text=text, language=language, place=at.character_place(1, 1, *path))


def filter_path(object_type: str) -> KeyPath:
    return ("types", object_type, "filter")


def flow_path(target: str) -> KeyPath:
    """Where a flow's expression stands; in the short form the way ends at the flow itself."""
    return ("flows", target, "expression")


def condition_path(at: At, number: int, target: str) -> KeyPath:
    """Where a join condition stands; a single group needs no list around it."""
    is_single = isinstance(at.at("join").value(), dict)
    return ("join", target) if is_single else ("join", number, target)


def is_attribute_name(text: str) -> bool:
    """Whether a join condition or flow names an attribute instead of computing a value."""
    return ATTRIBUTE_NAME.fullmatch(text) is not None


def _conditions(rule: RuleShape, group: Mapping[str, str], at: At, number: int) -> tuple[JoinCondition, ...]:
    def source(text: str, target: str) -> Expression:
        path = condition_path(at, number, target)
        if is_attribute_name(text):
            return expression(at, f"[{text}]", *path)
        return expression(at, text, *path, language=rule.language)

    return tuple(JoinCondition(source=source(text, target), target=target) for target, text in group.items())


def _flow(rule: RuleShape, target: str, shape: FlowShape, at: At) -> Flow:
    computed = None
    if shape.expression is not None:
        computed = expression(at, shape.expression, *flow_path(target), language=rule.language)
    return Flow(
        target=target,
        source=shape.source,
        constant=shape.constant,
        expression=computed,
        apply_once=shape.apply_once,
        merge=shape.merge,
        allow_null=shape.allow_null,
        place=at.key_place("flows", target),
    )


def _schema(types: Mapping[str, Mapping[str, AttributeShape]]) -> Schema:
    return Schema(
        object_types=tuple(
            ObjectType(name=name, attributes=tuple(_attribute(key, shape) for key, shape in attributes.items()))
            for name, attributes in types.items()
        )
    )


def _attribute(name: str, shape: AttributeShape) -> Attribute:
    if not isinstance(shape, ConnectorAttributeShape):
        return Attribute(name=name, type=shape.type, multivalued=shape.multivalued)
    return Attribute(
        name=name,
        type=shape.type,
        multivalued=shape.multivalued,
        required=shape.required,
        read_only=shape.read_only,
        export_only=shape.export_only,
    )


def _guard(shape: GuardShape) -> Guard:
    """The given limits over the default ones; a limit that is given as none takes the default one away."""
    given: dict[ChangeKind, LimitShape | None] = {
        ChangeKind(kind): getattr(shape, kind) for kind in shape.model_fields_set
    }
    limits = {kind: _limit(limit) for kind, limit in given.items() if limit}
    kept = {kind: limit for kind, limit in DEFAULT_LIMITS.items() if kind not in given}
    return Guard(limits=kept | limits)


def _limit(shape: LimitShape) -> Limit:
    return Limit(percent=shape.percent, floor=shape.floor, absolute=shape.absolute)


def _run_profiles(shape: ConnectorShape) -> Iterator[RunProfile]:
    for name, step_type in DEFAULT_RUN_PROFILES.items():
        if name not in shape.run_profiles:
            yield RunProfile(name=name, steps=(RunStep(type=step_type),))
    for name, steps in shape.run_profiles.items():
        yield RunProfile(name=name, steps=tuple(map(_step, steps)))


def _step(shape: StepShape) -> RunStep:
    return RunStep(
        type=shape.type,
        page_objects=shape.page_objects,
        object_limit=shape.object_limit,
        deletion_limit=shape.deletion_limit,
        error_limit=shape.error_limit,
        timeout_s=shape.timeout_s,
        verify=shape.verify,
        to_file=shape.to_file or "",
        resume_from_file=shape.resume_from_file or "",
    )
