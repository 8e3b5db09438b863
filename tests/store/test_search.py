"""Searching for people: the whole name first, then any part of what is stored."""

from __future__ import annotations

import pytest

from tests.store.given import found_ids, mv_objects, objects, placeholder
from unisono.store.contract import UnitOfWork

TEXTS = [
    pytest.param("smith", [1], id="case ignored"),
    pytest.param("SMITH", [1], id="case ignored in what is asked"),
    pytest.param("müller", [2], id="any letter's case ignored"),
    pytest.param("MÜLLER", [2], id="any letter's case ignored in what is asked"),
    pytest.param("100%", [3], id="per cent is no wildcard"),
    pytest.param("a_b", [4], id="underscore is no wildcard"),
    pytest.param("wow!", [5], id="the escape character is itself"),
    pytest.param('say "hi"', [6], id="quotes stand escaped in documents"),
    pytest.param("back\\slash", [7], id="backslashes stand escaped in documents"),
    pytest.param("'; DROP TABLE cs_object; --", [], id="a text is no statement"),
    pytest.param("nobody", [], id="nobody"),
]
DOCUMENTS = [
    '{"sn":"Smith"}',
    '{"sn":"Müller"}',
    '{"share":"100%"}',
    '{"id":"a_b","other":"a-b"}',
    '{"x":"wow!"}',
    '{"x":"say \\"hi\\""}',
    '{"x":"back\\\\slash"}',
    '{"x":"aXb 100 wow"}',
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_metaverse_object_is_found_by_a_part_of_its_document(
    unit: UnitOfWork, text: str, expected: list[int]
) -> None:
    unit.insert_metaverse(mv_objects(*({"id": id_, "attributes": doc} for id_, doc in enumerate(DOCUMENTS, 1))))
    assert unit.find_metaverse(text, 10)["id"].to_list() == expected


def test_a_metaverse_object_is_found_by_its_id_beside_documents_that_hold_it(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 42}, {"id": 7, "attributes": '{"n":42}'}, {"id": 142}))
    assert unit.find_metaverse("42", 10)["id"].to_list() == [7, 42]


@pytest.mark.parametrize("layer", ["hologram", "pending_import", "pending_export", "unconfirmed_export"])
@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_an_object_is_found_by_a_part_of_any_of_its_documents(
    unit: UnitOfWork, layer: str, text: str, expected: list[int]
) -> None:
    unit.insert_objects(
        objects(*({"id": id_, "anchor": f"x{id_}", layer: doc} for id_, doc in enumerate(DOCUMENTS, 1)))
    )
    assert unit.find_objects("HR", text, 10)["id"].to_list() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("5", [5], id="id"),
        pytest.param("E5", [1], id="anchor"),
        pytest.param("CN=E5", [2], id="DN"),
        pytest.param("cn=e5", [2, 3], id="no whole name: a part of the DN, case ignored"),
        pytest.param("e5", [1, 2, 3], id="no whole name: a part of any name"),
        pytest.param("E55", [3], id="whole, though others hold it"),
    ],
)
def test_a_whole_name_is_preferred_to_a_part(unit: UnitOfWork, text: str, expected: list[int]) -> None:
    unit.insert_objects(
        objects(
            {"id": 1, "anchor": "E5", "dn": "cn=one"},
            {"id": 2, "anchor": "two", "dn": "CN=E5", "dn_key": "cn=e5"},
            {"id": 3, "anchor": "E55", "dn": "CN=E55", "dn_key": "cn=e55"},
            {"id": 5, "anchor": "four", "dn": "cn=four", "hologram": '{"n":"x"}'},
        )
    )
    assert unit.find_objects("HR", text, 10)["id"].to_list() == expected


def test_a_search_may_keep_to_one_connector(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "anchor": "x"}, {"id": 2, "anchor": "x", "connector": "AD"}))
    assert unit.find_objects(None, "x", 10)["id"].to_list() == [1, 2]
    assert unit.find_objects("AD", "x", 10)["id"].to_list() == [2]
    assert unit.find_objects("AD", "1", 10).is_empty()


def test_the_first_by_id_are_given_up_to_the_limit(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(*({"id": id_, "anchor": f"z{9 - id_}"} for id_ in range(1, 9))))
    unit.insert_metaverse(mv_objects(*({"id": id_, "attributes": '{"a":"zed"}'} for id_ in (3, 1, 2))))
    assert unit.find_objects(None, "Z", 3)["id"].to_list() == [1, 2, 3]
    assert unit.find_metaverse("ZED", 2)["id"].to_list() == [1, 2]


@pytest.mark.parametrize("text", ["0", "9" * 19, "9" * 5000, "-1", "²"])
def test_a_number_that_is_no_id_is_searched_as_text(unit: UnitOfWork, text: str) -> None:
    unit.insert_objects(objects({"id": 1, "anchor": "x", "hologram": f'{{"n":"{text}"}}'}))
    unit.insert_metaverse(mv_objects({"id": 2, "attributes": f'{{"n":"{text}"}}'}))
    assert found_ids(unit.find_objects("HR", text, 10)) == [1]
    assert found_ids(unit.find_metaverse(text, 10)) == [2]


def test_placeholders_are_not_found(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(placeholder(1, dn="cn=x")))
    assert unit.find_objects(None, "cn=x", 10).is_empty()
