"""Mistakes in expressions: each has its place, says what is wrong and, where it can, what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.expressions.builders import ENVIRONMENT, PERSON, compiled, people, results

from unisono.expressions import ExpressionMistake, ExpressionMistakes, compile_expression


def mistakes(text: str) -> tuple[ExpressionMistake, ...]:
    with pytest.raises(ExpressionMistakes) as caught:
        compiled(text)
    return caught.value.mistakes


SYNTAX = [
    # text, line, column, message, hint
    ("", 1, 1, "the expression ends too early", "a value is missing"),
    ("Trim([mail]", 1, 12, "the expression ends too early", "a closing parenthesis is missing"),
    ("[mail] &\n& [sn]", 2, 1, "unexpected &", ""),
    ('"open', 1, 1, 'unexpected "', "the text that begins here has no closing quote"),
    ("[mail", 1, 1, "unexpected [", "an attribute name that begins here has no closing bracket"),
    ("'mail'", 1, 1, "unexpected '", "texts stand in double quotes"),
    ("[salary] / 2", 1, 10, "unexpected /", "there is no division"),
    ("1.5", 1, 2, "unexpected .", "numbers are whole numbers"),
    ('[mail] == "x"', 1, 9, "unexpected =", "write = for equal"),
    ('[mail] != "x"', 1, 8, "unexpected !", "write = False for not, and <> for not equal"),
    ("[enabled] and [enabled]", 1, 11, "unexpected and", "write && for and"),
    ("%Domain", 1, 1, "unexpected %", "a parameter is written %Name%"),
    ("Trim([mail]))", 1, 13, "unexpected )", ""),
    ("9223372036854775808", 1, 1, "the number is beyond 64 bits", ""),
    ("-9223372036854775809", 1, 1, "the number is beyond 64 bits", ""),
    ("\ufeff[mail]", 1, 1, "unexpected character U+FEFF", ""),
    ("1 +\n[mail\ud800]", 2, 6, "there is half a character", ""),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), SYNTAX, ids=[row[0] for row in SYNTAX])
def test_a_syntax_error_has_its_place_and_a_hint(text: str, line: int, column: int, message: str, hint: str) -> None:
    expected = ExpressionMistake(message=message, line=line, column=column, hint=hint, check="expression-syntax")
    assert mistakes(text) == (expected,)


MEANING = [
    # text, column, check, message, hint
    ("Lcase([mail])", 1, "unknown-function", "unknown function Lcase", "did you mean LCase?"),
    ("[Mail]", 1, "unknown-attribute", "unknown attribute [Mail]", "did you mean [mail]?"),
    ("[givenname]", 1, "unknown-attribute", "unknown attribute [givenname]", "did you mean [givenName]?"),
    ("%Domain.Fqdn%", 1, "unknown-parameter", "unknown parameter %Domain.Fqdn%", "did you mean %Domain.FQDN%?"),
    ("$x", 1, "unknown-variable", "unknown variable $x", "Select, Where and With name variables"),
    ("mail", 1, "unknown-name", "unknown name mail", "an attribute is written [mail]"),
    ("null", 1, "unknown-name", "unknown name null", "did you mean NULL?"),
    ("Left([mail])", 1, "wrong-arity", "Left takes 2 arguments, not 1", "Left(s, n)"),
    ("Now(1)", 1, "wrong-arity", "Now takes 0 arguments, not 1", "Now()"),
    ("Mid([mail])", 1, "wrong-arity", "Mid takes 2 to 3 arguments, not 1", "Mid(s, start[, n])"),
    (
        "Switch([enabled], 1, [enabled])",
        1,
        "wrong-arity",
        "Switch takes pairs of a condition and a result, not 3 arguments",
        "",
    ),
    (
        "Left([mail], [sn])",
        14,
        "wrong-type",
        "Left: n must be a number, not text",
        "CNum(…) makes a number of a text, and & joins texts",
    ),
    (
        "Len([salary])",
        5,
        "wrong-type",
        "Len: s must be text or a binary, not a number",
        "CStr(…) makes a text of a number",
    ),
    (
        "Trim([photo])",
        6,
        "wrong-type",
        "Trim: s must be text, not a binary",
        "ConvertToBase64(…) makes a text of a binary",
    ),
    (
        'FormatDateTime([mail], "yyyy")',
        16,
        "wrong-type",
        "FormatDateTime: date must be a date, not text",
        "CDate(…) makes a date of a text",
    ),
    (
        "IIF([salary], 1, 2)",
        5,
        "wrong-type",
        "a condition must be True or False, not a number",
        "compare it, as in … > 0, or use CBool(…)",
    ),
    (
        "IIF([enabled], 1, [mail])",
        1,
        "wrong-type",
        "the results have different types: a number and text",
        "convert with CStr(…), CNum(…) or CBool(…)",
    ),
    (
        "[salary] = [mail]",
        10,
        "wrong-type",
        "=: a number cannot be compared with text",
        "CStr(…), CNum(…) and CDate(…) convert",
    ),
    ("[photo] < [photo]", 9, "wrong-type", "<: binaries have no order", ""),
    (
        "[photo] & [mail]",
        9,
        "wrong-type",
        "&: a binary is joined only with a binary",
        "ConvertToBase64(…) makes a text of a binary",
    ),
    ("Error([salary])", 1, "wrong-type", "Error: text must be text, not a number", ""),
    (
        '[tags] = "a"',
        8,
        "multivalued",
        "=: a multivalued operand cannot be compared",
        "Contains(…) > 0 asks for a value, Item(…, 1) takes one",
    ),
    (
        "[tags] & [tags]",
        10,
        "multivalued",
        "& can be mapped over one multivalued argument, not over 2",
        "Item(…, 1) takes one value",
    ),
    (
        'Split([tags], ",")',
        1,
        "multivalued",
        "Split gives several values, so it cannot be mapped over a multivalued argument",
        "Item(…, 1) takes one value",
    ),
    (
        "IIF(IsGuid([tags]), 1, 2)",
        5,
        "multivalued",
        "a condition must be one value",
        "Contains(…) > 0 or Count(…) > 0 ask about several values",
    ),
    (
        "Select($v, [tags], [tags])",
        20,
        "multivalued",
        "Select: the result for one value must be one value",
        "Item(…, 1) takes one value",
    ),
    ('Select([mail], [tags], "x")', 8, "unknown-variable", "the first argument names a variable, as in $v", ""),
    (
        'InStr([mail], "@", 1, vbText)',
        23,
        "wrong-option",
        "InStr: compare must be vbBinaryCompare or vbTextCompare",
        "did you mean vbTextCompare?",
    ),
    ('Split([mail], ", ")', 15, "wrong-constant", "Split: exactly one character is needed", ""),
    (
        'DateAdd("day", 1, [hired])',
        9,
        "wrong-constant",
        "DateAdd: the interval must be one of yyyy, q, m, ww, d, y, w, h, n, s",
        "",
    ),
    (
        "Trim(IgnoreThisFlow)",
        6,
        "misplaced-marker",
        "IgnoreThisFlow may only be a result, not an argument or operand",
        "",
    ),
    (
        "NULL & AuthoritativeNull",
        8,
        "misplaced-marker",
        "AuthoritativeNull may only be a result, not an argument or operand",
        "",
    ),
    (
        "IIF(IIF([enabled], IgnoreThisFlow, True), 1, 2)",
        20,
        "misplaced-marker",
        "IgnoreThisFlow may only be a result, not an argument or operand",
        "",
    ),
    (
        "ValueCount([tags])",
        12,
        "wrong-option",
        "ValueCount takes the name of an attribute in quotes",
        'ValueCount("tags")',
    ),
    ('ValueCount("tag")', 12, "unknown-attribute", "unknown attribute [tag]", "did you mean [tags]?"),
    ("CBin([salary], 9)", 16, "wrong-constant", "CBin: the length must be from 1 to 8 bytes", ""),
]


@pytest.mark.parametrize(("text", "column", "check", "message", "hint"), MEANING, ids=[row[0] for row in MEANING])
def test_a_mistake_in_the_meaning_has_its_place_and_a_hint(
    text: str, column: int, check: str, message: str, hint: str
) -> None:
    expected = ExpressionMistake(message=message, line=1, column=column, hint=hint, check=check)
    assert [replace(mistake, attribute="") for mistake in mistakes(text)] == [expected]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    text = "IIF([salry] > 1,\n  Lcase([mail]),\n  Left(%Domain%, [sn]))"
    places = [(mistake.line, mistake.column, mistake.check) for mistake in mistakes(text)]
    assert places == [
        (1, 5, "unknown-attribute"),
        (2, 3, "unknown-function"),
        (3, 8, "unknown-parameter"),
        (3, 18, "wrong-type"),
    ]


def test_an_unknown_function_is_one_mistake_whatever_surrounds_it() -> None:
    assert [mistake.check for mistake in mistakes('Left(Trimm([mail]), 3) & "x" = "y"')] == ["unknown-function"]


def test_a_misspelt_form_does_not_make_its_variable_a_mistake() -> None:
    assert [mistake.check for mistake in mistakes('Selct($v, [tags], $v & "x")')] == ["unknown-function"]


@pytest.mark.parametrize("text", ["(" * 200 + "1" + ")" * 200, "Trim(" * 101 + "[mail]" + ")" * 101, "1" + "+1" * 101])
def test_an_expression_nested_too_deeply_is_refused(text: str) -> None:
    (mistake,) = mistakes(text)
    assert (mistake.check, mistake.message) == (
        "expression-too-deep",
        "the expression is nested deeper than 100 levels",
    )


def test_an_expression_that_is_too_long_is_refused() -> None:
    (mistake,) = mistakes('"' + "é" * 33_000 + '"')
    assert (mistake.check, mistake.message) == ("expression-too-long", "the expression is longer than 64 KiB")


def test_what_is_the_same_for_every_object_must_not_take_long() -> None:
    text = 'With($l, Split("a,b,c,d,e,f,g,h,i,j", ","), ' + "Count(Select($v, $l, " * 5 + "1" + "))" * 5 + ")"
    assert [(mistake.check, mistake.column) for mistake in mistakes(text)] == [("expression-too-large", 1)]


def test_zeros_in_front_of_a_number_are_no_digits_too_many() -> None:
    assert compiled("0" * 60 + "42").evaluate({}).value == 42
    assert compiled("-" + "0" * 60 + "42").evaluate({}).value == -42


def test_of_a_thousand_mistakes_only_the_first_have_suggestions() -> None:
    found = mistakes(" & ".join(["[Mail]"] * 1000))
    assert [mistake.hint for mistake in found] == ["did you mean [mail]?"] * 20 + [""] * 980


def test_what_follows_from_the_time_is_judged_when_the_time_is_known() -> None:
    text = 'PadLeft([mail], 9, IIF(Now() < CDate("2024-03-01"), "x", "xy"))'
    later = replace(ENVIRONMENT, now=ENVIRONMENT.now + timedelta(days=1))
    row: dict[str, object] = {"mail": "a@b"}
    now, then = (compile_expression(text, PERSON, environment) for environment in (ENVIRONMENT, later))
    assert now.evaluate(row).value == "xxxxxxa@b"
    assert then.evaluate(row).error == "PadLeft: exactly one character is needed"
    for expression in (now, then):
        assert results(expression, people(row)) == [expression.evaluate(row)]


def test_many_operands_of_one_operator_are_not_deep() -> None:
    assert compiled(" || ".join(["[enabled]"] * 500)).evaluate({"enabled": False}).value is False


def test_the_exception_names_the_first_mistake_and_how_many_follow() -> None:
    with pytest.raises(ExpressionMistakes, match=r"^line 1, column 1: unknown attribute \[a\] \(and 1 more\)$"):
        compiled("[a] & [b]")


WARNINGS = [
    ("[enabled] && [enabled] || [enabled]", ["mixed-operators"]),
    ("([enabled] && [enabled]) || [enabled]", []),
    ("[enabled] || [enabled] || [enabled]", []),
    ('FormatDateTime(Now(), "yyyy")', ["not-deterministic"]),
    ("[hired] < Now()", []),
    ("([enabled] && [enabled] || [enabled]) = ([hired] < Now())", ["mixed-operators"]),
    ('IIF([hired] < DateAdd("d", -90, Now()), "old", "new")', []),
    ("Guid()", ["not-deterministic"]),
    ("RandomNum(1, 6) > 3", ["not-deterministic"]),
    ('LCase([mail]) = "Sales"', ["wrong-case"]),
    ('"sales" <> UpperCase([mail])', ["wrong-case"]),
    ('LCase([mail]) = "sales" && UCase([sn]) <> "A-1"', []),
]


@pytest.mark.parametrize(("text", "checks"), WARNINGS, ids=[row[0] for row in WARNINGS])
def test_what_may_surprise_is_a_warning(text: str, checks: list[str]) -> None:
    assert [warning.check for warning in compiled(text).warnings] == checks


def test_the_grammar_is_loaded_once_for_all_expressions() -> None:
    first = compile_expression("[mail]", PERSON, ENVIRONMENT)
    assert compile_expression("[mail]", PERSON, ENVIRONMENT).attributes == first.attributes
