"""SQL for tests: a database with tables, the connector to it, and what it reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import sqlalchemy as sa
from tests.servers.sql import SqlDatabase

from unisono.connectors.contract import Connector, ExportBatch, ExportOperation, ImportRequest
from unisono.connectors.sql import KIND
from unisono.model.frames import DISCOVERY_ERRORS, EXPORT_RESULTS
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema
from unisono.model.secrets import Secret

PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="uid", required=True),
        Attribute(name="title"),
        Attribute(name="level", type=AttributeType.INTEGER),
        Attribute(name="manager", type=AttributeType.REFERENCE),
        Attribute(name="phones", multivalued=True),
    ),
)
GROUP = ObjectType(
    name="team",
    attributes=(
        Attribute(name="code", required=True),
        Attribute(name="members", type=AttributeType.REFERENCE, multivalued=True),
    ),
)
#: People with a manager and telephone numbers, teams with members; the database checks every reference.
TABLES = (
    """CREATE TABLE person (
        uid varchar(40) PRIMARY KEY, title varchar(40) UNIQUE, level integer CHECK (level >= 0),
        manager varchar(40) REFERENCES person (uid)
    )""",
    """CREATE TABLE phone (
        uid varchar(40) NOT NULL REFERENCES person (uid), number varchar(40) NOT NULL, PRIMARY KEY (uid, number)
    )""",
    "CREATE TABLE team (code varchar(40) PRIMARY KEY)",
    """CREATE TABLE member (
        team varchar(40) NOT NULL REFERENCES team (code), uid varchar(40) NOT NULL REFERENCES person (uid),
        PRIMARY KEY (team, uid)
    )""",
)
PERSON_TABLE: Mapping[str, Any] = {
    "table": "person",
    "anchor": ["uid"],
    "multivalued": {"phones": {"table": "phone", "key": ["uid"], "value": "number"}},
    "references": {"manager": "person"},
}
TEAM_TABLE: Mapping[str, Any] = {
    "table": "team",
    "anchor": ["code"],
    "multivalued": {"members": {"table": "member", "key": ["team"], "value": "uid"}},
    "references": {"members": "person"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import gave: objects, deletions and errors of all batches; ``by_anchor`` without absent values."""

    objects: list[dict[str, Any]]
    deletions: list[tuple[str | None, str | None]]
    errors: pl.DataFrame
    watermark: str | None
    batches: int

    @property
    def by_anchor(self) -> dict[str, dict[str, Any]]:
        return {row["anchor"]: _present(row) for row in self.objects}

    @property
    def anchors(self) -> list[str]:
        return sorted(row["anchor"] for row in self.objects)

    @property
    def error_codes(self) -> list[tuple[str, str | None, str | None]]:
        """Code, anchor and attribute of each error."""
        return sorted(self.errors.select("code", "anchor", "attribute").rows(), key=str)


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if value is not None and name not in ("anchor", "dn")}
    return {name: sorted(value) if isinstance(value, list) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """A database and how a connector is to see it."""

    database: SqlDatabase
    object_types: tuple[ObjectType, ...]
    tables: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_settings(self) -> dict[str, Any]:
        password = {"password": Secret(self.database.password)} if self.database.password else {}
        return {"url": self.database.url, **password, "tables": self.tables, "connect_timeout_s": 5, **self.settings}

    @property
    def connector(self) -> Connector:
        schema = Schema(object_types=self.object_types)
        assert KIND.validate(self.all_settings, schema) == ()
        return KIND.make(self.all_settings, schema, self.database.directory)

    def full(self, page_objects: int = 0) -> Imported:
        return imported(self.connector, ImportRequest(full=True, page_objects=page_objects))

    def delta(self, watermark: str | None, page_objects: int = 0) -> Imported:
        request = ImportRequest(full=False, watermark=watermark, page_objects=page_objects)
        return imported(self.connector, request)

    def send(
        self, operation: ExportOperation, *entries: Mapping[str, Any], object_type: str = "person"
    ) -> pl.DataFrame:
        """The results, in the order of the entries."""
        session = self.connector.open_export()
        results = session.send(export_batch(operation, entries, self._type(object_type)))
        session.finish()
        session.close()
        return EXPORT_RESULTS.check(results).sort("id")

    def codes(
        self, operation: ExportOperation, *entries: Mapping[str, Any], object_type: str = "person"
    ) -> list[str | None]:
        return self.send(operation, *entries, object_type=object_type)["code"].to_list()

    def _type(self, name: str) -> ObjectType:
        return next(object_type for object_type in self.object_types if object_type.name == name)


def people(database: SqlDatabase, **settings: Any) -> SqlSource:
    """The source of ``TABLES``, freshly made."""
    database.execute(*TABLES)
    tables = {"person": PERSON_TABLE, "team": TEAM_TABLE}
    return SqlSource(database=database, object_types=(PERSON, GROUP), tables=tables, settings=settings)


def imported(connector: Connector, request: ImportRequest) -> Imported:
    session = connector.open_import(request)
    try:
        batches = list(session.batches())
        watermark = session.watermark
    finally:
        session.close()
    return Imported(
        objects=[row for batch in batches for row in batch.objects.to_dicts()],
        deletions=[row for batch in batches for row in batch.deletions.rows()],
        errors=pl.concat([DISCOVERY_ERRORS.empty(), *(batch.errors for batch in batches)]),
        watermark=watermark,
        batches=len(batches),
    )


def person(key: str, /, **values: Any) -> dict[str, Any]:
    """An entry for ``export_batch`` about a person."""
    return {"anchor": f"person:{key}", "dn": f"CN={key},OBJECT=person", **values}


def export_batch(
    operation: ExportOperation, entries: Iterable[Mapping[str, Any]], object_type: ObjectType
) -> ExportBatch:
    """Entries as a batch; keys beside ``anchor``, ``dn`` and ``new_dn`` are attributes, ``a+`` and ``a-`` are sets."""
    names = ("anchor", "dn", "new_dn")
    rows = []
    for number, entry in enumerate(entries):
        values = {name: value for name, value in entry.items() if name not in names}
        changed = sorted({name.rstrip("+-") for name in values})
        given = {name: entry.get(name) for name in names}
        anchor = None if operation is ExportOperation.ADD else given["anchor"]
        rows.append({"id": number, **given, "anchor": anchor, "changed": changed, **values})
    schema: dict[str, Any] = {"id": pl.Int64, **dict.fromkeys(names, pl.String), "changed": pl.List(pl.String)}
    used = {name for row in rows for name in row} - schema.keys()
    for attribute in object_type.attributes:
        schema |= {
            f"{attribute.name}{sign}": attribute.dtype for sign in ("", "+", "-") if f"{attribute.name}{sign}" in used
        }
    return ExportBatch(object_type=object_type.name, operation=operation, entries=pl.DataFrame(rows, schema=schema))


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that any SQLAlchemy engine sends meanwhile."""
    statements: list[str] = []

    def seen(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", seen)
    try:
        yield statements
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", seen)
