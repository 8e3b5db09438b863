"""What a drop file looks like: lines of JSON, each for itself.

    header   which connector and step wrote it, the configuration's fingerprint, object types, what is withheld
    section  what the next lines are, and how many: objects, deletions or errors of an import; an export's operation
    …        a line per object, deletion, error or entry
    section  …
    end      how many lines of each kind there were, and the SHA-256 of every byte above

A file without its end is no drop file, so one that was cut, or is still being written, is never taken for the whole.
Values of export-only attributes, which are passwords, are never in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep
from unisono.model.schema import Schema

FORMAT = "unisono-drop-file-1"
#: How every drop file begins, of any version.
BEGINNING = b'{"format":"unisono-drop-file-'

OBJECTS, DELETIONS, ERRORS = "objects", "deletions", "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """``types``: the data types of the attributes, by object type; ``[]`` behind the type of a multivalued one.
    ``withheld``: by object type the attributes that are in no line."""

    format: str
    connector: str
    step: str
    fingerprint: str
    written_at: datetime
    types: Mapping[str, Mapping[str, str]]
    withheld: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What ``lines`` lines are: of an import ``objects``, ``deletions`` or ``errors``, of an export an operation."""

    section: str
    type: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    end: str
    lines: Mapping[str, int]
    sha256: str


Part = Header | Section | End
P = TypeVar("P", Header, Section, End)


def line_of(part: Part) -> bytes:
    return msgspec.json.encode(part) + b"\n"


def part_of(line: bytes, kind: type[P]) -> P | None:
    """The line as what it should be, or None where it is something else."""
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def header_of(step: RunStep, definition: ConnectorDefinition, fingerprint: str, written_at: datetime) -> Header:
    return Header(
        format=FORMAT,
        connector=definition.name,
        step=step.type.value,
        fingerprint=fingerprint,
        written_at=written_at,
        types=types_of(definition.schema),
        withheld=_withheld_of(definition.schema),
    )


def types_of(schema: Schema) -> dict[str, dict[str, str]]:
    """As a header has them."""
    return {
        object_type.name: {a.name: a.type.value + ("[]" if a.multivalued else "") for a in object_type.attributes}
        for object_type in schema.object_types
    }


def _withheld_of(schema: Schema) -> dict[str, tuple[str, ...]]:
    """As a header has them."""
    export_only = {t.name: tuple(a.name for a in t.attributes if a.export_only) for t in schema.object_types}
    return {name: attributes for name, attributes in export_only.items() if attributes}
