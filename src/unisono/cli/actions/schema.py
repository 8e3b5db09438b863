"""Compare what a connected system offers with what the project declares, and find the rules that a change hits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from unisono.cli.documents.project import AttributeShape, ComparedAttribute, Impact, SchemaComparison
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.project import refresh_view, schema_view
from unisono.model.project import ConnectorDefinition, Project
from unisono.model.rules import Direction, Expression, Place, Rule
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
            object_type=use.object_type,
            attribute=use.attribute,
            difference=hit[use.object_type, use.attribute],
            rule=use.rule,
            use=use.use,
            file=use.place.file if use.place else None,
            line=use.place.line if use.place else None,
        )
        for use in _uses(definition, project)
        if (use.object_type, use.attribute) in hit
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """One use of an attribute of the connector's side; ``rule`` is None for the connector filter."""

    object_type: str
    attribute: str
    rule: str | None
    use: str
    place: Place | None


_TEXT = re.compile(r'"(?:[^"]|"")*"')
_ATTRIBUTE = re.compile(r"\[([^\]]+)\]")


def _uses(definition: ConnectorDefinition, project: Project) -> Iterator[_Use]:
    for object_type, expression in definition.filters.items():
        for name in _read(expression):
            use = "connector filter"
            yield _Use(object_type=object_type, attribute=name, rule=None, use=use, place=expression.place)
    for rule in project.rules:
        if rule.enabled and rule.connector == definition.name:
            for name, use, place in _rule_uses(rule):
                kind = rule.connector_type
                yield _Use(object_type=kind, attribute=name, rule=rule.name, use=use, place=place or rule.place)


def _rule_uses(rule: Rule) -> Iterator[tuple[str, str, Place | None]]:
    """Attribute, use and place."""
    inbound = rule.direction is Direction.INBOUND
    if inbound and rule.scope:
        yield from ((name, "scope", rule.scope.place) for name in _read(rule.scope))
    for condition in (condition for group in rule.joins for condition in group):
        yield from ((name, f"join on {condition.target}", condition.source.place) for name in _read(condition.source))
    for flow in rule.flows:
        names = (flow.source, *_read(flow.expression)) if inbound else (flow.target,)
        yield from ((name, f"flow to {flow.target}", flow.place) for name in names if name)


def _read(expression: Expression | None) -> list[str]:
    """Attributes that an expression names, outside its texts."""
    return _ATTRIBUTE.findall(_TEXT.sub("", expression.text)) if expression else []
