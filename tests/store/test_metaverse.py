"""The metaverse: objects, join keys, candidates, rules."""

from __future__ import annotations

import pytest

from tests.store.conftest import Place
from tests.store.given import found, found_ids, ids, join_keys, mv_objects, people, references, terms
from unisono.model.frames import JOIN_KEYS, MV_OBJECT
from unisono.store.contract import Store, UnitOfWork
from unisono.store.frames import CANDIDATES


def test_a_metaverse_object_is_read_as_it_was_written(unit: UnitOfWork) -> None:
    frame = mv_objects({"id": 1, "object_type": "group", "attributes": '{"cn":"Ü"}', "lineage": '{"cn":[1,2]}'})
    unit.insert_metaverse(frame)
    assert unit.metaverse(ids(1, 2, 1)).equals(frame)


def test_an_update_sets_attributes_and_lineage(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 1}, {"id": 2}))
    unit.update_metaverse(mv_objects({"id": 1, "attributes": '{"a":1}', "lineage": "[]"}).drop("object_type"))
    assert found(unit.metaverse(ids(1, 2)), "id", "attributes", "lineage") == [(1, '{"a":1}', "[]"), (2, "{}", "{}")]


def test_the_type_of_a_metaverse_object_stays(unit: UnitOfWork) -> None:
    with pytest.raises(ValueError, match="object_type"):
        unit.update_metaverse(mv_objects({"id": 1}))


def test_a_deleted_metaverse_object_takes_its_keys_and_references_and_leaves_links(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 1}, {"id": 2}, {"id": 3}))
    unit.replace_join_keys(ids(1, 2), join_keys(("mail", "a", 1), ("mail", "b", 2)))
    unit.write_references(references((1, "m", 2), (2, "m", 1), (2, "m", 3), (3, "m", 2)))
    unit.insert_objects(people([9], mv_id=1))
    unit.delete_metaverse(ids(1))
    assert found_ids(unit.metaverse(ids(1, 2, 3))) == [2, 3]
    assert found(unit.candidates(terms(("mail", "a"), ("mail", "b"))), "mv_id") == [(2,)]
    assert found(unit.references_of(ids(1, 2, 3)), "source_id", "target_id") == [(2, 3), (3, 2)]
    assert found(unit.objects(ids(9)), "mv_id") == [(1,)]


def test_the_metaverse_population_follows_inserts_and_deletions(unit: UnitOfWork) -> None:
    assert unit.metaverse_population() == 0
    unit.insert_metaverse(mv_objects({"id": 1}, {"id": 2}, {"id": 3}))
    unit.delete_metaverse(ids(1, 99))
    assert unit.metaverse_population() == 2


def test_candidates_have_the_attribute_and_the_value(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 1}, {"id": 2, "object_type": "group"}))
    unit.replace_join_keys(ids(1, 2), join_keys(("mail", "x", 1), ("mail", "x", 2), ("uid", "x", 1), ("mail", "y", 1)))
    found_candidates = unit.candidates(terms(("mail", "x"), ("uid", "y"), ("mail", "z")))
    assert found(found_candidates, *CANDIDATES.columns) == [("mail", "x", 1, "person"), ("mail", "x", 2, "group")]


def test_join_keys_are_replaced_for_the_named_objects_only(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 1}, {"id": 2}, {"id": 3}))
    unit.replace_join_keys(
        ids(1, 2, 3), join_keys(("mail", "a", 1), ("uid", "a", 1), ("mail", "b", 2), ("mail", "c", 3))
    )
    unit.replace_join_keys(ids(1, 2), join_keys(("mail", "a", 1), ("mail", "new", 1)))
    asked = terms(("mail", "a"), ("uid", "a"), ("mail", "b"), ("mail", "c"), ("mail", "new"))
    assert found(unit.candidates(asked), "attribute", "value", "mv_id") == [
        ("mail", "a", 1),
        ("mail", "c", 3),
        ("mail", "new", 1),
    ]


def test_rules_keep_their_ids(store: Store) -> None:
    with store.begin() as unit:
        first = unit.rule_ids(["In from HR", "Out to AD"])
    with store.begin() as unit:
        again = unit.rule_ids(["Out to AD", "new", "In from HR", "new"])
    assert {name: again[name] for name in first} == first
    assert len(set(again.values())) == 3
    with store.read() as reader:
        assert reader.rule_names() == {id_: name for name, id_ in again.items()}


def test_the_hash_seed_is_secret_and_stays(store: Store, place: Place) -> None:
    with store.read() as reader:
        seed = reader.hash_seed
    with place.opened() as again, again.read() as reader:
        assert reader.hash_seed == seed
    assert 0 <= seed < 2**63


def test_administrators_read_the_metaverse_with_a_view(store: Store, place: Place) -> None:
    with store.begin() as unit:
        unit.insert_metaverse(mv_objects({"id": 1, "attributes": '{"mail":"a@b.example"}'}))
        unit.insert_objects(people([5, 6], mv_id=1))
    assert place.query("SELECT id, attributes, connectors FROM v_metaverse") == [(1, '{"mail":"a@b.example"}', 2)]


def test_nothing_asked_is_nothing_found(unit: UnitOfWork) -> None:
    unit.insert_metaverse(MV_OBJECT.empty())
    unit.replace_join_keys(ids(), JOIN_KEYS.empty())
    assert unit.metaverse(ids()).equals(MV_OBJECT.empty())
    assert unit.candidates(terms()).equals(CANDIDATES.empty())
