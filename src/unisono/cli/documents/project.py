"""The project itself: its mistakes, and its schemas beside those of the connected systems."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.cli.failures import WrittenMistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``project`` and ``fingerprint`` are null for a project that cannot be used."""

    project: str | None
    fingerprint: str | None
    connectors: int
    rules: int
    errors: int
    warnings: int
    mistakes: tuple[WrittenMistake, ...]  # by file and line


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeShape:
    type: str
    multivalued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedAttribute:
    """``offered`` by the connected system and ``declared`` by the project; null where one of them lacks it.

    ``difference``: none, added (offered only), removed (declared only) or retyped.
    """

    object_type: str
    attribute: str
    offered: AttributeShape | None
    declared: AttributeShape | None
    difference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """A use of an attribute that is not offered any more, or with another type. ``use`` says where in the rule."""

    object_type: str
    attribute: str
    difference: str
    rule: str | None  # null: the connector's filter
    use: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaComparison:
    connector: str
    attributes: tuple[ComparedAttribute, ...]
    impact: tuple[Impact, ...]
