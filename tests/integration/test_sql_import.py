"""What the SQL connector reads from real databases: whole tables and changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.integration.sql_source import SqlSource, counted_statements, people
from tests.servers.postgres import PostgresDatabase
from tests.servers.sql import SqlDatabase

from unisono.connectors.contract import VALUES_AT_ONCE, ImportRequest
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType


def table_of(database: SqlDatabase, *attributes: Attribute, **table: Any) -> SqlSource:
    """A source of one table ``item``."""
    object_type = ObjectType(name="item", attributes=attributes)
    return SqlSource(database=database, object_types=(object_type,), tables={"item": {"table": "item", **table}})


ID = Attribute(name="id", type=AttributeType.INTEGER)


# --- paging ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "page"), [(12_345, 500), (1_000, 500), (1, 1), (3, 2)])
def test_every_row_of_every_page_arrives_once(sql_database: SqlDatabase, rows: int, page: int) -> None:
    sql_database.execute("CREATE TABLE item (id integer PRIMARY KEY)")
    sql_database.execute("INSERT INTO item VALUES (:id)", rows=[{"id": 7 * number} for number in range(rows)])
    found = table_of(sql_database, ID, anchor=["id"]).full(page)
    assert [row["id"] for row in found.objects] == [7 * number for number in range(rows)]
    assert found.batches == -(-rows // page)


def test_a_page_takes_the_same_number_of_statements_whatever_it_holds(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    seen = []
    for count in (10, 1000):
        sql_database.execute("DELETE FROM phone", "DELETE FROM person")
        rows = [{"uid": f"u{number}"} for number in range(count)]
        sql_database.execute("INSERT INTO person (uid) VALUES (:uid)", rows=rows)
        sql_database.execute("INSERT INTO phone VALUES (:uid, '1'), (:uid, '2')", rows=rows)
        with counted_statements() as statements:
            assert len(source.full().objects) == count
        seen.append(len(statements))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("key", ["text PRIMARY KEY", "text NOT NULL"])
def test_a_page_comes_in_parts_where_its_objects_have_many_values(sql_database: SqlDatabase, key: str) -> None:
    half = VALUES_AT_ONCE // 2 + 1
    sql_database.execute(
        f"CREATE TABLE item (id {key})",
        "CREATE TABLE part (item text, no integer)",
        "INSERT INTO item VALUES ('a'), ('b'), ('c'), ('d')",
        f"INSERT INTO part WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {half})"  # noqa: S608
        " SELECT id, i FROM n CROSS JOIN item WHERE id IN ('a', 'c')",
        "INSERT INTO part VALUES ('d', 1)",
    )
    children = {"no": {"table": "part", "key": ["item"], "value": "no"}}
    attributes = (Attribute(name="id"), Attribute(name="no", type=AttributeType.INTEGER, multivalued=True))
    found = table_of(sql_database, *attributes, anchor=["id"], multivalued=children).full()
    assert found.batches == 2
    assert [(row["id"], len(row["no"] or ())) for row in found.objects] == [
        ("a", half),
        ("b", 0),
        ("c", half),
        ("d", 1),
    ]


def test_pages_go_by_all_columns_of_the_key(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (site varchar(9), number integer, PRIMARY KEY (site, number))",
        "CREATE TABLE note (place varchar(9), no integer, text varchar(9))",
        "INSERT INTO item VALUES ('b', 1), ('a', 10), ('a', 9), ('a+b', 1), ('a', 1)",
        "INSERT INTO note VALUES ('a', 1, 'x'), ('a', 1, 'y'), ('b', 1, 'z'), ('a', 10, 'w'), ('gone', 1, 'v')",
    )
    source = table_of(
        sql_database,
        Attribute(name="notes", multivalued=True),
        anchor=["site", "number"],
        multivalued={"notes": {"table": "note", "key": ["place", "no"], "value": "text"}},
    )
    for page in (1, 2, 5):
        assert source.full(page).by_anchor == {
            "item:a+1": {"notes": ["x", "y"]},
            "item:a+9": {},
            "item:a+10": {"notes": ["w"]},
            r"item:a\+b+1": {},
            "item:b+1": {"notes": ["z"]},
        }
    assert {row["dn"] for row in source.full().objects} >= {r"CN=a\+9,OBJECT=item", r"CN=a\\\+b\+1,OBJECT=item"}


def test_rows_that_share_a_key_all_arrive_although_a_page_ends_between_them(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (id integer, note varchar(9))",
        "INSERT INTO item VALUES (1, 'a'), (2, 'b'), (2, 'c'), (2, 'd'), (2, 'e'), (3, 'f')",
    )
    found = table_of(sql_database, ID, Attribute(name="note"), anchor=["id"]).full(page_objects=2)
    assert sorted(row["note"] for row in found.objects) == ["a", "b", "c", "d", "e", "f"]


def test_keys_that_the_database_does_not_tell_apart_all_arrive(sql_database: SqlDatabase) -> None:
    if not sql_database.is_sqlite:
        sql_database.execute(
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    sql_database.execute(
        "CREATE TABLE item (id varchar(9) COLLATE nocase)", "INSERT INTO item VALUES ('a'), ('B'), ('b'), ('A'), ('c')"
    )
    source = table_of(sql_database, Attribute(name="id"), anchor=["id"])
    for page in (1, 2, 3):
        assert source.full(page).anchors == ["item:A", "item:B", "item:a", "item:b", "item:c"]


def test_pages_go_on_in_columns_without_a_type(on_sqlite: SqlDatabase) -> None:
    on_sqlite.execute("CREATE TABLE item (id, note)", "INSERT INTO item VALUES (10, 1), ('x', 2), (9, 3), (2.5, 4)")
    found = table_of(on_sqlite, Attribute(name="id"), Attribute(name="note"), anchor=["id"]).full(page_objects=1)
    assert found.anchors == ["item:10", "item:2.5", "item:9", "item:x"]


def test_one_state_is_read_whatever_others_write_meanwhile(sql_database: SqlDatabase) -> None:
    if sql_database.is_sqlite:
        sql_database.execute("PRAGMA journal_mode = wal")  # otherwise readers and writers wait for each other
    source = people(sql_database)
    sql_database.execute("INSERT INTO person (uid) VALUES ('a'), ('b'), ('c')", "INSERT INTO phone VALUES ('c', '1')")
    session = source.connector.open_import(ImportRequest(full=True, page_objects=1))
    batches = session.batches()
    seen = [next(batches)]
    sql_database.execute("DELETE FROM phone", "DELETE FROM person WHERE uid = 'c'", "INSERT INTO team VALUES ('late')")
    seen += batches
    session.close()
    assert [batch.objects["anchor"].to_list() for batch in seen] == [["person:a"], ["person:b"], ["person:c"]]
    assert seen[2].objects["phones"].to_list() == [["1"]]


# --- names and values ------------------------------------------------------------------------------------------------


def test_mixed_case_names_reserved_words_and_schemas_are_quoted(sql_database: SqlDatabase) -> None:
    schema = "main" if sql_database.is_sqlite else "HR"
    if not sql_database.is_sqlite:
        sql_database.execute('CREATE SCHEMA "HR"')
    sql_database.execute(
        f'CREATE TABLE "{schema}"."Order.Items" ("Key" integer PRIMARY KEY, "select" varchar(9), "50% off" varchar(9))',
        f"""INSERT INTO "{schema}"."Order.Items" VALUES (1, 'a', 'b')""",  # noqa: S608 - the test's own names
    )
    attributes = (Attribute(name="select"), Attribute(name="half"))
    source = table_of(sql_database, *attributes, anchor=["Key"], columns={"half": "50% off"})
    tables = {"item": {**source.tables["item"], "table": f'{schema}."Order.Items"'}}
    named = SqlSource(database=sql_database, object_types=source.object_types, tables=tables)
    assert named.full().by_anchor == {"item:1": {"select": "a", "half": "b"}}


@pytest.mark.parametrize("count", [3, 1 << 20], ids=["three bytes", "three mebibytes"])
def test_binary_values_arrive_byte_for_byte(sql_database: SqlDatabase, count: int) -> None:
    value = b"\x00\x01\x02" * count
    sql_database.execute("CREATE TABLE item (id integer PRIMARY KEY, photo {blob})")
    sql_database.execute("INSERT INTO item VALUES (1, :photo), (2, :empty)", rows=[{"photo": value, "empty": b""}])
    found = table_of(sql_database, Attribute(name="photo", type=AttributeType.BINARY), anchor=["id"]).full()
    assert found.by_anchor == {"item:1": {"photo": value}, "item:2": {"photo": b""}}


@pytest.mark.parametrize(
    ("column", "written", "wanted", "expected"),
    [
        ("numeric(10, 2)", "12.50", AttributeType.STRING, ["12.50", "12.5"]),  # SQLite keeps no zeros
        ("numeric(10, 2)", "12", AttributeType.INTEGER, [12]),
        ("integer", "1", AttributeType.BOOLEAN, [True]),
        ("integer", "007", AttributeType.STRING, ["7"]),
        ("varchar(9)", "'007'", AttributeType.INTEGER, [7]),
        ("varchar(9)", "'Yes'", AttributeType.BOOLEAN, [True]),
        ("varchar(9)", "''", AttributeType.STRING, [""]),
        (
            "varchar(30)",
            "'2024-02-29T12:30:00+02:00'",
            AttributeType.DATETIME,
            [datetime(2024, 2, 29, 10, 30, tzinfo=UTC)],
        ),
        ("date", "'2024-02-29'", AttributeType.DATETIME, [datetime(2024, 2, 29, tzinfo=UTC)]),
        ("date", "'2024-02-29'", AttributeType.STRING, ["2024-02-29"]),
        (
            "timestamp",
            "'2024-02-29 23:59:59.5'",
            AttributeType.DATETIME,
            [datetime(2024, 2, 29, 23, 59, 59, 500_000, UTC)],
        ),
        ("timestamp", "'2024-02-29 23:59:59.5'", AttributeType.STRING, ["2024-02-29T23:59:59.500000Z"]),
        ("boolean", "true", AttributeType.STRING, ["true"]),
        ("boolean", "false", AttributeType.INTEGER, [0]),
        ("char(5)", "'ab'", AttributeType.STRING, ["ab"]),
    ],
    ids=str,
)
def test_a_column_gives_what_its_attribute_wants(
    sql_database: SqlDatabase, column: str, written: str, wanted: AttributeType, expected: list[object]
) -> None:
    sql_database.execute(f"CREATE TABLE item (id integer PRIMARY KEY, value {column})")
    sql_database.execute(f"INSERT INTO item VALUES (1, {written}), (2, NULL)")  # noqa: S608 - the test's own values
    found = table_of(sql_database, Attribute(name="value", type=wanted), anchor=["id"]).full()
    assert found.by_anchor["item:1"]["value"] in expected
    assert found.by_anchor["item:2"] == {}


@pytest.mark.parametrize(
    ("column", "written", "wanted"),
    [
        ("varchar(30)", "'9223372036854775808'", AttributeType.INTEGER),
        ("varchar(30)", "'1.5'", AttributeType.INTEGER),
        ("varchar(30)", "'ten'", AttributeType.INTEGER),
        ("integer", "2", AttributeType.BOOLEAN),
        ("varchar(30)", "'perhaps'", AttributeType.BOOLEAN),
        ("varchar(30)", "'2024-02-30'", AttributeType.DATETIME),
        ("integer", "20240229", AttributeType.DATETIME),
    ],
    ids=str,
)
def test_a_value_that_its_attribute_cannot_hold_is_an_error_of_its_row_alone(
    sql_database: SqlDatabase, column: str, written: str, wanted: AttributeType
) -> None:
    sql_database.execute(f"CREATE TABLE item (id integer PRIMARY KEY, value {column})")
    sql_database.execute(f"INSERT INTO item VALUES (1, NULL), (2, {written}), (3, NULL)")  # noqa: S608 - as above
    found = table_of(sql_database, Attribute(name="value", type=wanted), anchor=["id"]).full()
    assert found.anchors == ["item:1", "item:3"]
    assert found.error_codes == [("invalid-attribute-value", "item:2", "value")]


def test_sqlite_may_hold_anything_anywhere(on_sqlite: SqlDatabase) -> None:
    on_sqlite.execute(
        "CREATE TABLE item (id integer PRIMARY KEY, number integer, text varchar, flag boolean, time timestamp)",
        "INSERT INTO item VALUES (1, 'ten', 'a', 1, '2024-01-01')",
        "INSERT INTO item VALUES (2, 2, x'ff', 1, '2024-01-01')",
        "INSERT INTO item VALUES (3, 3, CAST(x'ff' AS TEXT), 1, '2024-01-01')",
        "INSERT INTO item VALUES (4, 4, 'd', 'no', '2024-01-01')",
        "INSERT INTO item VALUES (5, 5, 'e', 1, 45000)",
        "INSERT INTO item VALUES (6, 6, 'f', 0, '2024-01-01T00:00Z')",
    )
    attributes = (
        Attribute(name="number", type=AttributeType.INTEGER),
        Attribute(name="text"),
        Attribute(name="flag", type=AttributeType.BOOLEAN),
        Attribute(name="time", type=AttributeType.DATETIME),
    )
    found = table_of(on_sqlite, *attributes, anchor=["id"]).full()
    new_year = datetime(2024, 1, 1, tzinfo=UTC)
    assert found.by_anchor == {"item:6": {"number": 6, "text": "f", "flag": False, "time": new_year}}
    assert [(anchor, attribute) for _, anchor, attribute in found.error_codes] == [
        ("item:1", "number"),
        ("item:2", "text"),
        ("item:3", "text"),
        ("item:4", "flag"),
        ("item:5", "time"),
    ]


def test_times_that_postgresql_alone_has_are_errors_of_their_rows(on_postgres: SqlDatabase) -> None:
    on_postgres.execute(
        "CREATE TABLE item (id integer PRIMARY KEY, time timestamptz)",
        "INSERT INTO item VALUES (1, 'infinity'), (2, '-infinity'), (3, '2024-01-01 12:00:00+02')",
    )
    found = table_of(on_postgres, Attribute(name="time", type=AttributeType.DATETIME), anchor=["id"]).full()
    assert found.by_anchor == {"item:3": {"time": datetime(2024, 1, 1, 10, tzinfo=UTC)}}
    assert len(found.errors) == 2


def test_a_bad_value_of_a_set_is_an_error_of_its_row(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (id integer PRIMARY KEY)",
        "CREATE TABLE number (item integer, value varchar(9))",
        "INSERT INTO item VALUES (1), (2)",
        "INSERT INTO number VALUES (1, '1'), (1, 'many'), (2, '2'), (2, '2'), (2, NULL)",
    )
    numbers = Attribute(name="numbers", type=AttributeType.INTEGER, multivalued=True)
    child = {"numbers": {"table": "number", "key": ["item"], "value": "value"}}
    found = table_of(sql_database, numbers, anchor=["id"], multivalued=child).full()
    assert {anchor: set(values["numbers"]) for anchor, values in found.by_anchor.items()} == {"item:2": {2}}
    assert found.error_codes == [("invalid-attribute-value", "item:1", "numbers")]


def test_a_row_without_a_key_is_an_error_and_its_neighbours_arrive(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (site varchar(9), number integer)",
        "INSERT INTO item VALUES ('a', 1), ('b', NULL), (NULL, 3), ('', 4)",
    )
    found = table_of(sql_database, anchor=["site", "number"]).full(page_objects=1)
    assert found.anchors == ["item:a+1"]
    assert {code for code, _, _ in found.error_codes} == {"missing-anchor-component"}
    assert len(found.errors) >= 2  # the step cannot succeed


def test_a_row_without_its_name_is_an_error(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (id integer PRIMARY KEY, name varchar(20))",
        "INSERT INTO item VALUES (1, 'Smith, John'), (2, NULL), (3, '')",
    )
    found = table_of(sql_database, anchor=["id"], dn="name").full()
    assert [row["dn"] for row in found.objects] == [r"CN=Smith\, John,OBJECT=item"]
    assert found.error_codes == [("missing-dn", "item:2", None), ("missing-dn", "item:3", None)]


def test_references_become_the_names_of_their_rows(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    sql_database.execute(
        "INSERT INTO person (uid, manager) VALUES ('a,1', NULL)",
        "INSERT INTO person (uid, manager) VALUES ('b', 'a,1')",
        "INSERT INTO team VALUES ('t')",
        "INSERT INTO member VALUES ('t', 'a,1'), ('t', 'b')",
    )
    found = source.full().by_anchor
    assert found["person:b"]["manager"] == r"CN=a\,1,OBJECT=person"
    assert found["team:t"]["members"] == [r"CN=a\,1,OBJECT=person", "CN=b,OBJECT=person"]


def test_references_to_rows_with_a_name_of_their_own_become_that_name(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (id integer PRIMARY KEY, name varchar(9), above integer)",
        "CREATE TABLE link (item integer, other integer)",
        "INSERT INTO item VALUES (1, 'one', NULL), (2, 'two', 1), (3, 'three', 99)",
        "INSERT INTO link VALUES (1, 2), (1, 3), (2, 99)",
    )
    source = table_of(
        sql_database,
        Attribute(name="above", type=AttributeType.REFERENCE),
        Attribute(name="others", type=AttributeType.REFERENCE, multivalued=True),
        anchor=["id"],
        dn="name",
        references={"above": "item", "others": "item"},
        multivalued={"others": {"table": "link", "key": ["item"], "value": "other"}},
    )
    # Nothing has the key 99, so nothing is referred to.
    assert source.full().by_anchor == {
        "item:1": {"others": ["CN=three,OBJECT=item", "CN=two,OBJECT=item"]},
        "item:2": {"above": "CN=one,OBJECT=item"},
        "item:3": {},
    }


def test_rows_marked_as_deleted_are_not_there(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (id integer PRIMARY KEY, a boolean, b integer, c {time})",
        "INSERT INTO item VALUES (1, NULL, NULL, NULL), (2, false, 0, NULL), (3, true, 1, '2024-01-01')",
    )
    for column in "abc":
        assert table_of(sql_database, anchor=["id"], deleted_column=column).full().anchors == ["item:1", "item:2"]


def test_attributes_for_export_only_are_not_read(sql_database: SqlDatabase) -> None:
    sql_database.execute("CREATE TABLE item (id integer PRIMARY KEY, secret varchar(9))")
    sql_database.execute("INSERT INTO item VALUES (1, 'hush')")
    source = table_of(sql_database, Attribute(name="secret", export_only=True), anchor=["id"])
    with counted_statements() as statements:
        assert source.full().by_anchor == {"item:1": {}}
    assert not any("item.secret" in statement for statement in statements)


# --- broken off ------------------------------------------------------------------------------------------------------


def test_a_connection_lost_in_the_middle_stops_the_import(
    postgres_database: PostgresDatabase, on_postgres: SqlDatabase
) -> None:
    source = people(on_postgres)
    on_postgres.execute("INSERT INTO person (uid) VALUES ('a'), ('b'), ('c')")
    session = source.connector.open_import(ImportRequest(full=True, page_objects=1))
    batches = session.batches()
    next(batches)
    assert postgres_database.end_other_connections() == 1
    with pytest.raises(StepStop) as stop:
        list(batches)
    session.close()
    assert (stop.value.status, stop.value.connection) == (Status.STOPPED_CONNECTIVITY, "dropped-connection")


def test_a_statement_that_takes_too_long_stops_the_import(on_postgres: SqlDatabase) -> None:
    on_postgres.execute(
        "CREATE FUNCTION slowly(integer) RETURNS integer LANGUAGE sql AS "
        "'SELECT CASE WHEN $1 = 2 THEN (SELECT $1 FROM pg_sleep(20)) ELSE $1 END'",
        "CREATE TABLE item_ (id integer)",
        "INSERT INTO item_ VALUES (1), (2)",
        "CREATE VIEW item AS SELECT slowly(id) AS id FROM item_",
    )
    source = table_of(on_postgres, ID, anchor=["id"])
    request = ImportRequest(full=True, timeout_s=1)
    with pytest.raises(StepStop) as stop:
        list(source.connector.open_import(request).batches())
    assert stop.value.status is Status.STOPPED_IMPORT_READ
    assert "statement_timeout_s" in stop.value.hint


def test_a_reading_that_is_closed_leaves_no_connection(
    postgres_database: PostgresDatabase, on_postgres: SqlDatabase
) -> None:
    source = people(on_postgres)
    on_postgres.execute("INSERT INTO person (uid) VALUES ('a'), ('b')")
    session = source.connector.open_import(ImportRequest(full=True, page_objects=1))
    next(session.batches())
    session.close()
    assert postgres_database.end_other_connections() == 0
