"""References: inside a connector space, inside the metaverse, and how the one becomes the other."""

from __future__ import annotations

import pytest

from tests.store.given import (
    edges,
    export_edges,
    found,
    ids,
    keys,
    mv_objects,
    objects,
    pairs,
    people,
    placeholder,
    references,
)
from unisono.store.contract import UnitOfWork
from unisono.store.frames import EXPORT_EDGES, STORED_EDGES


def test_a_stored_reference_is_inserted_or_given_another_layer(unit: UnitOfWork) -> None:
    unit.write_edges(edges((1, "member", 2, "add"), (1, "Member", 2, "add"), (1, "member", 3, "hologram")))
    unit.write_edges(edges((1, "member", 2, "delete")))
    assert unit.edges_of(ids(1)).columns == list(STORED_EDGES.columns)
    assert found(unit.edges_of(ids(1)), "attribute", "target_id", "layer") == [
        ("Member", 2, "add"),
        ("member", 2, "delete"),
        ("member", 3, "hologram"),
    ]


def test_references_are_removed_by_their_key(unit: UnitOfWork) -> None:
    unit.write_edges(edges((1, "member", 2, "add"), (1, "owner", 2, "add"), (2, "member", 1, "add")))
    unit.delete_edges(keys((1, "member", 2), (9, "member", 9)))
    assert found(unit.edges_of(ids(1, 2, 9)), "source_id", "attribute") == [(1, "owner"), (2, "member")]


def test_a_sent_reference_awaits_confirmation(unit: UnitOfWork) -> None:
    unit.write_export_edges(export_edges((1, "m", 2, "add", "pending"), (3, "m", 2, "delete", "pending")))
    assert found(unit.waiting_edges_of(ids(1)), "source_id", "operation") == [(1, "add")]
    unit.confirm_sent_edges(ids(1))
    assert unit.waiting_edges_of(ids(1)).is_empty()
    assert found(unit.export_edges_of(ids(1, 3)), "source_id", "state") == [(1, "unconfirmed"), (3, "pending")]


def test_an_exported_reference_is_replaced_and_removed_by_its_key(unit: UnitOfWork) -> None:
    unit.write_export_edges(export_edges((1, "m", 2, "add", "unconfirmed"), (1, "m", 3, "add", "pending")))
    unit.write_export_edges(export_edges((1, "m", 2, "delete", "pending")))
    unit.delete_export_edges(keys((1, "m", 3)))
    assert unit.export_edges_of(ids(1)).rows() == [(1, "m", 2, "delete", "pending")]
    assert unit.export_edges_of(ids(1)).columns == list(EXPORT_EDGES.columns)


def test_references_are_found_from_their_targets(unit: UnitOfWork) -> None:
    unit.write_edges(edges((1, "member", 2, "add"), (3, "owner", 2, "delete"), (1, "member", 4, "hologram")))
    unit.write_export_edges(export_edges((5, "m", 2, "add", "pending"), (5, "m", 4, "delete", "unconfirmed")))
    assert found(unit.edges_to(ids(2, 9)), "source_id", "layer") == [(1, "add"), (3, "delete")]
    assert unit.export_edges_to(ids(4)).rows() == [(5, "m", 4, "delete", "unconfirmed")]


def test_a_metaverse_reference_is_replaced_with_its_lineage_and_removed_by_its_key(unit: UnitOfWork) -> None:
    unit.write_references(references((1, "m", 2), (1, "m", 3)))
    unit.write_references(references((1, "m", 2), rule_id=7, run_id=8))
    unit.delete_references(keys((1, "m", 3)))
    assert unit.references_of(ids(1)).rows() == [(1, "m", 2, 7, 8)]


def test_referrers_are_the_sources_each_once(unit: UnitOfWork) -> None:
    unit.write_references(references((1, "m", 5), (1, "owner", 5), (1, "m", 6), (2, "m", 6), (3, "m", 7)))
    assert sorted(unit.referrers(ids(5, 6))) == [1, 2]
    assert unit.referrers(ids(99)).to_list() == []


