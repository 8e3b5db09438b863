"""The table of codes: complete, without contradictions, and found by whoever spells nearly right."""

from __future__ import annotations

import ast
import re
from collections import Counter as Count
from collections.abc import Iterator
from pathlib import Path

import pytest

from unisono.diagnosis import Explanation, all_codes, all_explanations, explain, suggest
from unisono.diagnosis.codes import COUNTER_CATEGORY, STATUS_CATEGORY
from unisono.model.runs import Counter, Status

SOURCE = Path(__file__).parents[3] / "src" / "unisono"
ERRORS = [each for each in all_explanations() if each.category not in (STATUS_CATEGORY, COUNTER_CATEGORY)]


def named(explanations: tuple[Explanation, ...]) -> list[tuple[str, str]]:
    return [(each.code, each.category) for each in explanations]


def given_codes(tree: ast.AST) -> Iterator[str]:
    """Texts in the form of a code that are assigned, or passed, as ``code``."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="code", value=value) | ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from texts_like_codes(value)
            case _:
                pass


def texts_like_codes(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"^[a-z]+(?:-[a-z]+)+$", node.value)


@pytest.mark.parametrize("status", Status)
def test_every_status_is_explained_with_the_outcome_that_it_has_for_the_run(status: Status) -> None:
    (explanation,) = explain(status, STATUS_CATEGORY)
    assert explanation.outcome == status.outcome
    assert explanation.when
    assert explanation.remedy


@pytest.mark.parametrize("counter", Counter)
def test_every_counter_is_explained_with_the_phase_that_it_counts(counter: Counter) -> None:
    explanations = explain(counter, COUNTER_CATEGORY)
    assert {each.phase for each in explanations} <= {"staging", "inbound", "outbound", "export"}
    assert explanations


def test_a_counter_of_both_directions_has_an_explanation_for_each() -> None:
    assert [each.phase for each in explain("connector-flow")] == ["inbound", "outbound"]


def test_every_code_is_found_by_its_own_spelling() -> None:
    assert [code for code in all_codes() if code not in {each.code for each in explain(code)}] == []


def test_a_code_is_unique_together_with_its_category_and_phase() -> None:
    keys = Count((each.code, each.category, each.phase) for each in all_explanations())
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_error_says_what_it_means_what_may_cause_it_and_what_to_do() -> None:
    assert [each for each in ERRORS if not (each.meaning and each.likely_causes and each.remedy)] == []


def test_every_code_that_the_source_gives_is_explained() -> None:
    given = {code for path in SOURCE.rglob("*.py") for code in given_codes(ast.parse(path.read_text(encoding="utf-8")))}
    assert given
    assert [code for code in sorted(given) if not explain(code)] == []


def test_texts_leave_the_full_stop_to_whoever_shows_them() -> None:
    texts = [text for each in all_explanations() for text in (each.meaning, each.when, each.remedy)]
    assert [text for text in texts if text.endswith((".", " "))] == []


@pytest.mark.parametrize(
    ("asked", "category", "found"),
    [
        pytest.param(
            "invalid-dn", None, [("invalid-dn", "discovery"), ("invalid-dn", "export")], id="one-code-in-two-categories"
        ),
        pytest.param("invalid-dn", "export", [("invalid-dn", "export")], id="the-category-decides"),
        pytest.param("invalid-dn", "password", [], id="not-in-that-category"),
        pytest.param(
            " Extension-DLL-Timeout ", None, [("extension-dll-timeout", "synchronization")], id="case-forgiven"
        ),
        pytest.param(
            "invalidsoftmatch", None, [("InvalidSoftMatch", "entra-export")], id="own-case-kept-in-the-answer"
        ),
        pytest.param(
            "ambigous-reference-value-for-export-flow",
            None,
            [("ambiguous-reference-value-for-export-flow", "synchronization")],
            id="misspelling-in-circulation",
        ),
        pytest.param(
            "stopped-deletion-limit",
            None,
            [("stopped-deletion-threshold-exceeded", STATUS_CATEGORY)],
            id="other-name-in-circulation",
        ),
        pytest.param("no-such-code", None, [], id="unknown"),
        pytest.param("", None, [], id="nothing-asked"),
    ],
)
def test_a_code_is_looked_up_with_or_without_its_category(
    asked: str, category: str | None, found: list[tuple[str, str]]
) -> None:
    assert named(explain(asked, category)) == found


def test_another_spelling_is_never_a_code_of_its_own() -> None:
    spellings = [spelling for each in all_explanations() for spelling in each.also_written]
    assert [spelling for spelling in spellings if spelling in all_codes()] == []


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        pytest.param("stopped-sever", "stopped-server", id="letter-missing"),
        pytest.param("dll exception", "extension-dll-exception", id="words-only"),
        pytest.param("CD_MISSING_OBJECT", "cd-missing-object", id="other-separators"),
        pytest.param("attributevaluemustbeuniqe", "AttributeValueMustBeUnique", id="without-separators"),
    ],
)
def test_an_unknown_code_gives_the_nearest_known_one_first(asked: str, nearest: str) -> None:
    assert explain(asked) == ()
    assert suggest(asked)[0] == nearest


def test_no_more_codes_are_suggested_than_asked_for() -> None:
    assert len(suggest("flow", limit=2)) == 2


@pytest.mark.parametrize("asked", ["", "---", "qqqqqqqq"])
def test_nothing_is_suggested_for_what_resembles_no_code(asked: str) -> None:
    assert suggest(asked) == ()
