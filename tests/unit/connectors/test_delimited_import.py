"""What a full import takes from a delimited text file, what it refuses, and where it says the fault is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.connectors.delimited import PEOPLE, connector, imported

from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

HEADER = "uid,name,level\n"


def test_records_become_objects_with_typed_values_and_absent_ones_null(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + "1,Ann,5\n2,,\n")
    assert result.objects == [
        {"object_type": "person", "anchor": "1", "dn": "1", "uid": "1", "name": "Ann", "level": 5},
        {"object_type": "person", "anchor": "2", "dn": "2", "uid": "2", "name": None, "level": None},
    ]
    assert result.errors == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param('1,"a,b",\n', ["a,b"], id="quoted delimiter"),
        pytest.param('1,"say ""yes""",\n', ['say "yes"'], id="doubled quotes"),
        pytest.param('1,"two\nlines",\n', ["two\nlines"], id="quoted line feed"),
        pytest.param('1,"two\r\nlines",\r\n', ["two\r\nlines"], id="quoted carriage return and line feed"),
        pytest.param("1, blanks ,\n", [" blanks "], id="blanks around a value"),
        pytest.param('1,5" pipe,\n', ['5" pipe'], id="quote inside an unquoted value"),
        pytest.param("1,Ann,\r\n2,Bob,\r\n", ["Ann", "Bob"], id="lines of other systems"),
        pytest.param("1,Ann,", ["Ann"], id="last line without an end"),
        pytest.param("\n1,Ann,\n\n\n2,Bob,\n\n", ["Ann", "Bob"], id="blank lines"),
        pytest.param('1,"",\n', [None], id="quoted nothing"),
        pytest.param('1,"\ufeffmark",\n', ["\ufeffmark"], id="byte order mark in a value"),
        pytest.param("1,NULL,\n", ["NULL"], id="the word null"),
    ],
)
def test_every_spelling_of_a_record_is_understood(tmp_path: Path, text: str, names: list[str | None]) -> None:
    result = imported(tmp_path, HEADER + text)
    assert [row["name"] for row in result.objects] == names
    assert result.errors == []


@pytest.mark.parametrize(
    ("text", "anchors", "fault"),
    [
        pytest.param("1,a,1\n2,b\n3,c,3\n", ["1", "3"], ("parse-error", 2, 3), id="too few columns"),
        pytest.param("1,a,1\n2,b,2,x\n3,c,3\n", ["1", "3"], ("parse-error", 2, 3), id="too many columns"),
        pytest.param('1,a,1\n2,"b"c,2\n3,c,3\n', ["1", "3"], ("parse-error", 2, 3), id="text after a closing quote"),
        pytest.param("1,a,1\n2,b\rc,2\n3,c,3\n", ["1", "3"], ("parse-error", 2, 3), id="carriage return in a value"),
        pytest.param('1,a,1\n2,"b,2\n3,c,3\n', ["1"], ("parse-error", 2, 3), id="quote never closed"),
        pytest.param("1,a,1\n2,b,2\n3,c", ["1", "2"], ("parse-error", 3, 4), id="last line cut in the middle"),
        pytest.param('1,a,1\n2,b,2\n3,"c', ["1", "2"], ("parse-error", 3, 4), id="last value cut in the middle"),
        pytest.param('1,"a\n\n",1\n2,b\n3,c,3\n', ["1", "3"], ("parse-error", 2, 5), id="behind quoted line breaks"),
        pytest.param('\n1,a,1\n\n2,"b\n",2,\n', ["1"], ("parse-error", 2, 5), id="behind blank lines"),
        pytest.param("1,a,1\n2,b,x\n3,c,3\n", ["1", "3"], ("invalid-numeric-value", 2, 3), id="letters for a number"),
        pytest.param("1,a,1\n2,b,1.5\n", ["1"], ("invalid-numeric-value", 2, 3), id="fraction for an integer"),
        pytest.param(f"1,a,1\n2,b,{2**63}\n", ["1"], ("invalid-numeric-value", 2, 3), id="number of more than 64 bits"),
        pytest.param('1,"a\nb",1\n2,b,x\n', ["1"], ("invalid-numeric-value", 2, 4), id="bad value behind line break"),
        pytest.param("1,a,1\n,b,2\n", ["1"], ("missing-anchor-component", 2, 3), id="no anchor"),
        pytest.param('1,a,1\n"",b,2\n', ["1"], ("missing-anchor-component", 2, 3), id="quoted nothing for an anchor"),
        pytest.param("1,a,1\n" + "x" * 601 + ",b,2\n", ["1"], ("anchor-too-long", None, None), id="endless anchor"),
    ],
)
def test_a_bad_record_is_an_error_by_itself(
    tmp_path: Path, text: str, anchors: list[str], fault: tuple[str, int | None, int | None]
) -> None:
    result = imported(tmp_path, HEADER + text)
    assert result.anchors == anchors
    assert result.faults == [fault]


