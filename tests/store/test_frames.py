"""Every frame that a store gives has its declared columns, in order, also when it is empty."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from tests.store.given import (
    at,
    changes,
    edges,
    error,
    export_edges,
    ids,
    join_keys,
    mv_objects,
    pairs,
    people,
    references,
    step,
    terms,
    texts,
)
from unisono.model.frames import CS_INDEX, CS_OBJECT, CS_OUTLINE, MV_OBJECT, Frame
from unisono.store.contract import Reader, Selection, UnitOfWork
from unisono.store.frames import (
    CANDIDATES,
    DESIRED_EDGES,
    EXPORT_EDGES,
    EXPORT_INDEX,
    LINKED_OBJECT,
    MV_REFERENCES,
    NAMES,
    OBJECT_ERRORS,
    PAIRS,
    REFERENCE_CONTRIBUTIONS,
    REFERENCE_COUNTS,
    STORED_EDGES,
)

FRAMES: dict[str, tuple[Frame, Callable[[Reader], pl.DataFrame]]] = {
    "connector_outline": (CS_OUTLINE, lambda reader: pl.concat([CS_OUTLINE.empty(), *reader.connector_outline("HR")])),
    "index_of": (CS_INDEX, lambda reader: reader.index_of(ids(1))),
    "connector_index_of": (CS_INDEX, lambda reader: reader.connector_index_of("HR", texts("a1"), texts())),
    "objects": (CS_OBJECT, lambda reader: reader.objects(ids(1))),
    "selection": (CS_OBJECT, lambda reader: reader.selection("HR", Selection.FULL, None, 10)),
    "disconnectors": (CS_OBJECT, lambda reader: reader.disconnectors("HR", "person")),
    "connectors_of": (CS_OBJECT, lambda reader: reader.connectors_of(ids(10))),
    "edges_of": (STORED_EDGES, lambda reader: reader.edges_of(ids(1))),
    "changed_edges_of": (STORED_EDGES, lambda reader: reader.changed_edges_of(ids(1))),
    "linked": (LINKED_OBJECT, lambda reader: reader.linked(ids(1))),
    "linked_pairs": (PAIRS, lambda reader: reader.linked_pairs("HR", pairs((10, 10)))),
    "waiting_edges_of": (EXPORT_EDGES, lambda reader: reader.waiting_edges_of(ids(1))),
    "references_to": (MV_REFERENCES, lambda reader: reader.references_to(ids(10))),
    "reference_counts": (REFERENCE_COUNTS, lambda reader: reader.reference_counts(ids(10))),
    "reference_counts of connectors": (REFERENCE_COUNTS, lambda reader: reader.reference_counts(ids(10), "HR")),
    "export_edges_of": (EXPORT_EDGES, lambda reader: reader.export_edges_of(ids(1))),
    "names_of": (NAMES, lambda reader: reader.names_of(ids(1))),
    "export_index": (EXPORT_INDEX, lambda reader: reader.export_index("HR")),
    "metaverse": (MV_OBJECT, lambda reader: reader.metaverse(ids(10))),
    "candidates": (CANDIDATES, lambda reader: reader.candidates(terms(("k", "v")))),
    "references_of": (MV_REFERENCES, lambda reader: reader.references_of(ids(10))),
    "reference_contributions": (REFERENCE_CONTRIBUTIONS, lambda reader: reader.reference_contributions(ids(10))),
    "desired_edges": (DESIRED_EDGES, lambda reader: reader.desired_edges(ids(1))),
    "find_metaverse": (MV_OBJECT, lambda reader: reader.find_metaverse("1", 10)),
    "find_objects": (CS_OBJECT, lambda reader: reader.find_objects(None, "1", 10)),
    "errors": (OBJECT_ERRORS, lambda reader: reader.errors()),
}


def _populate(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2], mv_id=10, import_hash=1, hologram="{}"))
    unit.insert_objects(people([3], import_hash=1))
    unit.update_objects(changes({"id": 1, "export_operation": "update"}))
    unit.write_edges(edges((1, "m", 2, "hologram"), (1, "m", 3, "add")))
    unit.write_export_edges(export_edges((1, "m", 2, "add", "pending")))
    unit.insert_metaverse(mv_objects({"id": 10, "attributes": '{"n":1}'}))
    unit.replace_join_keys(ids(10), join_keys(("k", "v", 10)))
    unit.write_references(references((10, "m", 10)))
    unit.save_step(unit.start_run("HR", "p", "f", at(0)), step(), [error("x")])


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_has_its_declared_columns(unit: UnitOfWork, name: str) -> None:
    frame, ask = FRAMES[name]
    assert ask(unit).equals(frame.empty())
    assert ask(unit).schema == pl.Schema(frame.columns)
    _populate(unit)
    assert ask(unit).height > 0
    assert ask(unit).schema == pl.Schema(frame.columns)
    assert ask(unit).n_chunks() == 1


def test_a_column_without_any_value_needs_no_type(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1], mv_id=5, import_error="x").with_columns(new_dn=None, obsolete=None))
    unit.update_objects(pl.DataFrame({"id": [1], "mv_id": [None], "import_error": [None]}))
    assert unit.objects(ids(1)).select("mv_id", "new_dn", "import_error", "obsolete").row(0) == (
        None,
        None,
        None,
        False,
    )
