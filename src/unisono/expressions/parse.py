"""Text to tree, in either way of writing the language, within bounds.

The grammars are LALR: neither a long nor a deeply nested text makes the parser recurse. The grammar library is loaded
when the first expression is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from unisono.expressions import ast, grammar, portal_grammar
from unisono.expressions.mistakes import ExpressionMistakes, syntax_mistake
from unisono.model.rules import Language

if TYPE_CHECKING:
    from lark import Lark, UnexpectedInput

MOST_TEXT_BYTES = 64 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")
_REMEMBERED = 2_000  # texts; a project with more of them parses some again

_GRAMMARS = {Language.ENTRA: grammar.ENTRA, Language.MIM: portal_grammar.MIM}


@lru_cache(maxsize=_REMEMBERED)
def parse(text: str, language: Language = Language.ENTRA) -> ast.Expression:
    """The tree of ``text``; raises ``ExpressionMistakes`` with the first syntax error.

    Trees do not change, so the rules of a project are parsed once by a process, however many steps it runs.
    """
    if len(text) > MOST_TEXT_BYTES or len(text.encode(errors="replace")) > MOST_TEXT_BYTES:
        raise syntax_mistake("the expression is longer than 64 KiB", 1, 1, check="expression-too-long")
    if half := _SURROGATE.search(text):
        raise syntax_mistake("there is half a character", *_place(text, half.start()))
    from lark import UnexpectedInput

    try:
        return cast("ast.Expression", _parser(language).parse(text))
    except UnexpectedInput as error:
        raise _unexpected(text, error, _GRAMMARS[language]) from None


@cache
def _parser(language: Language) -> Lark:
    from lark import Lark

    chosen = _GRAMMARS[language]
    return Lark(chosen.rules, parser="lalr", transformer=chosen.builder, maybe_placeholders=False)


def _unexpected(text: str, error: UnexpectedInput, read: grammar.Grammar) -> ExpressionMistakes:
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return syntax_mistake("the expression ends too early", *_place(text, len(text)), hint=_missing(error))
    start = cast("int", error.pos_in_stream)
    found = text[start] if token is None else str(token)
    doubled = found == "=" and text[:start].rstrip().endswith("=")
    hint = read.hints.get("==" if doubled else found.lower(), "")
    return syntax_mistake(f"unexpected {_shown(found)}", error.line, error.column, hint=hint)


def _shown(found: str) -> str:
    if len(found) == 1 and not found.isprintable():
        return f"character U+{ord(found):04X}"
    return found if len(found) <= 30 else found[:30] + "…"


def _missing(error: UnexpectedInput) -> str:
    accepted: Collection[str] = getattr(error, "accepts", None) or ()
    return "a closing parenthesis is missing" if "RPAR" in accepted else "a value is missing"


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column."""
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1
