"""A connected data source in memory behind the real contract: what a scenario shows, refuses, and finds sent.

It is a fake, and no model of any product: it does what a scenario tells it, and keeps what it was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from unisono.connectors.contract import (
    Capabilities,
    ExportBatch,
    ExportOperation,
    ImportBatch,
    ImportRequest,
    Support,
)
from unisono.connectors.registry import Kind, Setting, Settings, SettingType
from unisono.model.frames import DELETED, DISCOVERY_ERRORS, EXPORT_RESULTS
from unisono.model.names import DnStyle, Naming
from unisono.model.schema import ObjectType, Schema

ROOT = "dc=example"
Values = dict[str, Any]  # Any: texts, numbers, booleans, and lists of them; a reference is the name of its target


@dataclass(slots=True)
class Held:
    """An object as the system has it."""

    type: str
    dn: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An entry as it arrived; ``values`` are those that it sets, ``added`` and ``removed`` single values."""

    operation: str
    dn: str
    new_dn: str | None
    changed: tuple[str, ...]
    values: Values
    added: Mapping[str, list[Any]]
    removed: Mapping[str, list[Any]]


@dataclass(slots=True)
class System:
    """The system. Where it has names (``style``), it gives new objects anchors of its own: u1, u2, …

    - ``broken``: anchor → code: the object cannot be read, and the code of a discovery error comes in its place.
    - ``repeated``: anchors that are given a second time, after everything else.
    - ``refused``: DN → code: entries of that name are refused. ``answers``: DN → codes for one time after the other,
      None to accept.
    - ``keeps``: attribute → value that the system stores, whatever it is sent.
    - ``assigned``: desired DN → DN that a new object gets instead.
    - ``strict``: containers must exist, and be empty to be deleted; references must lead to objects.
    - ``before_send`` is called with every batch, and may raise.
    """

    style: DnStyle = DnStyle.LDAP
    capabilities: Capabilities = field(default_factory=Capabilities)
    objects: dict[str, Held] = field(default_factory=dict)  # by anchor
    broken: dict[str, str] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[str | None]] = field(default_factory=dict)
    keeps: Values = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    strict: bool = False
    has_watermark: bool = True
    before_send: Callable[[ExportBatch], None] = lambda _batch: None
    sent: list[Sent] = field(default_factory=list)
    readings: int = 0  # how often somebody began to read, and to write
    writings: int = 0
    _log: list[str] = field(default_factory=list)  # anchors, in the order of their changes
    _made: int = 0

    def __post_init__(self) -> None:
        named = self.style is not DnStyle.NONE
        self.capabilities = Capabilities(
            delta_import=Support.FULL,
            export=Support.FULL,
            rename=Support.FULL if named else Support.IMPOSSIBLE,
            dn_style=self.style,
        )

    # --- what people do there ----------------------------------------------------------------------------------------

    def put(self, anchor: str, *, type: str = "person", dn: str | None = None, **values: Any) -> None:  # noqa: A002
        """Add an object, or replace it as a whole."""
        default = anchor if self.style is DnStyle.NONE else f"cn={anchor},{ROOT}"
        self.objects[anchor] = Held(type, dn or default, values)
        self._log.append(anchor)

    def change(self, anchor: str, **values: Any) -> None:
        """Change some values of an object; None takes a value away."""
        self.objects[anchor].values |= values
        self._log.append(anchor)

    def remove(self, anchor: str) -> None:
        del self.objects[anchor]
        self._log.append(anchor)

    def named(self, dn: str) -> Held | None:
        """The object of that name."""
        return next((held for held in self.objects.values() if held.dn == dn), None)

    def changes(self, watermark: str | None) -> set[str] | None:
        """Anchors of what changed since; None: everything is asked for."""
        return None if watermark is None else set(self._log[int(watermark) :])

    @property
    def watermark(self) -> str | None:
        return str(len(self._log)) if self.has_watermark else None

    # --- what an entry does there ------------------------------------------------------------------------------------

    def take(self, operation: ExportOperation, object_type: ObjectType, entry: Values) -> Values:
        """A row of ``EXPORT_RESULTS``."""
        self.sent.append(_sent(operation, object_type, entry))
        planned = self.answers.get(entry["dn"])
        code = planned.pop(0) if planned else self.refused.get(entry["dn"])
        if code not in (None, "next-pass-retry"):
            return {"id": entry["id"], "code": code, "message": f"told to answer {code}"}
        if code:  # its values are written, its references not yet
            references = {a.name for a in object_type.references}
            entry = {**entry, "changed": [name for name in entry["changed"] if name not in references]}
        fault, names = self._write(operation, object_type, entry)
        return {"id": entry["id"], "code": fault or code, "message": fault and "as it is in real life", **names}

    def _write(self, operation: ExportOperation, object_type: ObjectType, entry: Values) -> tuple[str | None, Values]:
        """The code of why not, and the names that the object has then."""
        anchor = entry["anchor"] or next((a for a, held in self.objects.items() if held.dn == entry["dn"]), "")
        dn: str = entry["new_dn"] or entry["dn"]
        if operation is ExportOperation.DELETE:
            if self.strict and any(held.dn.endswith("," + dn) for held in self.objects.values()):
                return "cd-error", {}
            if anchor in self.objects:
                self.remove(anchor)
            return None, {}
        if self.strict and (fault := self._misplaced(dn, object_type, entry)):
            return fault, {}
        if operation is ExportOperation.ADD:
            if anchor in self.objects:
                return "cd-existing-object", {}
            self._made += 1
            dn = self.assigned.get(dn, dn)
            anchor = str(dn) if self.style is DnStyle.NONE else f"u{self._made}"
            self.objects[anchor] = Held(object_type.name, dn, {})
        elif anchor not in self.objects:
            return "cd-missing-object", {}
        held = self.objects[anchor]
        held.dn = dn
        for attribute in object_type.attributes:
            if attribute.name in entry["changed"]:
                held.values[attribute.name] = _after(attribute.name, held.values, entry)
        held.values |= {name: value for name, value in self.keeps.items() if name in object_type}
        self._log.append(anchor)
        return None, {"anchor": anchor, "dn": dn}

    def _misplaced(self, dn: str, object_type: ObjectType, entry: Values) -> str | None:
        there = {ROOT} | {held.dn for held in self.objects.values()}
        parent = dn.partition(",")[2]
        if parent and parent not in there:
            return "non-existent-parent"
        named = [name for a in object_type.references for name in _single(entry.get(a.name), entry.get(a.name + "+"))]
        return "dn-attributes-failure" if set(named) - there - {dn} else None


