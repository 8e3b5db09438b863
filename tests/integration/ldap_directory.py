"""LDAP for tests: schemas, connectors to a subtree, and object classes with an attribute of every type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap
import polars as pl
from tests.servers.slapd import LdapTree, Slapd

from unisono.connectors.contract import Connector, ExportBatch, ExportOperation, ImportRequest
from unisono.connectors.ldap import KIND
from unisono.model.frames import EXPORT_RESULTS
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema
from unisono.model.secrets import Secret

PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="uid", required=True),
        Attribute(name="cn", multivalued=True, required=True),
        Attribute(name="sn", required=True),
        Attribute(name="title"),
        Attribute(name="mail", multivalued=True),
        Attribute(name="manager", type=AttributeType.REFERENCE),
        Attribute(name="jpegPhoto", type=AttributeType.BINARY, multivalued=True),
        Attribute(name="userPassword", export_only=True),
    ),
)
GROUP = ObjectType(
    name="group",
    attributes=(
        Attribute(name="cn", required=True),
        Attribute(name="description"),
        Attribute(name="member", type=AttributeType.REFERENCE, multivalued=True),
    ),
)
UNIT = ObjectType(name="unit", attributes=(Attribute(name="ou", required=True), Attribute(name="description")))

OBJECT_TYPES: Mapping[str, Mapping[str, object]] = {
    "person": {"classes": ["top", "person", "organizationalPerson", "inetOrgPerson"]},
    "group": {"classes": ["top", "groupOfNames"]},
    "unit": {"classes": ["organizationalUnit"]},
    "thing": {"classes": ["testThing", "inetOrgPerson"]},
}

#: An object type with free attributes of every type; ``define_things`` makes the server know them.
THING = ObjectType(
    name="thing",
    attributes=(
        Attribute(name="cn", multivalued=True, required=True),
        Attribute(name="sn", multivalued=True, required=True),
        Attribute(name="employeeNumber", required=True),
        Attribute(name="testNote"),
        Attribute(name="testNotes", multivalued=True),
        Attribute(name="testNumber", type=AttributeType.INTEGER),
        Attribute(name="testFlag", type=AttributeType.BOOLEAN),
        Attribute(name="testInstant", type=AttributeType.DATETIME),
        Attribute(name="testData", type=AttributeType.BINARY),
        Attribute(name="testFriend", type=AttributeType.REFERENCE),
        Attribute(name="testFriends", type=AttributeType.REFERENCE, multivalued=True),
    ),
)
_ARC = "1.3.6.1.4.1.4203.666.11.77"  # experiments
_SYNTAX = "1.3.6.1.4.1.1466.115.121.1"
_DEFINED = (
    (f"( {_ARC}.1 NAME 'testNote' EQUALITY caseExactMatch SYNTAX {_SYNTAX}.15 SINGLE-VALUE )"),
    (f"( {_ARC}.2 NAME 'testNotes' EQUALITY caseExactMatch SYNTAX {_SYNTAX}.15 )"),
    (f"( {_ARC}.3 NAME 'testNumber' EQUALITY integerMatch SYNTAX {_SYNTAX}.27 SINGLE-VALUE )"),
    (f"( {_ARC}.4 NAME 'testFlag' EQUALITY booleanMatch SYNTAX {_SYNTAX}.7 SINGLE-VALUE )"),
    (f"( {_ARC}.5 NAME 'testInstant' EQUALITY generalizedTimeMatch SYNTAX {_SYNTAX}.24 SINGLE-VALUE )"),
    (f"( {_ARC}.6 NAME 'testData' EQUALITY octetStringMatch SYNTAX {_SYNTAX}.40 SINGLE-VALUE )"),
    (f"( {_ARC}.7 NAME 'testFriend' EQUALITY distinguishedNameMatch SYNTAX {_SYNTAX}.12 SINGLE-VALUE )"),
    (f"( {_ARC}.8 NAME 'testFriends' EQUALITY distinguishedNameMatch SYNTAX {_SYNTAX}.12 )"),
)
_THING_CLASS = (
    f"( {_ARC}.100 NAME 'testThing' SUP top AUXILIARY MAY ( testNote $ testNotes $ testNumber $ testFlag"
    " $ testInstant $ testData $ testFriend $ testFriends ) )"
)


def define_things(server: Slapd) -> None:
    """Make the server know ``THING``; again does no harm."""
    schema = [
        ("objectClass", [b"olcSchemaConfig"]),
        ("olcAttributeTypes", [text.encode() for text in _DEFINED]),
        ("olcObjectClasses", [_THING_CLASS.encode()]),
    ]
    with _configuration(server) as connection:
        known = connection.search_s("cn=schema,cn=config", ldap.SCOPE_ONELEVEL, "(cn=*things)", ["1.1"])
        if not known:
            connection.add_s("cn=things,cn=schema,cn=config", schema)


@contextmanager
def access(server: Slapd, rule: str) -> Iterator[None]:
    """An access rule before all others (slapd.access); for dn.subtree of one test's tree, as the server is shared."""
    with _configuration(server) as connection:
        [(database, _)] = connection.search_s("cn=config", ldap.SCOPE_ONELEVEL, f"(olcSuffix={server.suffix})", ["1.1"])
        connection.modify_s(database, [(ldap.MOD_ADD, "olcAccess", [f"{{0}}{rule}".encode()])])
        try:
            yield
        finally:
            connection.modify_s(database, [(ldap.MOD_DELETE, "olcAccess", [b"{0}"])])


