"""Evaluation on frames and on single objects: errors, markers, NULL, bounds."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import polars as pl
import pytest
from tests.unit.expressions.builders import ENVIRONMENT, PERSON, both, compiled, people, results

from unisono.expressions import (
    Environment,
    ExpressionMistakes,
    Result,
    check_assignable,
    check_condition,
    compile_expression,
    conditional,
    fallback,
)
from unisono.model.schema import Attribute, AttributeType

# --- what an expression says of itself -------------------------------------------------------------------------------


def test_an_expression_knows_its_type_and_the_attributes_that_it_reads() -> None:
    expression = compiled('IIF(IsPresent([mail]), [tags], Split([sn], ","))')
    assert (expression.type, expression.multivalued) == (AttributeType.STRING, True)
    assert expression.attributes == {"mail", "tags", "sn"}


@pytest.mark.parametrize("text", ["NULL", 'Error("x")', "IIF([enabled], NULL, IgnoreThisFlow)"])
def test_an_expression_that_never_gives_a_value_has_no_type(text: str) -> None:
    assert compiled(text).type is None


FAILING = [("[mail]", False), ("LCase([mail])", False), ("CNum([mail])", True), ("[mail] & [sn]", True)]


@pytest.mark.parametrize(("text", "fails"), FAILING)
def test_an_expression_that_cannot_fail_has_no_error_column(text: str, *, fails: bool) -> None:
    assert (compiled(text).error is not None) is fails


def test_columns_of_attributes_are_found_by_their_prefix() -> None:
    frame = pl.DataFrame({"cs.mail": ["A@X"], "mail": ["other"]})
    assert frame.select(value=compiled("LCase([mail])", prefix="cs.").value)["value"].to_list() == ["a@x"]


@pytest.mark.parametrize(
    "text", ['"x"', "Now()", "NULL", "%Domain.FQDN%", 'Split("a,b", ",")', 'With($v, [mail], "x")']
)
def test_a_constant_has_a_row_for_each_row_of_the_frame(text: str) -> None:
    expression, frame = compiled(text), people({}, {}, {})
    assert frame.select(expression.value).height == 3
    assert frame.clear().select(expression.value).height == 0


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_error_belongs_to_its_object_only() -> None:
    assert both("CNum([mail])", {"mail": "1"}, {"mail": "x"}, {"mail": None}) == [
        Result(value=1),
        Result(error="CNum: the text is not a whole number of 64 bits"),
        Result(),
    ]


def test_an_error_in_a_branch_that_is_not_chosen_does_not_count() -> None:
    text = "IIF([enabled], CNum([mail]), 0)"
    assert both(text, {"enabled": False, "mail": "x"}, {"enabled": None, "mail": "x"}) == [Result(value=0)] * 2


def test_an_error_in_a_condition_counts() -> None:
    (result,) = both('IIF(CNum([mail]) > 1, "a", "b")', {"mail": "x"})
    assert result.error is not None
    assert result.value is None


def test_all_conditions_of_a_switch_are_evaluated() -> None:
    (result,) = both('Switch([enabled], "a", CNum([mail]) > 1, "b")', {"enabled": True, "mail": "x"})
    assert result.error is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[enabled] && Item([grades], 5) > 1", False), ("[enabled] = False || Item([grades], 5) > 1", True)],
)
def test_what_follows_the_deciding_operand_is_not_evaluated(text: str, *, expected: bool) -> None:
    assert both(text, {"enabled": False, "grades": [1]}) == [Result(value=expected)]


def test_the_first_error_from_the_left_is_told() -> None:
    (result,) = both('Error("left") & Error([sn])', {"sn": "right"})
    assert result.error == "left"


def test_an_error_may_quote_the_object_where_the_rule_says_so() -> None:
    assert both('Error("no mail for " & [sn])', {"sn": "Example"}) == [Result(error="no mail for Example")]


@pytest.mark.parametrize("text", ['Error("")', "Error(NULL)", "Error([sn])"])
def test_an_error_without_a_text_is_still_an_error(text: str) -> None:
    assert both(text, {}) == [Result(error="the rule raised an error without a text")]


def test_an_error_of_one_value_is_the_error_of_the_object() -> None:
    (failed, fine) = both("CNum([tags])", {"tags": ["1", "x"]}, {"tags": ["1", "2"]})
    assert failed == Result(error="CNum: the text is not a whole number of 64 bits")
    assert fine == Result(value=[1, 2])


# --- markers ---------------------------------------------------------------------------------------------------------


def test_a_marker_is_a_result_without_a_value() -> None:
    text = 'IIF([enabled], AuthoritativeNull, IIF([salary] > 3, IgnoreThisFlow, "x"))'
    assert both(text, {"enabled": True}, {"salary": 4}, {"salary": 3}) == [
        Result(marker="authoritative-null"),
        Result(marker="ignore"),
        Result(value="x"),
    ]


def test_a_marker_passes_through_a_named_value() -> None:
    assert both("With($v, [mail], IIF(IsNull($v), IgnoreThisFlow, $v))", {}) == [Result(marker="ignore")]


def test_an_error_is_never_marked() -> None:
    (result,) = both("IIF(CNum([mail]) > 1, IgnoreThisFlow, AuthoritativeNull)", {"mail": "x"})
    assert result.error is not None
    assert result.marker is None


def test_a_marker_among_several_values_stays_a_marker() -> None:
    text = "IIF([enabled], IIF([salary] > 3, IgnoreThisFlow, [mail]), [tags])"
    assert both(text, {"enabled": True, "salary": 4}, {"enabled": True, "mail": "x"}, {"tags": ["y"]}) == [
        Result(marker="ignore"),
        Result(value=["x"]),
        Result(value=["y"]),
    ]


# --- NULL ------------------------------------------------------------------------------------------------------------

ABSENT = [
    ("[mail] & [sn]", ""),
    ("[salary] + 1", None),
    ("[salary] < 1", False),
    ("[mail] = [sn]", False),
    ("[mail] = NULL", False),
    ("[mail] <> NULL", False),
    ('[mail] <> "x"', True),
    ("CBool([enabled])", False),
    ("[enabled] || True", True),
    ("LCase([mail])", None),
    ("Left([mail], 2)", ""),
    ("Left([tags], 2)", None),
    ("Trim([tags])", None),
    ("Count([tags])", 0),
    ('Contains([tags], "x")', 0),
    ('Contains(Split("ΟΔΟΣΑ", ","), "ΟΔΟΣ", CaseInsensitive)', 1),
    ('Contains(Split("οδοσ", ","), "ΟΔΟΣ", CaseInsensitive)', 1),
    ("ItemOrNull([tags], 1)", None),
    ("IsPresent([tags])", False),
    ("IsString([mail])", False),
    ("Join([tags])", None),
]


@pytest.mark.parametrize(("text", "expected"), ABSENT, ids=[text for text, _ in ABSENT])
def test_absent_attributes_give_this(text: str, expected: object) -> None:
    assert both(text, {}) == [Result(value=expected)]  # type: ignore[arg-type]  # a table of any values


def test_a_function_of_one_value_maps_over_several_and_drops_null() -> None:
    assert both("DNComponent([tags], 2)", {"tags": ["CN=a,OU=b", "CN=c"]}) == [Result(value=["b"])]


def test_a_single_value_counts_as_a_list_of_one() -> None:
    assert both("Item([mail], 1) & Count([mail])", {"mail": "x"}) == [Result(value="x1")]


def test_an_inner_variable_hides_an_outer_one_of_its_name() -> None:
    assert both('With($v, "a", With($v, "b", $v) & $v & [mail])', {}) == [Result(value="ba")]


def test_a_rule_for_system_accounts_says_nothing_about_ordinary_people() -> None:
    text = 'IIF([enabled] = False || Left([mail], 7) = "system-" || CBool(IIF([salary] < 0, True, NULL)), True, NULL)'
    assert both(text, {"mail": "robin"}, {"mail": "system-1"}, {"salary": -1}) == [
        Result(),
        Result(value=True),
        Result(value=True),
    ]


# --- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'PadLeft([mail], 1048577, "x")',
        'PadLeft([mail], [salary], "x")',
        '[mail] & PadRight("", 1048576, "y")',
        'Replace(PadLeft([mail], 1048576, "x"), "x", "12345")',
        'ReplaceChars(PadLeft([mail], 1048576, "x"), "x:12")',
        'ConvertToUTF8Hex(PadLeft([mail], 1048576, "x"))',
        'Join(Split(PadLeft([mail], 1048576, ","), ","), "ab")',
        'PadLeft([mail], 600000, "é")',
        'Replace(PadLeft([mail], 300000, "x"), "x", "12345")',
        'EscapeDNComponent(PadLeft([mail], 600000, ","))',
        "[photo] & [photo]",
    ],
)
def test_a_result_beyond_1_mib_is_an_error(text: str) -> None:
    (result,) = both(text, {"mail": "m", "salary": 9_000_000_000_000, "photo": bytes(600_000)})
    assert result.error is not None
    assert result.error.endswith(": the result is longer than 1 MiB")
    assert result.value is None


def test_doubling_over_and_over_ends_in_an_error_and_not_in_memory() -> None:
    text = "$v"
    for _ in range(60):
        text = f"With($v, $v & $v, {text})"
    (result,) = both(f"With($v, [mail], {text})", {"mail": "m"})
    assert result.error == "&: the result is longer than 1 MiB"


@pytest.mark.parametrize(
    "call", ["Trim({})", "Left({}, 9)", "Mid({}, 1)", "IIF([enabled], {}, [sn])", 'PCase({}) & ""']
)
def test_the_deepest_allowed_nesting_is_evaluated(call: str) -> None:
    text = "[mail]"
    for _ in range(45):
        text = call.format(text)
    assert both(text, {"mail": "x", "enabled": True})[0].error is None


def test_numbers_beyond_64_bits_are_an_error() -> None:
    (result,) = both("[salary] * 2", {"salary": (1 << 62) + 1})
    assert result == Result(error="*: the result is beyond a 64-bit number")


@pytest.mark.parametrize("photo", [b"", bytes(7) + b"\x80", bytes(8) + b"\1", b"\1" + bytes(8) + b"\1"])
def test_a_binary_beyond_64_bits_is_no_number(photo: bytes) -> None:
    (number, is_number) = (both(f"{name}([photo])", {"photo": photo})[0] for name in ("CNum", "IsNumeric"))
    assert number == Result(error="CNum: the binary is not a number of 64 bits")
    assert is_number == Result(value=False)


def test_an_instant_beyond_the_calendar_counts_as_absent() -> None:
    beyond = people({}, {}).with_columns(hired=pl.Series([(1 << 63) - 1, 0]).cast(PERSON["hired"].dtype))
    expression = compiled('FormatDateTime(DateAdd("m", 1, [hired]), "yyyy-MM")')
    assert results(expression, beyond) == [Result(), Result(value="1970-02")]


def test_months_end_with_their_last_day() -> None:
    hired = datetime(2024, 1, 31, 8, tzinfo=ENVIRONMENT.now.tzinfo)
    (result,) = both('DateAdd("m", 1, [hired])', {"hired": hired})
    assert result.value == hired.replace(month=2, day=29)


# --- row by row ------------------------------------------------------------------------------------------------------


def test_of_rows_that_are_alike_one_is_evaluated() -> None:
    mails: list[object] = ["a-b", "a-b", "c", "c", None, None]
    persons = [{"mail": mail, "sn": sn} for mail, sn in zip(mails, ["x", None] * 3, strict=True)] * 200
    text = 'Split([mail], "-", 1)'
    with patch.object(fallback, "evaluated", wraps=fallback.evaluated) as evaluated:
        assert [result.value for result in both(text, *persons)] == [["a-b"], ["a-b"], ["c"], ["c"], None, None] * 200
    assert [call.args[0].height for call in evaluated.call_args_list] == [2]


def test_rows_with_a_common_value_are_not_evaluated_one_by_one() -> None:
    persons: list[dict[str, object]] = [{"mail": "2001-01-01"}, {"mail": "1/1/2001"}, {"mail": "x"}, {"mail": None}]
    with patch.object(fallback, "evaluated", wraps=fallback.evaluated) as evaluated:
        assert [result.value is None for result in both("CDate([mail])", *persons)] == [False, False, True, True]
    assert [call.args[0].height for call in evaluated.call_args_list] == [2, 2]  # for the value, and for the error


def test_a_function_over_several_values_is_evaluated_for_each_value() -> None:
    with patch.object(fallback, "evaluated", wraps=fallback.evaluated) as evaluated:
        (first, _) = both("PCase([tags])", {"tags": ["o'neil", "x y", "o'neil"]}, {"tags": []})
    assert first.value == ["O'neil", "X Y", "O'neil"]
    assert [call.args[0].height for call in evaluated.call_args_list] == [2]


# --- the environment -------------------------------------------------------------------------------------------------


def test_now_is_the_time_of_the_environment() -> None:
    assert both("Now()", {}) == [Result(value=ENVIRONMENT.now)]


@pytest.mark.parametrize(
    "now",
    [datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1)))],  # noqa: DTZ001
)
def test_the_time_of_the_environment_must_be_utc(now: datetime) -> None:
    with pytest.raises(ValueError, match="aware and in UTC"):
        Environment(now=now)


def test_the_grammar_library_is_loaded_with_the_first_expression_only() -> None:
    program = "import sys, unisono.expressions; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


# --- where results go ------------------------------------------------------------------------------------------------

ASSIGNMENTS = [
    ("[mail]", AttributeType.STRING, False, None),
    ("[mail]", AttributeType.REFERENCE, False, None),
    ("[dn]", AttributeType.STRING, False, None),
    ("[mail]", AttributeType.STRING, True, None),
    ("[tags]", AttributeType.STRING, True, None),
    ("NULL", AttributeType.BINARY, False, None),
    ("[tags]", AttributeType.STRING, False, "the expression gives text (multivalued), but target is text"),
    ("[salary]", AttributeType.STRING, False, "the expression gives a number, but target is text"),
    ("[mail]", AttributeType.DATETIME, False, "the expression gives text, but target is a date"),
    ("[mail]", AttributeType.INTEGER, True, "the expression gives text, but target is a number (multivalued)"),
]


@pytest.mark.parametrize(("text", "type_", "multivalued", "refusal"), ASSIGNMENTS)
def test_a_result_flows_only_where_it_fits(
    text: str, type_: AttributeType, *, multivalued: bool, refusal: str | None
) -> None:
    target = Attribute(name="target", type=type_, multivalued=multivalued)
    assert check_assignable(compiled(text), target) == refusal


CONDITIONS = [
    ("[enabled]", {"enabled": True}, True),
    ("[enabled]", {}, False),
    ("[salary]", {"salary": 7}, True),
    ("[salary]", {"salary": 0}, False),
    ("[salary]", {}, False),
    ("NULL", {}, False),
    ("CNum([mail]) > 0", {"mail": "x"}, False),
]


@pytest.mark.parametrize(("text", "person", "holds"), CONDITIONS)
def test_a_condition_holds_for_true_and_for_numbers_other_than_0(
    text: str, person: dict[str, object], *, holds: bool
) -> None:
    expression = compiled(text)
    assert check_condition(expression) is None
    assert people(person).select(holds=conditional(expression))["holds"].to_list() == [holds]


@pytest.mark.parametrize("text", ["[mail]", "[tags]", "[grades]"])
def test_texts_and_several_values_are_no_condition(text: str) -> None:
    expression = compiled(text)
    assert check_condition(expression) == f"a condition must be True or False, not {expression.kind}"
    with pytest.raises(ValueError, match="a condition must be True or False"):
        conditional(expression)


# --- chance ----------------------------------------------------------------------------------------------------------


def _drawn(text: str, *, seed: bytes = b"a run", site: str = "", ids: tuple[int, ...] = (1, 2, 3)) -> list[object]:
    environment = Environment(now=ENVIRONMENT.now, seed=seed)
    expression = compile_expression(text, PERSON, environment, site=site)
    frame = pl.DataFrame({"id": ids})
    drawn = frame.select(expression.value).to_series().to_list()
    assert drawn == [expression.evaluate({}, identity=number).value for number in ids]
    return drawn


def test_what_is_drawn_depends_on_the_run_the_object_and_the_place_and_on_nothing_else() -> None:
    first = _drawn("Guid()")
    assert len(set(first)) == 3
    assert _drawn("Guid()", ids=(3, 1)) == [first[2], first[0]]
    assert not set(first) & set(_drawn("Guid()", seed=b"another run"))
    assert not set(first) & set(_drawn("Guid()", site="another rule"))


def test_random_numbers_reach_both_bounds_and_an_empty_range_is_an_error() -> None:
    ids = tuple(range(400))
    assert set(_drawn("RandomNum(-1, 2)", ids=ids)) == {-1, 0, 1, 2}
    expression = compile_expression("RandomNum([salary], 3)", PERSON, ENVIRONMENT)
    assert expression.evaluate({"salary": 4}).error == "RandomNum: the start is greater than the end"


# --- each value ------------------------------------------------------------------------------------------------------

_PER_VALUE = 'IIF(Left([tags], 2) = "x:", Mid([tags], 3) & [mail], NULL)'


def test_an_expression_for_several_values_may_treat_an_attribute_as_if_it_had_one() -> None:
    expression = compile_expression(_PER_VALUE, PERSON, ENVIRONMENT, several=True)
    frame = people({"tags": ["x:a", "y:b", "x:c"], "mail": "@m"}, {"tags": []}, {})
    assert [result.value for result in results(expression, frame)] == [["a@m", "c@m"], [], None]


def test_for_a_single_value_it_is_a_mistake_as_it_is_with_two_such_attributes() -> None:
    with pytest.raises(ExpressionMistakes):
        compile_expression(_PER_VALUE, PERSON, ENVIRONMENT)
    with pytest.raises(ExpressionMistakes):
        compile_expression('IIF([tags] = "x", [grades], NULL)', PERSON, ENVIRONMENT, several=True)


@pytest.mark.parametrize(
    "text", ['IIF(Count([tags]) > 1 && [tags] = "a", "m", "o")', '[tags] = "a" && Item([tags], 1) = "a"']
)
def test_what_asks_about_all_values_is_not_asked_of_each(text: str) -> None:
    with pytest.raises(ExpressionMistakes):
        compile_expression(text, PERSON, ENVIRONMENT, several=True)


def test_what_grows_too_much_and_reads_nothing_is_the_same_for_every_object() -> None:
    text = "PadLeft(" * 6 + 'Error("x")' + ', 1, "a")' * 6
    assert [result.error for result in both(text, {}, {})] == ["x", "x"]