def test_text_inside_a_quoted_value_is_never_taken_for_a_record(tmp_path: Path) -> None:
    # The middle line looks like an object, but an author who forgot to double a quote wrote it as part of a name.
    result = imported(tmp_path, HEADER + '1,"my\n2,Mallory,9\n"own" name",1\n3,Ann,3\n')
    assert result.anchors == ["3"]
    assert result.faults == [("parse-error", 1, 2)]


def test_an_error_names_the_column_and_the_attribute(tmp_path: Path) -> None:
    [error] = imported(tmp_path, HEADER + "7,Ann,many\n").errors
    assert (error["anchor"], error["attribute"], error["column"]) == ("7", "level", 3)
    assert "many" not in error["message"]


def test_a_record_with_several_faults_is_one_error(tmp_path: Path) -> None:
    assert len(imported(tmp_path, HEADER + ",Ann,many\n").errors) == 1


def test_repeated_anchors_are_given_on_as_they_are(tmp_path: Path) -> None:
    assert imported(tmp_path, HEADER + "1,a,\n1,b,\n").anchors == ["1", "1"]


# --- types -----------------------------------------------------------------------------------------------------------

TYPED = Schema(
    object_types=(
        ObjectType(
            name="thing",
            attributes=(
                Attribute(name="uid"),
                Attribute(name="flag", type=AttributeType.BOOLEAN),
                Attribute(name="blob", type=AttributeType.BINARY),
                Attribute(name="since", type=AttributeType.DATETIME),
                Attribute(name="until", type=AttributeType.DATETIME),
                Attribute(name="tags", multivalued=True),
                Attribute(name="sizes", type=AttributeType.INTEGER, multivalued=True),
            ),
        ),
    )
)
TYPED_HEADER = "uid,flag,blob,since,until,tags,sizes\n"


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("flag", "true", True),
        ("flag", "FALSE", False),
        ("blob", "AAH/", b"\x00\x01\xff"),
        ("since", "2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("since", "2024-02-29T12:00:00.25+02:00", datetime(2024, 2, 29, 10, 0, 0, 250000, tzinfo=UTC)),
        ("since", "2024-02-29 12:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("since", "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("until", "31.12.2024", datetime(2024, 12, 31, tzinfo=UTC)),
        ("tags", "b|a|b", ["a", "b"]),
        ("tags", "|a||", ["a"]),
        ("tags", "|", None),
        ("sizes", "30|4", [4, 30]),
    ],
)
def test_texts_become_values_of_their_attribute_type(tmp_path: Path, column: str, text: str, value: object) -> None:
    cells = {"uid": "1", column: text}
    record = ",".join(cells.get(name, "") for name in TYPED_HEADER.strip().split(","))
    result = imported(tmp_path, TYPED_HEADER + record, schema=TYPED, date_formats={"until": "%d.%m.%Y"})
    assert result.errors == []
    assert result.objects[0][column] == value


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("flag", "yes", "invalid-boolean-value"),
        ("flag", "1", "invalid-boolean-value"),
        ("blob", "AAH", "invalid-base64-value"),
        ("blob", "no base64", "invalid-base64-value"),
        ("since", "29.02.2024", "invalid-attribute-value"),
        ("since", "2023-02-29", "invalid-attribute-value"),
        ("until", "2024-12-31", "invalid-attribute-value"),
        ("sizes", "1|two", "invalid-numeric-value"),
    ],
)
def test_a_text_that_does_not_fit_its_type_is_an_error(tmp_path: Path, column: str, text: str, code: str) -> None:
    cells = {"uid": "1", column: text}
    record = ",".join(cells.get(name, "") for name in TYPED_HEADER.strip().split(","))
    result = imported(tmp_path, TYPED_HEADER + record, schema=TYPED, date_formats={"until": "%d.%m.%Y"})
    assert result.objects == []
    assert [(error["code"], error["attribute"]) for error in result.errors] == [(code, column)]