@contextmanager
def log_settings(server: Slapd, **changed: str) -> Iterator[None]:
    """Settings of the log of changes while the block runs."""
    with _configuration(server) as connection:
        [(dn, _)] = connection.search_s("cn=config", ldap.SCOPE_SUBTREE, "(objectClass=olcAccessLogConfig)", ["1.1"])
        connection.modify_s(dn, [(ldap.MOD_REPLACE, name, [value.encode()]) for name, value in changed.items()])
        try:
            yield
        finally:
            connection.modify_s(dn, [(ldap.MOD_DELETE, name, None) for name in changed])


@contextmanager
def _configuration(server: Slapd) -> Iterator[Any]:
    connection = ldap.initialize(server.socket_url)
    connection.sasl_external_bind_s()
    try:
        yield connection
    finally:
        connection.unbind_s()


def settings(tree: LdapTree, **changed: object) -> dict[str, Any]:
    """Settings of a connector to the subtree, for the account that may do everything."""
    given = {
        "url": tree.server.url,
        "bind_dn": tree.server.root_dn,
        "password": Secret(tree.server.root_password),
        "base": tree.base_dn,
        "object_types": OBJECT_TYPES,
        "timeout_s": 20,
        "connect_timeout_s": 5,
        "require_secure_passwords": False,
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def connector(tree: LdapTree, *types: ObjectType, **changed: object) -> Connector:
    """A connector to the subtree; its settings are those of the types that it has."""
    schema = Schema(object_types=types or (PERSON, GROUP))
    named = {t.name: OBJECT_TYPES[t.name] for t in schema.object_types if t.name in OBJECT_TYPES}
    chosen = settings(tree, **{"object_types": named, **changed})
    assert KIND.validate(chosen, schema) == ()
    return KIND.make(chosen, schema, Path())


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What one import gave: objects of all types by DN, deletions, errors, the watermark, objects per batch."""

    objects: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, str]
    deletions: list[tuple[str | None, str | None]]
    errors: list[Mapping[str, Any]]
    watermark: str | None
    batches: list[int]

    def only(self, *names: str) -> list[tuple[Any, ...]]:
        """The named values of every object, in the order of their DNs."""
        return [tuple(self.objects[dn][name] for name in names) for dn in sorted(self.objects)]


def read(source: Connector, *, since: str | None = None, page_objects: int = 0) -> Imported:
    """A full import, or a delta import since a watermark."""
    session = source.open_import(ImportRequest(full=since is None, watermark=since, page_objects=page_objects))
    try:
        batches = list(session.batches())
        watermark = session.watermark
    finally:
        session.close()
    rows = [(batch.object_type, row) for batch in batches for row in batch.objects.to_dicts()]
    assert len({row["dn"] for _, row in rows}) == len(rows)
    return Imported(
        objects={row["dn"]: row for _, row in rows},
        types={row["dn"]: name for name, row in rows},
        deletions=[row for batch in batches for row in batch.deletions.rows()],
        errors=[row for batch in batches for row in batch.errors.to_dicts()],
        watermark=watermark,
        batches=[batch.objects.height for batch in batches],
    )


def add_people(tree: LdapTree, uids: Iterable[str]) -> None:
    """Many people, over one connection."""
    with tree.server.connect() as connection:
        for uid in uids:
            values = [(name, [uid.encode()]) for name in ("uid", "cn", "sn")]
            connection.add_s(f"uid={uid},{tree.base_dn}", [("objectClass", [b"inetOrgPerson"]), *values])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An entry to export. ``values`` are those of single-valued attributes (None clears); ``added`` and ``removed``
    those that sets gain and lose; ``complete`` sets as they are in the end."""

    dn: str
    anchor: str | None = None
    new_dn: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    added: Mapping[str, list[Any]] = field(default_factory=dict)
    removed: Mapping[str, list[Any]] = field(default_factory=dict)
    complete: Mapping[str, list[Any]] = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        return sorted({*self.values, *self.added, *self.removed})


def batch_of(operation: ExportOperation, object_type: ObjectType, *entries: Sent) -> ExportBatch:
    """Entry ids count from 100."""
    columns: dict[str, pl.Series] = {
        "id": pl.Series([100 + i for i in range(len(entries))], dtype=pl.Int64),
        "anchor": pl.Series([entry.anchor for entry in entries], dtype=pl.String),
        "dn": pl.Series([entry.dn for entry in entries], dtype=pl.String),
        "new_dn": pl.Series([entry.new_dn for entry in entries], dtype=pl.String),
        "changed": pl.Series([entry.changed for entry in entries], dtype=pl.List(pl.String)),
    }
    touched = {name for entry in entries for name in entry.changed}
    for a in object_type.attributes:
        if a.name in touched and a.multivalued:
            columns[f"{a.name}+"] = pl.Series([entry.added.get(a.name) for entry in entries], dtype=a.dtype)
            columns[f"{a.name}-"] = pl.Series([entry.removed.get(a.name) for entry in entries], dtype=a.dtype)
            if not a.is_reference:
                columns[a.name] = pl.Series([entry.complete.get(a.name) for entry in entries], dtype=a.dtype)
        elif a.name in touched:
            columns[a.name] = pl.Series([entry.values.get(a.name) for entry in entries], dtype=a.dtype)
    return ExportBatch(object_type=object_type.name, operation=operation, entries=pl.DataFrame(columns))


def export(
    target: Connector, operation: ExportOperation, object_type: ObjectType, *entries: Sent
) -> list[Mapping[str, Any]]:
    """Send one batch; the results in the order of the entries."""
    session = target.open_export()
    try:
        results = EXPORT_RESULTS.check(session.send(batch_of(operation, object_type, *entries)))
        session.finish()
    finally:
        session.close()
    assert sorted(results["id"]) == [100 + i for i in range(len(entries))]
    return list(results.sort("id").iter_rows(named=True))


def person(dn: str, **values: object) -> Sent:
    """A new person, named by ``uid``."""
    uid = dn.partition(",")[0].partition("=")[2]
    return Sent(dn=dn, values={"sn": uid, **values}, added={"cn": [uid]})
