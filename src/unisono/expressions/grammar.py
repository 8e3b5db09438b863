"""The language of Entra Connect: lexical rules and operator levels (configuration specification §13.1, §13.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from unisono.expressions import ast
from unisono.expressions.mistakes import syntax_mistake
from unisono.expressions.values import LEAST_INTEGER, MOST_INTEGER

if TYPE_CHECKING:
    from lark import Token

#: Levels of parentheses, calls and operators. Whatever walks a tree calls itself a few times for each.
MOST_DEPTH = 100
TOO_DEEP = f"the expression is nested deeper than {MOST_DEPTH} levels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A way of writing expressions: its rules, who builds the tree, and hints for what does not belong there."""

    rules: str
    builder: Builder
    hints: Mapping[str, str]  # by what was found, in lower case


# Operators of one level are worked off strictly from left to right.
_RULES = r"""
?start: logical
?logical: compared | compared (LOGIC compared)+ -> operations
?compared: combined | combined (COMPARISON combined)+ -> operations
?combined: primary | primary ((STAR | PLUS | MINUS | AMPERSAND) primary)+ -> operations
?primary: TEXT -> text
    | DIGITS -> number
    | MINUS DIGITS -> negative
    | HEXADECIMAL -> hexadecimal
    | ATTRIBUTE -> attribute
    | PARAMETER -> parameter
    | VARIABLE -> variable
    | NAME -> name
    | NAME "(" arguments ")" -> call
    | "(" logical ")" -> parenthesized
arguments: [logical ("," logical)*]

LOGIC: "&&" | "||"
COMPARISON: "<>" | "<=" | ">=" | "<" | ">" | "="
STAR: "*"
PLUS: "+"
MINUS: "-"
AMPERSAND: "&"
TEXT: /"(?:[^"\\]|\\.)*"/s
DIGITS: /[0-9]+/
HEXADECIMAL.2: /&H[0-9A-Fa-f]+/
ATTRIBUTE: /\[[^\[\]"]+\]/
PARAMETER: /%[A-Za-z_][A-Za-z0-9_.]*%/
VARIABLE: /\$[A-Za-z_][A-Za-z0-9_]*/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
%ignore /[ \t\r\n\u00a0]+/
"""

_CONSTANTS = {"True": True, "False": False, "NULL": None, "Null": None, "CRLF": "\r\n"}
_ASSOCIATIVE = ("&", "&&", "||")
_HINTS = {
    '"': "the text that begins here has no closing quote",
    "[": "an attribute name that begins here has no closing bracket",
    "%": "a parameter is written %Name%",
    "$": "a variable is written $name",
    "'": "texts stand in double quotes",
    "“": "texts stand in straight double quotes",
    "”": "texts stand in straight double quotes",
    "/": "there is no division",
    "!": "write = False for not, and <> for not equal",
    "|": "write || for or",
    "==": "write = for equal",
    ".": "numbers are whole numbers",
    "and": "write && for and",
    "or": "write || for or",
    "not": "write = False for not",
}


def quoted(text: str) -> str:
    """The literal that gives this text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Builder:
    """Called by the parser for each rule, innermost first."""

    def text(self, parts: Sequence[Token]) -> ast.Expression:
        value = re.sub(r'\\([\\"])', r"\1", parts[0][1:-1])
        return ast.Literal(position=position_of(parts[0]), value=value)

    def number(self, parts: Sequence[Token]) -> ast.Expression:
        return _integer(_decimal(parts[0]), parts[0])

    def negative(self, parts: Sequence[Token]) -> ast.Expression:
        return _integer(-_decimal(parts[1]), parts[0])

    def hexadecimal(self, parts: Sequence[Token]) -> ast.Expression:
        digits = parts[0][2:].lstrip("0")
        number = int(digits or "0", 16)
        # A mask with the highest of 64 bits set is a negative number.
        return _integer(number - (1 << 64) if len(digits) == 16 and number > MOST_INTEGER else number, parts[0])

    def attribute(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.AttributeRead(position=position_of(parts[0]), name=parts[0][1:-1])

    def parameter(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.ParameterRead(position=position_of(parts[0]), name=parts[0][1:-1])

    def variable(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.VariableRead(position=position_of(parts[0]), name=parts[0][1:])

    def name(self, parts: Sequence[Token]) -> ast.Expression:
        word = str(parts[0])
        if word in _CONSTANTS:
            return ast.Literal(position=position_of(parts[0]), value=_CONSTANTS[word])
        return ast.Name(position=position_of(parts[0]), name=word)

    def arguments(self, parts: Sequence[ast.Expression]) -> tuple[ast.Expression, ...]:
        return tuple(parts)

    def call(self, parts: tuple[Token, tuple[ast.Expression, ...]]) -> ast.Call:
        name, arguments = parts
        position = position_of(name)
        depth = _deeper(arguments, position)
        return ast.Call(position=position, depth=depth, name=str(name), arguments=arguments)

    def operations(self, parts: Sequence[ast.Expression | Token]) -> ast.Expression:
        """Operands with an operator between each. A long row of one operator is one node, not a deep tree."""
        operands, operators = cast("Sequence[ast.Expression]", parts[::2]), cast("Sequence[Token]", parts[1::2])
        row, first = [operands[0]], operators[0]
        for operator, right in zip(operators, operands[1:], strict=True):
            if len(row) > 1 and (operator != first or operator not in _ASSOCIATIVE):
                row, first = [_operation(first, row)], operator
            row.append(right)
        return _operation(first, row)

    def parenthesized(self, parts: Sequence[ast.Expression]) -> ast.Expression:
        (inner,) = parts
        depth = _deeper(parts, inner.position)
        if isinstance(inner, ast.Operation):
            return replace(inner, depth=depth, parenthesized=True)
        return replace(inner, depth=depth)


def _operation(operator: Token, operands: list[ast.Expression]) -> ast.Operation:
    left, *others = operands
    if isinstance(left, ast.Operation) and left.operator == operator and operator in _ASSOCIATIVE:
        depth = max(left.depth, _deeper(others, position_of(operator)))
        return replace(left, operands=(*left.operands, *others), depth=depth, parenthesized=False)
    position = position_of(operator)
    depth = _deeper(operands, position)
    return ast.Operation(position=position, depth=depth, operator=str(operator), operands=tuple(operands))


def position_of(token: Token) -> ast.Position:
    return ast.Position(cast("int", token.line), cast("int", token.column))  # the lexer counts both


def _deeper(nodes: Sequence[ast.Expression], position: ast.Position) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > MOST_DEPTH:
        raise syntax_mistake(TOO_DEEP, position.line, position.column, check="expression-too-deep")
    return depth


def _decimal(digits: str) -> int:
    """The number; of more digits than any number here has, one that is too large."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) < _TOO_MANY_DIGITS else 10**_TOO_MANY_DIGITS


_TOO_MANY_DIGITS = 20


def _integer(value: int, token: Token) -> ast.Expression:
    if not LEAST_INTEGER <= value <= MOST_INTEGER:
        position = position_of(token)
        raise syntax_mistake("the number is beyond 64 bits", position.line, position.column)
    return ast.Literal(position=position_of(token), value=value)


ENTRA = Grammar(rules=_RULES, builder=Builder(), hints=_HINTS)
