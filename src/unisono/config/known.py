"""What rules can be checked against: the names and schemas that the other files declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from unisono.config.locate import At
from unisono.model.rules import Direction, Rule
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

#: The name of a connector-space object, which expressions read and outbound rules write like an attribute.
DN = Attribute(name="dn", type=AttributeType.REFERENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the project. None: not readable, so what depends on it cannot be judged."""

    metaverse: Schema | None
    connectors: Mapping[str, Schema | None]
    parameters: Mapping[str, str] | None
    equal: frozenset[tuple[str, str]] = frozenset()  # (metaverse type, attribute) of equal precedence


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRule:
    """A rule and where it stands."""

    rule: Rule
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The object types that a rule brings together; None: unknown."""

    connector: ObjectType | None
    metaverse: ObjectType | None
    direction: Direction

    @property
    def source(self) -> ObjectType | None:
        return self.connector if self.direction is Direction.INBOUND else self.metaverse

    @property
    def target(self) -> ObjectType | None:
        return self.metaverse if self.direction is Direction.INBOUND else self.connector

    @property
    def readable_by_flows(self) -> Readable | None:
        """What the rule's flows may read: outbound, the target object as well."""
        readable = self.readable
        if readable is None or self.direction is Direction.INBOUND:
            return readable
        imported = {attribute.name: attribute for attribute in self.connector.attributes} if self.connector else {}
        return replace(readable, imported=imported)

    @property
    def readable(self) -> Readable | None:
        """What the rule's scope may read."""
        if self.direction is Direction.INBOUND:
            return readable_connector(self.connector)
        return readable_metaverse(self.metaverse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What an expression may read: ``attributes`` of objects of the type by name. In the metaverse no references."""

    object_type: ObjectType
    attributes: Mapping[str, Attribute]
    imported: Mapping[str, Attribute] | None = None  # of the target object; None: the object itself was imported


def readable_connector(object_type: ObjectType | None) -> Readable | None:
    """What an expression over a connector-space object may read: values, names that references hold, and the DN."""
    return _readable(object_type, (*object_type.attributes, DN)) if object_type else None


def readable_metaverse(object_type: ObjectType | None) -> Readable | None:
    """What an expression over a metaverse object may read: values; it was not imported itself."""
    return replace(_readable(object_type, object_type.values), imported={}) if object_type else None


def _readable(object_type: ObjectType, attributes: Iterable[Attribute]) -> Readable:
    return Readable(object_type=object_type, attributes={attribute.name: attribute for attribute in attributes})


def attribute_of(object_type: ObjectType, name: str) -> Attribute | None:
    return next((attribute for attribute in object_type.attributes if attribute.name == name), None)
