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

MOST_DEPTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A way of writing expressions: its rules, who builds the tree, and hints for what does not belong there."""

    rules: str
    builder: Builder
    hints: Mapping[str, str]  # by what was found, in lower case


# Each level is left-recursive, so operators of one level are worked off strictly from left to right.
_RULES = r"""
?start: logical
?logical: compared | logical LOGIC compared -> operation
?compared: combined | compared COMPARISON combined -> operation
?combined: primary | combined (STAR | PLUS | MINUS | AMPERSAND) primary -> operation
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
        return _integer(int(parts[0]) if len(parts[0]) < 40 else MOST_INTEGER + 1, parts[0])

    def negative(self, parts: Sequence[Token]) -> ast.Expression:
        return _integer(-int(parts[1]) if len(parts[1]) < 40 else LEAST_INTEGER - 1, parts[0])

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

    def operation(self, parts: tuple[ast.Expression, Token, ast.Expression]) -> ast.Expression:
        left, token, right = parts
        operator, position = str(token), position_of(token)
        if isinstance(left, ast.Operation) and left.operator == operator and operator in _ASSOCIATIVE:
            # A long row of one operator is one node, not a deep tree.
            depth = max(left.depth, _deeper((right,), position))
            return replace(left, operands=(*left.operands, right), depth=depth, parenthesized=False)
        depth = _deeper((left, right), position)
        return ast.Operation(position=position, depth=depth, operator=operator, operands=(left, right))

    def parenthesized(self, parts: Sequence[ast.Expression]) -> ast.Expression:
        (inner,) = parts
        depth = _deeper(parts, inner.position)
        if isinstance(inner, ast.Operation):
            return replace(inner, depth=depth, parenthesized=True)
        return replace(inner, depth=depth)


def position_of(token: Token) -> ast.Position:
    return ast.Position(cast("int", token.line), cast("int", token.column))  # the lexer counts both


def _deeper(nodes: Sequence[ast.Expression], position: ast.Position) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > MOST_DEPTH:
        message = f"the expression is nested deeper than {MOST_DEPTH} levels"
        raise syntax_mistake(message, position.line, position.column, check="expression-too-deep")
    return depth


def _integer(value: int, token: Token) -> ast.Expression:
    if not LEAST_INTEGER <= value <= MOST_INTEGER:
        position = position_of(token)
        raise syntax_mistake("the number is beyond 64 bits", position.line, position.column)
    return ast.Literal(position=position_of(token), value=value)


ENTRA = Grammar(rules=_RULES, builder=Builder(), hints=_HINTS)
