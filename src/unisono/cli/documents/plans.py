"""Plans and previews: what a synchronization would do."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.cli.documents.objects import Offer, SpaceObject, Trial
from unisono.cli.documents.runs import Count

#: Kinds of change, the worst first. ``clear``: a value goes without a successor; ``remove``: a reference goes.
KINDS = (
    "delete",
    "deprovision",
    "disconnect",
    "rename",
    "clear",
    "remove",
    "update",
    "add",
    "provision",
    "project",
    "join",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One change of one object. ``space`` is ``metaverse`` or the connector, ``kind`` one of ``KINDS``."""

    space: str
    kind: str
    object_id: int
    object_type: str
    name: str
    attribute: str | None
    before: str | None
    after: str | None
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """How many objects of a space a kind of change concerns, in how many changes."""

    space: str
    kind: str
    objects: int
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """A limit of the guard that the plan exceeds. ``kind`` is in the guard's words: adds, deletes, cleared …"""

    space: str
    kind: str
    count: int
    allowed: int
    population: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedError:
    """An object that could not be synchronized."""

    id: int
    anchor: str | None
    dn: str | None
    code: str
    algorithm_step: str
    target: str | None
    attribute: str | None
    rule: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPlan:
    """What synchronizing one connector would do. ``approve``: the command that lets exactly this batch pass."""

    connector: str
    step: str
    objects: int
    counts: tuple[Count, ...]
    held: tuple[Exceeded, ...]
    hash: str
    approve: str | None
    errors: tuple[PlannedError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``kinds`` counts all changes, ``matching`` those that pass the filters; ``changes`` are those that are listed."""

    fingerprint: str
    full: bool
    connectors: tuple[ConnectorPlan, ...]
    kinds: tuple[KindCount, ...]
    matching: tuple[KindCount, ...]
    changes: tuple[PlannedChange, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The synchronization of one object, step by step.

    ``link``: what it would be linked with, in words. ``contributions``: what all connectors of its metaverse object
    would offer afterwards.
    """

    full: bool
    object: SpaceObject
    filtered: bool
    trials: tuple[Trial, ...]
    link: str
    contributions: tuple[Offer, ...]
    metaverse: tuple[PlannedChange, ...]
    outbound: tuple[PlannedChange, ...]
    errors: tuple[PlannedError, ...]
    counts: tuple[Count, ...]
