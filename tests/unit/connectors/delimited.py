"""Builders for tests of the delimited-text connector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from unisono.connectors.contract import Connector, ExportBatch, ExportOperation, ImportRequest
from unisono.connectors.delimited_text import KIND
from unisono.connectors.runtime import Runtime
from unisono.model.frames import DELETED, DISCOVERY_ERRORS, EXPORTED
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="uid"),
        Attribute(name="name"),
        Attribute(name="level", type=AttributeType.INTEGER),
    ),
)
PEOPLE = Schema(object_types=(PERSON,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Everything that one import gave."""

    objects: list[dict[str, Any]]
    deletions: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    watermark: str | None

    @property
    def anchors(self) -> list[str]:
        return [row["anchor"] for row in self.objects]

    @property
    def faults(self) -> list[tuple[str, int, int]]:
        """Code, entry and line of each error."""
        return [(error["code"], error["entry"], error["line"]) for error in self.errors]


def connector(directory: Path, schema: Schema = PEOPLE, **settings: Any) -> Connector:
    chosen = {"file": "people.csv", "anchor": ["uid"], **settings}
    assert KIND.validate(chosen, schema) == ()
    return KIND.make(chosen, schema, directory)


def runtime(directory: Path, schema: Schema = PEOPLE, **settings: Any) -> Runtime:
    definition = ConnectorDefinition(name="HR", kind="delimited-text", settings=settings, schema=schema)
    return Runtime(connector(directory, schema, **settings), definition)


def imported(
    directory: Path,
    content: str | bytes | None = None,
    *,
    since: str | None = None,
    schema: Schema = PEOPLE,
    **settings: Any,
) -> Imported:
    """Write the content, if any, as the file to import, and read it: fully, or as a delta since a watermark."""
    if content is not None:
        raw = content if isinstance(content, bytes) else content.encode()
        (directory / "people.csv").write_bytes(raw)
    objects, deletions, errors = [], [DELETED.empty()], [DISCOVERY_ERRORS.empty()]
    request = ImportRequest(full=since is None, watermark=since)
    with runtime(directory, schema, **settings).open_import(request) as session:
        for batch in session.batches():
            objects += [{"object_type": batch.object_type, **row} for row in batch.objects.to_dicts()]
            deletions.append(batch.deletions)
            errors.append(batch.errors)
        watermark = session.watermark
    return Imported(
        objects=objects,
        deletions=pl.concat(deletions).to_dicts(),
        errors=pl.concat(errors).to_dicts(),
        watermark=watermark,
    )


def batch(operation: ExportOperation, *entries: dict[str, Any], object_type: ObjectType = PERSON) -> ExportBatch:
    """Entries as mappings of attributes; ``anchor``, ``dn`` and ``new_dn`` may be among them. Ids count from 1."""
    names = [a for a in object_type.attributes if any(a.name in entry for entry in entries)]
    columns = {
        "id": pl.Series(range(1, len(entries) + 1), dtype=pl.Int64),
        "anchor": pl.Series([entry.get("anchor") for entry in entries], dtype=pl.String),
        "dn": pl.Series([entry.get("dn", "") for entry in entries], dtype=pl.String),
        "new_dn": pl.Series([entry.get("new_dn") for entry in entries], dtype=pl.String),
        "changed": pl.Series(
            [[a.name for a in names if a.name in entry] for entry in entries], dtype=EXPORTED.columns["changed"]
        ),
        **{a.name: pl.Series([entry.get(a.name) for entry in entries], dtype=a.dtype) for a in names},
    }
    return ExportBatch(object_type=object_type.name, operation=operation, entries=pl.DataFrame(columns))


def exported(
    directory: Path, *batches: ExportBatch, schema: Schema = PEOPLE, **settings: Any
) -> list[list[str | None]]:
    """Send the batches in one session to ``people.csv``; the codes per batch."""
    settings = {"export_file": "people.csv", **settings}
    with runtime(directory, schema, **settings).open_export() as session:
        results = [session.send(each)["code"].to_list() for each in batches]
        session.finish()
    return results
