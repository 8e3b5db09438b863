"""The benchmark of the expressions: nothing is left out, and what it measures is what the language gives."""

from __future__ import annotations

import polars as pl
import pytest
from benchmarks.expressions.__main__ import table
from benchmarks.expressions.measure import compiled, measured
from benchmarks.expressions.people import ATTRIBUTES, people, with_imported
from benchmarks.expressions.typical import expressions
from tests.unit.expressions.builders import called_functions

from unisono.expressions import imported_name
from unisono.expressions.functions import FAMILIES, FUNCTIONS
from unisono.expressions.registry import Function

_TYPICAL = [text for _, text in expressions()]


@pytest.fixture(scope="module")
def few() -> pl.DataFrame:
    return with_imported(people(40))


def test_every_function_and_form_has_a_typical_expression() -> None:
    called = {FUNCTIONS[name][0].name for text in _TYPICAL for name in called_functions(text)}
    assert {member.name for family in FAMILIES for member in family.members} - called == set()


def test_every_meaning_of_a_name_has_a_typical_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated = set()

    def noted(function: Function) -> Function:
        def columnar(*operands: object) -> None:
            evaluated.add(function.signature)

        return Function(**{name: getattr(function, name) for name in function.__slots__} | {"columnar": columnar})

    overloaded = {name: members for name, members in FUNCTIONS.items() if len(members) > 1}
    for name, members in overloaded.items():
        monkeypatch.setitem(FUNCTIONS, name, tuple(noted(m) for m in members if isinstance(m, Function)))
    for text in _TYPICAL:
        compiled(text)
    assert evaluated == {m.signature for members in overloaded.values() for m in members}


@pytest.mark.parametrize("text", _TYPICAL)
def test_a_typical_expression_reads_people_and_gives_values_as_by_rows(text: str, few: pl.DataFrame) -> None:
    expression = compiled(text)
    values = few.select(expression.value).to_series()
    reads_nobody = not expression.attributes | expression.imported
    assert not reads_nobody or text in ("Guid()", "RandomNum(100, 999)")
    assert values.null_count() <= 0.8 * few.height
    assert values.to_list() == [expression.evaluate(row, identity=row["id"]).value for row in few.to_dicts()]


def test_people_have_gaps_in_every_attribute_but_their_name(few: pl.DataFrame) -> None:
    assert [name for name in ATTRIBUTES if few[name].null_count() == 0] == ["dn"]
    assert few[imported_name("displayName")].null_count() >= few.height / 2


def test_a_measurement_tells_columns_from_rows(few: pl.DataFrame) -> None:
    ways = {
        text: measured("-", text, few).way for text in ("LCase([sn])", "CDate([startText])", "Thumbprint([objectGUID])")
    }
    assert list(ways.values()) == ["columns", "common", "rows"]


def test_the_table_shows_an_expression_with_its_bars_escaped(few: pl.DataFrame) -> None:
    shown = table([measured("Or", "[enabled] || IsPresent([mail])", few)])
    assert "| Or | `[enabled] \\|\\| IsPresent([mail])` | columns |" in shown
