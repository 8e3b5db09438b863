"""A delta file tells changes; what it says last about an object stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.connectors.delimited import Imported, imported

from unisono.model.errors import StepStop
from unisono.model.runs import Status

HEADER = "change,uid,name,level\n"
OTHER_FILE = f"file:0:{'0' * 64}"  # a watermark of another content


def changes(directory: Path, text: str, **settings: Any) -> Imported:
    return imported(directory, HEADER + text, since=OTHER_FILE, change_type_column="change", **settings)


def state(result: Imported) -> tuple[dict[str, str], list[str]]:
    return {row["anchor"]: row["name"] for row in result.objects}, [row["anchor"] for row in result.deletions]


@pytest.mark.parametrize(
    ("text", "objects", "deleted"),
    [
        pytest.param("Add,1,a,\nModify,2,b,\nDelete,3,,\n", {"1": "a", "2": "b"}, ["3"], id="one of each"),
        pytest.param("Add,1,a,\nModify,1,b,\n", {"1": "b"}, [], id="added, then modified"),
        pytest.param("Add,1,a,\nDelete,1,,\n", {}, ["1"], id="added, then deleted"),
        pytest.param("Delete,1,,\nAdd,1,a,\n", {"1": "a"}, [], id="deleted, then added"),
        pytest.param("Delete,1,,\nDelete,1,,\n", {}, ["1"], id="deleted twice"),
        pytest.param("", {}, [], id="no change"),
    ],
)
def test_the_last_change_of_an_object_stands(
    tmp_path: Path, text: str, objects: dict[str, str], deleted: list[str]
) -> None:
    result = changes(tmp_path, text)
    assert state(result) == (objects, deleted)
    assert result.errors == []


def test_a_deletion_needs_no_valid_values(tmp_path: Path) -> None:
    assert state(changes(tmp_path, "Delete,1,,many\n")) == ({}, ["1"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("Replace,1,a,\n", ("invalid-change-type", 1, 2), id="unknown"),
        pytest.param("add,1,a,\n", ("invalid-change-type", 1, 2), id="in another case"),
        pytest.param(",1,a,\n", ("missing-change-type", 1, 2), id="empty"),
        pytest.param("Delete,,a,\n", ("missing-anchor-component", 1, 2), id="deletion of nobody"),
        pytest.param("Modify,1,a\n", ("parse-error", 1, 2), id="too few columns"),
    ],
)
def test_a_change_that_cannot_be_understood_is_an_error(tmp_path: Path, text: str, fault: tuple[str, int, int]) -> None:
    result = changes(tmp_path, text)
    assert (result.faults, result.objects, result.deletions) == ([fault], [], [])


def test_an_older_state_does_not_stand_in_for_a_newer_one_that_cannot_be_read(tmp_path: Path) -> None:
    result = changes(tmp_path, "Add,1,a,1\nModify,1,b,many\n")
    assert state(result) == ({}, [])
    assert result.faults == [("invalid-numeric-value", 2, 3)]


def test_a_newer_state_settles_an_older_one_that_could_not_be_read(tmp_path: Path) -> None:
    result = changes(tmp_path, "Add,1,a,many\nModify,1,b,2\n")
    assert state(result) == ({"1": "b"}, [])
    assert result.errors == []


def test_the_words_for_changes_can_be_chosen(tmp_path: Path) -> None:
    result = changes(tmp_path, "N,1,a,\nD,2,,\n", change_types={"add": "N", "delete": "D"})
    assert state(result) == ({"1": "a"}, ["2"])


def test_the_same_file_again_brings_nothing(tmp_path: Path) -> None:
    first = changes(tmp_path, "Add,1,a,\n")
    again = imported(tmp_path, since=first.watermark, change_type_column="change")
    assert (again.objects, again.watermark) == ([], first.watermark)


def test_the_watermark_names_the_content_and_not_the_time(tmp_path: Path) -> None:
    first = changes(tmp_path, "Add,1,a,\n")
    assert changes(tmp_path, "Add,1,b,\n").watermark != first.watermark
    assert changes(tmp_path, "Add,1,a,\n").watermark == first.watermark


def test_a_full_import_takes_no_changes_for_objects(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + "Add,1,a,\n,2,b,\nDelete,3,c,\n", change_type_column="change")
    assert result.anchors == ["1", "2"]
    assert result.faults == [("invalid-change-type", 3, 4)]


def test_a_full_import_needs_no_change_type_column(tmp_path: Path) -> None:
    result = imported(tmp_path, "uid,name,level\n1,a,\n", change_type_column="change")
    assert result.anchors == ["1"]
    assert result.watermark is not None


def test_a_delta_file_without_the_change_type_column_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(StepStop, match="'change'") as stop:
        imported(tmp_path, "uid,name,level\n1,a,\n", since=OTHER_FILE, change_type_column="change")
    assert stop.value.status is Status.NO_START_HEADER_ROW_MISMATCH
