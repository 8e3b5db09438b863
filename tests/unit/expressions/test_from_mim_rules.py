"""The how-to for those who come from MIM and Entra Connect: its expressions mean what it says that they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.unit.expressions.builders import ENVIRONMENT
from tests.unit.expressions.operators_of_mim import CLASSIC, PORTAL, SCOPING, One, classic, scoping

from unisono.expressions import Compiled, Result, check_condition, compile_expression, conditional
from unisono.expressions.functions import FUNCTIONS
from unisono.model.rules import Language
from unisono.model.schema import Attribute, AttributeType

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "from-mim-rules.md").read_text(encoding="utf-8")
_CODE = re.compile(r"`([^`]+)`")

# --- what the page says ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table of operators; ``family`` is the section that it stands in."""

    family: str
    attribute: str
    operator: str
    wanted: str
    text: str
    language: Language

    def __str__(self) -> str:
        return f"{self.language} {self.attribute} {self.operator} {self.wanted}"


def tables() -> list[tuple[str, list[list[str]]]]:
    """The tables of the page with the heading above, each as lines of cells."""
    found, heading = [], ""
    for block in re.split(r"\n\n", PAGE):
        heading = block.split("\n")[0] if block.startswith("## ") else heading
        if block.startswith("|"):
            lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in block.strip().split("\n")]
            found.append((heading, [[cell.strip().replace("\\|", "|") for cell in line] for line in lines]))
    return found


def rows() -> list[Row]:
    return [
        Row(
            family=heading,
            attribute=_CODE.findall(attribute)[0],
            operator=operator,
            wanted="".join(_CODE.findall(wanted)),
            text=_CODE.findall(text)[0],
            language=Language.MIM if "mim" in lines[0][3] else Language.ENTRA,
        )
        for heading, lines in tables()
        if lines[0][0] == "attribute"
        for attribute, operators, wanted, text in lines[2:]
        for operator in _CODE.findall(operators)
    ]


def yaml_after(line: str) -> Any:
    """The content of the block that begins with the line."""
    (block,) = re.findall(rf"```yaml\n({re.escape(line)}\n.*?)```", PAGE, re.DOTALL)
    return YAML(typ="safe", pure=True).load(block)


def attributes_of(person: Any) -> dict[str, Attribute]:
    """What expressions may read of an object type of the page."""
    declared = person["attributes"].items()
    forms = {name: (form, False) if isinstance(form, str) else (form["type"], True) for name, form in declared}
    known = {
        name: Attribute(name=name, type=AttributeType(type_), multivalued=multivalued)
        for name, (type_, multivalued) in forms.items()
        if name not in ("manager", "employeeId")
    }
    return {**known, "dn": Attribute(name="dn", type=AttributeType.REFERENCE)}


HR, DIRECTORY = (yaml_after(f"# connectors/{name}.yaml")["types"]["person"] for name in ("hr", "directory"))
ROWS, ATTRIBUTES = rows(), {**attributes_of(HR), **attributes_of(DIRECTORY)}
OF_MIM = "## Connector filters of MIM"
OF_ENTRA = "## Scoping filters of Entra Connect and the portal"

# --- values that matter ----------------------------------------------------------------------------------------------

_TEXTS = [
    *("", "Sales", "SALES", "sales", " sales", "sales ", "Sales;Marketing", "marketing", "Ext-Sales", "ext-", "EXT"),
    *("x-OLD", "-Old", "old", "contemporary", "TEMP", "tem", "true", "TRUE", "True", "false", "a;b", "A", "b"),
    *("5", "+5", " 7 ", "05", "4", "6", "-2", "4x", "5.0", "smtp:A@X.com", "SMTP:a@x.com", "X500:/o=x", "a x500:"),
    *("b@x.COM", "cn=a,OU=old,dc=x", "ß", "İ", "ΟΔΟΣ"),
]  # fmt: skip
_NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7, 34, 32, 2 | 512, 0x22 | 512, -1, -2, 1 << 62, -(1 << 63), (1 << 63) - 1]
_LETTERS = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="ƛɤꟓꟕ")
_LIKELY = st.lists(st.sampled_from([*_TEXTS, "-", ";", ","]), max_size=3).map("".join)
_STRATEGIES: dict[AttributeType, st.SearchStrategy[One]] = {
    AttributeType.STRING: st.sampled_from(_TEXTS) | _LIKELY | st.text(_LETTERS, max_size=8),
    AttributeType.INTEGER: st.sampled_from(_NUMBERS) | st.integers(-(1 << 63), (1 << 63) - 1),
    AttributeType.BOOLEAN: st.booleans(),
}
_STRATEGIES[AttributeType.REFERENCE] = _STRATEGIES[AttributeType.STRING]


