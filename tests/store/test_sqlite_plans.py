"""SQLite reaches what is asked for by the right index, and never reads a table for a few of its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Connection, create_engine

from tests.store.given import Sent, at, changes, ids, join_keys, keys, pairs, statements, terms, texts
from unisono.store import open_store
from unisono.store.contract import Selection, Store, UnitOfWork
from unisono.store.tables import staging

SOME = ids(1, 2)
PAIR, EDGE = pairs((1, 2)), keys((1, "m", 2))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store("sqlite:///store.db", tmp_path, create=True)
    yield store
    store.close()


@pytest.fixture
def beside(store: Store, tmp_path: Path) -> Iterator[Connection]:
    """A connection that explains what the store says; plans depend on the schema only, there being no statistics."""
    engine = create_engine(f"sqlite:///{tmp_path}/store.db")
    with engine.connect() as connection:
        staging.create_all(connection)
        yield connection
    engine.dispose()


def _plan(sent: Sent, beside: Connection) -> list[str]:
    rows = beside.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent.text}", sent.parameters)
    return [row[3] for row in rows]


def _plans(store: Store, beside: Connection, work: Callable[[UnitOfWork], object]) -> list[str]:
    with store.rehearse() as unit, statements() as log:
        work(unit)
    explained = [sent for sent in log if sent.is_about_stored_rows and not sent.text.startswith("INSERT")]
    return [line for sent in explained for line in _plan(sent, beside)]


FEW: dict[str, Callable[[UnitOfWork], object]] = {
    "changed_edges_of": lambda unit: unit.changed_edges_of(SOME),
    "waiting_edges_of": lambda unit: unit.waiting_edges_of(SOME),
    "references_to": lambda unit: unit.references_to(SOME),
    "reference_counts": lambda unit: unit.reference_counts(SOME),
    "reference_counts of connectors": lambda unit: unit.reference_counts(SOME, "HR"),
    "linked": lambda unit: unit.linked(SOME),
    "linked_pairs": lambda unit: unit.linked_pairs("HR", PAIR),
    "edges_of among": lambda unit: unit.edges_of(EDGE),
    "export_edges_of among": lambda unit: unit.export_edges_of(EDGE),
    "references_of among": lambda unit: unit.references_of(EDGE),
    "reference_contributions among": lambda unit: unit.reference_contributions(EDGE),
    "desired_edges among": lambda unit: unit.desired_edges(EDGE),
    "index_of": lambda unit: unit.index_of(ids(1)),
    "connector_index_of": lambda unit: unit.connector_index_of("HR", texts("a"), texts("b")),
    "objects": lambda unit: unit.objects(SOME),
    "names_of": lambda unit: unit.names_of(SOME),
    "connectors_of": lambda unit: unit.connectors_of(SOME),
    "other connectors_of": lambda unit: unit.connectors_of(SOME, besides=SOME),
    "edges_of": lambda unit: unit.edges_of(SOME),
    "edges_to": lambda unit: unit.edges_to(SOME),
    "export_edges_of": lambda unit: unit.export_edges_of(SOME),
    "export_edges_to": lambda unit: unit.export_edges_to(SOME),
    "forget_hashes": lambda unit: unit.forget_hashes(SOME),
    "export_index": lambda unit: unit.export_index("HR"),
    "disconnectors": lambda unit: unit.disconnectors("HR", "person"),
    "metaverse": lambda unit: unit.metaverse(SOME),
    "candidates": lambda unit: unit.candidates(terms(("k", "v"))),
    "references_of": lambda unit: unit.references_of(SOME),
    "referrers": lambda unit: unit.referrers(SOME),
    "connected_referrers": lambda unit: unit.connected_referrers(SOME),
    "reference_contributions": lambda unit: unit.reference_contributions(SOME),
    "desired_edges": lambda unit: unit.desired_edges(SOME),
    "update_objects": lambda unit: unit.update_objects(changes({"id": 1, "object_type": "x", "import_error": "e"})),
    "promote": lambda unit: unit.promote(SOME),
    "delete_objects": lambda unit: unit.delete_objects(SOME),
    "delete_edges": lambda unit: unit.delete_edges(keys((1, "m", 2))),
    "confirm_sent_edges": lambda unit: unit.confirm_sent_edges(SOME),
    "delete_metaverse": lambda unit: unit.delete_metaverse(SOME),
    "replace_join_keys": lambda unit: unit.replace_join_keys(SOME, join_keys(("k", "v", 1))),
    "delete_references": lambda unit: unit.delete_references(keys((1, "m", 2))),
    "runs of a connector": lambda unit: unit.runs(connector="HR"),
    "one run": lambda unit: unit.run(1),
    "errors of a run": lambda unit: unit.errors(run_id=1),
    "population": lambda unit: (unit.population("HR"), unit.metaverse_population()),
}
_WHOLE_TABLE = re.compile(r"SCAN (cs_|export_|mv_|run|step|counter|object_error)")
_WHOLE_SPACE = re.compile(r"SEARCH \w+ USING (COVERING )?INDEX cs_object_(anchor|dn_key) \(connector_id=\?\)")


@pytest.mark.parametrize("name", FEW)
def test_few_rows_are_found_by_their_keys(store: Store, beside: Connection, name: str) -> None:
    lines = _plans(store, beside, FEW[name])
    assert [line for line in lines if _WHOLE_TABLE.match(line) or _WHOLE_SPACE.match(line)] == []


@pytest.mark.parametrize("name", ["changed_edges_of", "promote"])
def test_changed_edges_are_found_without_reading_those_that_stay(store: Store, beside: Connection, name: str) -> None:
    lines = [line for line in _plans(store, beside, FEW[name]) if " cs_reference " in line]
    assert lines != []
    assert all(line.startswith("SEARCH cs_reference USING COVERING INDEX cs_reference_changed") for line in lines)


@pytest.mark.parametrize(
    ("selection", "index"),
    [
        (Selection.DELTA, "cs_object_to_synchronize"),
        (Selection.DELETES, "cs_object_to_delete"),
        (Selection.FULL, "cs_object_anchor"),
    ],
)
@pytest.mark.parametrize("after", [None, "a"])
def test_a_selection_walks_its_index_from_where_it_was(
    store: Store, beside: Connection, selection: Selection, index: str, after: str | None
) -> None:
    lines = _plans(store, beside, lambda unit: unit.selection("HR", selection, after, 10))
    assert lines[0] == f"SEARCH cs_object USING INDEX {index} (connector_id=? AND anchor>?)"
    assert not any("TEMP B-TREE" in line for line in lines)  # no sorting


def test_statistics_look_at_what_is_pending_and_at_no_document(store: Store, beside: Connection) -> None:
    lines = _plans(store, beside, lambda unit: unit.statistics())
    read = [line for line in lines if " cs_object " in line]
    assert read == [
        "SCAN cs_object USING INDEX cs_object_placeholder",
        "SEARCH cs_object USING COVERING INDEX cs_object_link (mv_id>?)",
        "SCAN cs_object USING INDEX cs_object_to_synchronize",
        "SCAN cs_object USING INDEX cs_object_to_delete",
        "SCAN cs_object USING INDEX cs_object_to_export",
        "SCAN cs_object USING INDEX cs_object_to_confirm",
    ]


@pytest.mark.parametrize("connector", ["HR", None])
def test_a_whole_name_is_found_without_reading_the_table(
    store: Store, beside: Connection, connector: str | None
) -> None:
    with store.rehearse() as unit, statements() as log:
        unit.find_objects(connector, "x", 10)
    exact, parts = (sent for sent in log if "FROM cs_object" in sent.text)
    assert [line for line in _plan(exact, beside) if "cs_object" in line] == [
        "SEARCH cs_object USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH cs_object USING INDEX cs_object_anchor (connector_id=? AND anchor=?)",
        "SEARCH cs_object USING INDEX cs_object_dn_key (connector_id=? AND dn_key=?)",
    ]
    assert _plan(parts, beside)[0] == "SCAN cs_object"


def test_a_large_connector_space_is_read_from_end_to_end_and_a_small_one_by_its_ids(
    store: Store, beside: Connection
) -> None:
    def index(unit: UnitOfWork) -> pl.DataFrame:
        return pl.concat(unit.connector_outline("HR"))

    with store.begin() as unit:
        unit.insert_objects(_people("HR", 1, 2))
    assert "SCAN cs_object" in _plans(store, beside, index)
    with store.begin() as unit:
        unit.insert_objects(_people("AD", 2, 40))
    assert "SEARCH cs_object USING INTEGER PRIMARY KEY (rowid=?)" in _plans(store, beside, index)
    assert "SCAN cs_object" not in _plans(store, beside, index)


def _people(connector: str, first: int, end: int) -> pl.DataFrame:
    return pl.DataFrame({"id": range(first, end)}).select(
        "id",
        connector=pl.lit(connector),
        object_type=pl.lit("person"),
        anchor=pl.col("id").cast(pl.String),
        dn=pl.col("id").cast(pl.String),
        dn_key=pl.col("id").cast(pl.String),
    )


def test_old_runs_are_found_by_their_time_and_looked_up_among_the_few_that_are_kept(
    store: Store, beside: Connection
) -> None:
    lines = _plans(store, beside, lambda unit: unit.clear_history(at(0)))
    assert [line for line in lines if line.startswith(("SCAN", "SEARCH"))] == [
        "SEARCH run USING INDEX run_started (started_at<?)",
        "SCAN held_batch",
        "SEARCH cs_object USING COVERING INDEX cs_object_import_failure (import_error_first_run>?)",
        "SEARCH cs_object USING COVERING INDEX cs_object_export_failure (export_error_first_run>?)",
        "SEARCH later USING INDEX run_profile (connector_id=? AND profile=? AND id>?)",
    ]
