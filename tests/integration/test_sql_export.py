"""What the SQL connector writes to real databases, and what becomes of entries that they refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.integration.sql_source import (
    SqlSource,
    counted_statements,
    export_batch,
    people,
    person,
)
from tests.servers.postgres import OWNER, Postgres, PostgresDatabase
from tests.servers.sql import SqlDatabase

from unisono.connectors.contract import ExportOperation
from unisono.model.schema import Attribute, AttributeType, ObjectType

ADD, UPDATE, DELETE = ExportOperation.ADD, ExportOperation.UPDATE, ExportOperation.DELETE
BOB = {"anchor": "person:bob", "dn": "CN=bob,OBJECT=person"}


def everybody(database: SqlDatabase) -> list[tuple[Any, ...]]:
    return database.rows("SELECT uid, title, level, manager FROM person ORDER BY uid")


def phones(database: SqlDatabase) -> list[tuple[Any, ...]]:
    return database.rows("SELECT uid, number FROM phone ORDER BY uid, number")


# --- rows and values -------------------------------------------------------------------------------------------------


def test_rows_are_added_changed_cleared_and_deleted_with_their_values(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    alice = person("alice", uid="alice", title="Engineer", level=3, **{"phones+": ["1", "2"]})
    assert source.send(ADD, alice, person("bob", uid="bob"))["anchor"].to_list() == ["person:alice", "person:bob"]
    assert everybody(sql_database) == [("alice", "Engineer", 3, None), ("bob", None, None, None)]
    assert phones(sql_database) == [("alice", "1"), ("alice", "2")]

    change = person("alice", title=None, manager="CN=bob,OBJECT=person", **{"phones+": ["3"], "phones-": ["1"]})
    assert source.codes(UPDATE, change) == [None]
    assert everybody(sql_database)[0] == ("alice", None, 3, "bob")
    assert phones(sql_database) == [("alice", "2"), ("alice", "3")]

    assert source.codes(UPDATE, person("alice", **{"phones-": ["2", "3"]})) == [None]
    assert phones(sql_database) == []
    assert source.codes(DELETE, person("alice"), person("bob")) == [None, None]
    assert everybody(sql_database) == []


HOSTILE = ["'; DROP TABLE person; --", '"', "\\", "%s %(x)s 100%", ":name ? $1", "O'Brien", "a+b,c=d", "𝒰 é ✓"]


def test_hostile_texts_are_values_wherever_they_stand(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    assert source.codes(ADD, *(person("", dn="CN=x,OBJECT=person", uid=text) for text in HOSTILE)) == [None] * len(
        HOSTILE
    )
    names = {row["uid"]: (row["anchor"], row["dn"]) for row in source.full().objects}
    assert names.keys() == set(HOSTILE)
    changes = [
        {"anchor": anchor, "dn": dn, "title": text, "manager": dn, "phones+": [text]}
        for text, (anchor, dn) in names.items()
    ]
    assert source.codes(UPDATE, *changes) == [None] * len(HOSTILE)
    for row in source.full().objects:
        assert (row["title"], row["manager"], row["phones"]) == (row["uid"], row["dn"], [row["uid"]])
    assert source.codes(DELETE, *({"anchor": anchor, "dn": dn} for anchor, dn in names.values())) == [None] * len(
        HOSTILE
    )
    assert everybody(sql_database) == phones(sql_database) == []


def test_an_anchor_of_several_columns_is_taken_apart(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (site varchar(9), number integer, note varchar(9), PRIMARY KEY (site, number))"
    )
    sql_database.execute("INSERT INTO item VALUES ('a+b', 1, NULL), ('a', 1, NULL)")
    object_type = ObjectType(name="item", attributes=(Attribute(name="note"),))
    tables = {"item": {"table": "item", "anchor": ["site", "number"]}}
    source = SqlSource(database=sql_database, object_types=(object_type,), tables=tables)
    change = {"anchor": r"item:a\+b+1", "dn": r"CN=a\\\+b\+1,OBJECT=item", "note": "x"}
    added = {"anchor": None, "dn": r"CN=c\+2,OBJECT=item", "note": "y"}
    strange = {"anchor": "item:a", "dn": "CN=a,OBJECT=item", "note": "z"}
    codes = source.codes(UPDATE, change, strange, object_type="item")
    assert codes == [None, "missing-anchor-component"]
    assert source.send(ADD, added, object_type="item")["anchor"].to_list() == ["item:c+2"]
    assert sql_database.rows("SELECT * FROM item ORDER BY site") == [("a", 1, None), ("a+b", 1, "x"), ("c", 2, "y")]


def test_every_type_goes_to_the_column_that_is_there(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        """CREATE TABLE item (id integer PRIMARY KEY, a integer, b varchar(9), c boolean, d numeric(6, 2), e date,
        f varchar(40), g integer)"""
    )
    attributes = (
        Attribute(name="a"),
        Attribute(name="b", type=AttributeType.INTEGER),
        Attribute(name="c"),
        Attribute(name="d"),
        Attribute(name="e", type=AttributeType.DATETIME),
        Attribute(name="f", type=AttributeType.BOOLEAN),
        Attribute(name="g", type=AttributeType.BOOLEAN),
    )
    object_type = ObjectType(name="item", attributes=attributes)
    tables = {"item": {"table": "item", "anchor": ["id"]}}
    source = SqlSource(database=sql_database, object_types=(object_type,), tables=tables)
    values = {
        "e": datetime(2024, 2, 29, tzinfo=UTC),
        "a": "17",
        "b": 5,
        "c": "true",
        "d": "12.5",
        "f": True,
        "g": False,
    }
    added = {"dn": "CN=1,OBJECT=item", **values}
    doubtful = {"dn": "CN=2,OBJECT=item", **values, "c": "perhaps"}
    assert source.codes(ADD, added, doubtful, object_type="item") == [None, "syntax-violation"]
    (found,) = source.full().by_anchor.values()
    assert found == {**values, "d": found["d"]}


# --- keys ------------------------------------------------------------------------------------------------------------


def numbered_items(database: SqlDatabase) -> SqlSource:
    database.execute(
        "CREATE TABLE item (id {key}, note varchar(9) NOT NULL)",
        "CREATE TABLE tag (item integer NOT NULL REFERENCES item (id), tag varchar(9))",
    )
    attributes = (Attribute(name="note"), Attribute(name="tags", multivalued=True))
    child = {"tags": {"table": "tag", "key": ["item"], "value": "tag"}}
    return SqlSource(
        database=database,
        object_types=(ObjectType(name="item", attributes=attributes),),
        tables={"item": {"table": "item", "anchor": ["id"], "multivalued": child}},
    )


def test_a_key_that_the_database_makes_comes_back_as_anchor_and_dn(sql_database: SqlDatabase) -> None:
    source = numbered_items(sql_database)
    sql_database.execute("INSERT INTO item (note) VALUES ('first')")
    new: list[dict[str, Any]] = [
        {"dn": f"CN=new {n},OBJECT=item", "note": f"n{n}", "tags+": [f"t{n}"]} for n in range(3)
    ]
    new.insert(1, {"dn": "CN=bad,OBJECT=item", "note": None, "tags+": ["t"]})
    results = source.send(ADD, *new, object_type="item")
    assert results["code"].to_list() == [None, "missing-provisioning-attribute", None, None]
    found = {row["anchor"]: (row["dn"], row["note"], row["tags"]) for row in source.full().objects}
    told = {row["anchor"]: row["dn"] for row in results.drop_nulls("anchor").iter_rows(named=True)}
    assert told == {anchor: dn for anchor, (dn, note, _) in found.items() if note != "first"}
    assert sorted(value[1:] for value in found.values())[1:] == [("n0", ["t0"]), ("n1", ["t1"]), ("n2", ["t2"])]


def test_a_key_that_the_database_spells_in_its_own_way_comes_back_so(on_postgres: SqlDatabase) -> None:
    on_postgres.execute("CREATE TABLE item (guid uuid PRIMARY KEY)")
    object_type = ObjectType(name="item", attributes=(Attribute(name="guid"),))
    tables = {"item": {"table": "item", "anchor": ["guid"]}}
    source = SqlSource(database=on_postgres, object_types=(object_type,), tables=tables)
    added = {"dn": "CN=x,OBJECT=item", "guid": "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"}
    (row,) = source.send(ADD, added, object_type="item").iter_rows(named=True)
    assert row["anchor"] == "item:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert source.full().anchors == [row["anchor"]]


def test_a_new_row_takes_its_key_from_its_dn(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    assert source.codes(ADD, person(r"Smith\, John", title="x")) == [None]
    assert everybody(sql_database) == [("Smith, John", "x", None, None)]


def test_a_new_row_needs_a_key(sql_database: SqlDatabase) -> None:
    assert people(sql_database).codes(ADD, person("x", uid=""), person("y")) == ["missing-anchor-component", None]


def test_a_row_may_consist_of_its_key_alone(sql_database: SqlDatabase) -> None:
    sql_database.execute("CREATE TABLE item (id {key})")
    source = SqlSource(
        database=sql_database,
        object_types=(ObjectType(name="item", attributes=()),),
        tables={"item": {"table": "item", "anchor": ["id"]}},
    )
    assert source.send(ADD, {"dn": "CN=new,OBJECT=item"}, object_type="item")["anchor"].to_list() == ["item:1"]


@pytest.mark.parametrize("dn", ["CN=a,OBJECT=team", "CN=,OBJECT=person", "a"])
def test_a_dn_of_something_else_names_no_new_row(sql_database: SqlDatabase, dn: str) -> None:
    assert people(sql_database).codes(ADD, {"dn": dn, "title": "x"}) == ["invalid-dn"]


@pytest.mark.parametrize(
    "change", [{"uid": "other"}, {"new_dn": "CN=other,OBJECT=person"}], ids=["by an attribute", "by a new DN"]
)
def test_a_key_never_changes(sql_database: SqlDatabase, change: dict[str, Any]) -> None:
    source = people(sql_database)
    sql_database.execute("INSERT INTO person (uid) VALUES ('bob')")
    assert source.codes(UPDATE, {**BOB, **change}) == ["modify-naming-attribute"]
    assert everybody(sql_database) == [("bob", None, None, None)]


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "code", "attribute"),
    [
        pytest.param({"title": "taken"}, "constraint-violation", None, id="a value that another row has"),
        pytest.param({"level": -1}, "constraint-violation", None, id="a check"),
        pytest.param({"manager": "CN=nobody,OBJECT=person"}, "dn-attributes-failure", None, id="nobody as manager"),
        pytest.param({"manager": "CN=x,OBJECT=team"}, "dn-attributes-failure", "manager", id="a team as manager"),
        pytest.param({"uid": "there"}, "cd-existing-object", None, id="a key that is there"),
    ],
)
def test_a_refused_row_does_not_fail_its_neighbours(
    sql_database: SqlDatabase, values: dict[str, Any], code: str, attribute: str | None
) -> None:
    source = people(sql_database)
    sql_database.execute("INSERT INTO person (uid, title) VALUES ('there', 'taken')")
    filled: dict[str, Any] = {"title": None, "level": 1, "manager": "CN=there,OBJECT=person"}
    entries = [person(f"n{number}", **{"uid": f"n{number}", **filled}) for number in range(9)]
    entries[4] = person("bad", **{"uid": "bad", **filled, **values})
    results = source.send(ADD, *entries)
    assert results["code"].to_list() == [None] * 4 + [code] + [None] * 4
    assert results["attribute"][4] == attribute
    assert len(everybody(sql_database)) == 9


@pytest.mark.parametrize(
    ("attribute", "value", "code"),
    [
        ("title", "longer than twenty characters", "constraint-violation"),
        ("born", "the day before yesterday", "syntax-violation"),
        ("born", "2024-02-30", "syntax-violation"),
        ("title", "with \0", "syntax-violation"),
        ("name", None, "constraint-violation"),
    ],
)
def test_a_value_that_a_column_does_not_take_is_refused_with_its_reason(
    on_postgres: SqlDatabase, attribute: str, value: str | None, code: str
) -> None:
    on_postgres.execute(
        "CREATE TABLE person (uid varchar(9) PRIMARY KEY, title varchar(20), born date, name varchar(9) NOT NULL)",
        "INSERT INTO person VALUES ('a', 'x', NULL, 'n'), ('b', 'x', NULL, 'n')",
    )
    attributes = tuple(Attribute(name=name) for name in ("uid", "title", "born", "name"))
    tables = {"person": {"table": "person", "anchor": ["uid"]}}
    source = SqlSource(
        database=on_postgres, object_types=(ObjectType(name="person", attributes=attributes),), tables=tables
    )
    results = source.send(UPDATE, person("a", **{attribute: value}), person("b", title="new"))
    assert results["code"].to_list() == [code, None]
    assert "x" not in str(results["message"][0] or "").split()
    assert results["cd_error"][0]


def test_a_refusal_shows_no_values_of_the_row(on_postgres: SqlDatabase) -> None:
    on_postgres.execute("CREATE TABLE item (id integer PRIMARY KEY, secret date, needed integer NOT NULL)")
    attributes = (Attribute(name="secret", export_only=True), Attribute(name="needed", type=AttributeType.INTEGER))
    source = SqlSource(
        database=on_postgres,
        object_types=(ObjectType(name="item", attributes=attributes),),
        tables={"item": {"table": "item", "anchor": ["id"]}},
    )
    entries = [{"dn": f"CN={secret},OBJECT=item", "secret": secret} for secret in ("hush", "2024-01-01")]
    results = source.send(
        ADD, *({**entry, "dn": f"CN={i},OBJECT=item"} for i, entry in enumerate(entries)), object_type="item"
    )
    assert results.select("code", "attribute").rows() == [
        ("syntax-violation", None),
        ("missing-provisioning-attribute", "needed"),
    ]
    assert not {"hush", "2024-01-01"} & set(str(results.to_dicts()).replace("'", " ").split())
    assert results["cd_error"].to_list() == ["22007", "23502"]


def test_a_row_that_is_not_there_cannot_be_changed_and_need_not_be_deleted(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    sql_database.execute("INSERT INTO person (uid) VALUES ('bob')")
    gone, bob = person("gone", title="x"), person("bob", title="y")
    assert source.codes(UPDATE, gone, bob) == ["cd-missing-object", None]
    assert source.codes(UPDATE, person("gone", **{"phones+": ["1"]})) == ["cd-missing-object"]
    assert source.codes(DELETE, person("gone"), person("bob")) == [None, None]
    assert everybody(sql_database) == phones(sql_database) == []


def test_a_key_with_several_rows_is_left_alone(sql_database: SqlDatabase) -> None:
    rows = [(1, "a"), (2, "b"), (2, "c"), (3, "d")]
    sql_database.execute("CREATE TABLE item (id integer, note varchar(9))")
    sql_database.execute("INSERT INTO item VALUES (:id, :note)", rows=[{"id": i, "note": n} for i, n in rows])
    source = SqlSource(
        database=sql_database,
        object_types=(ObjectType(name="item", attributes=(Attribute(name="note"),)),),
        tables={"item": {"table": "item", "anchor": ["id"]}},
    )
    # Missing and ambiguous together meet as many rows as there are entries.
    entries = [{"anchor": f"item:{i}", "dn": f"CN={i},OBJECT=item"} for i in (1, 2, 3, 4)]
    changed = [{**entry, "note": "new"} for entry in entries]
    assert source.codes(UPDATE, *changed, object_type="item") == [None, "ambiguous-update", None, "cd-missing-object"]
    assert source.codes(DELETE, *entries, object_type="item") == [None, "ambiguous-update", None, None]
    assert sql_database.rows("SELECT * FROM item ORDER BY note") == [(2, "b"), (2, "c")]
    assert source.codes(ADD, {"dn": "CN=2,OBJECT=item", "note": "d"}, object_type="item") == ["cd-existing-object"]


def test_a_row_that_others_refer_to_cannot_be_deleted(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    sql_database.execute(
        "INSERT INTO person VALUES ('bob', NULL, 1, NULL)", "INSERT INTO person VALUES ('al', 'x', 1, 'bob')"
    )
    sql_database.execute("INSERT INTO phone VALUES ('bob', '1'), ('al', '2')")
    assert source.codes(DELETE, person("bob")) == ["constraint-violation"]
    assert phones(sql_database) == [("al", "2"), ("bob", "1")]


def test_what_the_account_may_not_do_is_a_permission_issue(
    postgres: Postgres, postgres_database: PostgresDatabase, on_postgres: SqlDatabase
) -> None:
    with postgres.connect(postgres_database.name) as superuser:
        superuser.execute("CREATE TABLE item (id integer PRIMARY KEY, note varchar(9))")
        superuser.execute("INSERT INTO item VALUES (1, 'a')")
        superuser.execute(f"GRANT SELECT ON item TO {OWNER}")
    source = SqlSource(
        database=on_postgres,
        object_types=(ObjectType(name="item", attributes=(Attribute(name="note"),)),),
        tables={"item": {"table": "item", "anchor": ["id"]}},
    )
    entry = {"anchor": "item:1", "dn": "CN=1,OBJECT=item"}
    assert source.codes(UPDATE, {**entry, "note": "x"}, object_type="item") == ["permission-issue"]
    assert source.codes(DELETE, entry, object_type="item") == ["permission-issue"]


def test_an_object_type_without_a_table_is_not_exported(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    other = ObjectType(name="printer", attributes=())
    session = source.connector.open_export()
    results = session.send(export_batch(ADD, [{"dn": "CN=x,OBJECT=printer"}], other))
    session.close()
    assert results["code"].to_list() == ["no-export-to-this-object-type"]


# --- references and sets ---------------------------------------------------------------------------------------------


def test_one_member_that_does_not_exist_does_not_keep_the_others_out(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    uids = [f"u{number}" for number in range(300)]
    sql_database.execute("INSERT INTO person (uid) VALUES (:uid)", rows=[{"uid": uid} for uid in uids])
    members = [f"CN={uid},OBJECT=person" for uid in [*uids, "nobody"]]
    team = {"dn": "CN=all,OBJECT=team", "members+": [*members, "CN=x,OBJECT=team"]}
    few = {"dn": "CN=few,OBJECT=team", "members+": members[:2]}
    with counted_statements() as statements:
        results = source.send(ADD, team, few, object_type="team")
    assert results["code"].to_list() == ["dn-attributes-failure", None]
    assert results["attribute"][0] == "members"
    assert sql_database.rows("SELECT team, count(*) FROM member GROUP BY team ORDER BY team") == [
        ("all", 300),
        ("few", 2),
    ]
    assert len(statements) < 150


def test_values_that_are_there_or_gone_already_are_no_error(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    sql_database.execute("INSERT INTO person (uid) VALUES ('bob')", "INSERT INTO phone VALUES ('bob', '1')")
    change = {**BOB, "title": "x", "phones+": ["1", "2"], "phones-": ["3"]}
    assert source.codes(UPDATE, change) == [None]
    assert phones(sql_database) == [("bob", "1"), ("bob", "2")]
    assert everybody(sql_database)[0][1] == "x"


def test_a_value_that_another_row_has_alone_fails(sql_database: SqlDatabase) -> None:
    source = people(sql_database)
    sql_database.execute(
        "CREATE UNIQUE INDEX one_number ON phone (number)", "INSERT INTO person (uid) VALUES ('a'), ('bob')"
    )
    sql_database.execute("INSERT INTO phone VALUES ('a', '1')")
    results = source.send(UPDATE, {**BOB, "phones+": ["1", "2"]})
    assert (results["code"][0], results["attribute"][0]) == ("constraint-violation", "phones")
    assert phones(sql_database) == [("a", "1"), ("bob", "2")]


def test_references_by_name_are_looked_up_all_at_once(sql_database: SqlDatabase) -> None:
    sql_database.execute(
        "CREATE TABLE item (id integer PRIMARY KEY, name varchar(20) UNIQUE, above integer REFERENCES item)"
    )
    rows = [{"id": number, "name": f"Item, {number}"} for number in range(600)]
    sql_database.execute("INSERT INTO item (id, name) VALUES (:id, :name)", rows=rows)
    above = Attribute(name="above", type=AttributeType.REFERENCE)
    table = {"table": "item", "anchor": ["id"], "dn": "name", "references": {"above": "item"}}
    source = SqlSource(
        database=sql_database, object_types=(ObjectType(name="item", attributes=(above,)),), tables={"item": table}
    )
    dns = [rf"CN=Item\, {number},OBJECT=item" for number in range(600)]
    changes = [{"anchor": f"item:{n}", "dn": dns[n], "above": dns[n - 1]} for n in range(600)]
    changes.append({"anchor": "item:0", "dn": dns[0], "above": "CN=nobody,OBJECT=item"})
    with counted_statements() as statements:
        codes = source.codes(UPDATE, *changes, object_type="item")
    assert codes == [None] * 600 + ["dn-attributes-failure"]
    assert sum("SELECT" in statement and "name" in statement for statement in statements) <= 20
    assert sql_database.rows("SELECT count(*) FROM item WHERE above = (id + 599) % 600") == [(600,)]
