"""Promotion (L0 := L1) and removal of objects, with what refers to them."""

from __future__ import annotations

import polars as pl
import pytest

from tests.projects import whole_space
from tests.store.given import changes, edges, export_edges, found, found_ids, ids, objects, people, placeholder
from unisono.model.frames import CS_OBJECT
from unisono.store.contract import UnitOfWork

PENDING = {
    "import_operation": "update",
    "pending_import": '{"a":2}',
    "hologram": '{"a":1}',
    "hologram_hash": 1,
    "import_hash": 2,
    "import_error": "flow-error",
    "obsolete": True,
    "reevaluate": True,
}


def test_promotion_makes_the_pending_import_the_hologram(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1], **PENDING))
    unit.promote(ids(1))
    (row,) = unit.objects(ids(1)).to_dicts()
    assert row["hologram"] == '{"a":2}'
    assert all(row[name] is None for name in ("pending_import", "import_operation", "import_error"))
    assert (row["obsolete"], row["reevaluate"]) == (False, False)
    assert found(whole_space(unit, "HR"), "hologram_hash", "import_hash") == [(2, 2)]


def test_what_is_to_be_set_is_set_with_a_promotion_and_beside_it(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2, 3, 4], **PENDING))
    links = changes(*({"id": id_, "mv_id": 10 + id_} for id_ in (1, 3)))
    exports = changes(*({"id": id_, "export_operation": "update"} for id_ in (1, 4)))
    unit.promote(ids(1, 2), links, exports)
    assert found(unit.objects(ids(1, 2, 3, 4)), "id", "mv_id", "hologram", "import_operation", "export_operation") == [
        (1, 11, '{"a":2}', None, "update"),
        (2, None, '{"a":2}', None, None),
        (3, 13, '{"a":1}', "update", None),
        (4, None, '{"a":1}', "update", "update"),
    ]


def test_promotion_keeps_the_hologram_where_only_references_changed(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1], **PENDING | {"pending_import": None}))
    unit.promote(ids(1))
    assert found(unit.objects(ids(1)), "hologram", "import_operation") == [('{"a":1}', None)]


def test_promotion_leaves_link_and_exports_alone(unit: UnitOfWork) -> None:
    kept = {"mv_id": 9, "export_operation": "update", "pending_export": "{}", "unconfirmed_export": "{}"}
    unit.insert_objects(people([1], **PENDING, **kept))
    unit.promote(ids(1))
    assert unit.objects(ids(1)).select(kept.keys()).to_dicts() == [kept]


def test_promotion_touches_no_other_object(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2], **PENDING))
    before = unit.objects(ids(2))
    unit.promote(ids(1))
    assert unit.objects(ids(2)).equals(before)


def test_promotion_carries_references_from_the_pending_image_to_the_synchronized_one(unit: UnitOfWork) -> None:
    unit.insert_objects(people(range(1, 6)))
    unit.write_edges(
        edges(
            (1, "m", 2, "hologram"),
            (1, "m", 3, "add"),
            (1, "m", 4, "delete"),
            (5, "m", 2, "add"),
            (5, "m", 3, "delete"),
        )
    )
    unit.promote(ids(1))
    assert found(unit.edges_of(ids(1)), "target_id", "layer") == [(2, "hologram"), (3, "hologram")]
    assert found(unit.edges_of(ids(5)), "target_id", "layer") == [(2, "add"), (3, "delete")]


def test_placeholders_go_with_the_last_reference_that_promotion_drops(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(*({"id": id_} for id_ in (1, 2, 3)), *map(placeholder, (6, 7, 8, 9))))
    gone = [(1, "m", target, "delete") for target in (3, 6, 7, 8)]
    unit.write_edges(edges(*gone, (2, "m", 7, "hologram"), (1, "m", 9, "hologram")))
    unit.write_export_edges(export_edges((2, "m", 8, "delete", "unconfirmed")))
    unit.promote(ids(1))
    # 3 is an object; 7, 8 and 9 are still referred to
    assert found_ids(whole_space(unit, "HR")) == [1, 2, 3, 7, 8, 9]


def test_a_removed_object_goes_with_the_references_it_owns(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2, 3]))
    unit.write_edges(edges((1, "m", 2, "hologram"), (3, "m", 2, "hologram")))
    unit.write_export_edges(export_edges((1, "m", 3, "add", "pending")))
    unit.delete_objects(ids(1))
    assert found_ids(whole_space(unit, "HR")) == [2, 3]
    assert unit.edges_of(ids(1)).is_empty()
    assert unit.export_edges_of(ids(1)).is_empty()
    assert found(unit.edges_of(ids(3)), "target_id") == [(2,)]


@pytest.mark.parametrize(
    ("edge", "export_edge"),
    [
        pytest.param([(2, "m", 1, "hologram")], [], id="synchronized reference"),
        pytest.param([(2, "m", 1, "add")], [], id="new reference"),
        pytest.param([(2, "m", 1, "delete")], [], id="reference that is gone, but still synchronized"),
        pytest.param([], [(2, "m", 1, "add", "pending")], id="reference to be exported"),
        pytest.param([], [(2, "m", 1, "delete", "unconfirmed")], id="exported reference"),
    ],
)
def test_a_removed_object_that_others_refer_to_becomes_a_placeholder(
    unit: UnitOfWork, edge: list[tuple[int, str, int, str]], export_edge: list[tuple[int, str, int, str, str]]
) -> None:
    everything: dict[str, object] = {name: "x" for name, dtype in CS_OBJECT.columns.items() if dtype == pl.String}
    numbers = {"id": 1, "mv_id": 9, "import_hash": 1, "hologram_hash": 2}
    unit.insert_objects(objects(everything | numbers | {"connector": "HR"}, {"id": 2}))
    unit.write_edges(edges(*edge))
    unit.write_export_edges(export_edges(*export_edge))
    unit.delete_objects(ids(1))
    assert unit.objects(ids(1)).is_empty()
    index = whole_space(unit, "HR").filter(id=1)
    assert [name for name, value in index.to_dicts()[0].items() if value is not None] == ["id", "dn", "dn_key"]
    unit.update_objects(changes({"id": 1, "object_type": "person"}))
    (row,) = unit.objects(ids(1)).to_dicts()
    kept = {"id": 1, "connector": "HR", "object_type": "person", "dn": "x", "dn_key": "x", "state": "normal"}
    assert row == dict.fromkeys(CS_OBJECT.columns) | kept | {"obsolete": False, "reevaluate": False}


def test_objects_that_refer_to_each_other_are_removed_together(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2, 3]))
    unit.write_edges(edges((1, "m", 2, "hologram"), (2, "m", 1, "hologram"), (3, "m", 3, "hologram")))
    unit.delete_objects(ids(1, 2, 3))
    assert whole_space(unit, "HR").is_empty()


def test_placeholders_go_with_their_last_referrer(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1}, {"id": 2}, {"id": 3}, placeholder(7), placeholder(8), placeholder(9)))
    unit.write_edges(
        edges((1, "m", 7, "hologram"), (1, "m", 8, "hologram"), (2, "m", 8, "add"), (1, "m", 3, "hologram"))
    )
    unit.delete_objects(ids(1))
    # 3 is an object, 8 has another referrer, 9 is not this removal's business
    assert found_ids(whole_space(unit, "HR")) == [2, 3, 8, 9]
