r"""The language of the MIM portal, as the same tree (configuration specification §11.3, §13.6, §13.7).

Attributes and workflow parameters are bare words, and ``+`` joins texts; everything else is a function. In a text a
backslash is a backslash: ``"CONTOSO\" + accountName``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from unisono.expressions import ast
from unisono.expressions.grammar import Builder, Grammar, position_of

if TYPE_CHECKING:
    from lark import Token

_RULES = r"""
?start: joined
?joined: primary | primary (PLUS primary)+ -> joining
?primary: TEXT -> text
    | DIGITS -> number
    | MINUS DIGITS -> negative
    | HEXADECIMAL -> hexadecimal
    | NAME -> word
    | NAME "(" arguments ")" -> call
    | "(" joined ")" -> parenthesized
arguments: [joined ("," joined)*]

PLUS: "+"
MINUS: "-"
TEXT: /"[^"]*"/
DIGITS: /[0-9]+/
HEXADECIMAL.2: /0[xX][0-9A-Fa-f]+/
NAME: /[A-Za-z_][A-Za-z0-9_.;\-]*/
%ignore /[ \t\r\n\u00a0]+/
"""

_HINTS = {
    '"': "the text that begins here has no closing quote",
    "[": "in this language an attribute is written without brackets",
    "&": "in this language + joins texts",
    "%": "in this language a parameter is written by its name alone",
    "'": "texts stand in double quotes",
    "“": "texts stand in straight double quotes",
    "”": "texts stand in straight double quotes",
    "=": "write Eq(a, b)",
    "==": "write Eq(a, b)",
    "<": "write LessThan(a, b)",
    ">": "write GreaterThan(a, b)",
    ".": "numbers are whole numbers",
}


class _Builder(Builder):
    """What is written differently; the rest is the same."""

    def text(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.Literal(position=position_of(parts[0]), value=parts[0][1:-1])

    def word(self, parts: Sequence[Token]) -> ast.Expression:
        return ast.Word(position=position_of(parts[0]), name=str(parts[0]))

    def joining(self, parts: Sequence[ast.Expression | Token]) -> ast.Expression:
        joined = [cast("Token", part).update(value="&") if place % 2 else part for place, part in enumerate(parts)]
        return self.operations(joined)

    def call(self, parts: tuple[Token, tuple[ast.Expression, ...]]) -> ast.Call:
        call = super().call(parts)
        if call.name != "Mid" or len(call.arguments) != _ARGUMENTS_OF_MID or _is_count(call.arguments[-1]):
            return call
        return replace(call, name="MidOrEmpty", written=call.name)


_ARGUMENTS_OF_MID = 3


def _is_count(length: ast.Expression) -> bool:
    """Whether it is plain to see that the length is not negative, the one case in which the two ``Mid`` differ."""
    return isinstance(length, ast.Literal) and isinstance(length.value, int) and length.value >= 0


MIM = Grammar(rules=_RULES, builder=_Builder(), hints=_HINTS)
