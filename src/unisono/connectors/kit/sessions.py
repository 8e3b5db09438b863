"""Reading and writing whole populations through the runtime, for tests: objects as plain mappings by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from unisono.connectors.contract import Connector, ExportBatch, ExportOperation, ImportRequest
from unisono.connectors.kit.target import Target, Values
from unisono.connectors.runtime import Runtime
from unisono.model.frames import DISCOVERY_ERRORS, EXPORTED
from unisono.model.schema import Attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one import gave. ``objects`` by key; ``anchors`` and ``dns`` by key; ``pages`` are the batches' heights."""

    objects: Mapping[str, Values]
    anchors: Mapping[str, str]
    dns: Mapping[str, str]
    deleted: Sequence[tuple[str | None, str | None]]
    errors: pl.DataFrame
    pages: Sequence[int]
    count: int  # objects given, repeated ones counted
    watermark: str | None


@dataclass(slots=True)
class _Gathered:
    rows: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[tuple[str | None, str | None]] = field(default_factory=list)
    errors: list[pl.DataFrame] = field(default_factory=lambda: [DISCOVERY_ERRORS.empty()])
    pages: list[int] = field(default_factory=list)


def runtime(target: Target, connector: Connector | None = None) -> Runtime:
    return Runtime(connector or target.connector(), target.definition)


def read(target: Target, *, since: str | None = None, page_objects: int = 0) -> Reading:
    """A full import, or a delta import since a watermark."""
    request = ImportRequest(full=since is None, watermark=since, page_objects=page_objects)
    gathered = _Gathered()
    with runtime(target).open_import(request) as session:
        for batch in session.batches():
            gathered.rows += batch.objects.to_dicts()
            gathered.deleted += batch.deletions.rows()
            gathered.errors.append(batch.errors)
            gathered.pages.append(batch.objects.height)
        watermark = session.watermark
    by_key = {row[target.key_attribute]: row for row in gathered.rows}
    return Reading(
        objects={key: _values(row, target) for key, row in by_key.items()},
        anchors={key: row["anchor"] for key, row in by_key.items()},
        dns={key: row["dn"] for key, row in by_key.items()},
        deleted=gathered.deleted,
        errors=pl.concat(gathered.errors),
        pages=gathered.pages,
        count=len(gathered.rows),
        watermark=watermark,
    )


def _values(row: Mapping[str, Any], target: Target) -> Values:
    names = [a.name for a in target.type.attributes if not (a.read_only or a.export_only)]
    present = ((name, row[name]) for name in names if row[name] is not None)
    return {name: frozenset(value) if isinstance(value, list) else value for name, value in present}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry to export: ``values`` as they are to be afterwards; None clears. ``added`` and ``removed`` are the
    values that a multivalued attribute gains and loses."""

    dn: str
    values: Mapping[str, object] = field(default_factory=dict)
    anchor: str | None = None
    new_dn: str | None = None
    added: Mapping[str, frozenset[Any]] = field(default_factory=dict)
    removed: Mapping[str, frozenset[Any]] = field(default_factory=dict)


def batch_of(target: Target, operation: ExportOperation, changes: Sequence[Change]) -> ExportBatch:
    """The export batch of these changes; entry ids count from 1000."""
    attributes = [a for a in target.type.attributes if any(a.name in change.values for change in changes)]
    complete = target.connector().capabilities.complete_references
    columns = {
        "id": pl.Series([1000 + i for i in range(len(changes))], dtype=pl.Int64),
        "anchor": pl.Series([change.anchor for change in changes], dtype=pl.String),
        "dn": pl.Series([change.dn for change in changes], dtype=pl.String),
        "new_dn": pl.Series([change.new_dn for change in changes], dtype=pl.String),
        "changed": pl.Series([sorted(change.values) for change in changes], dtype=EXPORTED.columns["changed"]),
    }
    for attribute in attributes:
        columns |= _columns(attribute, changes, complete=complete or not attribute.is_reference)
    return ExportBatch(object_type=target.object_type, operation=operation, entries=pl.DataFrame(columns))


def _columns(attribute: Attribute, changes: Sequence[Change], *, complete: bool) -> dict[str, pl.Series]:
    name = attribute.name
    if not attribute.multivalued:
        return {name: pl.Series([change.values.get(name) for change in changes], dtype=attribute.dtype)}
    columns = {}
    if complete:
        columns[name] = _lists(attribute, (change.values.get(name) for change in changes))
    columns[f"{name}+"] = _lists(attribute, (_gained(name, change) for change in changes))
    columns[f"{name}-"] = _lists(attribute, (change.removed.get(name) for change in changes))
    return columns


def _gained(name: str, change: Change) -> object:
    """An add gains all its values; for an update the test says what is gained."""
    is_add = change.anchor is None
    return change.values.get(name) if is_add else change.added.get(name)


def _lists(attribute: Attribute, sets: Iterable[object]) -> pl.Series:
    lists = [sorted(values) if isinstance(values, frozenset) and values else None for values in sets]
    return pl.Series(lists, dtype=attribute.dtype)


def export(target: Target, operation: ExportOperation, *changes: Change) -> list[dict[str, Any]]:
    """Send the changes in one batch and finish; the results in the order of the changes."""
    return export_all(target, (operation, changes))[0]


def export_all(target: Target, *batches: tuple[ExportOperation, Sequence[Change]]) -> list[list[dict[str, Any]]]:
    """Send the batches in one session and finish; per batch the results in the order of its changes."""
    results = []
    with runtime(target).open_export() as session:
        for operation, changes in batches:
            results.append(session.send(batch_of(target, operation, changes)).to_dicts())
        session.finish()
    return results


def addition(target: Target, values: Values) -> Change:
    return Change(dn=target.dn(str(values[target.key_attribute])), values=values)
