"""What a full import takes from an LDIF file, what it refuses, and where it says the fault is."""

from __future__ import annotations

import base64
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.connectors.ldif_files import connector, imported, person

from unisono.connectors.contract import ImportRequest
from unisono.connectors.ldif import KIND
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema


def coded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def test_entries_become_objects_with_typed_values(tmp_path: Path) -> None:
    text = person("1", "cn: Ann", "cn: Anna", "level: -5", "active: TRUE", "hired: 20240229120000Z")
    [found] = imported(tmp_path, text).objects
    assert found == {
        "object_type": "person",
        "anchor": "1",
        "dn": "uid=1,dc=example",
        "uid": "1",
        "cn": ["Ann", "Anna"],
        "level": -5,
        "active": True,
        "hired": datetime(2024, 2, 29, 12, tzinfo=UTC),
        "photo": None,
        "manager": None,
    }


@pytest.mark.parametrize(
    ("line", "names"),
    [
        pytest.param("cn: two words", ["two words"], id="plain"),
        pytest.param("cn:   Ann", ["Ann"], id="blanks after the colon"),
        pytest.param("cn:Ann", ["Ann"], id="no blank after the colon"),
        pytest.param("cn: Ann ", ["Ann "], id="blank at the end"),
        pytest.param("cn: A:B", ["A:B"], id="colon in the value"),
        pytest.param("cn:: " + coded("Jörg "), ["Jörg "], id="base64"),
        pytest.param("cn: Jörg", ["Jörg"], id="letters that should have been base64"),
        pytest.param("cn: fol\n ded", ["folded"], id="folded"),
        pytest.param("cn: fol\n  ded\n  twice", ["fol ded twice"], id="folded at blanks"),
        pytest.param("cn:: " + coded("folded")[:3] + "\n " + coded("folded")[3:], ["folded"], id="folded base64"),
        pytest.param("CN: Ann", ["Ann"], id="name in another case"),
        pytest.param("cn;binary: Ann", ["Ann"], id="binary option"),
        pytest.param("cn;lang-de: Ann", None, id="another option is another attribute"),
        pytest.param("# comment\n# and fol\n ded\ncn: Ann", ["Ann"], id="comments"),
        pytest.param("cn:", [""], id="empty value"),
        pytest.param("cn: Ann\ncn: Ann", ["Ann"], id="value twice"),
    ],
)
def test_every_spelling_of_a_value_is_understood(tmp_path: Path, line: str, names: list[str] | None) -> None:
    result = imported(tmp_path, person("1", line))
    assert result.errors == []
    assert result.objects[0]["cn"] == names


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("version: 1\n\n" + person("1") + person("2"), id="version line"),
        pytest.param("version: 1\n" + person("1") + person("2"), id="version line right before an entry"),
        pytest.param((person("1") + person("2")).replace("\n", "\r\n"), id="lines of other systems"),
        pytest.param("\n\n" + person("1") + "\n\n\n" + person("2"), id="more blank lines"),
        pytest.param(person("1") + person("2").rstrip("\n") + "\n", id="no blank line at the end"),
        pytest.param("# a comment\n\n" + person("1") + "# another\n\n" + person("2"), id="comments between entries"),
        pytest.param("\ufeff" + person("1") + person("2"), id="byte order mark"),
        pytest.param(person("1") + person("2", "changetype: add"), id="an addition is an entry"),
    ],
)
def test_every_layout_of_a_file_is_understood(tmp_path: Path, text: str) -> None:
    result = imported(tmp_path, text)
    assert (result.anchors, result.errors) == (["1", "2"], [])


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        pytest.param(person("2", "level: many"), ("invalid-numeric-value", 2, 8), id="letters for a number"),
        pytest.param(person("2", "active: yes"), ("invalid-boolean-value", 2, 8), id="another word for true"),
        pytest.param(person("2", "hired: 2024-02-29"), ("invalid-attribute-value", 2, 8), id="another form of date"),
        pytest.param(person("2", "photo:: AAH"), ("invalid-base64-value", 2, 8), id="broken base64"),
        pytest.param(person("2", "cn:: !!"), ("invalid-base64-value", 2, 8), id="broken base64 of a text"),
        pytest.param(person("2", "cn:: " + coded(b"\xff")), ("invalid-attribute-value", 2, 8), id="octets for a text"),
        pytest.param(person("2", "level: 1", "level: 2"), ("multi-single-mismatch", 2, 8), id="two values for one"),
        pytest.param(person("2", "uid: 3"), ("multi-valued-anchor-component", 2, 7), id="two anchors"),
        pytest.param(person("2", "manager: nobody"), ("reference-value-not-ldap-conformant", 2, 8), id="no name"),
        pytest.param(person("2", "objectClass:: !!"), ("invalid-base64-value", 2, 8), id="broken object class"),
        pytest.param(person("2", "objectClass:< file:///x"), ("unsupported-value-type", 2, 8), id="URL for a class"),
        pytest.param(person("2", "photo:< file:///etc/passwd"), ("unsupported-value-type", 2, 8), id="URL for a value"),
        pytest.param(person("2", "no attribute"), ("parse-error", 2, 8), id="line without a colon"),
        pytest.param(person("2", "bad name: x"), ("parse-error", 2, 8), id="blank in an attribute's name"),
        pytest.param(person("2", "dn: uid=4,dc=example"), ("parse-error", 2, 8), id="blank line missing"),
        pytest.param(person("2", "changetype: delete"), ("invalid-change-type", 2, 8), id="a change"),
        pytest.param(
            person("2", "# com\n ment", "cn: x\n y", "level: x"), ("invalid-numeric-value", 2, 12), id="folds"
        ),
        pytest.param("objectClass: inetOrgPerson\nuid: 2\n\n", ("missing-dn", 2, 5), id="no name at all"),
        pytest.param("dn: nobody\nuid: 2\n\n", ("dn-not-ldap-conformant", 2, 5), id="name that is none"),
        pytest.param("dn:: !!\nuid: 2\n\n", ("dn-not-ldap-conformant", 2, 5), id="name of broken base64"),
        pytest.param("dn:< file:///x\nuid: 2\n\n", ("unsupported-value-type", 2, 5), id="URL for a name"),
        pytest.param("dn: uid=2,dc=example\nuid: 2\n\n", ("missing-object-class", 2, 5), id="no class"),
        pytest.param(
            "dn: cn=x,dc=example\nobjectClass: inetOrgPerson\n\n", ("missing-anchor-component", 2, 5), id="no anchor"
        ),
    ],
)
def test_a_bad_entry_is_an_error_by_itself(tmp_path: Path, entry: str, fault: tuple[str, int, int]) -> None:
    result = imported(tmp_path, person("1") + entry + person("3"))
    assert result.anchors == ["1", "3"]
    assert result.faults == [fault]