def samples(attribute: Attribute) -> list[list[One]]:
    """No value, each value that matters, and where there can be several, pairs of them."""
    ones: list[One] = [True, False] if attribute.type is AttributeType.BOOLEAN else []
    ones += _NUMBERS if attribute.type is AttributeType.INTEGER else []
    ones += _TEXTS if attribute.type in (AttributeType.STRING, AttributeType.REFERENCE) else []
    pairs = [[one, other] for one in ones for other in ones if one != other] if attribute.multivalued else []
    return [[], *([one] for one in ones), *pairs]


def drawn(attribute: Attribute) -> st.SearchStrategy[list[list[One]]]:
    one = _STRATEGIES[attribute.type]
    return st.lists(st.lists(one, max_size=3 if attribute.multivalued else 1), min_size=1, max_size=8)


def stored(attribute: Attribute, values: list[One]) -> object:
    """As an object has it."""
    return None if not values else values if attribute.multivalued else values[0]


# --- both evaluators -------------------------------------------------------------------------------------------------


def compiled(text: str, language: Language) -> Compiled:
    return compile_expression(text, ATTRIBUTES, ENVIRONMENT, language=language)


def results(expression: Compiled, people: list[dict[str, object]]) -> list[Result]:
    """What the expression gives for each, by columns and one by one, which must agree."""
    columns = {
        name: pl.Series([person.get(name) for person in people], dtype=attribute.dtype)
        for name, attribute in ATTRIBUTES.items()
    }
    frame = pl.DataFrame({"id": range(len(people)), **columns})
    parts = {"value": expression.value, "error": expression.error}
    by_columns = frame.select(**{name: part for name, part in parts.items() if part is not None}).to_dicts()
    one_by_one = [expression.evaluate(person, identity=number) for number, person in enumerate(people)]
    assert [Result(**row) for row in by_columns] == one_by_one
    if check_condition(expression) is None:
        held = [result.error is None and bool(result.value) for result in one_by_one]
        assert frame.select(conditional(expression)).to_series().to_list() == held
    return one_by_one


def expect_its_meaning(row: Row, objects: list[list[One]]) -> None:
    """Each object is in or out as the operator decides, with ``Not`` the other way round, and nothing is an error."""
    attribute = ATTRIBUTES[row.attribute]
    meaning = classic if row.family == OF_MIM else scoping
    people = [{row.attribute: stored(attribute, values)} for values in objects]
    expected = [meaning(row.operator, values, row.wanted) for values in objects]
    for text, told in ((row.text, expected), (f"Not({row.text})", [not each for each in expected])):
        given_here = results(compiled(text, row.language), people)
        assert {result.error for result in given_here} == {None}
        held = [bool(result.value) for result in given_here]
        assert [values for values, is_in, ought in zip(objects, held, told, strict=True) if is_in is not ought] == []


# --- operators -------------------------------------------------------------------------------------------------------


def test_every_operator_is_on_the_page() -> None:
    def named(family: str, language: Language) -> set[str]:
        return {row.operator for row in ROWS if row.family == family and row.language is language}

    assert named(OF_MIM, Language.ENTRA) == CLASSIC
    assert named(OF_ENTRA, Language.ENTRA) == SCOPING
    assert named(OF_ENTRA, Language.MIM) == PORTAL


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_expression_decides_as_the_operator_does(row: Row) -> None:
    expect_its_meaning(row, samples(ATTRIBUTES[row.attribute]))


@pytest.mark.parametrize("row", ROWS, ids=str)
@settings(max_examples=25)
@given(data=st.data())
def test_an_expression_decides_as_the_operator_does_for_any_value(row: Row, data: st.DataObject) -> None:
    expect_its_meaning(row, data.draw(drawn(ATTRIBUTES[row.attribute])))


