"""One synchronization rule against the schemas of its connector and the metaverse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from unisono.config.check_expression import expression_mistakes
from unisono.config.check_flow import flow_mistakes
from unisono.config.checks import Check, shown, suggestion
from unisono.config.convert import condition_path
from unisono.config.known import Known, PlacedRule, Sides, attribute_of, readable_connector
from unisono.config.locate import At, Key
from unisono.expressions import Compiled, check_assignable, check_condition
from unisono.model.errors import Mistake
from unisono.model.rules import Direction, Expression, JoinCondition, LinkBehavior, MergeType, Place
from unisono.model.schema import Attribute, ObjectType, Schema


def rule_mistakes(placed: PlacedRule, known: Known) -> Iterator[Mistake]:
    """All mistakes that the rule shows by itself."""
    sides, missing = _sides(placed, known)
    yield from missing
    yield from _direction_mistakes(placed)
    yield from _link_mistakes(placed)
    yield from _scope_mistakes(placed, sides, known)
    for number, group in enumerate(placed.rule.joins):
        for condition in group:
            yield from _condition_mistakes(placed, condition, number, sides, known)
    for flow in placed.rule.flows:
        yield from flow_mistakes(flow, placed.at, sides, known)


# --- what the rule brings together -----------------------------------------------------------------------------------


def _sides(placed: PlacedRule, known: Known) -> tuple[Sides, tuple[Mistake, ...]]:
    rule = placed.rule
    mistakes: list[Mistake] = []
    if rule.connector not in known.connectors:
        message, hint = f"there is no connector {rule.connector!r}", suggestion(rule.connector, known.connectors)
        mistakes.append(_mistake(Check.UNKNOWN_CONNECTOR, message, placed, "connector", hint=hint))
    connector_schema = known.connectors.get(rule.connector)
    owner = f"the connector {rule.connector!r}"
    for schema, name, side, of in (
        (connector_schema, rule.connector_type, "connector", owner),
        (known.metaverse, rule.metaverse_type, "metaverse", "the metaverse"),
    ):
        if schema and name not in schema:
            message = f"{of} has no object type {name!r}"
            hint = suggestion(name, (t.name for t in schema.object_types))
            mistakes.append(_mistake(Check.UNKNOWN_TYPE, message, placed, "types", side, hint=hint))
    sides = Sides(
        connector=_type(connector_schema, rule.connector_type),
        metaverse=_type(known.metaverse, rule.metaverse_type),
        direction=rule.direction,
    )
    return sides, tuple(mistakes)


def _type(schema: Schema | None, name: str) -> ObjectType | None:
    return schema[name] if schema and name in schema else None


# --- direction and link ----------------------------------------------------------------------------------------------

_LINKS = {
    Direction.INBOUND: (LinkBehavior.JOIN, LinkBehavior.PROJECT, LinkBehavior.NONE),
    Direction.OUTBOUND: (LinkBehavior.JOIN, LinkBehavior.PROVISION, LinkBehavior.NONE),
}


def _direction_mistakes(placed: PlacedRule) -> Iterator[Mistake]:
    rule = placed.rule
    if rule.link not in _LINKS[rule.direction]:
        message = f"an {rule.direction} rule cannot {rule.link}"
        hint = f"one of: {', '.join(_LINKS[rule.direction])}"
        yield _mistake(Check.WRONG_DIRECTION, message, placed, "link", hint=hint)
    if rule.direction is Direction.OUTBOUND:
        for flow in rule.flows:
            if flow.merge is not MergeType.UPDATE:
                message = "merge belongs to inbound rules: outbound, the strongest rule with a value wins"
                yield _mistake(Check.WRONG_DIRECTION, message, placed, "flows", flow.target, "merge")
        return
    if rule.deprovision:
        yield _mistake(Check.WRONG_DIRECTION, "only outbound rules deprovision", placed, "deprovision")
    for flow in rule.flows:
        for key, is_set in (("apply-once", flow.apply_once), ("allow-null", not flow.allow_null)):
            if is_set:
                message = f"{key} belongs to outbound rules"
                yield _mistake(Check.WRONG_DIRECTION, message, placed, "flows", flow.target, key)


def _link_mistakes(placed: PlacedRule) -> Iterator[Mistake]:
    rule = placed.rule
    if rule.link is LinkBehavior.NONE and rule.joins:
        message = "the join conditions do nothing: the rule does not link objects"
        mistake = _mistake(Check.JOIN_WITHOUT_LINK, message, placed, "join", hint="link: join")
        yield replace(mistake, severity="warning")
    if rule.link is LinkBehavior.JOIN and not rule.joins:
        message = "a rule that joins needs join conditions"
        yield _mistake(Check.MISSING_KEY, message, placed, "link", hint="join: [{attribute: expression}]")


# --- scope and join --------------------------------------------------------------------------------------------------


def _scope_mistakes(placed: PlacedRule, sides: Sides, known: Known) -> Iterator[Mistake]:
    scope, readable = placed.rule.scope, sides.readable
    if scope is not None and readable is not None and known.parameters is not None:
        yield from expression_mistakes(scope, placed.at.at("scope"), readable, known.parameters, check_condition)


def _condition_mistakes(
    placed: PlacedRule, condition: JoinCondition, number: int, sides: Sides, known: Known
) -> Iterator[Mistake]:
    if sides.metaverse is None:
        return
    at = placed.at.at(*condition_path(placed.at, number, condition.target))
    target = attribute_of(sides.metaverse, condition.target)
    if target is None:
        message = f"the metaverse type {sides.metaverse.name!r} has no attribute {shown(condition.target)}"
        hint = suggestion(condition.target, (a.name for a in sides.metaverse.attributes))
        yield Mistake(check=Check.UNKNOWN_ATTRIBUTE, message=message, place=at.key_place(), hint=hint)
    elif target.is_reference:
        yield _reference_mistake(target.name, at.key_place())
    else:
        yield from _source_mistakes(condition.source, at, target, sides, known)


def _source_mistakes(source: Expression, at: At, target: Attribute, sides: Sides, known: Known) -> Iterator[Mistake]:
    readable = readable_connector(sides.connector)
    if readable is None or known.parameters is None:
        return
    name = source.text.strip().removeprefix("[").removesuffix("]")
    if name in readable.object_type and readable.object_type[name].is_reference:
        yield _reference_mistake(name, at.place())
        return

    def fits(compiled: Compiled) -> str | None:  # any of several values may match
        return check_assignable(compiled, replace(target, multivalued=compiled.multivalued))

    yield from expression_mistakes(source, at, readable, known.parameters, fits)


def _reference_mistake(name: str, place: Place) -> Mistake:
    message = f"{name!r} is a reference: objects are not joined by references"
    return Mistake(check=Check.JOIN_REFERENCE, message=message, place=place)


def _mistake(check: Check, message: str, placed: PlacedRule, *path: Key, hint: str = "") -> Mistake:
    return Mistake(check=check, message=message, place=placed.at.place(*path), hint=hint)
