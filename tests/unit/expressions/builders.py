"""Expressions over a small person, for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from unisono.expressions import Compiled, Environment, Result, ast, compile_expression
from unisono.expressions.parse import parse
from unisono.model.rules import Language
from unisono.model.schema import Attribute, AttributeType

ENVIRONMENT = Environment(
    now=datetime(2024, 2, 29, 12, 30, tzinfo=UTC), parameters={"Domain.FQDN": "example.org", "Domain.Netbios": "EX"}
)
PERSON = {
    attribute.name: attribute
    for attribute in (
        Attribute(name="mail"),
        Attribute(name="givenName"),
        Attribute(name="sn"),
        Attribute(name="tags", multivalued=True),
        Attribute(name="salary", type=AttributeType.INTEGER),
        Attribute(name="grades", type=AttributeType.INTEGER, multivalued=True),
        Attribute(name="enabled", type=AttributeType.BOOLEAN),
        Attribute(name="photo", type=AttributeType.BINARY),
        Attribute(name="hired", type=AttributeType.DATETIME),
        Attribute(name="dn", type=AttributeType.REFERENCE),
    )
}


def compiled(text: str, *, prefix: str = "") -> Compiled:
    return compile_expression(text, PERSON, ENVIRONMENT, prefix=prefix)


def called_functions(text: str, language: Language = Language.ENTRA) -> tuple[str, ...]:
    """The names of all calls in the text, as they are written."""
    calls = (node for node in ast.walk(parse(text, language)) if isinstance(node, ast.Call))
    return tuple(call.written or call.name for call in calls)


def people(*rows: dict[str, object]) -> pl.DataFrame:
    """A frame of persons; attributes that a row lacks are absent."""
    schema = {name: attribute.dtype for name, attribute in PERSON.items()}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def results(expression: Compiled, frame: pl.DataFrame) -> list[Result]:
    """What the expression gives for each row of the frame, by columns."""
    parts = {"value": expression.value, "error": expression.error, "marker": expression.marker}
    present = {name: part for name, part in parts.items() if part is not None}
    return [Result(**row) for row in frame.select(**present).to_dicts()]


def both(text: str, *rows: dict[str, object]) -> list[Result]:
    """What the text gives for persons, by columns and one by one, which must agree."""
    expression = compiled(text)
    by_columns = results(expression, people(*rows))
    assert by_columns == [expression.evaluate(row) for row in rows]
    return by_columns
