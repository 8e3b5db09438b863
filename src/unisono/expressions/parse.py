"""Text to tree, in either way of writing the language, within bounds.

The grammars are LALR: neither a long nor a deeply nested text makes the parser recurse. The grammar library is loaded
when the first expression is parsed.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from unisono.expressions import ast, grammar, portal_grammar
from unisono.expressions.mistakes import ExpressionMistakes, syntax_mistake
from unisono.model.rules import Language

if TYPE_CHECKING:
    from lark import Lark, UnexpectedInput

MOST_TEXT_BYTES = 64 * 1024
_REMEMBERED = 2_000  # texts; a project with more of them parses some again

_GRAMMARS = {Language.ENTRA: grammar.ENTRA, Language.MIM: portal_grammar.MIM}


@lru_cache(maxsize=_REMEMBERED)
def parse(text: str, language: Language = Language.ENTRA) -> ast.Expression:
    """The tree of ``text``; raises ``ExpressionMistakes`` with the first syntax error.

    Trees do not change, so the rules of a project are parsed once by a process, however many steps it runs.
    """
    if len(text) > MOST_TEXT_BYTES or len(text.encode(errors="replace")) > MOST_TEXT_BYTES:
        raise syntax_mistake("the expression is longer than 64 KiB", 1, 1, check="expression-too-long")
    from lark import UnexpectedInput

    try:
        return cast("ast.Expression", _parser(language).parse(text))
    except UnexpectedInput as error:
        raise _unexpected(text, error, _GRAMMARS[language]) from None


def called_functions(text: str, language: Language = Language.ENTRA) -> tuple[str, ...]:
    """The names of all calls in the text, as they are written; raises ``ExpressionMistakes``."""
    return tuple(node.name for node in ast.walk(parse(text, language)) if isinstance(node, ast.Call))


@cache
def _parser(language: Language) -> Lark:
    from lark import Lark

    chosen = _GRAMMARS[language]
    return Lark(chosen.rules, parser="lalr", transformer=chosen.builder, maybe_placeholders=False)


def _unexpected(text: str, error: UnexpectedInput, read: grammar.Grammar) -> ExpressionMistakes:
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return syntax_mistake("the expression ends too early", *_end(text), hint=_missing(error))
    start = cast("int", error.pos_in_stream)
    found = text[start] if token is None else str(token)
    doubled = found == "=" and text[:start].rstrip().endswith("=")
    hint = read.hints.get("==" if doubled else found.lower(), "")
    return syntax_mistake(f"unexpected {_shown(found)}", error.line, error.column, hint=hint)


def _shown(found: str) -> str:
    return found if len(found) <= 30 else found[:30] + "…"


def _missing(error: UnexpectedInput) -> str:
    accepted: Collection[str] = getattr(error, "accepts", None) or ()
    return "a closing parenthesis is missing" if "RPAR" in accepted else "a value is missing"


def _end(text: str) -> tuple[int, int]:
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1
