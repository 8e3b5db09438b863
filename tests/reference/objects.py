"""The state of the obvious engine: plain objects, no frames."""

from __future__ import annotations

from dataclasses import dataclass, field

from unisono.model.rules import Flow

Value = str | list[str]
Image = dict[str, Value]
Key = tuple[str, str]  # connector, and anchor or (for what does not exist yet) "new " and the DN

Links = dict[str, list[Key | str]]  # attribute → objects, or the names of nobody
ExportEdge = tuple[Key, str, Key | str, str]  # source, attribute, target or the name of nobody, operation
Reference = tuple[int, str, int, str]  # metaverse object, attribute, metaverse object, rule


@dataclass
class MetaverseObject:
    object_type: str
    values: Image = field(default_factory=dict)
    lineage: dict[str, str] = field(default_factory=dict)  # attribute → rule


@dataclass
class SpaceObject:
    connector: str
    object_type: str
    anchor: str | None
    dn: str
    imported: Image | None = None  # as last imported
    synchronized: Image | None = None
    imported_references: Links = field(default_factory=dict)
    synchronized_references: Links = field(default_factory=dict)
    synchronized_dn: str | None = None
    pending: str | None = None
    state: str = "normal"
    link: int | None = None
    linked_by: str | None = None  # the rule
    export_operation: str | None = None
    new_dn: str | None = None
    export_set: Image = field(default_factory=dict)
    export_clear: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def key(self) -> Key:
        return self.connector, self.anchor if self.anchor is not None else "new " + self.dn


@dataclass
class World:
    """Everything there is. Metaverse objects are found by number."""

    spaces: dict[Key, SpaceObject] = field(default_factory=dict)
    metaverse: dict[int, MetaverseObject] = field(default_factory=dict)
    references: set[Reference] = field(default_factory=set)
    exports: set[ExportEdge] = field(default_factory=set)
    next_number: int = 1

    def linked(self, number: int) -> list[SpaceObject]:
        return [one for one in self.spaces.values() if one.link == number]

    def of(self, connector: str) -> list[SpaceObject]:
        return [one for one in self.spaces.values() if one.connector == connector]

    def relink(self, connector: str, old: Key | str, new: Key | str) -> None:
        """References that led to one now lead to the other: an object came to be where a name was, or the reverse."""
        for one in self.of(connector):
            for links in (one.imported_references, one.synchronized_references):
                for attribute, targets in links.items():
                    links[attribute] = [new if target == old else target for target in targets]
        before, after = exported(old), exported(new)
        self.exports = {
            (source, attribute, after if source[0] == connector and target == before else target, operation)
            for source, attribute, target, operation in self.exports
        }


def exported(target: Key | str) -> Key | str:
    """The target as an export edge names it."""
    return "nobody " + target if isinstance(target, str) else target


def first_value(said: list[tuple[Flow, Value | None, str | None]]) -> Value | None:
    """The first value before anybody says that there shall be none."""
    for _, value, marker in said:
        if (value is not None and value != []) or marker == "authoritative-null":
            return value
    return None


def as_list(value: Value) -> list[str]:
    return value if isinstance(value, list) else [value]


def join_keys(value: Value | None) -> set[str]:
    return set() if value is None else {text.lower() for text in as_list(value) if text}
