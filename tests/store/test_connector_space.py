"""Connector spaces: what is written is what is read, by connector, by id, by name, by link."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.projects import whole_space
from tests.store.given import (
    changes,
    export_edges,
    found,
    found_ids,
    ids,
    objects,
    people,
    placeholder,
    texts,
)
from unisono.model.documents import FORGOTTEN
from unisono.model.frames import CS_INDEX, CS_OBJECT
from unisono.store.contract import SpaceStatistics, UnitOfWork
from unisono.store.frames import EXPORT_INDEX, NAMES

FULL_ROW: dict[str, Any] = {
    "id": 7,
    "connector": "HR",
    "object_type": "person",
    "anchor": "E7",
    "dn": "CN=Anna",
    "dn_key": "cn=anna",
    "state": "filtered",
    "mv_id": 70,
    "link_kind": "join",
    "link_rule": "In from HR",
    "import_operation": "update",
    "obsolete": True,
    "reevaluate": True,
    "hologram": '{"a":1}',
    "pending_import": '{"a":2}',
    "export_operation": "update",
    "new_dn": "CN=Anna B",
    "pending_export": '{"clear":[],"set":{}}',
    "unconfirmed_operation": "add",
    "unconfirmed_export": '{"clear":["x"],"set":{}}',
    "import_error": "flow-error",
    "hologram_hash": -5,
    "import_hash": 6,
}


def test_forgotten_hashes_are_those_of_no_image_and_missing_ones_stay_missing(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "import_hash": 5, "hologram_hash": 5}, {"id": 2, "import_hash": 6}))
    unit.insert_objects(objects({"id": 3, "import_hash": 7, "hologram_hash": 7}))
    unit.forget_hashes(ids(1, 2))
    index = whole_space(unit, "HR")
    hashes = found(index, "id", "import_hash", "hologram_hash")
    assert hashes == [(1, FORGOTTEN, FORGOTTEN), (2, FORGOTTEN, None), (3, 7, 7)]


def test_an_object_is_read_as_it_was_written(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(FULL_ROW))
    assert unit.objects(ids(7)).to_dicts() == [{name: FULL_ROW[name] for name in CS_OBJECT.columns}]
    assert whole_space(unit, "HR").to_dicts() == [{name: FULL_ROW[name] for name in CS_INDEX.columns}]


def test_a_new_object_is_normal_and_has_nothing_pending_unless_said(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1]))
    (row,) = unit.objects(ids(1)).to_dicts()
    assert (row["state"], row["obsolete"], row["reevaluate"]) == ("normal", False, False)
    assert all(row[name] is None for name in CS_OBJECT.nullable - {"anchor"})


def test_objects_and_placeholders_may_be_inserted_together(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "state": "explicit", "obsolete": True}, placeholder(2)))
    assert found(whole_space(unit, "HR"), "id", "object_type") == [(1, "person"), (2, None)]
    unit.update_objects(changes({"id": 2, "object_type": "person"}))
    assert found(unit.objects(ids(1, 2)), "id", "state", "obsolete") == [(1, "explicit", True), (2, "normal", False)]


def test_a_placeholder_is_in_the_index_and_has_names_but_is_no_object(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(placeholder(1, dn="cn=Boss", dn_key="cn=boss")))
    assert whole_space(unit, "HR")["dn_key"].to_list() == ["cn=boss"]
    assert unit.names_of(ids(1)).rows() == [(1, None, None, "cn=Boss")]
    assert unit.objects(ids(1)).is_empty()
    assert unit.population("HR") == 0


def test_the_index_holds_one_connector_space(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2]))
    unit.insert_objects(people(range(10, 40), connector="AD"))
    assert found_ids(whole_space(unit, "HR")) == [1, 2]  # a small part of the table
    assert found_ids(whole_space(unit, "AD")) == list(range(10, 40))  # a large one


def test_an_outline_has_names_that_are_not_the_anchor_and_tells_who_is_at_rest(unit: UnitOfWork) -> None:
    unit.insert_objects(
        objects(
            {"id": 1, "anchor": "x", "dn": "x", "import_hash": 5},
            {"id": 2, "import_operation": "update"},
            {"id": 3, "import_operation": "delete"},
            {"id": 4, "unconfirmed_operation": "add"},
            {"id": 5, "anchor": None, "dn": "cn=new"},
            placeholder(6, dn="cn=Boss", dn_key="cn=boss"),
        )
    )
    rows = pl.concat(unit.connector_outline("HR")).sort("id").rows()
    assert rows == [
        (1, "x", None, 5, True),
        (2, "a2", "cn=a2", None, True),
        (3, "a3", "cn=a3", None, False),
        (4, "a4", "cn=a4", None, False),
        (5, None, "cn=new", None, True),
        (6, None, "cn=boss", None, False),
    ]


def test_anchors_and_names_are_unique_per_connector_only(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1], anchor="x", dn="x"))
    unit.insert_objects(people([2], anchor="x", dn="x", connector="AD"))
    assert unit.connector_index_of("AD", texts("x"), texts())["id"].to_list() == [2]


@pytest.mark.parametrize(
    ("anchors", "dn_keys", "expected"),
    [
        pytest.param(["a1"], [], [1], id="by anchor"),
        pytest.param([], ["cn=2"], [2], id="by name"),
        pytest.param(["a1", "a2"], ["cn=2", "cn=3"], [1, 2, 3], id="either, each once"),
        pytest.param([], ["a4"], [4], id="a name that is the anchor"),
        pytest.param(["cn=2"], ["a1"], [], id="an anchor is not looked for among the names"),
        pytest.param([], ["cn=5"], [5], id="placeholder"),
        pytest.param(["nobody"], ["cn=nobody"], [], id="nobody"),
        pytest.param([], [], [], id="nothing asked"),
        pytest.param(["a1", "a1"], ["cn=1"], [1], id="asked twice"),
        pytest.param(["b6"], ["cn=6"], [], id="another connector"),
    ],
)
def test_the_index_is_found_by_anchors_or_names(
    unit: UnitOfWork, anchors: list[str], dn_keys: list[str], expected: list[int]
) -> None:
    unit.insert_objects(objects(*({"id": id_, "dn_key": f"cn={id_}"} for id_ in (1, 2, 3))))
    unit.insert_objects(objects({"id": 4, "dn": "a4"}, placeholder(5, dn_key="cn=5")))
    unit.insert_objects(objects({"id": 6, "connector": "AD", "anchor": "b6", "dn_key": "cn=6"}))
    assert found_ids(unit.connector_index_of("HR", texts(*anchors), texts(*dn_keys))) == expected


def test_an_object_is_found_by_its_new_anchor_and_name_after_a_change(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "anchor": None, "dn": "uid=1"}))
    unit.update_objects(changes({"id": 1, "anchor": "uid=1"}))
    assert found_ids(unit.connector_index_of("HR", texts("uid=1"), texts())) == [1]
    assert found_ids(unit.connector_index_of("HR", texts(), texts("uid=1"))) == [1]
    unit.update_objects(changes({"id": 1, "dn": "uid=2", "dn_key": "uid=2"}))
    assert found_ids(unit.connector_index_of("HR", texts(), texts("uid=1"))) == []
    assert found_ids(unit.connector_index_of("HR", texts(), texts("uid=2"))) == [1]


def test_objects_are_given_for_ids_that_exist_of_any_connector(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2]))
    unit.insert_objects(people([3], connector="AD"))
    assert found(unit.objects(ids(1, 3, 3, 99)), "id", "connector") == [(1, "HR"), (3, "AD")]


def test_connectors_of_a_metaverse_object_come_from_all_spaces(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2], mv_id=100))
    unit.insert_objects(people([3], mv_id=100, connector="AD"))
    unit.insert_objects(people([4], mv_id=200))
    unit.insert_objects(people([5]))
    assert found(unit.connectors_of(ids(100)), "connector", "id") == [("AD", 3), ("HR", 1), ("HR", 2)]
    assert found(unit.connectors_of(ids(100), besides=ids(1, 3, 9)), "connector", "id") == [("HR", 2)]


def test_disconnectors_are_normal_of_the_type_and_not_to_be_deleted(unit: UnitOfWork) -> None:
    unit.insert_objects(
        objects(
            {"id": 1},
            {"id": 2, "import_operation": "add"},
            {"id": 3, "import_operation": "delete"},
            {"id": 4, "mv_id": 9},
            {"id": 5, "state": "explicit"},
            {"id": 6, "state": "filtered"},
            {"id": 7, "object_type": "group"},
            {"id": 8, "connector": "AD"},
            {"id": 9, "mv_id": 9, "import_operation": "update"},
            placeholder(10),
        )
    )
    assert found_ids(unit.disconnectors("HR", "person")) == [1, 2]
    assert found_ids(unit.disconnectors("HR", "group")) == [7]


def test_the_export_index_holds_pending_exports_with_their_pending_references(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2], export_operation="update"))
    unit.insert_objects(objects({"id": 3, "anchor": None, "export_operation": "add"}, {"id": 4}))
    unit.write_export_edges(
        export_edges(
            (1, "member", 4, "add", "pending"),
            (1, "member", 3, "delete", "pending"),
            (1, "owner", 4, "add", "unconfirmed"),
        )
    )
    index = unit.export_index("HR")
    assert found(index, "id", "export_operation", "references") == [(1, "update", 2), (2, "update", 0), (3, "add", 0)]
    assert index.columns == list(EXPORT_INDEX.columns)


def test_an_update_sets_just_its_columns_and_a_null_sets_null(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(FULL_ROW))
    unit.update_objects(changes({"id": 7, "mv_id": None, "state": "normal"}))
    expected = {name: FULL_ROW[name] for name in CS_OBJECT.columns} | {"mv_id": None, "state": "normal"}
    assert unit.objects(ids(7)).to_dicts() == [expected]


def test_an_update_of_an_id_that_does_not_exist_does_nothing(unit: UnitOfWork) -> None:
    unit.update_objects(changes({"id": 7, "state": "normal"}))
    assert whole_space(unit, "HR").is_empty()


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        pytest.param(pl.DataFrame({"id": [1], "connector": ["AD"]}), "'connector'", id="an object stays in its space"),
        pytest.param(pl.DataFrame({"id": [1], "id = 1; --": ["x"]}), "can be written", id="no column of the store"),
        pytest.param(pl.DataFrame({"id": [1], "mv_id": ["x"]}), "'mv_id' as String", id="another type"),
        pytest.param(pl.DataFrame({"state": ["normal"]}), "lacks id", id="no id"),
    ],
)
def test_an_update_with_wrong_columns_is_refused(unit: UnitOfWork, frame: pl.DataFrame, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        unit.update_objects(frame)


def test_an_object_without_a_name_is_refused(unit: UnitOfWork) -> None:
    with pytest.raises(ValueError, match="lacks dn, dn_key"):
        unit.insert_objects(pl.DataFrame({"id": [1], "connector": ["HR"]}))


def test_the_population_counts_objects_and_not_placeholders(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1}, {"id": 2}, {"id": 3, "connector": "AD"}, placeholder(4), placeholder(5)))
    assert (unit.population("HR"), unit.population("AD"), unit.population("unheard of")) == (2, 1, 0)
    unit.update_objects(changes({"id": 4, "object_type": "person"}, {"id": 1, "object_type": "group"}))
    assert unit.population("HR") == 3
    unit.delete_objects(ids(1, 5))
    assert unit.population("HR") == 2


def test_statistics_count_each_connector_space_by_name(unit: UnitOfWork) -> None:
    unit.insert_objects(
        objects(
            {"id": 1, "import_operation": "add"},
            {"id": 2, "import_operation": "delete", "mv_id": 9},
            {"id": 3, "export_operation": "update", "unconfirmed_operation": "add", "mv_id": 9},
            {"id": 4, "state": "explicit"},
            placeholder(5),
            {"id": 6, "connector": "AD"},
        )
    )
    nothing = {"placeholders": 0, "connectors": 0, "pending_imports": 0, "pending_exports": 0, "unconfirmed_exports": 0}
    assert unit.statistics() == (
        SpaceStatistics(connector="AD", objects=1, disconnectors=1, **nothing),
        SpaceStatistics(
            connector="HR",
            objects=4,
            placeholders=1,
            connectors=2,
            disconnectors=2,
            pending_imports=2,
            pending_exports=1,
            unconfirmed_exports=1,
        ),
    )


def test_empty_frames_write_and_find_nothing(unit: UnitOfWork) -> None:
    unit.insert_objects(CS_OBJECT.empty())
    unit.update_objects(CS_OBJECT.empty().drop("connector"))
    unit.delete_objects(ids())
    unit.promote(ids())
    assert whole_space(unit, "HR").equals(CS_INDEX.empty())
    assert unit.objects(ids()).equals(CS_OBJECT.empty())
    assert unit.names_of(ids()).equals(NAMES.empty())


def test_more_rows_than_one_read_holds_are_all_given(unit: UnitOfWork) -> None:
    first = unit.allocate(5_003)
    unit.insert_objects(people(range(first, first + 5_003)))
    index = whole_space(unit, "HR")
    assert sorted(index["id"]) == list(range(first, first + 5_003))
    assert index.schema == pl.Schema(CS_INDEX.columns)
