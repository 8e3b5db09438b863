"""Which objects a synchronization step is given, and in what order."""

from __future__ import annotations

import pytest

from tests.store.given import changes, ids, objects, people, placeholder
from unisono.store.contract import Selection, UnitOfWork

IMPORTED = {"import_hash": 1, "hologram_hash": 1}

CASES = [
    pytest.param({"import_operation": "add", "import_hash": 1}, "delta full", id="new"),
    pytest.param({"import_operation": "update", **IMPORTED, "mv_id": 9}, "delta full", id="changed connector"),
    pytest.param({"import_operation": "delete-add", **IMPORTED, "mv_id": 9}, "delta full", id="changed type"),
    pytest.param({**IMPORTED, "mv_id": 9}, "full", id="unchanged connector"),
    pytest.param(IMPORTED, "delta full", id="normal disconnector"),
    pytest.param({**IMPORTED, "state": "filtered"}, "full", id="filtered disconnector"),
    pytest.param({**IMPORTED, "state": "explicit"}, "full", id="explicit disconnector"),
    pytest.param({**IMPORTED, "state": "filtered", "import_operation": "update"}, "delta full", id="filtered, changed"),
    pytest.param({**IMPORTED, "state": "explicit", "mv_id": 9}, "full", id="explicit connector"),
    pytest.param({**IMPORTED, "mv_id": 9, "import_error": "flow-error"}, "delta full", id="failed before"),
    pytest.param({**IMPORTED, "import_operation": "delete", "mv_id": 9}, "deletes", id="gone connector"),
    pytest.param({**IMPORTED, "import_operation": "delete"}, "deletes", id="gone disconnector"),
    pytest.param({**IMPORTED, "import_operation": "delete", "import_error": "x"}, "deletes", id="gone, failed before"),
    pytest.param({"export_operation": "add", "mv_id": 9, "anchor": None}, "", id="provisioned"),
    pytest.param({"unconfirmed_operation": "add", "mv_id": 9}, "", id="exported, not imported yet"),
    pytest.param({**IMPORTED, "connector": "AD"}, "", id="of another connector"),
    pytest.param({"object_type": None, "anchor": None}, "", id="placeholder"),
    pytest.param({"object_type": None}, "", id="placeholder with an anchor"),
]


@pytest.mark.parametrize(("row", "expected"), CASES)
def test_a_step_selects_objects_by_their_state(unit: UnitOfWork, row: dict[str, object], expected: str) -> None:
    unit.insert_objects(objects({"id": 1} | row))
    selected = [name.value for name in Selection if unit.selection("HR", name, None, 10).height]
    assert selected == expected.split()
    after = [name.value for name in Selection if unit.selection("HR", name, "", 10).height]
    assert after == selected


@pytest.mark.parametrize("selection", Selection)
def test_pages_follow_each_other_by_anchor_without_gap_or_repetition(unit: UnitOfWork, selection: Selection) -> None:
    operation = "delete" if selection is Selection.DELETES else "update"
    anchors = ["10", "9", "Z", "a", "A", "é", "e", "z", "aa", "\U0001f600", "\ufb01"]
    unit.insert_objects(
        objects(
            *(
                {"id": id_, "anchor": anchor, "import_operation": operation, **IMPORTED}
                for id_, anchor in enumerate(anchors, 1)
            )
        )
    )
    pages, after = [], None
    while (page := unit.selection("HR", selection, after, 4)).height:
        pages.append(page["anchor"].to_list())
        after = pages[-1][-1]
    assert [len(page) for page in pages] == [4, 4, 3]
    assert [anchor for page in pages for anchor in page] == sorted(anchors)  # Python sorts by code point


def test_what_a_page_wrote_is_not_selected_again(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1, 2, 3], import_operation="add", mv_id=9, **IMPORTED))
    unit.promote(ids(1, 2))
    assert unit.selection("HR", Selection.DELTA, None, 10)["id"].to_list() == [3]


def test_an_object_that_comes_back_is_no_longer_to_be_deleted(unit: UnitOfWork) -> None:
    unit.insert_objects(people([1], import_operation="delete", mv_id=9, **IMPORTED))
    unit.update_objects(changes({"id": 1, "import_operation": "update"}))
    assert unit.selection("HR", Selection.DELETES, None, 10).is_empty()
    assert unit.selection("HR", Selection.DELTA, None, 10)["id"].to_list() == [1]


def test_an_unknown_connector_has_nothing_to_select(unit: UnitOfWork) -> None:
    unit.insert_objects(objects({"id": 1}, placeholder(2)))
    assert all(unit.selection("unheard of", selection, None, 10).is_empty() for selection in Selection)