# --- names, types of objects, layouts --------------------------------------------------------------------------------


def test_an_anchor_of_several_attributes_cannot_be_confused_with_another(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + "a;b,c,\na,b;c,\n", anchor=["uid", "name"])
    assert result.anchors == [r"a\;b;c", r"a;b\;c"]


def test_an_anchor_of_several_attributes_needs_them_all(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + "1,,\n1,Ann,\n", anchor=["uid", "name"])
    assert result.anchors == ["1;Ann"]
    assert result.faults == [("missing-anchor-component", 1, 2)]


def test_a_number_as_anchor_is_compared_as_it_is_written(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + "1,a,007\n2,b,7\n", anchor=["level"])
    assert result.anchors == ["007", "7"]
    assert [row["level"] for row in result.objects] == [7, 7]


def test_an_object_without_its_configured_name_is_an_error(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + "1,Ann,\n2,,\n", dn="name")
    assert [row["dn"] for row in result.objects] == ["Ann"]
    assert result.faults == [("missing-dn", 2, 3)]


def test_a_column_tells_the_object_type(tmp_path: Path) -> None:
    group = ObjectType(name="group", attributes=(Attribute(name="uid"), Attribute(name="name")))
    schema = Schema(object_types=(*PEOPLE.object_types, group))
    text = "kind,uid,name,level\nperson,1,Ann,5\ngroup,2,Team,\nprinter,3,P,\n,4,N,\n"
    result = imported(tmp_path, text, schema=schema, object_type_column="kind")
    assert [(row["object_type"], row["anchor"]) for row in result.objects] == [("person", "1"), ("group", "2")]
    assert result.faults == [("unmappable-object-type", 3, 4), ("missing-object-type", 4, 5)]


def test_a_file_without_header_has_the_configured_columns(tmp_path: Path) -> None:
    result = imported(tmp_path, "Ann;7;1\n", header=False, columns=["name", "level", "uid"], delimiter=";")
    assert result.anchors == ["1"]
    assert result.objects[0]["level"] == 7


def test_attributes_may_have_the_names_of_places(tmp_path: Path) -> None:
    names = ("uid", "entry", "line", "column", "code", "c0", "value", "changed")
    schema = Schema(object_types=(ObjectType(name="thing", attributes=tuple(Attribute(name=n) for n in names)),))
    result = imported(tmp_path, ",".join(names) + "\n" + ",".join(f"<{name}>" for name in names), schema=schema)
    assert [{name: row[name] for name in names} for row in result.objects] == [{name: f"<{name}>" for name in names}]


def test_columns_that_nobody_asks_for_are_ignored(tmp_path: Path) -> None:
    assert imported(tmp_path, "shoe size,level,name,uid,shoe size\n42,5,Ann,1,43\n").anchors == ["1"]


def test_without_quotes_a_quote_is_a_character_like_others(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + '1,"Ann",5\n', quote="")
    assert result.objects[0]["name"] == '"Ann"'


