"""The LDIF connector keeps the contract, as far as files of content can."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, ClassVar

import ldif  # type: ignore[import-untyped]
import pytest

from unisono.connectors.contract import Connector
from unisono.connectors.kit import DurableAtFinishKit, ExportKit, ImportKit, RenameKit, Target, UnreadableKit, Values
from unisono.connectors.ldif import KIND
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

ATTRIBUTES = (
    Attribute(name="uid", required=True),
    Attribute(name="cn", multivalued=True, required=True),
    Attribute(name="description"),
    Attribute(name="level", type=AttributeType.INTEGER),
    Attribute(name="active", type=AttributeType.BOOLEAN),
    Attribute(name="jpegPhoto", type=AttributeType.BINARY),
    Attribute(name="hired", type=AttributeType.DATETIME),
    Attribute(name="mail", multivalued=True),
    Attribute(name="photos", type=AttributeType.BINARY, multivalued=True),
    Attribute(name="manager", type=AttributeType.REFERENCE),
    Attribute(name="seeAlso", type=AttributeType.REFERENCE, multivalued=True),
)
UUID = Attribute(name="entryUUID", read_only=True)
TYPES = {attribute.name: attribute for attribute in ATTRIBUTES}


class LdifTarget(Target):
    """A file written and read with the LDIF module of python-ldap. Entries are named by ``cn``."""

    object_type = "person"
    key_attribute = "uid"
    attributes: tuple[Attribute, ...] = ATTRIBUTES
    settings: ClassVar[Mapping[str, Any]] = {
        "file": "people.ldif",
        "export_file": "people.ldif",
        "anchor": "uid",
        "object_classes": {"inetOrgPerson": "person"},
    }

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "people.ldif"

    @property
    def definition(self) -> ConnectorDefinition:
        schema = Schema(object_types=(ObjectType(name="person", attributes=self.attributes),))
        return ConnectorDefinition(name="directory", kind="ldif", settings=self.settings, schema=schema)

    def connector(self) -> Connector:
        definition = self.definition
        assert KIND.validate(definition.settings, definition.schema) == ()
        return KIND.make(definition.settings, definition.schema, self.directory)

    def unreachable(self) -> Connector:
        return KIND.make(self.definition.settings, self.definition.schema, self.directory / "gone")

    def minimal(self, key: str) -> Values:
        return {"uid": key, "cn": frozenset({f"Person {key}"})}

    def dn(self, key: str) -> str:
        return f"cn=Person {key},ou=people,dc=example"

    def renamed_dn(self, key: str) -> str:
        return rf"cn=Somebody\, formerly {key},ou=guests,dc=example"

    def seed(self, objects: Iterable[Values]) -> None:
        text = StringIO()
        writer = ldif.LDIFWriter(text)
        for values in objects:
            attributes = {name: _octets(value) for name, value in values.items()}
            classes = {"objectClass": [b"top", b"inetOrgPerson"], **self.operational()}
            writer.unparse(self.dn(str(values["uid"])), {**classes, **attributes})
        self.path.write_text(text.getvalue())

    def spoil(self, key: str) -> None:
        name = f"dn: {self.dn(key)}\n"
        self.path.write_text(self.path.read_text().replace(name, f"{name}level: many\n"))

    def operational(self) -> dict[str, list[bytes]]:
        return {}

    def contents(self) -> dict[str, Values]:
        parser = ldif.LDIFRecordList(BytesIO(self.path.read_bytes()))
        parser.parse()
        objects = [
            {name: _value(TYPES[name], octets) for name, octets in attributes.items() if name in TYPES}
            for _dn, attributes in parser.all_records
        ]
        return {str(values["uid"]): values for values in objects}


class UuidTarget(LdifTarget):
    """Entries have the identity that a server gave them."""

    attributes = (*ATTRIBUTES, UUID)
    settings: ClassVar[Mapping[str, Any]] = {
        name: value for name, value in LdifTarget.settings.items() if name != "anchor"
    }

    def spoil(self, key: str) -> None:
        name = f"dn: {self.dn(key)}\n"
        self.path.write_text(self.path.read_text().replace(name, f"{name}level: many\n"))

    def operational(self) -> dict[str, list[bytes]]:
        return {"entryUUID": [str(uuid.uuid4()).encode()]}


class NameTarget(LdifTarget):
    """Entries are identified by their names."""

    settings: ClassVar[Mapping[str, Any]] = {**LdifTarget.settings, "anchor": "dn"}


def _octets(value: object) -> list[bytes]:
    if isinstance(value, frozenset):
        return [octets for single in value for octets in _octets(single)]
    match value:
        case bytes():
            return [value]
        case bool():
            return [str(value).upper().encode()]
        case datetime():
            return [value.strftime("%Y%m%d%H%M%S.%fZ").encode()]
        case _:
            return [str(value).encode()]


def _value(attribute: Attribute, octets: list[bytes]) -> object:
    values = [_single(attribute.type, single) for single in octets]
    return frozenset(values) if attribute.multivalued else values[0]


def _single(kind: AttributeType, octets: bytes) -> object:
    match kind:
        case AttributeType.BINARY:
            return octets
        case AttributeType.INTEGER:
            return int(octets)
        case AttributeType.BOOLEAN:
            return {b"TRUE": True, b"FALSE": False}[octets]
        case AttributeType.DATETIME:
            text = re.sub(rb"^(\d{14})Z$", rb"\1.0Z", octets).decode()
            return datetime.strptime(text, "%Y%m%d%H%M%S.%fZ").replace(tzinfo=UTC)
        case _:
            return octets.decode()


class TestLdif(ImportKit, UnreadableKit, ExportKit, RenameKit, DurableAtFinishKit):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Target:
        return LdifTarget(tmp_path)


class TestLdifWithIdentitiesOfAServer(ImportKit, ExportKit, RenameKit, DurableAtFinishKit):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Target:
        return UuidTarget(tmp_path)


class TestLdifIdentifiedByName(ImportKit, ExportKit, DurableAtFinishKit):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Target:
        return NameTarget(tmp_path)
