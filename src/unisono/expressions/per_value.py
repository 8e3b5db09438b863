"""Expressions that treat an attribute with several values as if it had one: they are evaluated for each of its values.

Entra Connect maps a function over the values of its argument. Its standard rules go further and test, cut and join such
an attribute throughout, which makes sense only for one value at a time (configuration specification §13.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unisono.expressions import ast
from unisono.model.schema import Attribute

#: No text can name this variable.
_VALUE = "each value"


def for_each_value(tree: ast.Expression, attributes: Mapping[str, Attribute]) -> ast.Expression | None:
    """``Select($value, [attribute], …)`` with the tree as the result; None unless it reads one such attribute."""
    several = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.AttributeRead | ast.Word)
        and node.name in attributes
        and attributes[node.name].multivalued
    }
    if len(several) != 1:
        return None
    (name,) = several
    if any(_is_whole(node, name) for node in ast.walk(tree)):
        return None
    variable = ast.VariableRead(position=tree.position, name=_VALUE)
    read = ast.AttributeRead(position=tree.position, name=name)
    return ast.Call(position=tree.position, name="Select", arguments=(variable, read, _replaced(tree, name)))


#: What asks about all values of an attribute: for each of them it would mean something else.
_OF_ALL = frozenset(
    {"Contains", "Count", "Item", "ItemOrNull", "Join", "RemoveDuplicates", "Select", "ValueCount", "Where"}
)


def _is_whole(node: ast.Expression, name: str) -> bool:
    if not isinstance(node, ast.Call) or node.name not in _OF_ALL:
        return False
    values = (argument.value if isinstance(argument, ast.Literal) else argument for argument in node.arguments)
    return any(
        value == name or (isinstance(value, ast.AttributeRead | ast.Word) and value.name == name) for value in values
    )


def _replaced(node: ast.Expression, name: str) -> ast.Expression:
    match node:
        case ast.AttributeRead() | ast.Word() if node.name == name:
            return ast.VariableRead(position=node.position, name=_VALUE)
        case ast.Call(arguments=arguments):
            return replace(node, arguments=tuple(_replaced(argument, name) for argument in arguments))
        case ast.Operation(operands=operands):
            return replace(node, operands=tuple(_replaced(operand, name) for operand in operands))
        case _:
            return node
