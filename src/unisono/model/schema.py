"""Object types and attributes, of a connected data source or of the metaverse."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import polars as pl
from polars.datatypes import DataType, DataTypeClass

PolarsType = DataType | DataTypeClass

DATETIME = pl.Datetime("us", "UTC")

# No quote, backslash, comma or colon: documents.py relies on it to drop absent attributes safely.
ATTRIBUTE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.;-]{0,127}")


class AttributeType(StrEnum):
    """Data type of one value (engine specification §10)."""

    STRING = "string"
    INTEGER = "integer"  # 64-bit, signed
    BOOLEAN = "boolean"
    BINARY = "binary"
    DATETIME = "datetime"  # aware, UTC, microseconds
    REFERENCE = "reference"  # in frames of connectors: the target's DN


_POLARS: dict[AttributeType, PolarsType] = {
    AttributeType.STRING: pl.String,
    AttributeType.INTEGER: pl.Int64,
    AttributeType.BOOLEAN: pl.Boolean,
    AttributeType.BINARY: pl.Binary,
    AttributeType.DATETIME: DATETIME,
    AttributeType.REFERENCE: pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of an object type.

    Multivalued attributes are sets: in frames they are sorted lists without duplicates, and an empty list is
    written as null, because *absent* and *no value* are one thing on both sides of the engine. The empty string is
    a value.
    """

    name: str
    type: AttributeType = AttributeType.STRING
    multivalued: bool = False
    required: bool = False
    read_only: bool = False  # imported, never exported
    export_only: bool = False  # exported, never imported or confirmed (passwords)

    @property
    def is_reference(self) -> bool:
        return self.type is AttributeType.REFERENCE

    @property
    def dtype(self) -> PolarsType:
        """Polars type of this attribute's column in a frame."""
        scalar = _POLARS[self.type]
        return pl.List(scalar) if self.multivalued else scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """A named set of attributes; attribute names are unique and case-sensitive."""

    name: str
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        names = [attribute.name for attribute in self.attributes]
        if len(names) != len(set(names)):
            raise ValueError(f"object type {self.name!r} names an attribute twice")

    def __getitem__(self, name: str) -> Attribute:
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(attribute.name == name for attribute in self.attributes)

    @property
    def values(self) -> tuple[Attribute, ...]:
        """Attributes whose values live in the object's document, sorted by name."""
        return tuple(sorted((a for a in self.attributes if not a.is_reference), key=lambda a: a.name))

    @property
    def references(self) -> tuple[Attribute, ...]:
        """Attributes whose values live as edges, sorted by name."""
        return tuple(sorted((a for a in self.attributes if a.is_reference), key=lambda a: a.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The object types of one connected data source, or of the metaverse."""

    object_types: tuple[ObjectType, ...]

    def __getitem__(self, name: str) -> ObjectType:
        for object_type in self.object_types:
            if object_type.name == name:
                return object_type
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(object_type.name == name for object_type in self.object_types)
