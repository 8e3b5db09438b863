"""The evaluation of an expression, and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unisono.cli.failures import WrittenMistake


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedStep:
    """A part of an expression. Arguments that are literals or variables are no parts: they stand in the text.

    ``parts`` are the parts inside. A part that is evaluated for each of several values has ``values`` in its place, the
    first ten and the one that fails; ``unlisted`` is how many there are beside.
    """

    expression: str  # the part as text
    type: str | None  # null: it never gives a value
    multivalued: bool
    outcome: str  # value, error, authoritative-null, ignore, not-evaluated
    value: Any  # Any: of any type
    error: str | None
    variable: str | None  # of With: what the result is called
    parts: tuple[EvaluatedStep, ...]
    values: tuple[EvaluatedValue, ...]
    unlisted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedValue:
    """One of several values, with the step for it, in whose text ``name`` stands for the value."""

    name: str
    value: Any  # Any: of any type
    step: EvaluatedStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an expression gave for an object. With an error or a marker ``value`` is null; a binary is base64."""

    expression: str
    language: str  # entra, mim
    type: str | None  # null: it never gives a value
    multivalued: bool
    outcome: str  # value, error, authoritative-null, ignore
    value: Any  # Any: of any type
    error: str | None
    warnings: tuple[WrittenMistake, ...]
    steps: EvaluatedStep  # the whole expression
