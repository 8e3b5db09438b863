"""What an operation costs: how many statements, and which rows they look at."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from tests.store.given import (
    changes,
    edges,
    export_edges,
    ids,
    join_keys,
    keys,
    mv_objects,
    people,
    references,
    statements,
    terms,
)
from unisono.store.contract import Store, UnitOfWork

Operation = Callable[[UnitOfWork, pl.Series], object]


def _pairs(numbers: pl.Series) -> list[tuple[int, str, int]]:
    return [(number, "member", number + 1) for number in numbers]


def _ends(numbers: pl.Series) -> pl.DataFrame:
    return keys(*_pairs(numbers)).drop("attribute")


def _reference_frame(numbers: pl.Series) -> pl.DataFrame:
    return references(*_pairs(numbers))


OPERATIONS: dict[str, Operation] = {
    "objects": lambda unit, some: unit.objects(some),
    "names_of": lambda unit, some: unit.names_of(some),
    "index_of": lambda unit, some: unit.index_of(some),
    "connector_index_of": lambda unit, some: unit.connector_index_of("HR", some.cast(pl.String), some.cast(pl.String)),
    "connectors_of": lambda unit, some: unit.connectors_of(some),
    "other connectors_of": lambda unit, some: unit.connectors_of(some, besides=some),
    "edges_of": lambda unit, some: unit.edges_of(some),
    "edges_to": lambda unit, some: unit.edges_to(some),
    "export_edges_of": lambda unit, some: unit.export_edges_of(some),
    "export_edges_to": lambda unit, some: unit.export_edges_to(some),
    "changed_edges_of": lambda unit, some: unit.changed_edges_of(some),
    "linked": lambda unit, some: unit.linked(some),
    "linked_pairs": lambda unit, some: unit.linked_pairs("HR", _ends(some)),
    "waiting_edges_of": lambda unit, some: unit.waiting_edges_of(some),
    "references_to": lambda unit, some: unit.references_to(some),
    "reference_counts": lambda unit, some: unit.reference_counts(some),
    "reference_counts of connectors": lambda unit, some: unit.reference_counts(some, "HR"),
    "edges_of among": lambda unit, some: unit.edges_of(keys(*_pairs(some))),
    "export_edges_of among": lambda unit, some: unit.export_edges_of(keys(*_pairs(some))),
    "references_of among": lambda unit, some: unit.references_of(keys(*_pairs(some))),
    "reference_contributions among": lambda unit, some: unit.reference_contributions(keys(*_pairs(some))),
    "desired_edges among": lambda unit, some: unit.desired_edges(keys(*_pairs(some))),
    "metaverse": lambda unit, some: unit.metaverse(some),
    "candidates": lambda unit, some: unit.candidates(terms(*(("k", str(number)) for number in some))),
    "references_of": lambda unit, some: unit.references_of(some),
    "referrers": lambda unit, some: unit.referrers(some),
    "connected_referrers": lambda unit, some: unit.connected_referrers(some),
    "reference_contributions": lambda unit, some: unit.reference_contributions(some),
    "desired_edges": lambda unit, some: unit.desired_edges(some),
    "insert_objects": lambda unit, some: unit.insert_objects(people(some + 100_000)),
    "update_objects": lambda unit, some: unit.update_objects(
        changes(
            *({"id": number, "object_type": "group", "import_error": "x", "import_error_run": 1} for number in some)
        )
    ),
    "forget_hashes": lambda unit, some: unit.forget_hashes(some),
    "promote": lambda unit, some: unit.promote(some),
    "delete_objects": lambda unit, some: unit.delete_objects(some),
    "write_edges": lambda unit, some: unit.write_edges(edges(*((*pair, "add") for pair in _pairs(some)))),
    "delete_edges": lambda unit, some: unit.delete_edges(keys(*_pairs(some))),
    "write_export_edges": lambda unit, some: unit.write_export_edges(
        export_edges(*((*pair, "add", "pending") for pair in _pairs(some)))
    ),
    "confirm_sent_edges": lambda unit, some: unit.confirm_sent_edges(some),
    "insert_metaverse": lambda unit, some: unit.insert_metaverse(mv_objects(*({"id": n + 100_000} for n in some))),
    "update_metaverse": lambda unit, some: unit.update_metaverse(
        mv_objects(*({"id": number} for number in some)).drop("object_type")
    ),
    "delete_metaverse": lambda unit, some: unit.delete_metaverse(some),
    "replace_join_keys": lambda unit, some: unit.replace_join_keys(
        some, join_keys(*(("k", f"new {number}", number) for number in some))
    ),
    "write_references": lambda unit, some: unit.write_references(_reference_frame(some)),
    "delete_references": lambda unit, some: unit.delete_references(keys(*_pairs(some))),
}


def _populate(unit: UnitOfWork) -> None:
    numbers = ids(*range(1, 1_301))  # other ids than any operation is about: those would be staged already
    unit.insert_objects(people(numbers, mv_id=5))
    unit.update_objects(pl.DataFrame({"id": numbers, "mv_id": numbers}))
    unit.write_edges(edges(*((*pair, "hologram") for pair in _pairs(numbers))))
    unit.insert_metaverse(mv_objects(*({"id": number} for number in numbers)))
    unit.replace_join_keys(numbers, join_keys(*(("k", str(number), number) for number in numbers)))
    unit.write_references(_reference_frame(numbers))


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_number_of_statements_does_not_grow_with_the_objects(store: Store, name: str) -> None:
    sent = []
    for count in (1_000, 1_200):  # from a thousand on, PostgreSQL's planner is told about staged rows
        with store.rehearse() as unit:
            _populate(unit)
            with statements() as log:
                OPERATIONS[name](unit, ids(*range(1, count + 1)))
            sent.append(len(log))
    assert sent[0] == sent[1]
    assert sent[0] <= 15


def test_promotion_writes_no_object_that_has_nothing_pending(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2], import_operation="add", pending_import="{}", import_hash=1))
    unit.promote(ids(1, 2))
    assert _rows_changed(lambda: unit.promote(ids(1, 2))) == 0


def test_an_object_that_several_frames_change_is_written_once(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2, 3], import_operation="add", pending_import="{}", import_hash=1))
    links = changes(*({"id": id_, "mv_id": 5} for id_ in (1, 2)))
    exports = changes(*({"id": id_, "export_operation": "add"} for id_ in (1, 3)))
    assert _rows_changed(lambda: unit.promote(ids(1, 2, 3), links, exports)) == 3
    assert _rows_changed(lambda: unit.update_objects(links, exports)) == 3


def test_join_keys_that_stay_are_not_written(unit: UnitOfWork) -> None:
    some = ids(*range(1, 11))
    unit.replace_join_keys(some, join_keys(*(("k", str(number), number) for number in some)))
    same_but_one = join_keys(("k", "new", 1), *(("k", str(number), number) for number in some if number > 1))
    assert _rows_changed(lambda: unit.replace_join_keys(some, same_but_one)) <= 2


def _rows_changed(work: Callable[[], None]) -> int:
    with statements() as log:
        work()
    return sum(sent.rows_changed for sent in log if sent.is_about_stored_rows)
