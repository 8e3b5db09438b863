"""The SQL connector before the first object: settings, connection, what is missing, the schema that it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.integration.sql_source import PERSON, PERSON_TABLE, SqlSource
from tests.servers.postgres import Postgres, PostgresDatabase
from tests.servers.sql import SqlDatabase

from unisono.connectors.contract import Connector, ImportRequest, Support
from unisono.connectors.sql import KIND
from unisono.model.errors import StepStop
from unisono.model.names import DnStyle
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema
from unisono.model.secrets import Secret

FULL = ImportRequest(full=True)
ONE_TABLE = {"table": "person", "anchor": ["uid"]}
UID_ONLY = ObjectType(name="person", attributes=(Attribute(name="uid"),))


def _starts(connector: Connector) -> list[Callable[[], object]]:
    return [connector.discover_schema, lambda: connector.open_import(FULL), connector.open_export]


def _refusals(connector: Connector) -> list[StepStop]:
    """Why the schema cannot be found, no import and no export can start."""
    stops = []
    for start in _starts(connector):
        with pytest.raises(StepStop) as stop:
            start()
        stops.append(stop.value)
    return stops


def _connector(url: str, directory: Path, *, password: str | None = None) -> Connector:
    settings: dict[str, Any] = {"url": url, "tables": {"person": ONE_TABLE}, "connect_timeout_s": 2}
    if password is not None:
        settings["password"] = Secret(password)
    return KIND.make(settings, Schema(object_types=(UID_ONLY,)), directory)


# --- connecting ------------------------------------------------------------------------------------------------------


def test_a_missing_sqlite_file_is_no_connection_and_is_not_made(tmp_path: Path) -> None:
    for stop in _refusals(_connector("sqlite:///gone.db", tmp_path)):
        assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_no_connection(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, " * 100)
    for stop in _refusals(_connector("sqlite:///letter.db", tmp_path)):
        assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")


@pytest.mark.parametrize("name", ["with blank.db", "100%.db", "a?b#c.db", "ümlaut.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(StepStop) as stop:
        _connector(f"sqlite:///{quote(name)}", tmp_path).open_import(FULL)
    assert stop.value.status is Status.NO_START_DATABASE_TABLE  # the database was opened, and is empty


def test_a_wrong_password_is_a_failed_authentication(postgres_database: PostgresDatabase, tmp_path: Path) -> None:
    for stop in _refusals(_connector(postgres_database.url, tmp_path, password="wrong one")):
        assert (stop.status, stop.connection) == (Status.NO_START_CREDENTIALS, "failed-authentication")
        assert "wrong one" not in f"{stop} {stop.message} {stop.hint}"


def test_a_forgotten_password_is_a_failed_authentication(postgres_database: PostgresDatabase, tmp_path: Path) -> None:
    for stop in _refusals(_connector(postgres_database.url, tmp_path)):
        assert (stop.status, stop.connection) == (Status.NO_START_CREDENTIALS, "failed-authentication")


@pytest.mark.parametrize("where", ["nobody listens", "unknown database"])
def test_an_unreachable_database_is_a_failed_connection(
    postgres_database: PostgresDatabase, tmp_path: Path, where: str
) -> None:
    port = 1 if where == "nobody listens" else postgres_database.port
    connector = _connector(f"postgresql+psycopg://owner@127.0.0.1:{port}/gone", tmp_path, password="owner secret")
    for stop in _refusals(connector):
        assert (stop.status, stop.connection) == (Status.NO_START_CONNECTION, "failed-connection")


# --- what is missing -------------------------------------------------------------------------------------------------


def test_missing_tables_are_named_all_at_once(sql_database: SqlDatabase) -> None:
    tables = {"person": {**PERSON_TABLE, "table": "hr.people"}}
    source = SqlSource(database=sql_database, object_types=(PERSON,), tables=tables)
    for start in _starts(source.connector)[1:]:
        with pytest.raises(StepStop, match=r"hr\.people, phone") as stop:
            start()
        assert stop.value.status is Status.NO_START_DATABASE_TABLE


def test_missing_columns_are_named_all_at_once(sql_database: SqlDatabase) -> None:
    sql_database.execute("CREATE TABLE person (uid varchar(9) PRIMARY KEY)", "CREATE TABLE phone (uid varchar(9))")
    source = SqlSource(database=sql_database, object_types=(PERSON,), tables={"person": PERSON_TABLE})
    for start in _starts(source.connector)[1:]:
        with pytest.raises(StepStop, match=r"person\.title, person\.level, person\.manager, phone\.number") as stop:
            start()
        assert stop.value.status is Status.NO_START_DATABASE_SCHEMA_MISMATCH


def test_a_table_that_may_not_be_read_is_a_failed_permission(
    postgres: Postgres, postgres_database: PostgresDatabase, tmp_path: Path
) -> None:
    with postgres.connect(postgres_database.name) as superuser:
        superuser.execute("CREATE TABLE person (uid varchar(9) PRIMARY KEY)")
    connector = _connector(postgres_database.url, tmp_path, password=postgres_database.password)
    with pytest.raises(StepStop) as stop:
        connector.open_import(FULL)
    assert (stop.value.status, stop.value.connection) == (Status.NO_START_DATABASE_PERMISSION, "failed-permission")


def test_a_refused_start_leaves_no_connection(postgres_database: PostgresDatabase, tmp_path: Path) -> None:
    _refusals(_connector(postgres_database.url, tmp_path, password=postgres_database.password))
    assert postgres_database.end_other_connections() == 0


# --- schema and capabilities -----------------------------------------------------------------------------------------


def test_the_schema_is_that_of_the_tables(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        """CREATE TABLE person (
            id {key}, uid varchar(20) NOT NULL, active boolean, salary numeric(10, 2), born date, hired {time},
            photo {blob}, manager integer, "birth place" varchar, "full name" varchar,
            shout varchar GENERATED ALWAYS AS (upper(uid)) STORED, version bigint, gone {time}
        )""",
        "CREATE TABLE code (person integer, value integer)",
    )
    table = {
        "table": "person",
        "anchor": ["id"],
        "columns": {"fullName": "full name"},
        "watermark_column": "version",
        "deleted_column": "gone",
        "multivalued": {"codes": {"table": "code", "key": ["person"], "value": "value"}},
        "references": {"manager": "person"},
    }
    minimal = ObjectType(name="person", attributes=())
    settings = {**SqlSource(database=sql_database, object_types=(minimal,), tables={"person": table}).all_settings}
    found = KIND.make(settings, Schema(object_types=(minimal,)), sql_database.directory).discover_schema()
    assert found["person"].attributes == (
        Attribute(name="id", type=AttributeType.INTEGER),
        Attribute(name="uid", required=True),
        Attribute(name="active", type=AttributeType.BOOLEAN),
        Attribute(name="salary"),
        Attribute(name="born", type=AttributeType.DATETIME),
        Attribute(name="hired", type=AttributeType.DATETIME),
        Attribute(name="photo", type=AttributeType.BINARY),
        Attribute(name="manager", type=AttributeType.REFERENCE),
        Attribute(name="fullName"),
        Attribute(name="shout", read_only=True),
        Attribute(name="codes", type=AttributeType.INTEGER, multivalued=True),
    )


def test_a_column_of_an_extension_is_text(on_postgres: SqlDatabase) -> None:
    on_postgres.execute(
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
        "CREATE TYPE place AS (x integer, y integer)",
        "CREATE TABLE person (uid uuid PRIMARY KEY, mood mood, place place, address inet, tags text[])",
        """INSERT INTO person
           VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'glad', '(1,2)', '10.0.0.1', '{{a,b}}')""",
    )
    names = ("uid", "mood", "place", "address", "tags")
    object_type = ObjectType(name="person", attributes=tuple(Attribute(name=name) for name in names))
    source = SqlSource(database=on_postgres, object_types=(object_type,), tables={"person": ONE_TABLE})
    assert source.connector.discover_schema()["person"].attributes[1:] == object_type.attributes[1:]
    assert source.full().by_anchor == {
        "person:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11": {
            "uid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "mood": "glad",
            "place": "(1,2)",
            "address": "10.0.0.1/32",
            "tags": "{a,b}",
        }
    }


@pytest.mark.parametrize(
    ("table", "delta", "rename"),
    [
        pytest.param({}, Support.NOT_BUILT, Support.IMPOSSIBLE, id="key only"),
        pytest.param({"watermark_column": "version"}, Support.PARTIAL, Support.IMPOSSIBLE, id="watermark"),
        pytest.param({"dn": "title"}, Support.NOT_BUILT, Support.FULL, id="named by a column"),
        pytest.param({"dn": "uid"}, Support.NOT_BUILT, Support.IMPOSSIBLE, id="named by the key"),
    ],
)
def test_capabilities_follow_the_settings(
    tmp_path: Path, table: Mapping[str, Any], delta: Support, rename: Support
) -> None:
    settings = {"url": "sqlite:///any.db", "tables": {"person": {**PERSON_TABLE, **table}}}
    capabilities = KIND.make(settings, Schema(object_types=(PERSON,)), tmp_path).capabilities
    assert (capabilities.delta_import, capabilities.rename) == (delta, rename)
    assert (capabilities.full_import, capabilities.export) == (Support.FULL, Support.FULL)
    assert capabilities.dn_style is DnStyle.LDAP
    assert capabilities.references_in_second_pass


def test_a_reference_that_every_row_needs_cannot_wait_for_a_second_pass(tmp_path: Path) -> None:
    needed = Attribute(name="manager", type=AttributeType.REFERENCE, required=True)
    schema = Schema(object_types=(ObjectType(name="person", attributes=(Attribute(name="uid"), needed)),))
    table = {"table": "person", "anchor": ["uid"], "references": {"manager": "person"}}
    connector = KIND.make({"url": "sqlite:///any.db", "tables": {"person": table}}, schema, tmp_path)
    assert not connector.capabilities.references_in_second_pass


# --- settings --------------------------------------------------------------------------------------------------------

GOOD: Mapping[str, Any] = {"url": "sqlite:///hr.db", "tables": {"person": PERSON_TABLE}}


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        pytest.param({"url": "hr.db"}, ("url",), "not a URL", id="no URL"),
        pytest.param({"url": "sqlite://"}, ("url",), "names no file", id="database in memory"),
        pytest.param({"url": "postgresql://host"}, ("url",), "names no database", id="no database"),
        pytest.param({"url": "postgresql+psycopg2://h/d"}, ("url",), "must be psycopg", id="another driver"),
        pytest.param({"url": "postgresql://me:pw@h/d"}, ("url",), "does not belong", id="password in the URL"),
        pytest.param({"url": "oracle://h/d"}, ("url",), "no support for oracle", id="unknown database"),
        pytest.param({"tables": {}}, ("tables",), "no table for the object type 'person'", id="no table"),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "table": "a.b.c"}}},
            ("tables", "person", "table"),
            "not the name of a table",
            id="name of three parts",
        ),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "anchor": []}}},
            ("tables", "person", "anchor"),
            "at least one column",
            id="no anchor",
        ),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "anchor": ["uid", "level"], "references": {"manager": "team"}}}},
            ("tables", "person", "multivalued", "phones", "key"),
            "the key has 1 columns and the anchor 2",
            id="key of another width",
        ),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "multivalued": {}}}},
            ("tables", "person", "multivalued"),
            "no table for the multivalued attribute 'phones'",
            id="no table of values",
        ),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "references": {}}}},
            ("tables", "person", "references"),
            "to which object type",
            id="reference to what",
        ),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "references": {"manager": "team"}}}},
            ("tables", "person", "references", "manager"),
            "no table for the object type 'team'",
            id="reference to an unknown type",
        ),
        pytest.param(
            {"tables": {"person": {**PERSON_TABLE, "columns": {"tilte": "title"}}}},
            ("tables", "person", "columns", "tilte"),
            "no attribute",
            id="column of an unknown attribute",
        ),
    ],
)
def test_mistakes_in_settings_are_found_where_they_stand(
    settings: Mapping[str, Any], path: tuple[str, ...], message: str
) -> None:
    mistakes = {m.path: m.message for m in KIND.validate({**GOOD, **settings}, Schema(object_types=(PERSON,)))}
    assert message in mistakes[path]


def test_good_settings_have_no_mistake() -> None:
    assert KIND.validate(GOOD, Schema(object_types=(PERSON,))) == ()


def test_one_column_cannot_refer_to_rows_with_two_key_columns() -> None:
    child = {"phones": {"table": "phone", "key": ["uid", "level"], "value": "number"}}
    table = {**PERSON_TABLE, "anchor": ["uid", "level"], "multivalued": child}
    (mistake,) = KIND.validate({**GOOD, "tables": {"person": table}}, Schema(object_types=(PERSON,)))
    assert mistake.path == ("tables", "person", "references", "manager")
