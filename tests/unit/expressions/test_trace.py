"""The steps of an evaluation: the same result, every part with what it gave, and what was not asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.unit.expressions import test_examples, test_portal_examples
from tests.unit.expressions.examples import ATTRIBUTES, ENVIRONMENT, IMPORTED, IMPORTED_ATTRIBUTES, OBJECT

from unisono.expressions import (
    Environment,
    ExpressionMistakes,
    Result,
    Step,
    Trace,
    compile_expression,
    imported_name,
    trace_expression,
)
from unisono.expressions.trace import MOST_VALUES, MOST_VALUES_TOGETHER
from unisono.model.rules import Language


def traced(text: str, row: dict[str, object] | None = None, *, several: bool = False) -> Trace:
    return trace_expression(text, row or OBJECT, ATTRIBUTES, ENVIRONMENT, several=several, identity=1)


def lines(step: Step, depth: int = 0) -> Iterator[str]:
    """The tree as lines: indented text, and what it gave."""
    name = f"{step.variable} = " if step.variable else ""
    yield "  " * depth + f"{name}{step.text}: {_given(step.result)}"
    for part in step.parts:
        yield from lines(part, depth + 1)
    for each in step.values:
        yield "  " * (depth + 1) + f"{each.name} is {each.value!s}: {_given(each.step.result)}"
        for part in each.step.parts:
            yield from lines(part, depth + 2)


def _given(result: Result | None) -> object:
    if result is None:
        return "-"
    return f"!{result.error}" if result.error is not None else result.marker or result.value


@pytest.mark.parametrize("text", [text for text, _ in test_examples.EXAMPLES])
def test_the_whole_gives_what_the_evaluator_gives(text: str) -> None:
    trace, compiled = traced(text), compile_expression(text, ATTRIBUTES, ENVIRONMENT)
    assert trace.result == compiled.evaluate(OBJECT, identity=1)
    assert trace.root.kind == compiled.kind
    assert trace.warnings == compiled.warnings


@pytest.mark.parametrize("text", [text for text, _ in test_portal_examples.EXAMPLES])
def test_a_formula_of_the_portal_gives_what_the_evaluator_gives(text: str) -> None:
    environment = replace(ENVIRONMENT, parameters={"Domain": "contoso"})
    attributes, person = test_portal_examples.ATTRIBUTES, test_portal_examples.PERSON
    trace = trace_expression(text, person, attributes, environment, language=Language.MIM, identity=1)
    compiled = compile_expression(text, attributes, environment, language=Language.MIM)
    assert trace.result == compiled.evaluate(person, identity=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1 + 2 * 3", ["(1 + 2) * 3: 9", "  1 + 2: 3"], id="constants-are-not-folded"),
        pytest.param(
            'IIF(IsPresent([mail]), LCase([mail]), "none")',
            [
                'IIF(IsPresent([mail]), LCase([mail]), "none"): none',
                "  IsPresent([mail]): False",
                "    [mail]: None",
                "  LCase([mail]): -",
                '  "none": none',
            ],
            id="a-branch-that-is-not-taken",
        ),
        pytest.param(
            'Switch(IsNull([mail]), "a", [city] = "Rome", Error("b"))',
            [
                'Switch(IsNull([mail]), "a", [city] = "Rome", Error("b")): a',
                "  IsNull([mail]): True",
                "    [mail]: None",
                '  "a": a',
                '  [city] = "Rome": True',
                "    [city]: Rome",
                '  Error("b"): -',
            ],
            id="all-conditions-of-switch",
        ),
        pytest.param(
            "IsPresent([mail]) && CNum([sn]) > 1 && True",
            [
                "IsPresent([mail]) && CNum([sn]) > 1 && True: False",
                "  IsPresent([mail]): False",
                "    [mail]: None",
                "  CNum([sn]) > 1: -",
                "  True: -",
            ],
            id="operands-after-the-deciding-one",
        ),
        pytest.param(
            'With($n, Trim(" a "), $n & "-" & $n)',
            ['With($n, Trim(" a "), $n & "-" & $n): a-a', '  $n = Trim(" a "): a', '  $n & "-" & $n: a-a'],
            id="a-variable",
        ),
        pytest.param(
            "CNum([sn]) + Len([city])",
            [
                "CNum([sn]) + Len([city]): !CNum: the text is not a whole number of 64 bits",
                "  CNum([sn]): !CNum: the text is not a whole number of 64 bits",
                "    [sn]: Example",
                "  Len([city]): -",
            ],
            id="nothing-after-an-error",
        ),
        pytest.param(
            "IIF([city] = %Forest.LDAP%, 1, AuthoritativeNull)",
            [
                "IIF([city] = %Forest.LDAP%, 1, AuthoritativeNull): authoritative-null",
                "  [city] = %Forest.LDAP%: False",
                "    [city]: Rome",
                "    %Forest.LDAP%: DC=corp,DC=example,DC=org",
                "  1: -",
                "  AuthoritativeNull: authoritative-null",
            ],
            id="parameters-and-markers",
        ),
        pytest.param(
            "Where($t, [tags], UCase($t) = \"RED\")",
            [
                "Where($t, [tags], UCase($t) = \"RED\"): ['red']",
                "  [tags]: ['red', 'blue']",
                "  $t is red: True",
                "    UCase($t): RED",
                "  $t is blue: False",
                "    UCase($t): BLUE",
            ],
            id="a-condition-for-each-value",
        ),
        pytest.param(
            "UCase([tags])",
            [
                "UCase([tags]): ['RED', 'BLUE']",
                "  [tags]: ['red', 'blue']",
                "  [tags] is red: RED",
                "  [tags] is blue: BLUE",
            ],
            id="a-function-that-is-mapped",
        ),
        pytest.param(
            "Select($t, Where($u, [tags], False), $t)",
            [
                "Select($t, Where($u, [tags], False), $t): []",
                "  Where($u, [tags], False): []",
                "    [tags]: ['red', 'blue']",
                "    $u is red: False",
                "    $u is blue: False",
                "  $t: -",
            ],
            id="no-value-at-all",
        ),
        pytest.param("Item([sn], 1)", ["Item([sn], 1): Example", "  [sn]: ['Example']"], id="a-list-of-one"),
        pytest.param("RandomNum(5, 5)", ["RandomNum(5, 5): 5"], id="no-seed"),
        pytest.param("Left(Error(\"x\"), 1)", ['Left(Error("x"), 1): !x', '  Error("x"): !x'], id="an-error"),
        pytest.param(
            "Error([mail])",
            ["Error([mail]): !the rule raised an error without a text", "  [mail]: None"],
            id="an-unnamed-error",
        ),
    ],
)  # fmt: skip
def test_steps(text: str, expected: list[str]) -> None:
    assert list(lines(traced(text).root)) == expected


def test_an_expression_for_each_value_shows_each_value() -> None:
    text = 'IIF(Left([tags], 1) = "r", Mid([tags], 2, 9), NULL)'
    assert list(lines(traced(text, several=True).root))[:4] == [
        f"{text}: ['ed']",
        "  [tags]: ['red', 'blue']",
        "  [tags] is red: ed",
        '    Left([tags], 1) = "r": True',
    ]


def test_what_was_imported_is_read_from_the_target() -> None:
    row = {**OBJECT, **{imported_name(name): value for name, value in IMPORTED.items()}}
    trace = trace_expression(
        'ImportedValue("mailNickname")', row, ATTRIBUTES, ENVIRONMENT, imported=IMPORTED_ATTRIBUTES
    )
    assert trace.result == Result(value="robin")


def test_of_many_values_the_first_are_listed_and_the_one_that_fails() -> None:
    words = [str(number) for number in range(100)]
    root = traced("CNum([tags])", {"tags": words}).root
    assert ([each.value for each in root.values], root.unlisted) == (words[:MOST_VALUES], 90)
    failing = traced("CNum([tags])", {"tags": [*words[:50], "x", *words[50:]]}).root
    assert [each.value for each in failing.values] == [*words[:MOST_VALUES], "x"]
    assert failing.result == Result(error="CNum: the text is not a whole number of 64 bits")


def test_lists_within_lists_stay_bounded() -> None:
    def count(step: Step) -> int:
        return sum(map(count, step.parts)) + sum(1 + count(each.step) for each in step.values)

    text = "[sn]"
    for variable in "abcd":
        text = f"Join(Select(${variable}, [tags], {text}))"
    trace = traced(text, {"tags": [str(number) for number in range(12)], "sn": "x"})
    assert trace.result == compile_expression(text, ATTRIBUTES, ENVIRONMENT).evaluate(
        {"tags": list("123456789abc"), "sn": "x"}
    )
    assert count(trace.root) < 4 * MOST_VALUES_TOGETHER


def test_seeds_are_never_shown() -> None:
    shown = "\n".join(lines(traced("Guid() & RandomNum(1, Len([sn]))").root))
    assert "Guid()" in shown
    assert "RandomNum(1, Len([sn]))" in shown
    assert "b'" not in shown


@pytest.mark.parametrize(
    "text", ["Item(" * 98 + "[sn]" + ", 1)" * 98, "Trim(" * 98 + "[tags]" + ")" * 98, "1" + " + 1" * 98]
)
def test_the_deepest_expression_is_followed(text: str) -> None:
    assert traced(text).result == compile_expression(text, ATTRIBUTES, ENVIRONMENT).evaluate(OBJECT)


def test_a_mistake_that_only_shows_when_constants_are_known_is_told() -> None:
    with pytest.raises(ExpressionMistakes, match="exactly one character"):
        traced('Split([sn], "a" & "b")')


def test_the_parameters_are_those_of_the_environment() -> None:
    environment = Environment(now=ENVIRONMENT.now, parameters={"A": "x"})
    assert trace_expression("%A% & Now()", {}, {}, environment).result.value == "x2024-02-29T12:30:15.250Z"