def test_connected_referrers_are_linked_and_refer_as_last_synchronized(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2], mv_id=100))
    unit.insert_objects(objects({"id": 3, "mv_id": 300}, {"id": 4, "mv_id": 400}, {"id": 5}, placeholder(9)))
    unit.write_edges(
        edges(
            (1, "m", 9, "hologram"),
            (2, "m", 9, "add"),
            (3, "m", 9, "add"),
            (4, "m", 9, "delete"),
            (5, "m", 9, "hologram"),
            (3, "m", 1, "hologram"),
        )
    )
    assert sorted(unit.connected_referrers(ids(9))) == [100, 400]


def test_contributions_are_synchronized_references_between_connectors(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1], mv_id=100, object_type="group"))
    unit.insert_objects(objects({"id": 2, "mv_id": 200}, {"id": 3, "mv_id": 300}, {"id": 4, "mv_id": 400}, {"id": 5}))
    unit.insert_objects(people([6], mv_id=100, connector="AD"))
    unit.write_edges(
        edges(
            (1, "member", 2, "hologram"),
            (1, "member", 3, "delete"),  # still part of the hologram
            (1, "member", 4, "add"),  # not synchronized yet
            (1, "member", 5, "hologram"),  # a disconnector
            (6, "owner", 6, "hologram"),
            (2, "member", 3, "hologram"),  # not asked for
        )
    )
    columns = ("mv_id", "cs_id", "connector", "object_type", "attribute", "target_id")
    assert found(unit.reference_contributions(ids(100)), *columns) == [
        (100, 1, "HR", "group", "member", 200),
        (100, 1, "HR", "group", "member", 300),
        (100, 6, "AD", "person", "owner", 100),
    ]


def test_two_targets_with_one_metaverse_object_are_one_contribution(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "mv_id": 100}, {"id": 2, "mv_id": 200}, {"id": 3, "mv_id": 200}))
    unit.write_edges(edges((1, "m", 2, "hologram"), (1, "m", 3, "hologram")))
    assert found(unit.reference_contributions(ids(100)), "cs_id", "target_id") == [(1, 200)]


def test_desired_references_have_both_ends_in_the_connector_space(unit: UnitOfWork) -> None:
    unit.insert_metaverse(mv_objects({"id": 100}, {"id": 200}, {"id": 300}))
    unit.write_references(references((100, "member", 200), (100, "member", 300), (200, "owner", 100)))
    unit.insert_objects(objects({"id": 1, "mv_id": 100}, {"id": 2, "mv_id": 200}))
    unit.insert_objects(people([3], mv_id=300, connector="AD"))
    assert found(unit.desired_edges(ids(1, 3)), "source_id", "mv_id", "attribute", "target_id") == [
        (1, 100, "member", 2)
    ]


@pytest.mark.parametrize("operation", ["import_operation", "export_operation"])
@pytest.mark.parametrize("end", [1, 2])
def test_nothing_is_desired_from_or_to_an_object_with_a_pending_delete(
    unit: UnitOfWork, operation: str, end: int
) -> None:
    unit.write_references(references((100, "member", 200)))
    unit.insert_objects(objects(*({"id": id_, "mv_id": id_ * 100} for id_ in (1, 2) if id_ != end)))
    unit.insert_objects(objects({"id": end, "mv_id": end * 100, operation: "update"}))
    assert unit.desired_edges(ids(1)).height == 1
    unit.update_objects(people([end], **{operation: "delete"}).select("id", operation))
    assert unit.desired_edges(ids(1)).is_empty()


def test_a_metaverse_reference_is_desired_for_each_pair_of_connectors(unit: UnitOfWork) -> None:
    unit.write_references(references((100, "member", 200)))
    unit.insert_objects(objects({"id": 1, "mv_id": 100}, {"id": 2, "mv_id": 200}, {"id": 3, "mv_id": 200}))
    assert found(unit.desired_edges(ids(1)), "source_id", "target_id") == [(1, 2), (1, 3)]


