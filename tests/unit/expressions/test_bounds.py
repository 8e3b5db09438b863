"""Texts made to keep a program busy: each ends soon, with a result or with mistakes that have a place."""

from __future__ import annotations

import time

import polars as pl
import pytest
from tests.unit.expressions.builders import ENVIRONMENT

from unisono.expressions import Compiled, ExpressionMistakes, compile_expression
from unisono.model.rules import Language
from unisono.model.schema import Attribute

_ATTRIBUTES = {"a": Attribute(name="a"), "b": Attribute(name="b", multivalued=True)}
_LENGTH = 65_000
_LIMIT_S = 20  # of CPU time; the slowest takes some seconds where nothing else runs
_ROWS = 100

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
    "names that nobody knows": "&".join(f"Trmi([x{number}])" for number in range(_LENGTH // 20)),
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


def _compiled(text: str, language: Language) -> Compiled | None:
    """None: there are mistakes in it."""
    try:
        return compile_expression(text, _ATTRIBUTES, ENVIRONMENT, language=language, several=True)
    except ExpressionMistakes:
        return None
