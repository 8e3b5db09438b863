"""Mistakes in the settings of a delimited-text connector are found before anything is opened."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.connectors.delimited import PEOPLE, PERSON

from unisono.connectors.delimited_text import KIND
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

GOOD: dict[str, Any] = {"file": "people.csv", "anchor": ["uid"]}
WITH_DATES = Schema(
    object_types=(
        ObjectType(
            name="person",
            attributes=(
                Attribute(name="uid"),
                Attribute(name="tags", multivalued=True),
                Attribute(name="hired", type=AttributeType.DATETIME),
            ),
        ),
    )
)


def test_the_least_settings_are_enough() -> None:
    assert KIND.validate(GOOD, PEOPLE) == ()


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        pytest.param({"fiel": "x"}, ("fiel",), id="unknown setting"),
        pytest.param({"file": None}, (), id="no file"),
        pytest.param({"file": "../people.csv"}, ("file",), id="file outside of the project"),
        pytest.param({"export_file": "out/../../x.csv"}, ("export_file",), id="export file outside of the project"),
        pytest.param({"file": ""}, ("file",), id="file without name"),
        pytest.param({"encoding": "utf-9"}, ("encoding",), id="unknown encoding"),
        pytest.param({"encoding": "base64"}, ("encoding",), id="encoding that is none of text"),
        pytest.param({"encoding": "undefined"}, ("encoding",), id="encoding that encodes nothing"),
        pytest.param({"encoding": ""}, ("encoding",), id="empty encoding"),
        pytest.param({"delimiter": ""}, ("delimiter",), id="empty delimiter"),
        pytest.param({"delimiter": '"'}, ("quote",), id="quote for delimiter"),
        pytest.param({"delimiter": "||"}, ("delimiter",), id="delimiter of two characters"),
        pytest.param({"delimiter": "\n"}, ("delimiter",), id="line break for delimiter"),
        pytest.param({"delimiter": "'", "quote": "'"}, ("quote",), id="quote equal to delimiter"),
        pytest.param({"quote": "«"}, ("quote",), id="quote outside of ASCII"),
        pytest.param({"multivalue_separator": ""}, ("multivalue_separator",), id="no separator of values"),
        pytest.param({"header": False}, ("columns",), id="neither header nor columns"),
        pytest.param({"columns": ["uid"]}, ("columns",), id="both header and columns"),
        pytest.param({"header": False, "columns": ["uid", "uid"]}, ("columns",), id="column twice"),
        pytest.param({"delta_file": "d.csv"}, ("delta_file",), id="delta file without change types"),
        pytest.param({"change_types": {"added": "A"}}, ("change_types", "added"), id="unknown change type"),
        pytest.param({"change_types": {"add": "Delete"}}, ("change_types",), id="one word for two changes"),
        pytest.param({"anchor": []}, ("anchor",), id="no anchor"),
        pytest.param({"anchor": ["uid", "mail"]}, ("anchor", 1), id="anchor that is no attribute"),
        pytest.param({"anchor": ["tags"]}, ("anchor", 0), id="anchor of several values"),
        pytest.param({"anchor": ["hired"]}, ("anchor", 0), id="anchor of a date"),
        pytest.param({"dn": "mail"}, ("dn",), id="DN that is no attribute"),
        pytest.param({"dn": "tags"}, ("dn",), id="DN of several values"),
        pytest.param({"dn": "uid"}, ("dn",), id="DN that is the anchor"),
        pytest.param({"date_formats": {"uid": "%Y"}}, ("date_formats", "uid"), id="date format of a text"),
        pytest.param({"date_formats": {"hired": "dd.mm.yyyy"}}, ("date_formats", "hired"), id="no date format"),
        pytest.param({"minimum_objects": -1}, ("minimum_objects",), id="negative minimum"),
    ],
)
def test_a_mistake_is_told_where_it_stands(settings: dict[str, Any], path: tuple[str | int, ...]) -> None:
    mistakes = KIND.validate({**GOOD, **settings}, WITH_DATES)
    assert [mistake.path for mistake in mistakes] == [path]


def test_an_absolute_path_is_the_administrators_choice() -> None:
    assert KIND.validate({**GOOD, "file": "/srv/hr/people.csv"}, PEOPLE) == ()


def test_several_object_types_need_a_column_that_tells_them_apart() -> None:
    schema = Schema(object_types=(PERSON, ObjectType(name="guest", attributes=PERSON.attributes)))
    [mistake] = KIND.validate(GOOD, schema)
    assert mistake.path == ("object_type_column",)
    assert KIND.validate({**GOOD, "object_type_column": "kind"}, schema) == ()