def test_edges_that_are_there_are_told_from_those_that_are_not(unit: UnitOfWork) -> None:
    some, other = keys((1, "m", 2), (1, "owner", 2), (3, "m", 2)), keys((2, "m", 1), (1, "M", 2))
    unit.write_edges(edges((1, "m", 2, "add"), (1, "owner", 2, "delete"), (1, "m", 3, "add"), (4, "m", 2, "add")))
    unit.write_export_edges(export_edges((1, "m", 2, "add", "pending"), (3, "m", 4, "add", "pending")))
    unit.write_references(references((1, "m", 2), (3, "m", 2), (1, "m", 3)))
    assert found(unit.edges_of(some), "source_id", "attribute") == [(1, "m"), (1, "owner")]
    assert found(unit.export_edges_of(some), "source_id", "attribute", "target_id") == [(1, "m", 2)]
    assert found(unit.references_of(some), "source_id", "attribute") == [(1, "m"), (3, "m")]
    assert [of(other).height for of in (unit.edges_of, unit.export_edges_of, unit.references_of)] == [0, 0, 0]


def test_references_are_counted_for_the_metaverse_and_for_a_connector_space(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(*({"id": id_, "mv_id": id_ * 100} for id_ in (1, 2, 3))))
    unit.insert_objects(people([4], mv_id=100, connector="AD"))
    unit.write_edges(edges((1, "m", 2, "hologram"), (1, "m", 3, "add"), (3, "m", 1, "delete"), (4, "m", 4, "add")))
    unit.write_references(references((100, "m", 200), (100, "owner", 200), (200, "m", 100)))
    assert found(unit.reference_counts(ids(100, 300)), "id", "references") == [(100, 2)]
    assert found(unit.reference_counts(ids(100, 300), "HR"), "id", "references") == [(100, 2), (300, 1)]


def test_contributions_are_found_between_two_metaverse_objects(unit: UnitOfWork) -> None:
    unit.insert_objects(objects(*({"id": id_, "mv_id": id_ * 100} for id_ in (1, 2, 3))))
    unit.write_edges(edges((1, "m", 2, "hologram"), (1, "m", 3, "hologram"), (2, "m", 1, "hologram")))
    extent = keys((100, "m", 200), (300, "m", 100), (200, "n", 100))
    assert found(unit.reference_contributions(extent), "cs_id", "target_id") == [(1, 200)]


def test_desired_references_are_found_between_two_connectors(unit: UnitOfWork) -> None:
    unit.write_references(references((100, "member", 200), (100, "member", 300)))
    unit.insert_objects(objects(*({"id": id_, "mv_id": id_ * 100} for id_ in (1, 2, 3))))
    extent = keys((1, "member", 2), (2, "member", 1), (1, "owner", 3))
    assert found(unit.desired_edges(extent), "source_id", "target_id") == [(1, 2)]


def test_changed_references_are_those_that_wait_for_synchronization(unit: UnitOfWork) -> None:
    unit.write_edges(edges((1, "m", 2, "add"), (1, "m", 3, "hologram"), (1, "m", 4, "delete"), (5, "m", 2, "add")))
    assert found(unit.changed_edges_of(ids(1)), "target_id", "layer") == [(2, "add"), (4, "delete")]
    unit.promote(ids(1))
    assert unit.changed_edges_of(ids(1)).is_empty()
    assert found(unit.edges_of(ids(1)), "target_id", "layer") == [(2, "hologram"), (3, "hologram")]


def test_metaverse_references_are_found_from_their_targets(unit: UnitOfWork) -> None:
    unit.write_references(references((1, "m", 5), (2, "owner", 5), (1, "m", 6)))
    assert found(unit.references_to(ids(5)), "source_id", "attribute") == [(1, "m"), (2, "owner")]


def test_pairs_of_metaverse_objects_become_pairs_of_their_connectors(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "mv_id": 100}, {"id": 2, "mv_id": 200}, {"id": 3, "mv_id": 200}))
    unit.insert_objects(people([4], mv_id=100, connector="AD"))
    assert found(unit.linked_pairs("HR", pairs((100, 200), (200, 300))), "source_id", "target_id") == [(1, 2), (1, 3)]
    assert unit.linked_pairs("AD", pairs((100, 200))).is_empty()


def test_connectors_are_told_from_disconnectors(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1, "mv_id": 100}, {"id": 2}, placeholder(3)))
    assert found(unit.linked(ids(1, 2, 3, 4)), "id", "connector", "mv_id") == [(1, "HR", 100)]