def _single(*values: Any) -> list[str]:
    return [one for value in values for one in (value if isinstance(value, list) else [value]) if one is not None]


def _after(name: str, before: Values, entry: Values) -> Any:
    """The value that an attribute has once the entry was written."""
    if name + "+" not in entry:
        return entry.get(name)
    left = [value for value in before.get(name) or [] if value not in (entry[name + "-"] or [])]
    return sorted({*left, *(entry[name + "+"] or [])}) or None


def _sent(operation: ExportOperation, object_type: ObjectType, entry: Values) -> Sent:
    names = [a.name for a in object_type.attributes if a.name in entry["changed"]]

    def given(suffix: str) -> Values:
        return {name: entry[name + suffix] for name in names if entry.get(name + suffix) is not None}

    return Sent(
        operation=operation.value,
        dn=entry["dn"],
        new_dn=entry["new_dn"],
        changed=tuple(entry["changed"]),
        values=given(""),
        added=given("+"),
        removed=given("-"),
    )


# --- the connector ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class MemoryConnector:
    system: System
    schema: Schema

    @property
    def capabilities(self) -> Capabilities:
        return self.system.capabilities

    def discover_schema(self) -> Schema:
        return self.schema

    def open_import(self, request: ImportRequest) -> Reading:
        self.system.readings += 1
        return Reading(self.system, self.schema, request)

    def open_export(self) -> Writing:
        self.system.writings += 1
        return Writing(self.system, self.schema)


