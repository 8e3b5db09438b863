"""An export keeps a delimited text file up to date: what is not its business stays, what is wrong is refused alone."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connectors.delimited import PERSON, batch, exported, imported, runtime

from unisono.connectors.contract import ExportOperation
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

ADD, UPDATE, DELETE = ExportOperation.ADD, ExportOperation.UPDATE, ExportOperation.DELETE


def content(directory: Path) -> str:
    return (directory / "people.csv").read_text(encoding="utf-8")


def given_file(directory: Path, text: str) -> None:
    (directory / "people.csv").write_text(text, encoding="utf-8")


def test_the_first_export_makes_the_file(tmp_path: Path) -> None:
    assert exported(tmp_path, batch(ADD, {"uid": "1", "name": "Ann", "level": 5})) == [[None]]
    assert content(tmp_path) == "uid,name,level\n1,Ann,5\n"


def test_other_columns_other_rows_and_their_order_stay(tmp_path: Path) -> None:
    given_file(tmp_path, "shoe,name,uid,level\n42,Zoe,9,1\n43,Ann,1,2\n44,Bob,5,3\n")
    update = batch(UPDATE, {"anchor": "1", "name": "Anna"})
    add = batch(ADD, {"uid": "2", "name": "Cy"})
    delete = batch(DELETE, {"anchor": "9"})
    assert exported(tmp_path, add, update, delete) == [[None], [None], [None]]
    assert content(tmp_path) == "shoe,name,uid,level\n43,Anna,1,2\n44,Bob,5,3\n,Cy,2,\n"


def test_columns_that_the_file_lacks_are_added(tmp_path: Path) -> None:
    given_file(tmp_path, "uid,shoe\n1,42\n")
    exported(tmp_path, batch(UPDATE, {"anchor": "1", "level": 7}))
    assert content(tmp_path) == "uid,shoe,name,level\n1,42,,7\n"


def test_values_are_quoted_where_they_must_be(tmp_path: Path) -> None:
    exported(tmp_path, batch(ADD, {"uid": "1", "name": 'a,"b"'}, {"uid": "2", "name": " c "}))
    assert content(tmp_path) == 'uid,name,level\n1,"a,""b""",\n2, c ,\n'


def test_an_export_without_entries_leaves_the_content_as_it_is(tmp_path: Path) -> None:
    text = 'uid,name,level,note\n1,"a,b",,"two\nlines"\n1,again,,\n,nobody,,""\n'
    given_file(tmp_path, text)
    exported(tmp_path)
    assert content(tmp_path) == text


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param({"uid": "2", "name": "two\nlines"}, "invalid-attribute-value", id="line feed"),
        pytest.param({"uid": "2", "name": "two\rlines"}, "invalid-attribute-value", id="carriage return"),
        pytest.param({"uid": "2", "name": "N\0L"}, "invalid-attribute-value", id="NUL"),
        pytest.param({"uid": "2", "name": ""}, "invalid-attribute-value", id="empty text"),
        pytest.param({"uid": "2", "name": "Łódź"}, "code-page-conversion", id="character outside the code page"),
        pytest.param({"name": "Nobody"}, "missing-anchor-component", id="no anchor"),
        pytest.param({"uid": "1", "name": "Other"}, "cd-existing-object", id="anchor in use"),
        pytest.param({"uid": "3", "name": "Twin"}, "cd-existing-object", id="anchor in use in the same batch"),
    ],
)
def test_an_addition_that_cannot_be_written_is_refused_alone(tmp_path: Path, entry: dict[str, Any], code: str) -> None:
    given_file(tmp_path, "uid,name,level\n1,Ann,\n")
    good = {"uid": "3", "name": "Cy"}
    assert exported(tmp_path, batch(ADD, good, entry, {"uid": "4"}), encoding="cp1252") == [[None, code, None]]
    assert content(tmp_path) == "uid,name,level\n1,Ann,\n3,Cy,\n4,,\n"


