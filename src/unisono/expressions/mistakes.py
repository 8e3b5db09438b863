"""Mistakes in the text of an expression, found when it is compiled."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.model.errors import UnisonoError


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionMistake:
    """One mistake; line and column count from 1, in characters, inside the expression's text.

    ``check`` is the stable id of the check that found it, ``attribute`` what was read and does not exist.
    """

    message: str
    line: int
    column: int
    hint: str = ""
    check: str
    attribute: str = ""


class ExpressionMistakes(UnisonoError):
    """An expression that cannot be used, with all its mistakes in the order of the text."""

    def __init__(self, mistakes: tuple[ExpressionMistake, ...]) -> None:
        first = mistakes[0]
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        super().__init__(f"line {first.line}, column {first.column}: {first.message}{more}")
        self.mistakes = mistakes


def syntax_mistake(
    message: str, line: int, column: int, *, hint: str = "", check: str = "expression-syntax"
) -> ExpressionMistakes:
    """The one mistake that ends parsing."""
    mistake = ExpressionMistake(message=message, line=line, column=column, hint=hint, check=check)
    return ExpressionMistakes((mistake,))
