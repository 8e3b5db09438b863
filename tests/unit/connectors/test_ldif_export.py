"""An export keeps a file of entries up to date as a small directory would."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connectors.delimited import batch
from tests.unit.connectors.ldif_files import GROUP, PERSON, exported, imported, person, runtime

from unisono.connectors.contract import ExportOperation
from unisono.connectors.ldif import KIND
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, ObjectType, Schema

ADD, UPDATE, DELETE = ExportOperation.ADD, ExportOperation.UPDATE, ExportOperation.DELETE
VERSION = "version: 1\n\n"


def content(directory: Path) -> str:
    return (directory / "people.ldif").read_text()


def given_file(directory: Path, *entries: str) -> None:
    (directory / "people.ldif").write_text("".join(entries))


def adding(uid: str, **values: Any) -> dict[str, Any]:
    return {"dn": f"uid={uid},dc=example", "uid": uid, **values}


def changing(anchor: str, **values: Any) -> dict[str, Any]:
    return {"anchor": anchor, "dn": f"uid={anchor},dc=example", **values}


def test_a_new_entry_has_its_classes_its_name_and_its_values(tmp_path: Path) -> None:
    entry = {"dn": r"cn=Ann\2C A.+sn=B,dc=example", "uid": "1", "level": 5, "active": True}
    assert exported(tmp_path, batch(ADD, entry, object_type=PERSON)) == [[None]]
    assert content(tmp_path) == VERSION + (
        "dn: cn=Ann\\2C A.+sn=B,dc=example\nobjectClass: top\nobjectClass: inetOrgPerson\ncn: Ann, A.\nsn: B\n"
        "uid: 1\nlevel: 5\nactive: TRUE\n\n"
    )


def test_other_attributes_other_entries_and_their_order_stay(tmp_path: Path) -> None:
    other = "dn: ou=x,dc=example\nobjectClass: organizationalUnit\nou: x\n\n"
    given_file(tmp_path, person("9"), other, person("1", "shoe: 42", "level: 1", "TITLE: t"), person("5"))
    results = exported(
        tmp_path,
        batch(ADD, adding("2"), object_type=PERSON),
        batch(UPDATE, changing("1", level=2), object_type=PERSON),
        batch(DELETE, changing("9"), object_type=PERSON),
    )
    assert results == [[None], [None], [None]]
    new = "dn: uid=2,dc=example\nobjectClass: top\nobjectClass: inetOrgPerson\nuid: 2\n\n"
    assert content(tmp_path) == VERSION + other + person("1", "shoe: 42", "TITLE: t", "level: 2") + person("5") + new


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain text", "cn: plain text"),
        (" leading", "cn:: IGxlYWRpbmc="),
        ("trailing ", "cn:: dHJhaWxpbmcg"),
        (": colon", "cn:: OiBjb2xvbg=="),
        ("< less", "cn:: PCBsZXNz"),
        ("# hash", "cn: # hash"),
        ("Jörg", "cn:: SsO2cmc="),
        ("a\nb", "cn:: YQpi"),
        ("", "cn: "),
        ("x" * 100, "cn: " + "x" * 70 + "\n " + "x" * 30),
    ],
)
def test_values_are_written_as_the_standard_says(tmp_path: Path, value: str, line: str) -> None:
    exported(tmp_path, batch(ADD, adding("1", cn=[value]), object_type=PERSON))
    assert f"\n{line}\n" in content(tmp_path)
    assert imported(tmp_path, content(tmp_path)).objects[0]["cn"] == [value]


@pytest.mark.parametrize("length", range(60, 260, 7))
def test_no_line_is_longer_than_76_characters_and_folding_loses_nothing(tmp_path: Path, length: int) -> None:
    value = ("0123456789" * 26)[:length]
    exported(tmp_path, batch(ADD, adding("1", cn=[value]), object_type=PERSON))
    assert max(len(line) for line in content(tmp_path).splitlines()) <= 76
    assert imported(tmp_path, content(tmp_path)).objects[0]["cn"] == [value]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param({"dn": "nobody", "uid": "2"}, "invalid-dn", id="no name"),
        pytest.param({"dn": "cn=x,dc=example"}, "missing-anchor-component", id="no anchor"),
        pytest.param({"dn": "cn=x,dc=example", "uid": "1"}, "cd-existing-object", id="anchor in use"),
        pytest.param({"dn": "UID=1, DC=Example", "uid": "2"}, "cd-existing-object", id="name in use"),
        pytest.param({"dn": "uid=3,dc=example", "uid": "4"}, "cd-existing-object", id="name in use in the same batch"),
    ],
)
def test_an_addition_that_cannot_be_written_is_refused_alone(tmp_path: Path, entry: dict[str, Any], code: str) -> None:
    given_file(tmp_path, person("1"))
    results = exported(tmp_path, batch(ADD, adding("3"), entry, adding("5"), object_type=PERSON))
    assert results == [[None, code, None]]
    assert imported(tmp_path, content(tmp_path)).anchors == ["1", "3", "5"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param(changing("9", level=1), "cd-missing-object", id="not there"),
        pytest.param(changing("2", level=1), "ambiguous-update", id="there twice"),
        pytest.param(changing("1", uid="7"), "modify-naming-attribute", id="another anchor"),
        pytest.param(changing("1", new_dn="nobody"), "invalid-dn", id="new name that is none"),
        pytest.param(changing("1", new_dn="uid=3,dc=Example"), "rename-to-existing-dn", id="new name in use"),
    ],
)
def test_an_update_that_cannot_be_written_is_refused_alone(tmp_path: Path, entry: dict[str, Any], code: str) -> None:
    twin = person("2").replace("uid=2", "cn=2")
    given_file(tmp_path, person("1"), person("2"), twin, person("3"))
    assert exported(tmp_path, batch(UPDATE, entry, changing("3", level=1), object_type=PERSON)) == [[code, None]]
    assert content(tmp_path) == VERSION + person("1") + person("2") + twin + person("3", "level: 1")


def test_an_addition_that_an_unrecorded_export_has_written_already_is_accepted(tmp_path: Path) -> None:
    entry = adding("1", cn=["Ann", "Anna"])
    exported(tmp_path, batch(ADD, entry, object_type=PERSON))
    before = content(tmp_path)
    other = adding("1", cn=["Ann"])
    assert exported(tmp_path, batch(ADD, entry, other, object_type=PERSON)) == [[None, "cd-existing-object"]]
    assert content(tmp_path) == before


def test_entries_get_an_identity_as_from_a_server(tmp_path: Path) -> None:
    schema = Schema(object_types=(ObjectType(name="person", attributes=(*PERSON.attributes, _UUID)),))
    settings = {"file": "x.ldif", "export_file": "x.ldif", "object_classes": {"inetOrgPerson": "person"}}
    assert KIND.validate(settings, schema) == ()
    session = KIND.make(settings, schema, tmp_path).open_export()
    results = session.send(batch(ADD, adding("1"), adding("2"), object_type=PERSON))
    session.finish()
    written = (tmp_path / "x.ldif").read_text()
    for anchor in results["anchor"]:
        assert f"entryUUID: {uuid.UUID(anchor)}\n" in written


_UUID = Attribute(name="entryUUID", read_only=True)


def test_a_renamed_entry_takes_along_its_naming_value_its_children_and_its_references(tmp_path: Path) -> None:
    unit = "dn: uid=u,dc=example\nobjectClass: inetOrgPerson\nuid: u\nou: old\nou: other\n\n"
    given_file(
        tmp_path,
        unit.replace("uid=u", "ou=old"),
        "dn: uid=1,ou=old,dc=example\nobjectClass: inetOrgPerson\nuid: 1\nmanager: OU=Old,DC=example\n\n",
        "dn: cn=g,dc=example\nobjectClass: groupOfNames\nuid: g\nmember: uid=1,ou=old,dc=example\nmember: ou=o\n\n",
    )
    rename = {"anchor": "u", "dn": "ou=old,dc=example", "new_dn": r"ou=new\, big,dc=example"}
    assert exported(tmp_path, batch(UPDATE, rename, object_type=PERSON)) == [[None]]
    assert content(tmp_path) == VERSION + (
        "dn: ou=new\\, big,dc=example\nobjectClass: inetOrgPerson\nuid: u\nou: other\nou: new, big\n\n"
        "dn: uid=1,ou=new\\, big,dc=example\nobjectClass: inetOrgPerson\nuid: 1\nmanager: ou=new\\, big,dc=example\n\n"
        "dn: cn=g,dc=example\nobjectClass: groupOfNames\nuid: g\nmember: uid=1,ou=new\\, big,dc=example\n"
        "member: ou=o\n\n"
    )


@pytest.mark.parametrize("batches", [1, 2])
def test_names_change_as_if_one_rename_followed_the_other(tmp_path: Path, batches: int) -> None:
    def entry(dn: str, *lines: str) -> str:
        return "\n".join([f"dn: {dn}", "objectClass: inetOrgPerson", *lines]) + "\n\n"

    given_file(
        tmp_path,
        entry("ou=a,dc=x", "uid: a", "ou: a"),
        entry("ou=b,dc=x", "uid: b", "ou: b"),
        entry("cn=1,ou=a,dc=x", "uid: 1", "cn: 1", "manager: cn=2,ou=b,dc=x"),
        entry("cn=2,ou=b,dc=x", "uid: 2", "cn: 2", "manager: cn=1,ou=a,dc=x"),
        entry(r"cn=3\,ou=a,dc=x", "uid: 3", r"manager: ou=a,dc=x"),
    )
    renames = [
        {"anchor": "a", "dn": "ou=a,dc=x", "new_dn": "ou=c,dc=x"},
        {"anchor": "b", "dn": "ou=b,dc=x", "new_dn": "ou=a,dc=x"},
        {"anchor": "2", "dn": "cn=2,ou=b,dc=x", "new_dn": "cn=two,ou=a,dc=x"},
    ]
    parts = [renames] if batches == 1 else [renames[:1], renames[1:]]
    results = exported(tmp_path, *(batch(UPDATE, *part, object_type=PERSON) for part in parts))
    assert results == [[None] * len(part) for part in parts]
    assert content(tmp_path) == VERSION + (
        entry("ou=c,dc=x", "uid: a", "ou: c")
        + entry("ou=a,dc=x", "uid: b", "ou: a")
        + entry("cn=1,ou=c,dc=x", "uid: 1", "cn: 1", "manager: cn=two,ou=a,dc=x")
        + entry("cn=two,ou=a,dc=x", "uid: 2", "manager: cn=1,ou=c,dc=x", "cn: two")
        + entry(r"cn=3\,ou=a,dc=x", "uid: 3", "manager: ou=c,dc=x")
    )


def test_an_entry_may_be_renamed_to_a_name_below_its_old_one(tmp_path: Path) -> None:
    given_file(tmp_path, person("1"))
    rename = {"anchor": "1", "dn": "uid=1,dc=example", "new_dn": "ou=x,uid=1,dc=example"}
    assert exported(tmp_path, batch(UPDATE, rename, object_type=PERSON)) == [[None]]
    assert content(tmp_path).splitlines()[2] == "dn: ou=x,uid=1,dc=example"


def test_references_are_written_as_names(tmp_path: Path) -> None:
    entry = {"dn": "cn=g,dc=example", "uid": "g", "member": ["uid=2,dc=example", "uid=1,dc=example"]}
    exported(tmp_path, batch(ADD, entry, object_type=GROUP))
    assert "member: uid=1,dc=example\nmember: uid=2,dc=example\n" in content(tmp_path)


def test_what_one_session_says_of_one_entry_happens_in_order(tmp_path: Path) -> None:
    batches = [
        batch(ADD, adding("1", level=1), object_type=PERSON),
        batch(UPDATE, changing("1", level=2), object_type=PERSON),
        batch(UPDATE, changing("1", level=3), object_type=PERSON),
        batch(DELETE, changing("1"), object_type=PERSON),
        batch(ADD, adding("1", level=4), object_type=PERSON),
    ]
    assert exported(tmp_path, *batches) == [[None]] * 5
    [found] = imported(tmp_path, content(tmp_path)).objects
    assert found["level"] == 4


def test_a_file_that_cannot_be_read_entirely_is_not_replaced(tmp_path: Path) -> None:
    text = person("1") + "dn: uid=2,dc=example\nno attribute\n\n"
    given_file(tmp_path, text)
    with pytest.raises(StepStop, match="line 6") as stop:
        exported(tmp_path)
    assert stop.value.status is Status.NO_START_FILE_OPEN
    assert content(tmp_path) == text


def test_without_a_file_to_export_to_an_export_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(StepStop) as stop:
        runtime(tmp_path).open_export()
    assert stop.value.status is Status.NO_START_BAD_MA_CONFIGURATION