@pytest.mark.parametrize("text", re.findall(r"`([^`]*\[memberOf\][^`]*)`", PAGE))
def test_a_member_by_the_directory_s_own_word_is_found_without_case(text: str) -> None:
    group = "CN=Sync,OU=Groups,DC=contoso,DC=com"
    people: list[dict[str, object]] = [{"memberOf": ["CN=A", group]}, {"memberOf": ["x" + group]}, {}]
    assert [result.value for result in results(compiled(text, Language.ENTRA), people)] == [True, False, False]


def expect_of_all(text: str, values: dict[str, list[object]], meaning: Callable[..., bool]) -> None:
    """The condition holds for exactly those combinations of values for which the meaning does."""
    people = [dict(zip(values, combined, strict=True)) for combined in product(*values.values())]
    held = [result.value for result in results(compiled(text, Language.ENTRA), people)]
    assert held == [meaning(**person) for person in people]
    assert len(set(held)) == 2


def test_the_filter_of_the_page_is_that_of_its_table() -> None:
    values: dict[str, list[object]] = {
        "employeeType": [None, "External", "Staff"],
        "sponsor": [None, "", "E1"],
        "dn": [None, "CN=a,OU=Old,DC=x", "CN=a,OU=New,DC=x"],
    }
    expect_of_all(
        DIRECTORY["filter"],
        values,
        lambda employeeType, sponsor, dn: (employeeType == "External" and sponsor is None) or "Old" in (dn or ""),  # noqa: N803
    )


def test_the_scope_of_the_page_is_that_of_its_table() -> None:
    values: dict[str, list[object]] = {"department": [None, "IT", "HR"], "country": [None, "dk", "SE"]}
    expect_of_all(
        yaml_after("name: HR person inbound")["scope"],
        values,
        lambda department, country: (department == "IT" and country == "dk") or country == "SE",
    )


# --- functions -------------------------------------------------------------------------------------------------------

FORMULAS = [
    (_CODE.findall(formula)[0], _CODE.findall(text)[0])
    for heading, lines in tables()
    if heading == "## Functions of the MIM portal"
    for formula, text in lines[2:]
]
#: What the portal offers, and what practitioners use beside that.
OF_THE_PORTAL = {
    *("And", "BitAnd", "BitNot", "BitOr", "CRLF", "Concatenate", "ConvertSidToString", "ConvertStringToGuid"),
    *("DateTimeFormat", "Eq", "EscapeDNComponent", "GreaterThan", "GreaterThanOrEquals", "Guid", "IIF", "IsPresent"),
    *("LTrim", "Left", "LeftPad", "LessThan", "LessThanOrEquals", "LowerCase", "Mid", "Not", "NotEquals", "Null", "Or"),
    *("ProperCase", "RTrim", "RandomNum", "ReplaceString", "Right", "RightPad", "Trim", "UpperCase", "Word"),
}
_GUID = "00000101-0000-0000-0000-000000000000"


def test_every_function_of_the_portal_is_on_the_page_and_there_is_one() -> None:
    shown = {name for formula, _ in FORMULAS for name in re.findall(r"(\w+)\(", formula)}
    assert shown == OF_THE_PORTAL
    assert shown <= set(FUNCTIONS)


@pytest.mark.parametrize(("formula", "text"), FORMULAS, ids=[formula for formula, _ in FORMULAS])
def test_a_formula_and_its_expression_give_the_same(formula: str, text: str) -> None:
    people: list[dict[str, object]] = [
        {"department": department, "grade": grade, "level": level, "userAccountControl": level}
        for department in (None, *_TEXTS)
        for grade, level in ((None, None), ("5", 5), (_GUID, -1), ("", 0))
    ]
    by_formula = results(compiled(formula, Language.MIM), people)
    by_expression = results(compiled(text, Language.ENTRA), people)
    assert [result.value for result in by_formula] == [result.value for result in by_expression]
    assert [bool(result.error) for result in by_formula] == [bool(result.error) for result in by_expression]
    assert any(result.error is None for result in by_formula)
