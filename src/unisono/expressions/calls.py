"""Calls of functions: which one is meant, whether its arguments fit, and where it is mapped over several values."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.expressions import ast, typed
from unisono.expressions.advice import conversion, suggestion
from unisono.expressions.kinds import TEXT
from unisono.expressions.registry import Checker, Function, Parameter, Shape

MULTIVALUED = "multivalued"


def function_call(checker: Checker, overloads: Sequence[Function], call: ast.Call) -> typed.Node:
    pairs = list(zip(overloads[0].parameters, call.arguments, strict=False))
    nodes = [_option(checker, call.name, p, a) if p.options else checker.value(a) for p, a in pairs]
    fitting = (f for f in overloads if all(map(_accepts, f.parameters, nodes)))
    function = next(fitting, max(overloads, key=_breadth))
    positions = [argument.position for argument in call.arguments]
    return built(checker, function, nodes, positions, call.position)


def _option(checker: Checker, function: str, parameter: Parameter, argument: ast.Expression) -> typed.Node:
    written = argument.name if isinstance(argument, ast.Name | ast.Word) else ""
    word = written or getattr(argument, "value", None)
    if word not in parameter.options:
        message = f"{function}: {parameter.name} must be {parameter.wants}"
        hint = suggestion(str(word or ""), parameter.options)
        return checker.mistake("wrong-option", message, argument.position, hint)
    return typed.Constant(kind=TEXT, value=word, written=written)


def built(
    checker: Checker,
    function: Function,
    nodes: list[typed.Node],
    positions: Sequence[ast.Position],
    position: ast.Position,
) -> typed.Node:
    """The call, mapped where an argument is multivalued and the parameter is not."""
    parameters = _stretched(function.parameters, len(nodes))
    for parameter, node, place in zip(parameters, nodes, positions, strict=True):
        _check_argument(checker, function, parameter, node, place)
    shaped = [checker.many(n) if p.shape is Shape.MANY else n for p, n in zip(parameters, nodes, strict=True)]
    mapped = [i for i, p in enumerate(parameters) if p.shape is Shape.ONE and shaped[i].kind.multivalued]
    if len(mapped) > 1:
        message = f"{function.name} can be mapped over one multivalued argument, not over {len(mapped)}"
        return checker.mistake(MULTIVALUED, message, positions[mapped[1]], "Item(…, 1) takes one value")
    if mapped:
        return _mapped(checker, function, shaped, mapped[0], position)
    kind = function.result([node.kind for node in shaped])
    return checker.folded(typed.Call(kind=kind, function=function, arguments=tuple(shaped)), position)


def _mapped(
    checker: Checker, function: Function, arguments: list[typed.Node], index: int, position: ast.Position
) -> typed.Node:
    values, slot = arguments[index], checker.slot()
    arguments[index] = typed.Variable(kind=values.kind.element, slot=slot)
    kind = function.result([argument.kind for argument in arguments])
    if kind.multivalued:
        message = f"{function.name} gives several values, so it cannot be mapped over a multivalued argument"
        return checker.mistake(MULTIVALUED, message, position, "Item(…, 1) takes one value")
    body = typed.Call(kind=kind, function=function, arguments=tuple(arguments))
    return checker.folded(typed.each(slot=slot, values=values, body=body), position)


def _check_argument(
    checker: Checker, function: Function, parameter: Parameter, node: typed.Node, position: ast.Position
) -> None:
    given = node.kind.scalar
    if not _accepts(parameter, node):
        message = f"{function.name}: {parameter.name} must be {parameter.wants}, not {node.kind}"
        checker.mistake("wrong-type", message, position, conversion(parameter.accepts, given))
        return
    # What follows from the time may be right today and wrong tomorrow: then it is an error of the objects.
    known = node.value if isinstance(node, typed.Constant) and not node.varies else None
    if parameter.check and known is not None and (wrong := parameter.check(known)):
        checker.mistake("wrong-constant", f"{function.name}: {wrong}", position)


def _accepts(parameter: Parameter, node: typed.Node) -> bool:
    return node.kind.scalar is None or node.kind.scalar in parameter.accepts


def _breadth(function: Function) -> int:
    """How much it takes: of functions with one name none of which fits, the broadest tells best what is wanted."""
    return sum(len(parameter.accepts) for parameter in function.parameters)


def _stretched(parameters: tuple[Parameter, ...], count: int) -> tuple[Parameter, ...]:
    """One parameter per argument; the last one repeats (``&`` joins any number of operands)."""
    return parameters[:count] + parameters[-1:] * (count - len(parameters))
