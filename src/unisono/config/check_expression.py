"""Expressions of a project against the attributes they may read, with places in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from unisono.config.checks import Check
from unisono.config.known import Readable
from unisono.config.locate import At
from unisono.expressions import Compiled, Environment, ExpressionMistake, ExpressionMistakes, compile_expression
from unisono.model.errors import Mistake
from unisono.model.rules import Expression
from unisono.model.schema import ObjectType

#: Why the value of an expression does not fit where it goes, or None.
Fits = Callable[[Compiled], str | None]

# Any time will do: no check depends on what follows from it.
_NOW = datetime(2000, 1, 1, tzinfo=UTC)


def expression_mistakes(
    expression: Expression,
    at: At,
    readable: Readable,
    parameters: Mapping[str, str],
    fits: Fits,
    *,
    several: bool = False,
) -> Iterator[Mistake]:
    """Mistakes and warnings of the expression that stands ``at`` a place in a file.

    ``several``: the result goes where several values may be.
    """
    compiled = _compiled(expression, readable, parameters, several=several)
    if isinstance(compiled, ExpressionMistakes):
        for mistake in compiled.mistakes:
            yield _placed(mistake, at, readable.object_type)
        return
    for warning in compiled.warnings:
        yield _placed(warning, at, readable.object_type, severity="warning")
    problem = fits(compiled)
    if problem:
        yield Mistake(check=Check.EXPRESSION_TYPE, message=problem, place=at.character_place(1, 1))


def _compiled(
    expression: Expression, readable: Readable, parameters: Mapping[str, str], *, several: bool
) -> Compiled | ExpressionMistakes:
    environment = Environment(now=_NOW, parameters=parameters)
    try:
        return compile_expression(
            expression.text,
            readable.attributes,
            environment,
            imported=readable.imported,
            several=several,
            language=expression.language,
        )
    except ExpressionMistakes as mistakes:
        return mistakes


def _placed(mistake: ExpressionMistake, at: At, object_type: ObjectType, *, severity: str = "error") -> Mistake:
    place = at.character_place(mistake.line, mistake.column)
    told = in_project(mistake, object_type)
    return Mistake(check=told.check, message=told.message, place=place, hint=told.hint, severity=severity)


def in_project(mistake: ExpressionMistake, object_type: ObjectType) -> ExpressionMistake:
    """The mistake as a project tells it: with its own names of checks, and with references known as such."""
    name = mistake.attribute
    if name in object_type and object_type[name].is_reference:
        message = f"the reference {name!r} cannot be part of an expression"
        hint = "references flow directly, to references"
        return replace(mistake, check=Check.REFERENCE_FLOW.value, message=message, hint=hint)
    # The keys of a file have a check of that name already.
    return replace(mistake, check=Check.EXPRESSION_TYPE.value) if mistake.check == Check.WRONG_TYPE else mistake
