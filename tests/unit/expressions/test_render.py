"""A checked expression is written as text that means the same, and as people would write it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.expressions import test_examples, test_portal_examples
from tests.unit.expressions.examples import ATTRIBUTES, ENVIRONMENT, IMPORTED_ATTRIBUTES, OBJECT, at

from unisono.expressions import Environment, Result, compile_expression, written_value
from unisono.expressions.check import Surroundings, check
from unisono.expressions.parse import parse
from unisono.expressions.render import Renderer
from unisono.expressions.values import Value
from unisono.model.rules import Language
from unisono.model.schema import Attribute


def rendered(
    text: str,
    language: Language = Language.ENTRA,
    *,
    attributes: dict[str, Attribute] = ATTRIBUTES,
    environment: Environment = ENVIRONMENT,
    several: bool = False,
) -> str:
    """What the text is after checking."""
    given = Surroundings(
        attributes=attributes,
        imported=IMPORTED_ATTRIBUTES,
        parameters=environment.parameters,
        now=environment.now,
        seed=environment.seed,
        several=several,
        fold=False,
    )
    node, _ = check(parse(text, language), given)
    return Renderer(node, language).text(node)


@pytest.mark.parametrize("text", [text for text, _ in test_examples.EXAMPLES])
def test_the_text_of_an_expression_gives_what_the_expression_gives(text: str) -> None:
    again = compile_expression(rendered(text), ATTRIBUTES, ENVIRONMENT)
    expected = compile_expression(text, ATTRIBUTES, ENVIRONMENT)
    assert again.evaluate(OBJECT, identity=1) == expected.evaluate(OBJECT, identity=1)
    assert again.kind == expected.kind


@pytest.mark.parametrize("text", [text for text, _ in test_portal_examples.EXAMPLES])
def test_the_text_of_a_formula_of_the_portal_is_one_of_the_portal(text: str) -> None:
    environment = replace(ENVIRONMENT, parameters={"Domain": "contoso"})
    attributes, person = test_portal_examples.ATTRIBUTES, test_portal_examples.PERSON
    written = rendered(text, Language.MIM, attributes=attributes, environment=environment)
    again = compile_expression(written, attributes, environment, language=Language.MIM)
    expected = compile_expression(text, attributes, environment, language=Language.MIM)
    assert again.evaluate(person, identity=1) == expected.evaluate(person, identity=1)


@pytest.mark.parametrize(
    "text",
    [
        "IIF(IsPresent([mail]), LCase([mail]), [accountName] & %Forest.LDAP%)",
        'Switch([city] = "London", "English", [city] = "Rome", "Italian")',
        'Switch([city] = "Rome", [tags])',
        'With($n, Trim([sn]), IIF($n = "", IgnoreThisFlow, $n))',
        'Where($p, [proxyAddresses], Left($p, 5) = "SMTP:")',
        "Select($_, [tags], With($a, 1, $_ & $a))",
        "Trim(LCase([tags]))",
        'Contains([proxyAddresses], "X500:", CaseInsensitive)',
        'Item([sn], 1) & Join("a")',
        'IIF(True, AuthoritativeNull, Error("x" & CRLF))',
        '"\\"quoted\\" \\\\ and \\d"',
        "Guid() & RandomNum(1, -3)",
        "FormatDateTime(Now(), \"yyyy\")",
        'ImportedValue("mailNickname") & NULL',
        "IIF([enabled], NULL, NULL)",
        "1 + 2 + 3",
        "[sn] & 1 & True",
        "([enabled] && True && False) || ([enabled] && True)",
        "IsPresent([mail]) = False && 3 - 7 < 2",
        '(1 = 2) = False',
        "5 - (3 - 2)",
    ],
)  # fmt: skip
def test_what_is_written_plainly_stays_as_it_is(text: str) -> None:
    if text == '"\\"quoted\\" \\\\ and \\d"':
        assert rendered(text) == '"\\"quoted\\" \\\\ and \\\\d"'  # a backslash may always be doubled
    else:
        assert rendered(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2+5*3", "(2 + 5) * 3", id="operators-bind-from-left-to-right"),
        pytest.param("True && False || True", "(True && False) || True", id="mixed-logic"),
        pytest.param("((([sn])))", "[sn]", id="needless-parentheses"),
        pytest.param("(1 + 2) + 3", "1 + 2 + 3", id="needless-parentheses-in-a-row"),
        pytest.param('Eq([sn], "a") = True', '([sn] = "a") = True', id="comparisons-of-the-portal"),
        pytest.param("Not(IsPresent([mail]))", "IIF(IsPresent([mail]), False, True)", id="not"),
        pytest.param("Concatenate([sn])", "Concatenate([sn])", id="one-part-joined"),
        pytest.param('ValueCount("tags")', "Count([tags])", id="value-count"),
        pytest.param("[tags] & [sn]", "[tags] & [sn]", id="mapped-operator"),
        pytest.param("&HFF", "255", id="hexadecimal"),
        pytest.param("IIF(True, [tags], [sn])", "IIF(True, [tags], [sn])", id="a-list-of-one"),
    ],
)
def test_other_words_are_written_as_what_they_mean(text: str, expected: str) -> None:
    assert rendered(text) == expected


def test_an_expression_for_each_value_reads_the_attribute_as_the_text_does() -> None:
    text = 'IIF(Left([tags], 1) = "x", Mid([tags], 2, 9), NULL)'
    assert rendered(text, several=True) == text


def test_a_formula_of_the_portal_keeps_its_operators_and_names() -> None:
    text = 'IIF(And(Eq(sn, "x"), IsPresent(mail)), Null(), "t-" + sn + CRLF())'
    assert rendered(text, Language.MIM) == text


def test_a_deep_expression_needs_no_deep_recursion() -> None:
    deep = "Item(" * 98 + "[sn]" + ", 1)" * 98
    assert rendered(deep) == deep


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param('a "b"', '"a \\"b\\""', id="text"),
        pytest.param(129699324000000000, "129699324000000000", id="number"),
        pytest.param(False, "False", id="boolean"),
        pytest.param(b"\x00\xff", "0x00FF", id="binary"),
        pytest.param(at("2024-02-29T12:30:00Z"), "2024-02-29T12:30:00Z", id="date"),
        pytest.param(["a", "b"], '["a", "b"]', id="several"),
        pytest.param(None, "NULL", id="nothing"),
    ],
)
def test_values_are_written_as_in_the_documentation(value: Value, expected: str) -> None:
    assert written_value(value) == expected
    assert Result(value=value).error is None