def test_a_refusal_names_the_attribute_and_not_the_value(tmp_path: Path) -> None:
    with runtime(tmp_path, export_file="people.csv").open_export() as session:
        [result] = session.send(batch(ADD, {"uid": "1", "name": "in\ntwo lines"})).to_dicts()
    assert result["attribute"] == "name"
    assert "two lines" not in result["message"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param({"anchor": "9", "name": "x"}, "cd-missing-object", id="not there"),
        pytest.param({"anchor": "2", "name": "x"}, "ambiguous-update", id="there twice"),
        pytest.param({"anchor": "1", "uid": "7"}, "modify-naming-attribute", id="another anchor"),
        pytest.param({"anchor": "1", "new_dn": "7"}, "modify-naming-attribute", id="another name without names"),
        pytest.param({"anchor": "1", "name": "a\nb"}, "invalid-attribute-value", id="line feed"),
    ],
)
def test_an_update_that_cannot_be_written_is_refused_alone(tmp_path: Path, entry: dict[str, Any], code: str) -> None:
    given_file(tmp_path, "uid,name,level\n1,Ann,\n2,Bob,\n2,Bea,\n3,Cy,\n")
    results = exported(tmp_path, batch(UPDATE, entry, {"anchor": "3", "name": "Cyd"}))
    assert results == [[code, None]]
    assert content(tmp_path) == "uid,name,level\n1,Ann,\n2,Bob,\n2,Bea,\n3,Cyd,\n"


def test_a_deletion_of_an_ambiguous_anchor_is_refused(tmp_path: Path) -> None:
    given_file(tmp_path, "uid,name,level\n2,Bob,\n2,Bea,\n")
    assert exported(tmp_path, batch(DELETE, {"anchor": "2"})) == [["ambiguous-update"]]


def test_an_addition_that_an_unrecorded_export_has_written_already_is_accepted(tmp_path: Path) -> None:
    given_file(tmp_path, "shoe,uid,name,level\n42,1,Ann,5\n")
    same, other = {"uid": "1", "name": "Ann", "level": 5}, {"uid": "1", "name": "Ann"}
    assert exported(tmp_path, batch(ADD, same, other)) == [[None, "cd-existing-object"]]
    assert content(tmp_path) == "shoe,uid,name,level\n42,1,Ann,5\n"


def test_what_one_session_says_of_one_object_happens_in_order(tmp_path: Path) -> None:
    batches = [
        batch(ADD, {"uid": "1", "name": "a"}),
        batch(UPDATE, {"anchor": "1", "name": "b"}),
        batch(DELETE, {"anchor": "1"}),
        batch(ADD, {"uid": "1", "level": 9}),
    ]
    assert exported(tmp_path, *batches) == [[None]] * 4
    assert content(tmp_path) == "uid,name,level\n1,,9\n"


def test_an_anchor_of_several_attributes_finds_its_row(tmp_path: Path) -> None:
    given_file(tmp_path, "uid,name,level\na;b,c,1\na,b;c,2\n")
    assert exported(tmp_path, batch(UPDATE, {"anchor": r"a;b\;c", "level": 3}), anchor=["uid", "name"]) == [[None]]
    assert content(tmp_path) == "uid,name,level\na;b,c,1\na,b;c,3\n"


def test_accepted_additions_return_their_anchors(tmp_path: Path) -> None:
    with runtime(tmp_path, export_file="people.csv").open_export() as session:
        results = session.send(batch(ADD, {"uid": "1"}, {"uid": "2"}))
    assert results["anchor"].to_list() == ["1", "2"]


GROUP = ObjectType(
    name="group",
    attributes=(
        Attribute(name="uid"),
        Attribute(name="title"),
        Attribute(name="owner", type=AttributeType.REFERENCE),
        Attribute(name="members", type=AttributeType.REFERENCE, multivalued=True),
    ),
)
GROUPS = Schema(object_types=(GROUP,))