class Reading:
    """What there is when it begins, page by page and type by type; errors and deletions come with the first page."""

    def __init__(self, system: System, schema: Schema, request: ImportRequest) -> None:
        self._schema = schema
        self._page = request.page_objects or 1_000
        self._repeated = list(system.repeated)
        asked = system.changes(None if request.full else request.watermark)
        self._objects = {a: deepcopy(held) for a, held in system.objects.items() if asked is None or a in asked}
        self._gone = sorted((asked or set()) - system.objects.keys())
        self._broken = {a: code for a, code in system.broken.items() if asked is None or a in asked}
        self.watermark = system.watermark

    def batches(self) -> Iterator[ImportBatch]:
        good = [anchor for anchor in (*self._objects, *self._repeated) if anchor not in self._broken]
        deletions, errors = self._deletions(), self._errors()
        for object_type in self._schema.object_types:
            anchors = [anchor for anchor in good if self._objects[anchor].type == object_type.name]
            for start in range(0, len(anchors), self._page) or [0]:
                objects = self._frame(object_type, anchors[start : start + self._page])
                yield ImportBatch(object_type=object_type.name, objects=objects, deletions=deletions, errors=errors)
                deletions, errors = DELETED.empty(), DISCOVERY_ERRORS.empty()

    def close(self) -> None:
        """Nothing is open."""

    def _frame(self, object_type: ObjectType, anchors: list[str]) -> pl.DataFrame:
        schema = {"anchor": pl.String, "dn": pl.String, **{a.name: a.dtype for a in object_type.attributes}}
        rows = [{"anchor": a, "dn": self._objects[a].dn, **self._objects[a].values} for a in anchors]
        return pl.DataFrame(rows, schema=schema)

    def _deletions(self) -> pl.DataFrame:
        rows = [{"anchor": anchor, "dn": None} for anchor in self._gone]
        return pl.DataFrame(rows, schema=dict(DELETED.columns))

    def _errors(self) -> pl.DataFrame:
        rows = [{"code": code, "anchor": anchor, "message": code} for anchor, code in self._broken.items()]
        return pl.DataFrame(rows, schema=dict(DISCOVERY_ERRORS.columns))


class Writing:
    """Writes at once, or with the capability ``durable_at_finish`` all at the end."""

    def __init__(self, system: System, schema: Schema) -> None:
        self._system = system
        self._schema = schema
        self._target = deepcopy(system) if system.capabilities.durable_at_finish else system

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        self._system.before_send(batch)
        object_type = self._schema[batch.object_type]
        rows = [self._target.take(batch.operation, object_type, entry) for entry in batch.entries.to_dicts()]
        return pl.DataFrame(rows, schema=dict(EXPORT_RESULTS.columns))

    def finish(self) -> None:
        if self._target is not self._system:
            self._system.objects, self._system.sent = self._target.objects, self._target.sent

    def close(self) -> None:
        """Nothing is open."""


# --- the kind --------------------------------------------------------------------------------------------------------

#: The systems of the scenario that is being tested, by project folder and name.
SYSTEMS: dict[tuple[Path, str], System] = {}


def _make(settings: Settings, schema: Schema, directory: Path) -> MemoryConnector:
    return MemoryConnector(SYSTEMS[directory, settings["system"]], schema)


def _naming(settings: Settings, schema: Schema) -> Mapping[str, Naming]:
    anchor = settings.get("anchor")
    return {t.name: Naming(attributes=(anchor,)) for t in schema.object_types} if anchor else {}


KIND = Kind(
    name="memory",
    summary="A system in the memory of a test.",
    settings=(
        Setting(name="system", type=SettingType.TEXT, summary="Its name in the scenario.", required=True),
        Setting(name="anchor", type=SettingType.TEXT, summary="The attribute that names new objects without DNs."),
    ),
    make=_make,
    naming=_naming,
)
