"""The plain evaluator: one object at a time.

A checked tree becomes nested Python functions once and is then called per object. Inside, a failure is the exception
``Failure``; ``outcome`` turns it into data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast

from unisono.expressions import typed
from unisono.expressions.registry import Function
from unisono.expressions.values import (
    IDENTITY,
    STEPS,
    Failure,
    Marker,
    Result,
    Scalar,
    Steps,
    Value,
    imported_name,
    listed,
    within_bytes,
    within_list_bytes,
)

#: Attribute values by name, values of variables by slot, the object's identity by ``IDENTITY``, and inside a list the
#: steps that are left by ``STEPS``.
Scope: TypeAlias = Mapping[str | int, Any]
Evaluator: TypeAlias = Callable[[Scope], Any]


def outcome(evaluate: Callable[[], Value | Marker]) -> Result:
    """What ``evaluate`` gives, or why it failed."""
    try:
        value = evaluate()
    except Failure as failure:
        return Result(error=str(failure))
    return Result(marker=value.value) if isinstance(value, Marker) else Result(value=value)


def applied(function: Function) -> Callable[..., Value]:
    """From arguments to the function's value; NULL where one that must not be NULL is. It raises ``Failure``."""
    required = [place for place, parameter in enumerate(function.parameters) if not parameter.takes_null]
    checks = [(place, parameter.check) for place, parameter in enumerate(function.parameters) if parameter.check]
    evaluate, grows = function.evaluate, function.grows

    def apply(*arguments: Any) -> Value:
        for place in required:
            if place < len(arguments) and arguments[place] is None:
                return None
        try:
            for place, check in checks:
                if place < len(arguments) and arguments[place] is not None and (wrong := check(arguments[place])):
                    raise Failure(wrong)
            value = evaluate(*arguments)
            return within_bytes(value) if grows else value
        except Failure as failure:
            raise Failure(f"{function.name}: {failure}") from None

    return apply


def evaluator(node: typed.Node) -> Evaluator:
    """A function from the scope to the node's value or marker; it raises ``Failure``."""
    match node:
        case typed.Constant(value=value):
            return lambda _: value
        case typed.Mark(marker=marker):
            return lambda _: marker
        case typed.Read(attribute=key) | typed.Variable(slot=key):
            return lambda scope: scope.get(key)
        case typed.Imported(attribute=attribute):
            name = imported_name(attribute)
            return lambda scope: scope.get(name)
        case typed.Identity():
            return lambda scope: scope.get(IDENTITY)
        case typed.Call():
            return _call(node)
        case typed.Logic():
            return _logic(node)
        case typed.Choose():
            return _choose(node)
        case typed.Fail():
            return _fail(node)
        case typed.Let():
            return _let(node)
        case typed.Each():
            return _each(node)
        case typed.Filter():
            return _filter(node)


def _call(node: typed.Call) -> Evaluator:
    apply, arguments = applied(node.function), [evaluator(argument) for argument in node.arguments]
    return lambda scope: apply(*[argument(scope) for argument in arguments])


def _logic(node: typed.Logic) -> Evaluator:
    operands, decide = [evaluator(operand) for operand in node.operands], all if node.every else any
    return lambda scope: decide(operand(scope) for operand in operands)


def _choose(node: typed.Choose) -> Evaluator:
    conditions = [evaluator(condition) for condition, _ in node.cases]
    values = [evaluator(value) for _, value in node.cases]
    otherwise = evaluator(node.otherwise)

    def choose(scope: Scope) -> Value:
        held = [condition(scope) for condition in conditions]
        chosen = next((value for holds, value in zip(held, values, strict=True) if holds), otherwise)
        return cast("Value", chosen(scope))

    return choose


def _fail(node: typed.Fail) -> Evaluator:
    message = evaluator(node.message)

    def fail(scope: Scope) -> Value:
        raise Failure(message(scope) or UNNAMED_ERROR)

    return fail


#: The error of ``Error("")`` and ``Error(NULL)``.
UNNAMED_ERROR = "the rule raised an error without a text"


def _let(node: typed.Let) -> Evaluator:
    slot, bound, body = node.slot, evaluator(node.bound), evaluator(node.body)
    return lambda scope: body({**scope, slot: bound(scope)})


def _each(node: typed.Each) -> Evaluator:
    slot, values, body = node.slot, evaluator(node.values), evaluator(node.body)
    bounded: Callable[[Iterator[Scalar | None]], Iterator[Scalar | None]]
    bounded = within_list_bytes if typed.can_outgrow(node) else iter

    def each(scope: Scope) -> list[Scalar] | None:
        members = values(scope)
        if members is None:
            return None
        inside = scope_inside(scope, len(members))
        return listed(bounded(body({**inside, slot: member}) for member in members))

    return each


def _filter(node: typed.Filter) -> Evaluator:
    slot, values, condition = node.slot, evaluator(node.values), evaluator(node.condition)

    def kept(scope: Scope) -> list[Scalar] | None:
        members = values(scope)
        if members is None:
            return None
        inside = scope_inside(scope, len(members))
        return [member for member in members if condition({**inside, slot: member})]

    return kept


def scope_inside(scope: Scope, count: int) -> Scope:
    """The scope of the body of a list with so many values; only within another list they count as steps.

    Raises ``Failure`` where that is one step too many.
    """
    steps: Steps | None = scope.get(STEPS)
    if steps is None:
        return {**scope, STEPS: Steps()}
    steps.take(count)
    return scope
