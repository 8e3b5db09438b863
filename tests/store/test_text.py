"""What databases disagree on: equality and order of text, nulls, large numbers."""

from __future__ import annotations

import itertools
import random

import polars as pl
import pytest

from tests.projects import whole_space
from tests.store.given import (
    at,
    error,
    found,
    found_ids,
    ids,
    join_keys,
    keys,
    mv_objects,
    objects,
    people,
    references,
    step,
    terms,
    texts,
)
from unisono.connectors.boundary import ANCHOR_LIMIT, NAME_LIMIT
from unisono.model.names import DnStyle, dn_key
from unisono.store.contract import Selection, UnitOfWork

DIFFERENT = [
    pytest.param("anna", "Anna", id="case"),
    pytest.param("ü", "Ü", id="case beyond ASCII"),
    pytest.param("e", "é", id="accent"),
    pytest.param("\u00e9", "e\u0301", id="composed and decomposed"),
    pytest.param("anna", "anna ", id="trailing blank"),
    pytest.param("anna", " anna", id="leading blank"),
    pytest.param("anna", "anna\n", id="line break"),
    pytest.param("ß", "ss", id="sharp s"),
    pytest.param("\ufb01", "fi", id="ligature"),
    pytest.param("1", "01", id="digits"),
    pytest.param("1", "1.0", id="numbers"),
    pytest.param("a", "a\u200b", id="zero-width space"),
    pytest.param("\u212a", "K", id="Kelvin sign"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_texts_that_look_alike_are_different_anchors_and_names(unit: UnitOfWork, one: str, other: str) -> None:
    unit.insert_objects(objects(*({"id": id_, "anchor": text, "dn": text} for id_, text in enumerate((one, other), 1))))
    assert found_ids(unit.connector_index_of("HR", texts(one), texts())) == [1]
    assert found_ids(unit.connector_index_of("HR", texts(), texts(other))) == [2]
    assert unit.find_objects("HR", other, 10)["id"].to_list() == [2]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_texts_that_look_alike_are_different_join_values(unit: UnitOfWork, one: str, other: str) -> None:
    unit.insert_metaverse(mv_objects({"id": 1}, {"id": 2}))
    unit.replace_join_keys(ids(1, 2), join_keys(("k", one, 1), ("k", other, 2), (other, one, 2)))
    assert found(unit.candidates(terms(("k", one), (other, other))), "mv_id") == [(1,)]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_texts_that_look_alike_are_different_attributes_rules_and_connectors(
    unit: UnitOfWork, one: str, other: str
) -> None:
    unit.write_references(references((1, one, 2), (1, other, 2)))
    unit.delete_references(keys((1, one, 2)))
    assert found(unit.references_of(ids(1)), "attribute") == [(other,)]
    assert len(set(unit.rule_ids([one, other]).values())) == 2
    unit.insert_objects(objects({"id": 1, "connector": one}, {"id": 2, "connector": other}))
    assert (unit.population(one), unit.population(other)) == (1, 1)


AWKWARD = [
    "",
    " ",
    "\t",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "; --",
    "\u2028",
    "\uffff",
    "\U0010ffff",
    "x" * 70_000,
]


def test_any_text_is_given_back_as_it_was(unit: UnitOfWork) -> None:
    unit.insert_objects(
        objects(*({"id": id_, "anchor": text, "dn": text, "hologram": text} for id_, text in enumerate(AWKWARD, 1)))
    )
    expected = sorted(zip(itertools.count(1), AWKWARD, AWKWARD, AWKWARD))
    assert found(unit.objects(ids(*range(1, 99))), "id", "anchor", "dn", "hologram") == expected
    assert found_ids(unit.connector_index_of("HR", texts(*AWKWARD), texts())) == list(range(1, len(AWKWARD) + 1))


def test_a_value_with_nul_is_found_and_an_error_with_nul_is_told(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 1}))
    unit.replace_join_keys(ids(1), join_keys(("k", "a\0b", 1)))
    assert found(unit.candidates(terms(("k", "a\0b"), ("k", "ab"))), "mv_id") == [(1,)]
    run_id = unit.start_run("HR", "test", "", at(1))
    unit.save_step(run_id, step(), [error("x", message="a\0b")])
    assert unit.errors()["message"].to_list()[0].startswith("a")


def test_the_longest_keys_fit_into_the_indexes(unit: UnitOfWork) -> None:
    noise = random.Random(1)  # noqa: S311 - text that cannot be compressed
    anchor = "".join(chr(noise.randrange(0x20000, 0x2A000)) for _ in range(ANCHOR_LIMIT))
    long = pl.DataFrame({"dn": ["".join(chr(noise.randrange(0x20000, 0x2A000)) for _ in range(NAME_LIMIT))]})
    key = long.select(dn_key("dn", DnStyle.LDAP))["dn"][0]
    unit.insert_objects(objects({"id": 1, "anchor": anchor, "dn": long["dn"][0], "dn_key": key}))
    assert found_ids(unit.connector_index_of("HR", texts(anchor), texts())) == [1]
    assert found_ids(unit.connector_index_of("HR", texts(), texts(key))) == [1]
    unit.insert_metaverse(mv_objects({"id": 1}))
    unit.replace_join_keys(ids(1), join_keys(("k", key, 1)))
    assert found(unit.candidates(terms(("k", key))), "mv_id") == [(1,)]


def test_order_is_by_code_point(unit: UnitOfWork) -> None:
    anchors = ["B", "a", "ä", "z", "Z", "10", "9", " ", "\ue000", "\U0001f600", "\ufb01", "_", "-"]
    unit.insert_objects(objects(*({"id": id_, "anchor": anchor} for id_, anchor in enumerate(anchors, 1))))
    assert unit.selection("HR", Selection.DELTA, None, 99)["anchor"].to_list() == sorted(anchors)


def test_many_objects_may_have_no_anchor(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2, 3], anchor=None))
    assert found(whole_space(unit, "HR"), "anchor") == [(None,)] * 3
    assert unit.connector_index_of("HR", texts().extend_constant(None, 1), texts()).is_empty()


@pytest.mark.parametrize("number", [0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_numbers_of_64_bits_are_exact(unit: UnitOfWork, number: int) -> None:
    unit.insert_objects(people([1], import_hash=number, hologram_hash=number))
    assert found(whole_space(unit, "HR"), "import_hash", "hologram_hash") == [(number, number)]


def test_ids_may_be_as_large_as_64_bits_hold(unit: UnitOfWork) -> None:
    last = 2**63 - 1
    unit.insert_objects(people([last], mv_id=last - 1))
    unit.write_references(references((last - 1, "m", last)))
    assert found(unit.connectors_of(ids(last - 1)), "id") == [(last,)]
    assert unit.find_objects("HR", str(last), 10)["id"].to_list() == [last]
