"""Builders for tests of the LDIF connector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from unisono.connectors.contract import Connector, ExportBatch, ImportRequest
from unisono.connectors.ldif import KIND
from unisono.connectors.runtime import Runtime
from unisono.model.frames import DISCOVERY_ERRORS
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="uid"),
        Attribute(name="cn", multivalued=True),
        Attribute(name="level", type=AttributeType.INTEGER),
        Attribute(name="active", type=AttributeType.BOOLEAN),
        Attribute(name="hired", type=AttributeType.DATETIME),
        Attribute(name="photo", type=AttributeType.BINARY),
        Attribute(name="manager", type=AttributeType.REFERENCE),
    ),
)
GROUP = ObjectType(
    name="group",
    attributes=(
        Attribute(name="uid"),
        Attribute(name="member", type=AttributeType.REFERENCE, multivalued=True),
    ),
)
SCHEMA = Schema(object_types=(PERSON, GROUP))
SETTINGS = {
    "file": "people.ldif",
    "anchor": "uid",
    "object_classes": {"inetOrgPerson": "person", "groupOfNames": "group"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Everything that one import gave."""

    objects: list[dict[str, Any]]
    errors: list[dict[str, Any]]

    @property
    def anchors(self) -> list[str]:
        return [row["anchor"] for row in self.objects]

    @property
    def faults(self) -> list[tuple[str, int, int]]:
        """Code, entry and line of each error."""
        return [(error["code"], error["entry"], error["line"]) for error in self.errors]


def connector(directory: Path, **settings: Any) -> Connector:
    chosen = {**SETTINGS, **settings}
    assert KIND.validate(chosen, SCHEMA) == ()
    return KIND.make(chosen, SCHEMA, directory)


def runtime(directory: Path, **settings: Any) -> Runtime:
    definition = ConnectorDefinition(name="directory", kind="ldif", settings=settings, schema=SCHEMA)
    return Runtime(connector(directory, **settings), definition)


def imported(directory: Path, content: str | bytes, **settings: Any) -> Imported:
    raw = content if isinstance(content, bytes) else content.encode()
    (directory / "people.ldif").write_bytes(raw)
    objects, errors = [], [DISCOVERY_ERRORS.empty()]
    with runtime(directory, **settings).open_import(ImportRequest(full=True)) as session:
        for batch in session.batches():
            objects += [{"object_type": batch.object_type, **row} for row in batch.objects.to_dicts()]
            errors.append(batch.errors)
    return Imported(objects=objects, errors=pl.concat(errors).to_dicts())


def exported(directory: Path, *batches: ExportBatch, **settings: Any) -> list[list[str | None]]:
    """Send the batches in one session to ``people.ldif``; the codes per batch."""
    with runtime(directory, export_file="people.ldif", **settings).open_export() as session:
        results = [session.send(each)["code"].to_list() for each in batches]
        session.finish()
    return results


def person(uid: str, *lines: str) -> str:
    """An entry as text."""
    return "\n".join([f"dn: uid={uid},dc=example", "objectClass: inetOrgPerson", f"uid: {uid}", *lines]) + "\n\n"
