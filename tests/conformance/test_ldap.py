"""The LDAP connector keeps what every connector promises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ldap
import ldap.dn
import pytest
from tests.integration.ldap_directory import THING, define_things, settings
from tests.servers.process import free_port
from tests.servers.slapd import LdapTree

from unisono.connectors.contract import Connector
from unisono.connectors.kit import DeltaKit, ExportKit, ImportKit, RenameKit, Target, Values
from unisono.connectors.ldap import KIND
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, Schema

_INSTANT = "%Y%m%d%H%M%S"


class LdapTarget(Target):
    """A subtree of slapd. Objects are named by ``cn``, so that their key, another attribute, outlives a rename."""

    object_type = THING.name
    key_attribute = "employeeNumber"

    def __init__(self, tree: LdapTree) -> None:
        self._tree = tree

    @property
    def definition(self) -> ConnectorDefinition:
        return self._definition(self._tree.server.url)

    def _definition(self, url: str) -> ConnectorDefinition:
        chosen = settings(self._tree, url=url, delta="accesslog", page_objects=10)
        chosen["object_types"] = {"thing": chosen["object_types"]["thing"]}
        return ConnectorDefinition(name="directory", kind="ldap", settings=chosen, schema=_SCHEMA)

    def connector(self) -> Connector:
        return KIND.make(self.definition.settings, _SCHEMA, Path())

    def unreachable(self) -> Connector:
        nobody = self._definition(f"ldap://127.0.0.1:{free_port()}")
        return KIND.make(nobody.settings, _SCHEMA, Path())

    def minimal(self, key: str) -> Values:
        return {"employeeNumber": key, "cn": frozenset({key}), "sn": frozenset({"of tests"})}

    def dn(self, key: str) -> str:
        return f"cn={key},{self._tree.base_dn}"

    def renamed_dn(self, key: str) -> str:
        return f"cn={key} renamed,{self._tree.base_dn}"

    def holds(self, text: str) -> bool:
        return text != ""  # a directory string has at least one character (RFC 4517 §3.3.6)

    def seed(self, objects: Iterable[Values]) -> None:
        for key in self.contents():
            self.remove(key)
        for values in objects:
            self.put(values)

    def contents(self) -> dict[str, Values]:
        entries = (_decoded(entry) for entry in self._tree.entries().values())
        return {str(values["employeeNumber"]): values for values in entries}

    def put(self, values: Values) -> None:
        dn = self._found(str(values["employeeNumber"]))
        attributes: dict[str, list[bytes]] = {
            a.name: _encoded(a, values[a.name]) for a in THING.attributes if a.name in values
        }
        with self._tree.server.connect() as connection:
            if dn is None:
                classes = [b"inetOrgPerson", b"testThing"]
                connection.add_s(
                    self.dn(str(values["employeeNumber"])), [("objectClass", classes), *attributes.items()]
                )
            else:
                changes = [(ldap.MOD_REPLACE, a.name, attributes.get(a.name)) for a in THING.attributes]
                connection.modify_s(dn, changes)

    def remove(self, key: str) -> None:
        dn = self._found(key)
        if dn is not None:
            self._tree.delete(dn)

    def _found(self, key: str) -> str | None:
        entries = self._tree.entries().items()
        return next((dn for dn, entry in entries if entry["employeeNumber"] == [key.encode()]), None)


_SCHEMA = Schema(object_types=(THING,))


def _encoded(attribute: Attribute, value: Any) -> list[bytes]:
    values = value if attribute.multivalued else [value]
    return [_octets(one) for one in values]


def _octets(value: Any) -> bytes:
    match value:
        case bytes():
            return value
        case bool():
            return b"TRUE" if value else b"FALSE"
        case datetime():
            return value.strftime(f"{_INSTANT}.%fZ").encode()
        case _:
            return str(value).encode()


def _decoded(entry: dict[str, list[bytes]]) -> Values:
    values: dict[str, object] = {}
    for attribute in THING.attributes:
        found = [_value(attribute.type, one) for one in entry.get(attribute.name, ())]
        if found:
            values[attribute.name] = frozenset(found) if attribute.multivalued else found[0]
    return values


def _value(type_: AttributeType, octets: bytes) -> object:
    match type_:
        case AttributeType.BINARY:
            return octets
        case AttributeType.INTEGER:
            return int(octets)
        case AttributeType.BOOLEAN:
            return octets == b"TRUE"
        case AttributeType.DATETIME:
            whole, _, fraction = octets.decode().removesuffix("Z").partition(".")
            instant = datetime.strptime(whole, _INSTANT).replace(tzinfo=UTC)
            return instant.replace(microsecond=int(fraction.ljust(6, "0")))
        case _:
            return octets.decode()


class TestLdap(ImportKit, DeltaKit, ExportKit, RenameKit):
    @pytest.fixture
    def target(self, ldap_tree: LdapTree) -> Target:
        define_things(ldap_tree.server)
        return LdapTarget(ldap_tree)
