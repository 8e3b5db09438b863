"""An object to try an expression on, from YAML or JSON: values, types, and every mistake with its place."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.config import read_object
from unisono.config.files import MAX_BYTES
from unisono.model.errors import ConfigurationError
from unisono.model.schema import Attribute, AttributeType, ObjectType

PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="mail"),
        Attribute(name="tags", multivalued=True),
        Attribute(name="salary", type=AttributeType.INTEGER),
        Attribute(name="active", type=AttributeType.BOOLEAN),
        Attribute(name="photo", type=AttributeType.BINARY),
        Attribute(name="hired", type=AttributeType.DATETIME),
        Attribute(name="manager", type=AttributeType.REFERENCE),
    ),
)


def write(directory: Path, text: str, name: str = "object.yaml") -> Path:
    file = directory / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("written", "type_", "multivalued", "value"),
    [
        pytest.param("Robin", "string", False, "Robin", id="text"),
        pytest.param('"42"', "string", False, "42", id="quoted-number"),
        pytest.param("2024-01-01", "string", False, "2024-01-01", id="a-date-is-text"),
        pytest.param("007", "string", False, "007", id="leading-zeros-are-text"),
        pytest.param("-7", "integer", False, -7, id="number"),
        pytest.param("true", "boolean", False, True, id="boolean"),
        pytest.param("null", "string", False, None, id="absent"),
        pytest.param("", "string", False, None, id="nothing-written"),
        pytest.param("[b, a, b]", "string", True, ["a", "b"], id="a-list-as-a-run-has-it"),
        pytest.param("[10, 9]", "integer", True, [9, 10], id="numbers"),
        pytest.param("[]", "string", True, None, id="no-values"),
        pytest.param("{binary: 3q2+7w==}", "binary", False, bytes.fromhex("DEADBEEF"), id="binary"),
        pytest.param("{binary: [AQ==, AA==]}", "binary", True, [b"\x00", b"\x01"], id="binaries"),
        pytest.param("[{binary: AQ==}, {binary: AA==}]", "binary", True, [b"\x00", b"\x01"], id="binaries-one-by-one"),
        pytest.param(
            "{datetime: 2024-01-01T00:00:00Z}", "datetime", False, datetime(2024, 1, 1, tzinfo=UTC), id="datetime"
        ),
        pytest.param("{reference: CN=A}", "reference", False, "CN=A", id="reference"),
        pytest.param("{string: 42}", "string", False, "42", id="a-number-that-is-text"),
        pytest.param("{integer: null}", "integer", False, None, id="absent-number"),
        pytest.param("{integer: []}", "integer", True, None, id="no-numbers"),
    ],
)
def test_types_are_seen_or_said(written: str, type_: str, multivalued: bool, value: object, tmp_path: Path) -> None:
    found = read_object(write(tmp_path, f"a: {written}\n"))
    assert found.attributes == {"a": Attribute(name="a", type=AttributeType(type_), multivalued=multivalued)}
    assert found.values == {"a": value}


def test_json_is_read_too_with_tabs_and_escapes(tmp_path: Path) -> None:
    file = write(tmp_path, '{\n\t"name": "Zo\\u00eb \\ud83d\\ude00",\n\t"tags": ["x\\/y"]\n}', "object.json")
    assert read_object(file).values == {"name": "Zoë 😀", "tags": ["x/y"]}


def test_an_empty_file_is_an_object_without_attributes(tmp_path: Path) -> None:
    assert read_object(write(tmp_path, "# nothing\n")).attributes == {}


def test_declared_types_decide(tmp_path: Path) -> None:
    text = "mail: 007\ntags: 1\nsalary: 9\nactive: false\nphoto: AA==\nhired: 2024-01-01\nmanager: CN=A\n"
    found = read_object(write(tmp_path, text), PERSON)
    assert found.attributes == {attribute.name: attribute for attribute in PERSON.attributes}
    assert found.values == {
        "mail": "007",
        "tags": ["1"],
        "salary": 9,
        "active": False,
        "photo": b"\x00",
        "hired": datetime(2024, 1, 1, tzinfo=UTC),
        "manager": "CN=A",
    }
    assert read_object(write(tmp_path, "tags: null\nsalary: {integer: 1}\n"), PERSON).values == {
        "tags": None,
        "salary": 1,
    }


def mistakes(file: Path, object_type: ObjectType | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read_object(file, object_type)
    assert file.name in str(refused.value)
    return [f"{m.place.line}:{m.place.column} {m.check}: {m.message}" for m in refused.value.mistakes if m.place]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1.5", "1:4 wrong-type: numbers are whole numbers", id="fraction"),
        pytest.param("a: 9999999999999999999", "1:4 wrong-type: the number is beyond 64 bits", id="beyond-64-bits"),
        pytest.param("a: {b: c}", "1:4 wrong-type: a value is text, a number, true, false", id="mapping"),
        pytest.param("a: {}", "1:4 wrong-type: a value is text", id="empty-mapping"),
        pytest.param("a: {string: x, integer: 1}", "1:4 wrong-type: a value is text", id="two-types"),
        pytest.param("a: {string: {string: x}}", "1:13 wrong-type: there is a value behind string", id="type-in-type"),
        pytest.param("a: {string: [{binary: AA==}]}", "1:14 wrong-type: the values of a list", id="types-differ"),
        pytest.param("a: [x, 1]", "1:8 wrong-type: the values of a list have one type: string, not", id="mixed"),
        pytest.param("a: [true, 1]", "1:11 wrong-type: the values of a list have one type", id="true-is-no-number"),
        pytest.param("a: [[x]]", "1:5 wrong-type: a list has no lists in it", id="list-in-list"),
        pytest.param("a: [x, null]", "1:8 wrong-type: a value of a list cannot be null", id="null-in-list"),
        pytest.param("a: {binary: ä}", "1:13 wrong-type: the value is not a binary", id="no-base64"),
        pytest.param("a: {datetime: soon}", "1:15 wrong-type: the value is not a date", id="no-date"),
        pytest.param("a: {boolean: 1}", "1:14 wrong-type: the value is not a boolean", id="no-boolean"),
        pytest.param("a: {integer: x}", "1:14 wrong-type: the value is not a number", id="no-number"),
        pytest.param("'a b': 1", "1:1 bad-name: 'a b' cannot be an attribute", id="name"),
        pytest.param("[1, 2]", "1:1 wrong-type: an object is written as attributes", id="a-list"),
        pytest.param("just text", "1:1 wrong-type: an object is written as attributes", id="a-text"),
        pytest.param("a: 1\na: 2", "2:1 duplicate-key", id="twice"),
        pytest.param("a: !!python/object x", "1:4 yaml-syntax: the tag", id="tag"),
        pytest.param("a: [", "1:5 yaml-syntax", id="open"),
        pytest.param("[" * 100 + "]" * 100, "1:33 too-large: nested more than 32", id="deep"),
        pytest.param("a: [" + "x, " * 60_000 + "]", "1:180005 too-large: more than 50,000", id="many"),
        pytest.param('a: "\\ud800"', "1:4 yaml-syntax: a text with a character", id="half-a-character"),
        pytest.param("a: &x [1]\nb: *x\nc: *y", "3:4 yaml-syntax: no anchor", id="alias"),
    ],
)  # fmt: skip
def test_a_mistake_has_a_place_and_says_what_it_is(text: str, expected: str, tmp_path: Path) -> None:
    (found,) = mistakes(write(tmp_path, text))
    assert found.startswith(expected)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "mial: x\nsalary: many\nmail: [x]\nphoto: {string: x}\nactive: 'true'\n"
    assert mistakes(write(tmp_path, text), PERSON) == [
        "1:1 unknown-attribute: the object type 'person' has no attribute 'mial'",
        "2:9 wrong-type: the value is not a number",
        "3:7 wrong-type: 'mail' has one value, not a list",
        "4:9 wrong-type: the type is binary, not string",
        "5:9 wrong-type: the value is not a boolean",
    ]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "no file" in mistakes(tmp_path / "absent.yaml")[0]
    (tmp_path / "folder").mkdir()
    assert "no file" in mistakes(tmp_path / "folder")[0]
    os.mkfifo(tmp_path / "pipe")
    assert "no file" in mistakes(tmp_path / "pipe")[0]
    assert "cannot be read" in mistakes(tmp_path / ("x" * 300))[0]


def test_what_is_no_text_of_bearable_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"a: \xff")
    assert mistakes(tmp_path / "binary") == ["1:4 yaml-syntax: the file is not UTF-8 text"]
    (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    assert mistakes(tmp_path / "large") == ["1:1 too-large: the file is larger than 4 MiB"]


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_object(tmp_path / "a\udcff")
    assert str(refused.value).isprintable()


_PIECES = st.sampled_from(
    ["a", "b", ":", " ", "\n", "- ", "[", "]", "{", "}", ",", '"', "'", "null", "true", "1", "1.5", "binary",
     "datetime", "&x", "*x", "!!int", "|", "\t"]
)  # fmt: skip


@given(text=st.one_of(st.text(max_size=20), st.lists(_PIECES, max_size=20).map("".join)))
def test_any_text_is_an_object_or_has_mistakes(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(text.encode(errors="surrogatepass"))
    for object_type in (None, PERSON):
        with contextlib.suppress(ConfigurationError):
            found = read_object(file, object_type)
            assert found.values.keys() <= found.attributes.keys()