def test_an_entry_with_several_faults_is_one_error(tmp_path: Path) -> None:
    result = imported(tmp_path, person("1", "level: x", "active: x", "photo:: x"))
    assert len(result.errors) == 1


def test_an_error_names_the_entry_and_the_attribute_and_not_the_value(tmp_path: Path) -> None:
    [error] = imported(tmp_path, person("1", "level: many")).errors
    assert (error["dn"], error["attribute"]) == ("uid=1,dc=example", "level")
    assert "many" not in error["message"]


@pytest.mark.parametrize("cut", range(1, len(person("2", "photo:: " + coded(b"\0" * 30))) - 1))
def test_a_file_cut_anywhere_in_its_last_entry_is_never_silently_shorter(tmp_path: Path, cut: int) -> None:
    last = person("2", "photo:: " + coded(b"\0" * 30))
    result = imported(tmp_path, person("1") + last[:cut])
    lacks_only_values = last[:cut].endswith("\n") and "uid: 2\n" in last[:cut]
    assert result.anchors == (["1", "2"] if lacks_only_values else ["1"])
    assert len(result.errors) == (0 if lacks_only_values else 1)


def test_the_most_specific_class_tells_the_object_type(tmp_path: Path) -> None:
    text = "dn: cn=g,dc=example\nobjectClass: groupOfNames\nobjectClass: INETORGPERSON\nuid: g\n\n"
    assert imported(tmp_path, text).objects[0]["object_type"] == "person"


OTHER = "dn: ou=people,dc=example\nobjectClass: organizationalUnit\nou: people\n\n"


def test_entries_of_other_classes_are_passed_over(tmp_path: Path) -> None:
    result = imported(tmp_path, OTHER + person("1"))
    assert (result.anchors, result.errors) == (["1"], [])


