"""What an author supplies to the kit: the connected data source under test, reached around the connector."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from unisono.connectors.contract import Connector
from unisono.connectors.kit.samples import sample_values
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, ObjectType

#: An object: attribute → text, integer, boolean, bytes or aware date-time; a frozenset of them where multivalued; a
#: reference is the target's DN. Absent attributes are missing, never None.
Values = Mapping[str, object]


class Target(ABC):
    """The connected data source under test.

    The kit names objects by *keys*, short ASCII texts such as ``k3``, kept in the attribute ``key_attribute``. All
    tests use one object type. A fresh target, empty, is expected for every test.
    """

    object_type: str
    key_attribute: str

    @property
    @abstractmethod
    def definition(self) -> ConnectorDefinition:
        """Name, schema and settings of the connector under test."""

    @abstractmethod
    def connector(self) -> Connector:
        """A new connector to this target."""

    @abstractmethod
    def unreachable(self) -> Connector:
        """A connector of the same kind to a place where nothing is: no such file, nobody listening."""

    @abstractmethod
    def minimal(self, key: str) -> Values:
        """The least that an object needs here, its key among it."""

    @abstractmethod
    def dn(self, key: str) -> str:
        """The DN of the object with that key, as the data source writes it; the anchor where it has no DNs."""

    @abstractmethod
    def seed(self, objects: Iterable[Values]) -> None:
        """Make these objects the whole content."""

    @abstractmethod
    def contents(self) -> dict[str, Values]:
        """All objects by key, read without the connector; read-only attributes left out."""

    def put(self, values: Values) -> None:
        """Add or replace one object, as another user of the data source would. Needed by ``DeltaKit``."""
        raise NotImplementedError

    def remove(self, key: str) -> None:
        """Delete one object, as another user of the data source would. Needed by ``DeltaKit``."""
        raise NotImplementedError

    def spoil(self, key: str) -> None:
        """Make one object unreadable, as a broken program would. Needed by ``UnreadableKit``."""
        raise NotImplementedError

    def changes_taken(self) -> None:  # noqa: B027 - most data sources have nothing to do
        """A delta import succeeded. A source that drops files starts its next one here."""

    def renamed_dn(self, key: str) -> str:
        """Another DN for the object, whose key stays the same. Needed by ``RenameKit``."""
        raise NotImplementedError

    def holds(self, text: str) -> bool:  # noqa: ARG002 - for subclasses
        """Whether the data source can hold this text in an attribute, and gives it back unchanged."""
        return True

    def accepts(self, text: str) -> bool:
        """Whether the connector can export this text; what the target holds it need not be able to write."""
        return self.holds(text)

    def samples(self, attribute: Attribute) -> tuple[Any, ...]:
        """Single values of the attribute's type that the data source can hold; not for references."""
        return sample_values(attribute.type)

    # --- derived ------------------------------------------------------------------------------------------------------

    @property
    def type(self) -> ObjectType:
        return self.definition.schema[self.object_type]

    @property
    def free_attributes(self) -> tuple[Attribute, ...]:
        """Attributes that the kit may set as it likes: neither needed by every object nor of one direction only."""
        needed = self.minimal("k0").keys()
        return tuple(a for a in self.type.attributes if a.name not in needed and not (a.read_only or a.export_only))
