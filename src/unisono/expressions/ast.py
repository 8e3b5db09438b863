"""The syntax of an expression as a tree, before names and types are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from unisono.expressions.values import Scalar


@dataclass(frozen=True, slots=True)
class Position:
    """Where a node begins in the text; both count from 1, in characters."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """``depth`` counts the levels of parentheses, calls and operators from here down."""

    position: Position
    depth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A text, number or boolean; None is ``NULL``."""

    value: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """An unquoted word: a marker, or one of the named constants that some arguments take."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Node):
    """An attribute, a parameter or a boolean by its name alone, as the MIM portal writes them."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRead(Node):
    """``[name]``"""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRead(Node):
    """``%name%``"""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableRead(Node):
    """``$name``; the name is kept without the sign."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """``name(arguments)``; ``written`` is what the text calls it, where that is another function here."""

    name: str
    arguments: tuple[Expression, ...]
    written: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Node):
    """Operands with one operator between each. More than two only of ``&``, ``&&`` and ``||``."""

    operator: str
    operands: tuple[Expression, ...]
    parenthesized: bool = False


Expression: TypeAlias = Literal | Name | Word | AttributeRead | ParameterRead | VariableRead | Call | Operation


def variable(expression: Expression) -> str:
    """The name of the variable that the expression is, or nothing."""
    return expression.name if isinstance(expression, VariableRead) else ""


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all its parts."""
    waiting = [expression]
    while waiting:
        current = waiting.pop()
        yield current
        match current:
            case Call(arguments=parts) | Operation(operands=parts):
                waiting.extend(parts)
            case _:
                pass