def test_entries_of_other_classes_are_errors_where_the_settings_say_so(tmp_path: Path) -> None:
    result = imported(tmp_path, OTHER + person("1"), ignore_other_classes=False)
    assert result.faults == [("unmappable-object-type", 1, 1)]


def test_a_last_entry_of_another_class_without_an_end_may_be_a_cut_one(tmp_path: Path) -> None:
    result = imported(tmp_path, person("1") + OTHER.removesuffix("\n"))
    assert result.faults == [("unmappable-object-type", 2, 5)]


@pytest.mark.parametrize(
    ("base", "anchors"),
    [
        ("dc=example", ["a", "b", "c"]),
        ("ou=one,dc=example", ["a", "b"]),
        ("OU = one , DC=example", ["a", "b"]),
        ("uid=a,ou=one,dc=example", ["a"]),
        ("u=one,dc=example", []),
    ],
)
def test_only_entries_under_the_base_are_read(tmp_path: Path, base: str, anchors: list[str]) -> None:
    names = {"a": "uid=a,ou=one,dc=example", "b": "uid=b,OU=One,DC=example", "c": "uid=c,ou=someone,dc=example"}
    text = "".join(f"dn: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\n\n" for uid, dn in names.items())
    assert imported(tmp_path, text, base=base).anchors == anchors


def test_attributes_may_have_the_names_of_places(tmp_path: Path) -> None:
    names = ("uid", "entry", "line", "column", "code", "key", "form", "value", "classless")
    schema = Schema(object_types=(ObjectType(name="person", attributes=tuple(Attribute(name=n) for n in names)),))
    (tmp_path / "people.ldif").write_text(person("1", *(f"{name}: <{name}>" for name in names[1:])))
    settings = {"file": "people.ldif", "object_classes": {"inetOrgPerson": "person"}}
    with closing(KIND.make(settings, schema, tmp_path).open_import(ImportRequest(full=True))) as session:
        [batch] = session.batches()
    [found] = batch.objects.select(names).to_dicts()
    assert found == {"uid": "1", **{name: f"<{name}>" for name in names[1:]}}


def test_by_default_the_name_is_the_anchor(tmp_path: Path) -> None:
    assert imported(tmp_path, person("1"), anchor=None).anchors == ["uid=1,dc=example"]


def test_references_are_given_as_they_are_written(tmp_path: Path) -> None:
    text = person("1", "manager: UID=2, dc=Example") + (
        "dn: cn=g,dc=example\nobjectClass: groupOfNames\nuid: g\nmember: uid=1,dc=example\nmember: uid=2,dc=example\n\n"
    )
    one, group = imported(tmp_path, text).objects
    assert one["manager"] == "UID=2, dc=Example"
    assert group["member"] == ["uid=1,dc=example", "uid=2,dc=example"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(person("1").encode() + b"cn: \xff\n", Status.STOPPED_CODE_PAGE_CONVERSION, id="no UTF-8"),
        pytest.param(person("1", "cn: a\0b"), Status.STOPPED_FILE_EMBEDDED_NULLS, id="NUL characters"),
    ],
)
def test_a_file_that_is_no_text_stops_the_step(tmp_path: Path, content: str | bytes, status: Status) -> None:
    with pytest.raises(StepStop) as stop:
        imported(tmp_path, content)
    assert stop.value.status is status


def test_fewer_objects_than_expected_stop_the_step(tmp_path: Path) -> None:
    with pytest.raises(StepStop) as stop:
        imported(tmp_path, person("1"), minimum_objects=2)
    assert stop.value.status is Status.STOPPED_IMPORT_READ


def test_the_schema_found_is_that_of_the_entries(tmp_path: Path) -> None:
    (tmp_path / "people.ldif").write_text(person("1", "mail: a", "mail: b", "Level: 1", "title: t"))
    found = connector(tmp_path).discover_schema()["person"]
    assert {a.name: (a.type, a.multivalued) for a in found.attributes} == {
        "uid": (AttributeType.STRING, False),
        "level": (AttributeType.INTEGER, False),
        "mail": (AttributeType.STRING, True),
        "objectClass": (AttributeType.STRING, False),
        "title": (AttributeType.STRING, False),
    }