def test_quoted_nothing_is_a_text_where_the_settings_say_so(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER + '1,"",""\n2,,\n', quoted_empty_is_value=True)
    assert [(row["name"], row["level"]) for row in result.objects] == [("", None), (None, None)]


def test_a_file_with_only_a_header_has_no_objects(tmp_path: Path) -> None:
    result = imported(tmp_path, HEADER)
    assert (result.objects, result.errors) == ([], [])


# --- files that cannot be used ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param("", Status.NO_START_HEADER_ROW_MISMATCH, id="empty"),
        pytest.param("\n", Status.NO_START_HEADER_ROW_MISMATCH, id="blank"),
        pytest.param("1,Ann,5\n", Status.NO_START_HEADER_ROW_MISMATCH, id="no header"),
        pytest.param("uid,name\n1,Ann\n", Status.NO_START_HEADER_ROW_MISMATCH, id="column missing"),
        pytest.param("UID,Name,Level\n", Status.NO_START_HEADER_ROW_MISMATCH, id="names in another case"),
        pytest.param("uid,name,level,uid\n", Status.NO_START_HEADER_ROW_MISMATCH, id="column twice"),
        pytest.param('uid,"name,level\n', Status.NO_START_HEADER_ROW_MISMATCH, id="header never ends"),
        pytest.param("uid;name;level\n", Status.NO_START_HEADER_ROW_MISMATCH, id="another delimiter"),
        pytest.param(HEADER + "1,A\0n,5\n", Status.STOPPED_FILE_EMBEDDED_NULLS, id="NUL characters"),
        pytest.param(HEADER.encode() + b"1,J\xf6rg,5\n", Status.STOPPED_CODE_PAGE_CONVERSION, id="another code page"),
        pytest.param(HEADER.encode() + b"1,Ann,5\xe2", Status.STOPPED_CODE_PAGE_CONVERSION, id="cut in a character"),
    ],
)
def test_a_file_that_cannot_be_trusted_stops_the_step(tmp_path: Path, content: str | bytes, status: Status) -> None:
    with pytest.raises(StepStop) as stop:
        imported(tmp_path, content)
    assert stop.value.status is status


def test_a_header_without_a_needed_column_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(StepStop, match="'name', 'level'") as stop:
        imported(tmp_path, "uid,Name\n")
    assert stop.value.status is Status.NO_START_HEADER_ROW_MISMATCH


def test_a_missing_file_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(StepStop) as stop:
        imported(tmp_path)
    assert stop.value.status is Status.NO_START_FILE_NOT_FOUND


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "people.csv").mkdir()
    with pytest.raises(StepStop) as stop:
        imported(tmp_path)
    assert stop.value.status is Status.NO_START_FILE_OPEN


def test_fewer_objects_than_expected_stop_the_step(tmp_path: Path) -> None:
    assert len(imported(tmp_path, HEADER + "1,a,\n2,b,\n", minimum_objects=2).objects) == 2
    with pytest.raises(StepStop, match="1 objects, at least 2") as stop:
        imported(tmp_path, HEADER + "1,a,\n", minimum_objects=2)
    assert stop.value.status is Status.STOPPED_IMPORT_READ


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_a_file_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    raw = (HEADER + "1,Jörg,5\n").encode(encoding)
    assert imported(tmp_path, raw, encoding=encoding).objects[0]["name"] == "Jörg"


@pytest.mark.parametrize("actual", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_beats_the_configured_encoding(tmp_path: Path, actual: str) -> None:
    raw = (HEADER + "1,Jörg,5\n").encode(actual)
    assert imported(tmp_path, raw, encoding="cp1252").objects[0]["name"] == "Jörg"


def test_the_schema_found_is_that_of_the_header(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("uid,level,phone\n")
    found = connector(tmp_path).discover_schema()["person"]
    assert [(a.name, a.type) for a in found.attributes] == [
        ("uid", AttributeType.STRING),
        ("level", AttributeType.INTEGER),
        ("phone", AttributeType.STRING),
    ]
