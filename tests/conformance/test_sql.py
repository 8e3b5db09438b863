# ruff: noqa: S608 - names of tables and columns are this module's own
"""The SQL connector keeps the contract on every database: rows named by their key, and by a column of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.servers.sql import SqlDatabase

from unisono.connectors.contract import Connector
from unisono.connectors.kit import DeltaKit, ExportKit, ImportKit, RenameKit, Target, Values
from unisono.connectors.sql import KIND
from unisono.model.names import escape_dn_value
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema
from unisono.model.secrets import Secret

SINGLE = (
    Attribute(name="uid", required=True),
    Attribute(name="title"),
    Attribute(name="level", type=AttributeType.INTEGER),
    Attribute(name="active", type=AttributeType.BOOLEAN),
    Attribute(name="badge", type=AttributeType.BINARY),
    Attribute(name="hired", type=AttributeType.DATETIME),
    Attribute(name="manager", type=AttributeType.REFERENCE),
)
CHILDREN = {
    "phones": Attribute(name="phones", multivalued=True),
    "rooms": Attribute(name="rooms", type=AttributeType.INTEGER, multivalued=True),
    "seen": Attribute(name="seen", type=AttributeType.DATETIME, multivalued=True),
    "teams": Attribute(name="teams", type=AttributeType.REFERENCE, multivalued=True),
}
TABLES = (
    """CREATE TABLE person (
        uid varchar(40) PRIMARY KEY, name varchar(40) UNIQUE, title varchar, level bigint, active boolean,
        badge {blob}, hired {time}, manager varchar(40), version integer, is_gone boolean
    )""",
    "CREATE TABLE phones (person varchar(40), value varchar, UNIQUE (person, value))",
    "CREATE TABLE rooms (person varchar(40), value bigint, UNIQUE (person, value))",
    "CREATE TABLE seen (person varchar(40), value {time}, UNIQUE (person, value))",
    "CREATE TABLE teams (person varchar(40), value varchar(40), UNIQUE (person, value))",
)


class RowsNamedByKey(Target):
    """A table of people, the key of each its name; changes are numbered, deleted rows are marked."""

    object_type = "person"
    key_attribute = "uid"
    table: Mapping[str, Any] = {"watermark_column": "version", "deleted_column": "is_gone"}

    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.database.execute(*TABLES)
        self._changes = 0

    @property
    def definition(self) -> ConnectorDefinition:
        return self._definition(self.database.url)

    def _definition(self, url: str) -> ConnectorDefinition:
        attributes = (*SINGLE, *CHILDREN.values())
        person = {
            "table": "person",
            "anchor": ["uid"],
            "multivalued": {name: {"table": name, "key": ["person"], "value": "value"} for name in CHILDREN},
            "references": {"manager": "person", "teams": "person"},
            **self.table,
        }
        settings: dict[str, Any] = {"url": url, "tables": {"person": person}, "overlap_s": 0, "connect_timeout_s": 5}
        if self.database.password:
            settings["password"] = Secret(self.database.password)
        schema = Schema(object_types=(ObjectType(name="person", attributes=attributes),))
        return ConnectorDefinition(name="Telephone", kind="sql", settings=settings, schema=schema)

    def connector(self) -> Connector:
        return self._connector(self.definition)

    def unreachable(self) -> Connector:
        nowhere = "sqlite:///gone.db" if self.database.is_sqlite else "postgresql+psycopg://owner@127.0.0.1:1/gone"
        return self._connector(self._definition(nowhere))

    def _connector(self, definition: ConnectorDefinition) -> Connector:
        assert KIND.validate(definition.settings, definition.schema) == ()
        return KIND.make(definition.settings, definition.schema, self.database.directory)

    def minimal(self, key: str) -> Values:
        return {"uid": key}

    def name(self, key: str) -> str:
        return key

    def dn(self, key: str) -> str:
        return f"CN={escape_dn_value(self.name(key))},OBJECT=person"

    def holds(self, text: str) -> bool:
        return "\0" not in text

    # --- around the connector -----------------------------------------------------------------------------------------

    def seed(self, objects: Iterable[Values]) -> None:
        self.database.execute("DELETE FROM person", *(f"DELETE FROM {child}" for child in CHILDREN))
        self._insert(objects)

    def put(self, values: Values) -> None:
        key = [{"key": values["uid"]}]
        self.database.execute("DELETE FROM person WHERE uid = :key", rows=key)
        self.database.execute(*(f"DELETE FROM {child} WHERE person = :key" for child in CHILDREN), rows=key)
        self._insert([values])

    def remove(self, key: str) -> None:
        self._changes += 1
        gone = "UPDATE person SET is_gone = true, version = :version WHERE uid = :key"
        self.database.execute(gone, rows=[{"key": key, "version": self._changes}])

    def contents(self) -> dict[str, Values]:
        columns = ", ".join(attribute.name for attribute in SINGLE)
        people = self.database.rows(f"SELECT {columns} FROM person WHERE is_gone IS NOT true")
        found: dict[str, dict[str, object]] = {}
        for person in people:
            values = zip(SINGLE, person, strict=True)
            found[person[0]] = {a.name: self._read(a, value) for a, value in values if value is not None}
        for name, attribute in CHILDREN.items():
            sets: dict[str, set[object]] = {}
            for key, value in self.database.rows(f"SELECT person, value FROM {name}"):
                sets.setdefault(key, set()).add(self._read(attribute, value))
            for key in found.keys() & sets.keys():
                found[key][name] = frozenset(sets[key])
        return dict(found)

    def _insert(self, objects: Iterable[Values]) -> None:
        self._changes += 1
        rows, children = [], {name: list[dict[str, object]]() for name in CHILDREN}
        for values in objects:
            single = {attribute.name: self._written(values.get(attribute.name)) for attribute in SINGLE}
            rows.append({**single, "name": self.name(str(values["uid"])), "version": self._changes})
            for name in CHILDREN:
                held = values.get(name, frozenset())
                assert isinstance(held, frozenset)
                children[name] += [{"person": values["uid"], "value": self._written(value)} for value in held]
        columns = [*(attribute.name for attribute in SINGLE), "name", "version"]
        parameters = ", ".join(f":{column}" for column in columns)
        self.database.execute(f"INSERT INTO person ({', '.join(columns)}) VALUES ({parameters})", rows=rows)
        for name, child_rows in children.items():
            self.database.execute(f"INSERT INTO {name} (person, value) VALUES (:person, :value)", rows=child_rows)

    def _written(self, value: object) -> object:
        if isinstance(value, datetime):
            return value.isoformat()
        is_reference = isinstance(value, str) and value.endswith(",OBJECT=person")
        return self.key_of(str(value)) if is_reference else value

    def _read(self, attribute: Attribute, value: Any) -> object:
        match attribute.type:
            case AttributeType.REFERENCE:
                return self.dn(value)
            case AttributeType.BOOLEAN:
                return bool(value)
            case AttributeType.DATETIME:
                time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
                return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
            case _:
                return value

    def key_of(self, dn: str) -> str:
        return dn.removeprefix("CN=").removesuffix(",OBJECT=person")


class RowsNamedByColumn(RowsNamedByKey):
    """A table of people that have a name beside their key. Nothing tells what changed."""

    table: Mapping[str, Any] = {"dn": "name"}

    def name(self, key: str) -> str:
        return f"Person {key}"

    def renamed_dn(self, key: str) -> str:
        return f"CN=Somebody\\, not {key},OBJECT=person"

    def key_of(self, dn: str) -> str:
        return super().key_of(dn).removeprefix("Person ")


class TestRowsNamedByKey(ImportKit, ExportKit, DeltaKit):
    @pytest.fixture
    def target(self, sql_database: SqlDatabase) -> Target:
        return RowsNamedByKey(sql_database)


class TestRowsNamedByColumn(ImportKit, ExportKit, RenameKit):
    @pytest.fixture
    def target(self, sql_database: SqlDatabase) -> Target:
        return RowsNamedByColumn(sql_database)