def test_references_follow_a_renamed_object(tmp_path: Path) -> None:
    given_file(tmp_path, "uid,title,owner,members\n1,A,B,B|C\n2,B,,A\n3,C,BB,\n")
    rename = batch(UPDATE, {"anchor": "2", "dn": "B", "new_dn": "D"}, object_type=GROUP)
    assert exported(tmp_path, rename, schema=GROUPS, dn="title") == [[None]]
    assert content(tmp_path) == "uid,title,owner,members\n1,A,D,D|C\n2,D,,A\n3,C,BB,\n"


def test_a_value_with_the_text_that_separates_values_is_refused(tmp_path: Path) -> None:
    entry = {"uid": "1", "title": "A", "dn": "A", "members": ["a|b"]}
    assert exported(tmp_path, batch(ADD, entry, object_type=GROUP), schema=GROUPS) == [["invalid-attribute-value"]]


def test_without_quotes_the_delimiter_is_refused(tmp_path: Path) -> None:
    results = exported(tmp_path, batch(ADD, {"uid": "1", "name": "a,b"}, {"uid": "2", "name": '"c"'}), quote="")
    assert results == [["invalid-attribute-value", None]]
    assert content(tmp_path) == 'uid,name,level\n2,"c",\n'


def test_new_records_of_several_object_types_say_which_they_are(tmp_path: Path) -> None:
    schema = Schema(object_types=(PERSON, GROUP))
    batches = [
        batch(ADD, {"uid": "1", "name": "Ann"}),
        batch(ADD, {"uid": "2", "title": "Team", "members": ["1"]}, object_type=GROUP),
    ]
    assert exported(tmp_path, *batches, schema=schema, object_type_column="kind") == [[None], [None]]
    assert content(tmp_path) == "kind,uid,name,level,title,owner,members\nperson,1,Ann,,,,\ngroup,2,,,Team,,1\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_keeps_its_encoding_and_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "people.csv").write_bytes("uid,name,level\n1,Łucja,\n".encode(encoding))
    exported(tmp_path, batch(ADD, {"uid": "2", "name": "Óscar"}))
    written = (tmp_path / "people.csv").read_bytes()
    assert written == "uid,name,level\n1,Łucja,\n2,Óscar,\n".encode(encoding)


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    given_file(tmp_path, "uid,name,level\n")
    (tmp_path / "people.csv").chmod(0o640)
    exported(tmp_path, batch(ADD, {"uid": "1"}))
    assert stat.S_IMODE((tmp_path / "people.csv").stat().st_mode) == 0o640


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    exported(tmp_path, batch(ADD, {"uid": "1"}))
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def test_a_file_that_cannot_be_read_entirely_is_not_replaced(tmp_path: Path) -> None:
    given_file(tmp_path, "uid,name,level\n1,Ann\n")
    with pytest.raises(StepStop, match="line 2") as stop:
        exported(tmp_path, batch(ADD, {"uid": "2"}))
    assert stop.value.status is Status.NO_START_FILE_OPEN
    assert content(tmp_path) == "uid,name,level\n1,Ann\n"


def test_a_full_disk_stops_the_export_and_leaves_the_old_file(tmp_path: Path) -> None:
    # Linux keeps a device that is always full; the draft beside the file is a link to it.
    given_file(tmp_path, "uid,name,level\n1,Ann,\n")
    (tmp_path / ".people.csv.draft").symlink_to("/dev/full")
    with pytest.raises(StepStop) as stop:
        exported(tmp_path, batch(ADD, {"uid": "2"}))
    assert stop.value.status is Status.STOPPED_DISK_FULL
    assert content(tmp_path) == "uid,name,level\n1,Ann,\n"


def test_what_was_exported_is_what_an_import_finds(tmp_path: Path) -> None:
    exported(tmp_path, batch(ADD, {"uid": "1", "name": "Ann", "level": -1}))
    [found] = imported(tmp_path).objects
    assert found == {"object_type": "person", "anchor": "1", "dn": "1", "uid": "1", "name": "Ann", "level": -1}
