"""Texts made to keep a program busy: each ends soon, with a result or with mistakes that have a place."""

from __future__ import annotations

import time

import polars as pl
import pytest
from tests.unit.expressions.builders import ENVIRONMENT

from unisono.expressions import Compiled, ExpressionMistakes, compile_expression
from unisono.model.rules import Language
from unisono.model.schema import Attribute

_ATTRIBUTES = {
    **{name: Attribute(name=name) for name in ("a", *(f"extensionAttribute{number}" for number in range(300)))},
    "b": Attribute(name="b", multivalued=True),
}
_LENGTH = 65_000
_LIMIT_S = 20  # of CPU time; the slowest takes some seconds where nothing else runs
_ROWS = 20

NASTY = {
    "quotes": '"' * _LENGTH,
    "a text without an end": '"' + "\\" * _LENGTH,
    "opening parentheses": "(" * _LENGTH,
    "parentheses": "(" * (_LENGTH // 2) + "1" + ")" * (_LENGTH // 2),
    "an attribute without an end": "[" + "a" * _LENGTH,
    "hexadecimal digits": "&H" + "F" * _LENGTH,
    "decimal digits": "9" * _LENGTH,
    "signs": "-" * _LENGTH,
    "white space": " " * _LENGTH,
    "a sum": "+".join(["1"] * (_LENGTH // 2)),
    "a product": "*".join(["2"] * (_LENGTH // 2)),
    "a joined text": "&".join(["[a]"] * (_LENGTH // 4)),
    "comparisons": "=".join(["1"] * (_LENGTH // 2)),
    "conditions": "||".join(["True && False"] * (_LENGTH // 16)),
    "calls without an end": "Trim(" * (_LENGTH // 5),
    "many arguments": "Concatenate(" + ",".join(["a"] * (_LENGTH // 2)) + ")",
    "many cases": "Switch(" + ",".join(['[a] = "x"', '"y"'] * (_LENGTH // 14)) + ")",
    "branches in branches": "IIF(" * 95 + "True" + ",True,False)" * 95,
    "variables that double": "With($v," * 95 + "[a]" + ",$v & $v)" * 95,
    "a text that grows": "Replace(" * 60 + "[a]" + ',"a","aaaa")' * 60,
    "lengths in lengths": 'Mid("abc", 1, ' * 60 + "1 + a" + ")" * 60,
    "lists in lists": "Select($v,[b]," * 60 + "$v" + ")" * 60,
    "one list in itself": 'With($l,Split("a,b,c,d",","),' + "Count(Select($v,$l," * 40 + "1" + "))" * 40 + ")",
    "one list in itself, one word for each": "Count(Select($v,[b]," * 40 + "1" + "))" * 40,
    "a list of long texts": 'Select($v,Split(PadLeft("",100,","),","),PadLeft($v,1000000,"y"))',
    "a long list of long texts": 'Select($v,Split(PadLeft("",1000000,","),","),PadLeft($v,1000000,"y"))',
    "dates in formats": "DateTimeFormat(" * 95 + "a" + ',"yyyy")' * 95,
    "logic in logic": "And(" * 98 + "True" + ",False)" * 98,
    "alternatives in alternatives": "Or(" * 49 + 'Eq(a,"x")' + ',Eq(a,"y"))' * 49,
    "errors after errors": " && ".join(["CNum([a]) > 1"] * (_LENGTH // 17)),
    "errors after errors, by name": "And(" + ",".join(["GreaterThan(CNum(a),1)"] * (_LENGTH // 23)) + ")",
    "names that nobody knows": "&".join(f"Trmi([x{number}])" for number in range(_LENGTH // 20)),
    "attributes that nobody knows": "+".join(f"x{number}" for number in range(_LENGTH // 7)),
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_no_text_keeps_a_run_busy(text: str, language: Language) -> None:
    started = time.process_time()
    compiled = _compiled(text, language)
    if compiled is not None:
        frame = pl.DataFrame({"a": ["a" * 100] * _ROWS, "b": [["a"] * 10] * _ROWS, "id": range(_ROWS)})
        error = pl.lit(None) if compiled.error is None else compiled.error
        assert frame.select(compiled.value, error=error).height == _ROWS
    assert time.process_time() - started < _LIMIT_S


_DEEP = {
    "every": "And(IsPresent({}), True)",
    "any": "Or(IsPresent({}), True)",
    "not": "Not(IsPresent({}))",
    "equal": 'Eq(CStr({}), "a")',
    "joined": 'Concatenate({}, "a")',
    "date": 'DateTimeFormat({}, "yyyy")',
    "choice": 'IIF({} = "a", "b", "c")',
    "switch": 'Switch({} = "a", "b")',
    "present": "IsPresent({})",
    "variable": "With($v, {}, $v)",
    "result": 'With($v, "a", {})',
    "each": "Item(Select($v, {}, $v), 1)",
    "filter": 'Item(Where($v, {}, $v = "a"), 1)',
    "condition": "Item(Where($v, [b], {} = $v), 1)",
    "error": "Error({})",
    "function": "Trim({})",
    "mapped": 'Item(Trim(Split({}, ",")), 1)',
    "operator": '("a" & {})',
}


@pytest.mark.parametrize("form", _DEEP.values(), ids=_DEEP.keys())
@pytest.mark.parametrize("levels", [20, 30, 32, 33, 40, 48, 49, 50, 64, 80, 95, 98, 99, 100])
def test_a_deep_expression_is_evaluated_or_a_mistake(form: str, levels: int) -> None:
    text = "[a]"
    for _ in range(levels):
        text = form.replace("{}", text)
    compiled = _compiled(text, Language.ENTRA)
    if compiled is None:
        assert {mistake.check for mistake in _mistakes(text).mistakes} == {"expression-too-deep"}
        return
    frame = pl.DataFrame({"a": ["x"], "b": [["x"]], "id": [1]}).select(compiled.value)
    assert frame.to_series().to_list() == [compiled.evaluate({"a": "x", "b": ["x"]}, identity=1).value]


def test_lists_within_lists_have_an_end() -> None:
    compiled = compile_expression("Count(Select($v,[b]," * 6 + "1" + "))" * 6, _ATTRIBUTES, ENVIRONMENT)
    rows = [{"b": ["x"] * 3}, {"b": ["x"] * 10}]
    one_by_one = [compiled.evaluate(row) for row in rows]
    assert [(result.value, result.error) for result in one_by_one] == [
        (3, None),
        (None, "lists within lists have too many values together"),
    ]
    assert compiled.error is not None
    frame = pl.DataFrame(rows).select(value=compiled.value, error=compiled.error)
    assert frame.rows() == [(result.value, result.error) for result in one_by_one]


def test_texts_of_a_list_are_bounded_together() -> None:
    text = 'Count(Select($v, [b], PadLeft($v, 1000000, "y")))'
    compiled = compile_expression(text, _ATTRIBUTES, ENVIRONMENT)
    rows = [{"b": ["x"] * 60}, {"b": ["x"] * 70}]
    one_by_one = [compiled.evaluate(row) for row in rows]
    assert [(result.value, result.error) for result in one_by_one] == [
        (60, None),
        (None, "the results for all values together are longer than 64 MiB"),
    ]
    assert compiled.error is not None
    frame = pl.DataFrame(rows).select(value=compiled.value, error=compiled.error)
    assert frame.rows() == [(result.value, result.error) for result in one_by_one]


def _mistakes(text: str) -> ExpressionMistakes:
    with pytest.raises(ExpressionMistakes) as raised:
        compile_expression(text, _ATTRIBUTES, ENVIRONMENT, several=True)
    return raised.value


def _compiled(text: str, language: Language) -> Compiled | None:
    """None: there are mistakes in it."""
    try:
        return compile_expression(text, _ATTRIBUTES, ENVIRONMENT, language=language, several=True)
    except ExpressionMistakes:
        return None
