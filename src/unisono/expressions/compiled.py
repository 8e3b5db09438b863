"""An expression ready to be evaluated, on one object or on a whole frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import polars as pl

from unisono.expressions import typed
from unisono.expressions.check import Surroundings, check
from unisono.expressions.columnar import Column, Naming, compile_node
from unisono.expressions.kinds import TEXT_LIKE, Kind
from unisono.expressions.mistakes import ExpressionMistake
from unisono.expressions.parse import parse
from unisono.expressions.rowwise import Evaluator, Scope, evaluator, outcome
from unisono.expressions.values import IDENTITY, Result
from unisono.model.rules import Language
from unisono.model.schema import Attribute, AttributeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What an expression knows beside the object: the time of the run (aware, UTC) and the ``%parameters%``.

    What looks random follows from ``seed`` and the object: the order and the partitions of a run do not matter to it.
    """

    now: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)
    seed: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.now.utcoffset() != timedelta(0):
            raise ValueError("the environment's time must be aware and in UTC")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compiled:
    """A checked expression in both forms, which agree for every object.

    The expressions ``value``, ``error`` and ``marker`` have one row per row of the frame that they are used on; they
    never raise, whatever values the frame holds. Value and error share their parts: a lazy frame evaluates those once,
    an eager one once for each expression; what has to be evaluated row by row is evaluated for each in both. Lists are
    as computed, neither sorted nor free of duplicates.
    """

    text: str
    type: AttributeType | None  # None: it never gives a value
    multivalued: bool
    attributes: frozenset[str]  # that it reads
    imported: frozenset[str]  # attributes of the target object that it reads as they were last imported
    value: pl.Expr  # null where the value is NULL, where there is an error, and where the marker is set
    error: pl.Expr | None  # text; null where all is well. None: cannot fail
    marker: pl.Expr | None  # "authoritative-null", "ignore" or null. None: never marked
    warnings: tuple[ExpressionMistake, ...] = ()
    _evaluator: Evaluator = field(repr=False)

    def evaluate(self, row: Mapping[str, object], *, identity: int = 0) -> Result:
        """The result for one object: attribute values by name (without prefix), those that lack are NULL."""
        scope = cast("Scope", {**row, IDENTITY: identity})
        return outcome(lambda: self._evaluator(scope))

    @property
    def kind(self) -> Kind:
        return Kind(self.type, self.multivalued)


def compile_expression(
    text: str,
    attributes: Mapping[str, Attribute],
    environment: Environment,
    *,
    imported: Mapping[str, Attribute] | None = None,
    several: bool = False,
    language: Language = Language.ENTRA,
    site: str = "",
    prefix: str = "",
) -> Compiled:
    """Parse and check ``text`` and prepare both evaluators.

    ``attributes`` are those that the expression may read, by name; in a frame, the column of an attribute is
    ``prefix`` and its name, in the attribute's Polars type, and the column ``id`` (integers) tells the objects apart.
    ``imported``: the same of the target object for ``ImportedValue``, under the columns of ``imported_name``, none
    where there is no target; None where the object itself is one that was imported. ``several``: the result goes where
    several values may be. ``site`` tells the expression from all others of the project, so that no two draw the same
    chances. Raises ``ExpressionMistakes``.
    """
    surroundings = Surroundings(
        attributes=attributes,
        imported=imported,
        parameters=environment.parameters,
        now=environment.now,
        seed=environment.seed + site.encode(),
        several=several,
    )
    node, warnings = check(parse(text, language), surroundings)
    value, error, marker = _of_height(compile_node(node, Naming(prefix=prefix)))
    return Compiled(
        text=text,
        type=node.kind.scalar,
        multivalued=node.kind.multivalued,
        attributes=typed.attributes(node),
        imported=typed.imported(node),
        value=value,
        error=error,
        marker=marker,
        warnings=warnings,
        _evaluator=evaluator(node),
    )


def _of_height(column: Column) -> tuple[pl.Expr, pl.Expr | None, pl.Expr | None]:
    """Value, error and marker for each row, only one of them set."""
    value, error, marker = column.value, column.error, column.marker
    if error is not None:
        error = _for_each_row(error)
        value = value if column.null_on_error else pl.when(error.is_null()).then(value)
        marker = None if marker is None else pl.when(error.is_null()).then(marker)
    return _for_each_row(value), error, None if marker is None else _for_each_row(marker)


def _for_each_row(expression: pl.Expr) -> pl.Expr:
    if expression.meta.root_names():
        return expression
    return pl.when(pl.int_range(pl.len()) >= 0).then(expression)


def check_assignable(compiled: Compiled, attribute: Attribute) -> str | None:
    """Why the result cannot flow to the attribute, or None.

    References and texts flow to each other, NULL to everything, and a single value to a multivalued attribute (as a
    list of one).
    """
    given, target = compiled.kind, Kind(attribute.type, attribute.multivalued)
    fits = given.scalar in (None, target.scalar) or {given.scalar, target.scalar} <= TEXT_LIKE
    if not fits or (given.multivalued and not target.multivalued):
        return f"the expression gives {given}, but {attribute.name} is {target}"
    return None


def check_condition(compiled: Compiled) -> str | None:
    """Why the expression cannot be a condition, or None: it must give True or False, or a number."""
    fits = compiled.type in (None, AttributeType.BOOLEAN, AttributeType.INTEGER) and not compiled.multivalued
    return None if fits else f"a condition must be True or False, not {compiled.kind}"


def conditional(compiled: Compiled) -> pl.Expr:
    """Whether the condition holds, for each row: null and errors count as False, a number other than 0 as True.

    Raises ``ValueError`` for what ``check_condition`` refuses.
    """
    if refusal := check_condition(compiled):
        raise ValueError(refusal)
    match compiled.type:
        case AttributeType.BOOLEAN:
            return compiled.value.fill_null(value=False)
        case AttributeType.INTEGER:
            return (compiled.value != 0).fill_null(value=False)
        case _:
            return compiled.value.is_not_null()
