"""Compare what a connected system offers with what the project declares, and find the rules that a change hits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unisono.cli.documents.project import AttributeShape, ComparedAttribute, Impact, SchemaComparison
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.project import refresh_view, schema_view
from unisono.model.project import ConnectorDefinition, Project
from unisono.model.rules import Direction, Expression, Rule
from unisono.model.schema import Attribute, AttributeType, Schema
from unisono.runs.explain import discovered_schema

NONE, ADDED, REMOVED, RETYPED = "none", "added", "removed", "retyped"


def schema(session: Session, connector: str, *, refresh: bool) -> ExitStatus:
    with session.open() as context:
        definition = connector_named(connector, context.project)
        offered = discovered_schema(definition.name, context)
    document = compared(definition, offered, context.project)
    session.emit(document, refresh_view if refresh else schema_view)
    differs = any(each.difference in (REMOVED, RETYPED) for each in document.attributes)
    return ExitStatus.ERRORS if differs else ExitStatus.SUCCESS


def compared(definition: ConnectorDefinition, offered: Schema, project: Project) -> SchemaComparison:
    """Both schemas attribute by attribute, in order of their names."""
    attributes = tuple(_attributes(offered, definition.schema))
    hit = {
        (each.object_type, each.attribute): each.difference
        for each in attributes
        if each.difference in (REMOVED, RETYPED)
    }
    impact = [
        Impact(
            object_type=object_type,
            attribute=attribute,
            difference=hit[object_type, attribute],
            rule=rule.name if rule else None,
            use=use,
            file=rule.place.file if rule and rule.place else None,
            line=rule.place.line if rule and rule.place else None,
        )
        for object_type, attribute, rule, use in _uses(definition, project)
        if (object_type, attribute) in hit
    ]
    return SchemaComparison(connector=definition.name, attributes=attributes, impact=tuple(dict.fromkeys(impact)))


def _attributes(offered: Schema, declared: Schema) -> Iterator[ComparedAttribute]:
    names = sorted({*(each.name for each in offered.object_types), *(each.name for each in declared.object_types)})
    for name in names:
        theirs = {each.name: each for each in offered[name].attributes} if name in offered else {}
        ours = {each.name: each for each in declared[name].attributes} if name in declared else {}
        for attribute in sorted({*theirs, *ours}):
            yield ComparedAttribute(
                object_type=name,
                attribute=attribute,
                offered=_shape(theirs.get(attribute)),
                declared=_shape(ours.get(attribute)),
                difference=difference(theirs.get(attribute), ours.get(attribute)),
            )


def _shape(attribute: Attribute | None) -> AttributeShape | None:
    return AttributeShape(type=attribute.type.value, multivalued=attribute.multivalued) if attribute else None


def difference(offered: Attribute | None, declared: Attribute | None) -> str:
    """How an attribute differs. A project may read a text as any type, and expect one value where several may be."""
    if declared is None:
        return ADDED
    if offered is None:
        return REMOVED
    other_type = offered.type is not AttributeType.STRING and offered.type is not declared.type
    return RETYPED if other_type or (declared.multivalued and not offered.multivalued) else NONE


# --- who uses an attribute -------------------------------------------------------------------------------------------

_Use = tuple[str, str, Rule | None, str]  # object type, attribute, rule, use

_TEXT = re.compile(r'"(?:[^"]|"")*"')
_ATTRIBUTE = re.compile(r"\[([^\]]+)\]")


def _uses(definition: ConnectorDefinition, project: Project) -> Iterator[_Use]:
    """Every use of an attribute of the connector's side."""
    for object_type, expression in definition.filters.items():
        yield from ((object_type, name, None, "connector filter") for name in _read(expression))
    for rule in project.rules:
        if rule.enabled and rule.connector == definition.name:
            yield from ((rule.connector_type, name, rule, use) for name, use in _rule_uses(rule))


def _rule_uses(rule: Rule) -> Iterator[tuple[str, str]]:
    inbound = rule.direction is Direction.INBOUND
    if inbound:
        yield from ((name, "scope") for name in _read(rule.scope))
    for group in rule.joins:
        for condition in group:
            yield from ((name, f"join on {condition.target}") for name in _read(condition.source))
    for flow in rule.flows:
        if not inbound:
            yield flow.target, f"flow to {flow.target}"
            continue
        yield from ((name, f"flow to {flow.target}") for name in (flow.source, *_read(flow.expression)) if name)


def _read(expression: Expression | None) -> list[str]:
    """Attributes that an expression names, outside its texts."""
    return _ATTRIBUTE.findall(_TEXT.sub("", expression.text)) if expression else []
