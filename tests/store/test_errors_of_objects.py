"""Since when and how often an object has failed, kept while it goes on failing."""

from __future__ import annotations

import polars as pl
import pytest

from tests.store.conftest import Place
from tests.store.given import changes, ids, people
from unisono.store.contract import Store

_QUERIES = {
    "import": "SELECT import_error, import_error_first_run, import_error_count FROM v_connector_space WHERE id = 1",
    "export": "SELECT export_error, export_error_first_run, export_error_count FROM v_connector_space WHERE id = 1",
}


def _streak(place: Place, kind: str) -> tuple[object, ...]:
    (row,) = place.query(_QUERIES[kind])
    return row


@pytest.mark.parametrize("kind", ["import", "export"])
def test_an_object_that_goes_on_failing_keeps_its_first_run_and_counts(store: Store, place: Place, kind: str) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1, 2]))
    for run, code in ((5, "flow-error"), (6, "join-error")):
        with store.begin() as unit:
            unit.update_objects(changes({"id": 1, f"{kind}_error": code, f"{kind}_error_run": run}))
    assert _streak(place, kind) == ("join-error", 5, 2)


@pytest.mark.parametrize("kind", ["import", "export"])
def test_a_success_ends_the_row_of_failures(store: Store, place: Place, kind: str) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1]))
        unit.update_objects(changes({"id": 1, f"{kind}_error": "x", f"{kind}_error_run": 5}))
        unit.update_objects(changes({"id": 1, f"{kind}_error": None}))
    assert _streak(place, kind) == (None, None, 0)
    with store.begin() as unit:
        unit.update_objects(changes({"id": 1, f"{kind}_error": "x", f"{kind}_error_run": 8}))
    assert _streak(place, kind) == ("x", 8, 1)


def test_promotion_ends_the_row_of_failures(store: Store, place: Place) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1]))
        unit.update_objects(changes({"id": 1, "import_error": "x", "import_error_run": 5}))
        unit.promote(ids(1))
    assert _streak(place, "import") == (None, None, 0)


def test_a_new_object_may_have_failed_once(store: Store, place: Place) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1], import_error="x"))
    assert _streak(place, "import") == ("x", None, 1)


def test_an_error_without_its_run_is_counted_too(store: Store, place: Place) -> None:
    with store.begin() as unit:
        unit.insert_objects(people([1]))
        unit.update_objects(pl.DataFrame({"id": [1], "import_error": ["x"]}))
    assert _streak(place, "import") == ("x", None, 1)
