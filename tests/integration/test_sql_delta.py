"""Delta imports of databases by a watermark column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.sql_source import PERSON, PERSON_TABLE, SqlSource, counted_statements, people
from tests.servers.sql import SqlDatabase

from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType


def table_of(database: SqlDatabase, *attributes: Attribute, **table: Any) -> SqlSource:
    """A source of one table ``item``."""
    object_type = ObjectType(name="item", attributes=attributes)
    return SqlSource(database=database, object_types=(object_type,), tables={"item": {"table": "item", **table}})


ID = Attribute(name="id", type=AttributeType.INTEGER)


# --- deltas ----------------------------------------------------------------------------------------------------------


def numbered(database: SqlDatabase, **settings: Any) -> SqlSource:
    """People with phones; changes of both are numbered, deleted people are marked."""
    database.execute(
        "CREATE TABLE person (uid varchar(9) PRIMARY KEY, title varchar(9), version integer, gone boolean)",
        "CREATE TABLE phone (uid varchar(9), number varchar(9), version integer)",
    )
    table = {
        "table": "person",
        "anchor": ["uid"],
        "watermark_column": "version",
        "deleted_column": "gone",
        "multivalued": {"phones": {**PERSON_TABLE["multivalued"]["phones"], "watermark_column": "version"}},
    }
    attributes = tuple(a for a in PERSON.attributes if a.name in ("uid", "title", "phones"))
    object_type = ObjectType(name="person", attributes=attributes)
    return SqlSource(database=database, object_types=(object_type,), tables={"person": table}, settings=settings)


def test_a_delta_gives_what_changed_since_the_last_reading(sql_database: SqlDatabase) -> None:
    source = numbered(sql_database)
    sql_database.execute("INSERT INTO person VALUES ('a', 'x', 1, NULL), ('b', 'x', 2, NULL), ('c', 'x', 2, NULL)")
    watermark = source.full().watermark
    sql_database.execute(
        "UPDATE person SET title = 'y', version = 3 WHERE uid = 'a'",
        "UPDATE person SET gone = true, title = 'z', version = 4 WHERE uid = 'b'",
        "INSERT INTO person VALUES ('d', 'new', 5, false)",
    )
    for page in (0, 1):
        delta = source.delta(watermark, page)
        assert delta.by_anchor == {"person:a": {"uid": "a", "title": "y"}, "person:d": {"uid": "d", "title": "new"}}
        assert delta.deletions == [("person:b", "CN=b,OBJECT=person")]
    assert source.delta(delta.watermark).objects == []


def test_a_change_of_one_value_of_a_set_gives_the_whole_object(sql_database: SqlDatabase) -> None:
    source = numbered(sql_database)
    sql_database.execute("INSERT INTO person VALUES ('a', 'x', 1, NULL), ('b', 'x', 1, NULL)")
    sql_database.execute("INSERT INTO phone VALUES ('a', '1', 1)")
    watermark = source.full().watermark
    sql_database.execute("INSERT INTO phone VALUES ('a', '2', 2)")
    assert source.delta(watermark).by_anchor == {"person:a": {"uid": "a", "title": "x", "phones": ["1", "2"]}}


def test_a_delta_after_an_empty_table_gives_everything(sql_database: SqlDatabase) -> None:
    source = numbered(sql_database)
    watermark = source.full().watermark
    sql_database.execute("INSERT INTO person VALUES ('a', 'x', 1, NULL)")
    assert source.delta(watermark).anchors == ["person:a"]


def test_a_delta_takes_the_same_number_of_statements_for_a_few_changes_in_many_rows(sql_database: SqlDatabase) -> None:
    source = numbered(sql_database)
    seen = []
    for count in (10, 1000):
        sql_database.execute("DELETE FROM person")
        rows = [{"uid": f"u{number}"} for number in range(count)]
        sql_database.execute("INSERT INTO person VALUES (:uid, 'x', 1, NULL)", rows=rows)
        watermark = source.full().watermark
        sql_database.execute("UPDATE person SET version = 2 WHERE uid IN ('u1', 'u7')")
        with counted_statements() as statements:
            assert source.delta(watermark).anchors == ["person:u1", "person:u7"]
        seen.append(len(statements))
    assert seen[0] == seen[1]


def stamped(database: SqlDatabase, column: str, **settings: Any) -> SqlSource:
    database.execute(f"CREATE TABLE item (id integer PRIMARY KEY, changed {column})")
    object_type = ObjectType(name="item", attributes=(ID,))
    table = {"table": "item", "anchor": ["id"], "watermark_column": "changed"}
    return SqlSource(database=database, object_types=(object_type,), tables={"item": table}, settings=settings)


NOW = datetime(2024, 2, 29, 12, 0, 0, tzinfo=UTC)


def stamp(database: SqlDatabase, identifier: int, time: datetime, form: str) -> None:
    text = time.strftime(form)
    database.execute("INSERT INTO item VALUES (:id, :changed)", rows=[{"id": identifier, "changed": text}])


@pytest.mark.parametrize(
    ("column", "form"),
    [
        ("{time}", "%Y-%m-%d %H:%M:%S.%f+00:00"),
        ("timestamp", "%Y-%m-%d %H:%M:%S.%f"),
        ("varchar(40)", "%Y-%m-%dT%H:%M:%SZ"),
        ("varchar(40)", "%Y-%m-%d %H:%M"),
    ],
)
def test_a_row_stamped_earlier_but_committed_later_is_found_by_looking_back(
    sql_database: SqlDatabase, column: str, form: str
) -> None:
    source = stamped(sql_database, column, overlap_s=300)
    stamp(sql_database, 1, NOW - timedelta(minutes=6), form)
    stamp(sql_database, 2, NOW, form)
    watermark = source.full().watermark
    stamp(sql_database, 3, NOW - timedelta(minutes=4), form)
    assert source.delta(watermark).anchors == ["item:2", "item:3"]


def test_without_looking_back_a_delta_gives_no_row_twice(sql_database: SqlDatabase) -> None:
    source = stamped(sql_database, "{time}", overlap_s=0)
    stamp(sql_database, 1, NOW, "%Y-%m-%d %H:%M:%S.%f+00:00")
    watermark = source.full().watermark
    stamp(sql_database, 2, NOW + timedelta(milliseconds=1), "%Y-%m-%d %H:%M:%S.%f+00:00")
    assert source.delta(watermark).anchors == ["item:2"]


@pytest.mark.parametrize("marks", [("0009", "0010"), ("20240229120000", "20240229120001"), ("v1", "v2")], ids=str)
def test_a_text_that_grows_in_its_own_way_is_compared_as_it_is(
    sql_database: SqlDatabase, marks: tuple[str, str]
) -> None:
    source = stamped(sql_database, "varchar(40)")
    sql_database.execute("INSERT INTO item VALUES (1, :mark)", rows=[{"mark": marks[0]}])
    watermark = source.full().watermark
    sql_database.execute("INSERT INTO item VALUES (2, :mark)", rows=[{"mark": marks[1]}])
    assert source.delta(watermark).anchors == ["item:2"]


def test_changes_of_the_same_day_are_found_where_only_days_are_stamped(sql_database: SqlDatabase) -> None:
    source = stamped(sql_database, "date", overlap_s=0)
    stamp(sql_database, 1, NOW, "%Y-%m-%d")
    watermark = source.full().watermark
    stamp(sql_database, 2, NOW, "%Y-%m-%d")
    assert source.delta(watermark).anchors == ["item:1", "item:2"]


def test_a_stamp_in_the_future_does_not_hide_what_happens_until_then(sql_database: SqlDatabase) -> None:
    source = stamped(sql_database, "{time}")
    stamp(sql_database, 1, datetime(2999, 1, 1, tzinfo=UTC), "%Y-%m-%d %H:%M:%S+00:00")
    watermark = source.full().watermark
    stamp(sql_database, 2, datetime.now(UTC), "%Y-%m-%d %H:%M:%S+00:00")
    assert source.delta(watermark).anchors == ["item:1", "item:2"]


def test_without_a_watermark_column_there_is_no_delta(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    assert source.full().watermark is None
    with pytest.raises(StepStop) as stop:
        source.delta("{}")
    assert stop.value.status is Status.NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED


def test_a_row_without_a_key_is_an_error_of_the_delta_that_has_it(sql_database: SqlDatabase) -> None:
    sql_database.execute("CREATE TABLE item (id varchar(9), version integer)", "INSERT INTO item VALUES (NULL, 1)")
    source = table_of(sql_database, anchor=["id"], watermark_column="version")
    watermark = source.full().watermark
    assert source.delta(watermark).error_codes == []
    sql_database.execute("INSERT INTO item VALUES (NULL, 2)")
    assert source.delta(watermark).error_codes == [("missing-anchor-component", None, None)]


@pytest.mark.parametrize("watermark", ["", "null", "17", "{}", '{"person": 1}', '{"person": 1, "team": 1}', None])
def test_a_watermark_of_other_tables_asks_for_a_full_import(sql_database: SqlDatabase, watermark: str | None) -> None:
    source = numbered(sql_database)
    with pytest.raises(StepStop) as stop:
        source.delta(watermark)
    assert stop.value.status is Status.NO_START_FULL_IMPORT_REQUIRED
