"""Text to tree: the lexical rules and operator levels of the language (configuration specification §13.1, §13.2).

The grammar is LALR: neither a long nor a deeply nested text makes the parser recurse. The grammar library is loaded
when the first expression is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from unisono.expressions import ast
from unisono.expressions.mistakes import ExpressionMistake, ExpressionMistakes
from unisono.expressions.values import LEAST_INTEGER, MOST_INTEGER

if TYPE_CHECKING:
    from lark import Lark, Token, UnexpectedInput

MOST_TEXT_BYTES = 64 * 1024
MOST_DEPTH = 100

# Each level is left-recursive, so operators of one level are worked off strictly from left to right.
_GRAMMAR = r"""
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
_REMEMBERED = 2_000  # texts; a project with more of them parses some again

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
}
_WORD_HINTS = {"and": "write && for and", "or": "write || for or", "not": "write = False for not"}


@lru_cache(maxsize=_REMEMBERED)
def parse(text: str) -> ast.Expression:
    """The tree of ``text``; raises ``ExpressionMistakes`` with the first syntax error.

    Trees do not change, so the rules of a project are parsed once by a process, however many steps it runs.
    """
    if len(text) > MOST_TEXT_BYTES or len(text.encode(errors="replace")) > MOST_TEXT_BYTES:
        raise _mistake("the expression is longer than 64 KiB", ast.Position(), check="expression-too-long")
    from lark import UnexpectedInput

    try:
        return cast("ast.Expression", _parser().parse(text))
    except UnexpectedInput as error:
        raise _syntax_mistake(text, error) from None


def quoted(text: str) -> str:
    """The literal that gives this text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


class _Builder:
    """Called by the parser for each rule, innermost first."""

    def text(self, parts: Sequence[Token]) -> ast.Expression:
        value = re.sub(r'\\([\\"])', r"\1", parts[0][1:-1])
        return ast.Literal(position=_position(parts[0]), value=value)

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
        return ast.AttributeRead(position=_position(parts[0]), name=parts[0][1:-1])

    def parameter(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.ParameterRead(position=_position(parts[0]), name=parts[0][1:-1])

    def variable(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.VariableRead(position=_position(parts[0]), name=parts[0][1:])

    def name(self, parts: Sequence[Token]) -> ast.Expression:
        word = str(parts[0])
        if word in _CONSTANTS:
            return ast.Literal(position=_position(parts[0]), value=_CONSTANTS[word])
        return ast.Name(position=_position(parts[0]), name=word)

    def arguments(self, parts: Sequence[ast.Expression]) -> tuple[ast.Expression, ...]:
        return tuple(parts)

    def call(self, parts: tuple[Token, tuple[ast.Expression, ...]]) -> ast.Expression:
        name, arguments = parts
        position = _position(name)
        depth = _deeper(arguments, position)
        return ast.Call(position=position, depth=depth, name=str(name), arguments=arguments)

    def operation(self, parts: tuple[ast.Expression, Token, ast.Expression]) -> ast.Expression:
        left, token, right = parts
        operator, position = str(token), _position(token)
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


def _position(token: Token) -> ast.Position:
    return ast.Position(cast("int", token.line), cast("int", token.column))  # the lexer counts both


def _deeper(nodes: Sequence[ast.Expression], position: ast.Position) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > MOST_DEPTH:
        raise _mistake(
            f"the expression is nested deeper than {MOST_DEPTH} levels", position, check="expression-too-deep"
        )
    return depth


def _integer(value: int, token: Token) -> ast.Expression:
    if not LEAST_INTEGER <= value <= MOST_INTEGER:
        raise _mistake("the number is beyond 64 bits", _position(token))
    return ast.Literal(position=_position(token), value=value)


def _syntax_mistake(text: str, error: UnexpectedInput) -> ExpressionMistakes:
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return _mistake("the expression ends too early", _end(text), hint=_missing(error))
    position, start = ast.Position(error.line, error.column), cast("int", error.pos_in_stream)
    found = text[start] if token is None else str(token)
    doubled = found == "=" and text[:start].rstrip().endswith("=")
    hint = _HINTS["=="] if doubled else _HINTS.get(found, "") or _WORD_HINTS.get(found.lower(), "")
    return _mistake(f"unexpected {_shown(found)}", position, hint=hint)


def _shown(found: str) -> str:
    return found if len(found) <= 30 else found[:30] + "…"


def _missing(error: UnexpectedInput) -> str:
    accepted: Collection[str] = getattr(error, "accepts", None) or ()
    return "a closing parenthesis is missing" if "RPAR" in accepted else "a value is missing"


def _end(text: str) -> ast.Position:
    lines = text.split("\n")
    return ast.Position(len(lines), len(lines[-1]) + 1)


def _mistake(
    message: str, position: ast.Position, *, hint: str = "", check: str = "expression-syntax"
) -> ExpressionMistakes:
    mistake = ExpressionMistake(message=message, line=position.line, column=position.column, hint=hint, check=check)
    return ExpressionMistakes((mistake,))
