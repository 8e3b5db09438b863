"""The reference page of the language says what the functions do."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from pathlib import Path

import pytest
from tests.unit.expressions.examples import compiled, evaluated

from unisono.expressions import Result
from unisono.expressions.functions import FAMILIES
from unisono.expressions.grammar import quoted
from unisono.expressions.reference import page
from unisono.model.schema import AttributeType

MEMBERS = list(chain.from_iterable(family.members for family in FAMILIES))
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "expressions.md"


def test_the_reference_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write unisono.expressions.reference.page() to the file"


def _written(result: Result, type_: AttributeType | None) -> str:
    """A result as the examples write it."""
    if result.error is not None:
        return f"!error {quoted(result.error.removeprefix('Item: '))}"
    match result.value:
        case str() as text:
            return f"ref:{quoted(text)}" if type_ is AttributeType.REFERENCE else quoted(text)
        case bytes() as binary:
            return f"0x{binary.hex().upper()}"
        case datetime() as date:
            return f"{date:%Y-%m-%dT%H:%M:%SZ}"
        case list() as values:
            return f"[{', '.join(_written(Result(value=value), type_) for value in values)}]"
        case None:
            return "NULL"
        case value:
            return str(value)


@pytest.mark.parametrize("example", [example for member in MEMBERS for example in member.examples])
def test_every_example_of_the_documentation_holds(example: str) -> None:
    text, _, expected = example.partition(" => ")
    expression = compiled(text)
    assert _written(evaluated(expression), expression.type) == expected


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.signature)
def test_every_function_has_a_sentence_and_an_example_that_calls_it(member: object) -> None:
    summary, examples, name = (getattr(member, part) for part in ("summary", "examples", "name"))
    assert summary.endswith(".")
    assert any(f"{name}(" in example for example in examples)
