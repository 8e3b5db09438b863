"""Exports to databases: statements, transactions, and connections that break."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from tests.integration.sql_source import (
    PERSON,
    SqlSource,
    counted_statements,
    export_batch,
    people,
    person,
)
from tests.servers.postgres import PostgresDatabase
from tests.servers.sql import SqlDatabase

from unisono.connectors.contract import ExportOperation, ExportSession, PartialSend
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType

ADD, UPDATE, DELETE = ExportOperation.ADD, ExportOperation.UPDATE, ExportOperation.DELETE
BOB = {"anchor": "person:bob", "dn": "CN=bob,OBJECT=person"}


def everybody(database: SqlDatabase) -> list[tuple[Any, ...]]:
    return database.rows("SELECT uid, title, level, manager FROM person ORDER BY uid")


def phones(database: SqlDatabase) -> list[tuple[Any, ...]]:
    return database.rows("SELECT uid, number FROM phone ORDER BY uid, number")


# --- statements and transactions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [ADD, UPDATE, DELETE])
def test_a_transaction_takes_the_same_number_of_statements_whatever_it_holds(
    sql_database: SqlDatabase, operation: ExportOperation
) -> None:
    source = people(sql_database)
    seen = []
    for count in (10, 1000):
        sql_database.execute("DELETE FROM phone", "DELETE FROM person")
        entries = [
            person(f"u{n}", **({} if operation is DELETE else {"level": n, "phones+": [str(n)]})) for n in range(count)
        ]
        if operation is not ADD:
            rows = [{"uid": f"u{n}"} for n in range(count)]
            sql_database.execute("INSERT INTO person (uid) VALUES (:uid)", rows=rows)
        with counted_statements() as statements:
            assert set(source.codes(operation, *entries)) == {None}
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_entries_that_change_different_attributes_go_by_different_statements(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    sql_database.execute("INSERT INTO person VALUES ('a', 'x', 1, NULL), ('b', 'y', 2, NULL), ('c', 'z', 3, NULL)")
    first, second = person("a", title="new"), person("b", level=None)
    assert source.codes(UPDATE, first, second, person("c", title=None, level=9)) == [None, None, None]
    assert everybody(sql_database) == [("a", "new", 1, None), ("b", "y", None, None), ("c", None, 9, None)]


def test_a_constraint_that_speaks_at_the_end_does_not_fail_neighbours(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        """CREATE TABLE item (
            id integer PRIMARY KEY, above integer REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED
        )"""
    )
    above = Attribute(name="above", type=AttributeType.REFERENCE)
    source = SqlSource(
        database=sql_database,
        object_types=(ObjectType(name="item", attributes=(above,)),),
        tables={"item": {"table": "item", "anchor": ["id"], "references": {"above": "item"}}},
    )
    # 1 and 2 refer to each other, which only a transaction of both allows; 9 is nobody.
    above_of = {1: 2, 2: 1, 3: 3, 4: 9}
    entries = [{"dn": f"CN={i},OBJECT=item", "above": f"CN={a},OBJECT=item"} for i, a in above_of.items()]
    assert source.codes(ADD, *entries, object_type="item") == [None, None, None, "dn-attributes-failure"]
    assert sql_database.rows("SELECT * FROM item ORDER BY id") == [(1, 2), (2, 1), (3, 3)]


def test_an_add_that_was_sent_before_is_accepted(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    alice = person("alice", uid="alice", title="x", level=None, **{"phones+": ["1"]})
    first = source.send(ADD, alice)
    assert first.equals(source.send(ADD, alice))
    sql_database.execute("DELETE FROM phone")
    assert source.codes(ADD, alice) == [None]
    assert phones(sql_database) == [("alice", "1")]
    assert source.codes(ADD, {**alice, "title": "y"}) == ["cd-existing-object"]


def test_a_value_that_is_found_twice_at_the_end_does_not_fail_neighbours(on_postgres: SqlDatabase) -> None:
    on_postgres.execute(
        "CREATE TABLE item (code varchar(9) PRIMARY KEY, note varchar(9) UNIQUE DEFERRABLE INITIALLY DEFERRED)"
    )
    source = SqlSource(
        database=on_postgres,
        object_types=(ObjectType(name="item", attributes=(Attribute(name="note"),)),),
        tables={"item": {"table": "item", "anchor": ["code"]}},
    )
    entries = [{"dn": f"CN={code},OBJECT=item", "note": note} for code, note in zip("abcd", "xyxz", strict=True)]
    assert source.codes(ADD, *entries, object_type="item") == [None, None, "constraint-violation", None]
    assert source.codes(ADD, {"dn": "CN=e,OBJECT=item", "note": "e"}, object_type="item") == [None]


_TRIGGER = """CREATE TRIGGER before_person BEFORE INSERT OR UPDATE ON person
    FOR EACH ROW EXECUTE FUNCTION before_person()"""


def test_a_transaction_that_meets_another_is_repeated(on_postgres: SqlDatabase) -> None:
    source = people(on_postgres)
    on_postgres.execute(
        "CREATE SEQUENCE attempt",
        """CREATE FUNCTION before_person() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('attempt') < 3 THEN RAISE EXCEPTION 'not now' USING ERRCODE = 'deadlock_detected'; END IF;
            RETURN NEW;
        END $$""",
        _TRIGGER,
    )
    assert source.codes(ADD, person("a"), person("b")) == [None, None]
    assert len(everybody(on_postgres)) == 2


def test_a_transaction_that_is_never_let_through_fails(on_postgres: SqlDatabase) -> None:
    source = people(on_postgres)
    on_postgres.execute(
        """CREATE FUNCTION before_person() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.uid = 'b' THEN RAISE EXCEPTION 'never' USING ERRCODE = 'serialization_failure'; END IF;
            RETURN NEW;
        END $$""",
        _TRIGGER,
    )
    assert source.codes(ADD, person("a"), person("b"), person("c")) == [None, "cd-error", None]


def test_a_database_that_somebody_else_writes_to_stops_the_export(on_sqlite: SqlDatabase) -> None:
    source = people(on_sqlite, statement_timeout_s=1)
    other = sqlite3.connect(on_sqlite.directory / "source.db", isolation_level=None)
    session = source.connector.open_export()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StepStop) as stop:
        session.send(export_batch(ADD, [person("a")], PERSON))
    other.close()
    session.close()
    assert stop.value.status is Status.STOPPED_EXPORT_WRITE
    assert "statement_timeout_s" in stop.value.hint


# --- the connection --------------------------------------------------------------------------------------------------


def _session(source: SqlSource) -> ExportSession:
    return source.connector.open_export()


def test_a_connection_lost_before_anything_was_sent_stops_the_export(
    on_postgres: SqlDatabase, postgres_database: PostgresDatabase
) -> None:
    session = _session(people(on_postgres))
    assert postgres_database.end_other_connections() == 1
    with pytest.raises(StepStop) as stop:
        session.send(export_batch(ADD, [person("a")], PERSON))
    session.close()
    assert (stop.value.status, stop.value.connection) == (Status.STOPPED_CONNECTIVITY, "dropped-connection")


@pytest.mark.parametrize("victim", ["c", "d"], ids=["first of a transaction", "second of a transaction"])
def test_a_connection_lost_in_the_middle_tells_what_is_known(on_postgres: SqlDatabase, victim: str) -> None:
    source = people(on_postgres, batch_objects=2)
    on_postgres.execute(
        f"""CREATE FUNCTION before_person() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.uid = '{victim}' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NEW;
        END $$""",
        _TRIGGER,
    )
    entries = [person(uid, **values) for uid, values in zip("abcde", [{}, {"level": -1}, {}, {}, {}], strict=True)]
    same_set = [{**entry, "level": entry.get("level", 1)} for entry in entries]
    session = _session(source)
    with pytest.raises(PartialSend) as partial:
        session.send(export_batch(ADD, same_set, PERSON))
    session.close()
    assert partial.value.results.sort("id").select("id", "code").rows() == [(0, None), (1, "constraint-violation")]
    stop = partial.value.__cause__
    assert isinstance(stop, StepStop)
    assert (stop.status, stop.connection) == (Status.STOPPED_CONNECTIVITY, "dropped-connection")
    assert [row[0] for row in everybody(on_postgres)] == ["a"]

    on_postgres.execute("DROP TRIGGER before_person ON person")
    assert source.codes(ADD, *same_set) == [None, "constraint-violation", None, None, None]


def test_an_export_that_is_closed_leaves_no_connection(
    on_postgres: SqlDatabase, postgres_database: PostgresDatabase
) -> None:
    source = people(on_postgres)
    assert source.codes(ADD, person("a")) == [None]
    assert postgres_database.end_other_connections() == 0
