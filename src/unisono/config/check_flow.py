"""One attribute flow against the attributes that it reads and writes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from unisono.config.check_expression import expression_mistakes
from unisono.config.checks import Check, shown, suggestion
from unisono.config.convert import flow_path
from unisono.config.known import DN, Known, Sides, attribute_of
from unisono.config.locate import At
from unisono.expressions import NOT_DETERMINISTIC, check_assignable
from unisono.model.errors import Mistake
from unisono.model.rules import Direction, Expression, Flow, MergeType
from unisono.model.schema import Attribute, AttributeType, ObjectType


def flow_mistakes(flow: Flow, at: At, sides: Sides, known: Known) -> Iterator[Mistake]:
    """All mistakes of a flow; what needs an unknown object type is not judged."""
    if sides.target is None:
        return
    target = _target(flow, sides.target, sides.direction)
    if target is None:
        message = f"the object type {sides.target.name!r} has no attribute {shown(flow.target)}"
        hint = suggestion(flow.target, (a.name for a in sides.target.attributes))
        yield Mistake(
            check=Check.UNKNOWN_ATTRIBUTE, message=message, place=at.key_place("flows", flow.target), hint=hint
        )
        return
    yield from _target_mistakes(flow, at, target)
    is_equal = sides.direction is Direction.INBOUND and (sides.target.name, flow.target) in known.equal
    if is_equal and flow.merge is not MergeType.UPDATE:
        message = f"{flow.target!r} has equal precedence: each source adds and removes its own values already"
        yield Mistake(check=Check.MERGE_CONFLICT, message=message, place=at.place("flows", flow.target, "merge"))
    if flow.source is not None:
        yield from _direct_mistakes(flow, flow.source, at, sides, target)
    elif flow.expression is not None:
        yield from _computed_mistakes(flow, flow.expression, at, sides, known, target)
    else:
        yield from _constant_mistakes(flow, at, target)


def _target(flow: Flow, object_type: ObjectType, direction: Direction) -> Attribute | None:
    if flow.target == DN.name and direction is Direction.OUTBOUND:
        return DN
    return attribute_of(object_type, flow.target)


def _target_mistakes(flow: Flow, at: At, target: Attribute) -> Iterator[Mistake]:
    if target.read_only:
        message = f"{flow.target!r} is read-only"
        yield Mistake(check=Check.FLOW_TYPE, message=message, place=at.key_place("flows", flow.target))
    if flow.merge is not MergeType.UPDATE and not target.multivalued:
        yield _type_mistake(flow, at, f"{flow.target!r} has one value: there is nothing to merge", "merge")
    elif flow.merge is MergeType.MERGE_CASE_INSENSITIVE and target.type is not AttributeType.STRING:
        yield _type_mistake(flow, at, f"{flow.target!r} is not text: its values have no case", "merge")


# --- direct flows ----------------------------------------------------------------------------------------------------


def _direct_mistakes(flow: Flow, name: str, at: At, sides: Sides, target: Attribute) -> Iterator[Mistake]:
    if sides.source is None:
        return
    place = at.place("flows", flow.target, "source")
    if name not in sides.source:
        message = f"the object type {sides.source.name!r} has no attribute {shown(name)}"
        hint = _absent_hint(name, sides)
        yield Mistake(check=Check.UNKNOWN_ATTRIBUTE, message=message, place=place, hint=hint)
        return
    source = sides.source[name]
    if source.export_only:
        yield _type_mistake(flow, at, f"{name!r} is export-only: it has no value to flow", "source")
    if target is DN:
        yield from _dn_mistakes(flow, source, at)
    elif source.is_reference != target.is_reference:
        message = f"{name!r} is {_called(source)}, {flow.target!r} is {_called(target)}"
        hint = "references flow directly, to references"
        yield Mistake(check=Check.REFERENCE_FLOW, message=message, place=place, hint=hint)
    elif source.type is not target.type:
        message = f"{name!r} is {_called(source)}, {flow.target!r} is {_called(target)}"
        hint = "convert it with an expression, for example CStr or CNum"
        yield _type_mistake(flow, at, message, "source", hint=hint)


def _dn_mistakes(flow: Flow, source: Attribute, at: At) -> Iterator[Mistake]:
    if source.type is not AttributeType.STRING or source.multivalued:
        yield _type_mistake(flow, at, "a DN flows from an attribute with one text", "source")


def _absent_hint(name: str, sides: Sides) -> str:
    if sides.readable and name in sides.readable.attributes:
        return f"in an expression it can be read: '[{name}]'"
    return suggestion(name, (a.name for a in sides.source.attributes)) if sides.source else ""


# --- expressions and constants ---------------------------------------------------------------------------------------


def _computed_mistakes(
    flow: Flow, expression: Expression, at: At, sides: Sides, known: Known, target: Attribute
) -> Iterator[Mistake]:
    path = flow_path(flow.target)
    if target.is_reference and target is not DN:
        message = f"{flow.target!r} is a reference: references flow directly, from references"
        place = at.place(*path)
        yield Mistake(check=Check.REFERENCE_FLOW, message=message, place=place, hint="name the reference without [ ]")
        return
    readable = sides.readable_by_flows
    if readable is None or known.parameters is None:
        return
    fits = partial(check_assignable, attribute=target)
    found = expression_mistakes(expression, at.at(*path), readable, known.parameters, fits, several=target.multivalued)
    for mistake in found:
        if not (flow.apply_once and mistake.check == NOT_DETERMINISTIC):  # that is what applying once is for
            yield mistake


_CONSTANTS: dict[AttributeType, type] = {
    AttributeType.STRING: str,
    AttributeType.INTEGER: int,
    AttributeType.BOOLEAN: bool,
}


def _constant_mistakes(flow: Flow, at: At, target: Attribute) -> Iterator[Mistake]:
    if target.is_reference:
        place = at.place("flows", flow.target, "constant")
        message = f"{flow.target!r} cannot be a constant"
        yield Mistake(check=Check.REFERENCE_FLOW, message=message, place=place)
    elif target.type not in _CONSTANTS:
        message = f"a constant cannot be {_called(target)}"
        yield _type_mistake(flow, at, message, "constant", hint="use an expression, for example CDate")
    elif type(flow.constant) is not _CONSTANTS[target.type]:
        hint = "put text in quotes; write true, false and numbers without"
        yield _type_mistake(
            flow, at, f"the constant is not {_called(target)} like {flow.target!r}", "constant", hint=hint
        )


_CALLED = {
    AttributeType.STRING: "text",
    AttributeType.INTEGER: "a number",
    AttributeType.BOOLEAN: "true or false",
    AttributeType.BINARY: "a binary",
    AttributeType.DATETIME: "a date",
    AttributeType.REFERENCE: "a reference",
}


def _called(attribute: Attribute) -> str:
    return _CALLED[attribute.type]


def _type_mistake(flow: Flow, at: At, message: str, key: str, hint: str = "") -> Mistake:
    return Mistake(check=Check.FLOW_TYPE, message=message, place=at.place("flows", flow.target, key), hint=hint)
