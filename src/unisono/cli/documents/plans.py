"""Plans and previews: what a synchronization would do."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.cli.documents.objects import Offer, SpaceObject, Trial
from unisono.cli.documents.runs import Count
from unisono.cli.documents.streamed import Streamed

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
    """One change of one object.

    Kinds, the worst first: delete, deprovision, disconnect, rename, clear (a value goes without a successor), remove (a
    reference goes), update, add, provision, project, join.
    """

    space: str  # metaverse, or the connector
    kind: str
    object_id: int
    object_type: str
    name: str  # DN, or what the metaverse object is called
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
    """A limit of the guard that the plan exceeds."""

    space: str
    kind: str  # adds, updates, renames, deletes, cleared, removed
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
    algorithm_step: str  # where it failed: join, import-flow, provisioning, export-flow …
    target: str | None
    attribute: str | None
    rule: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPlan:
    """What synchronizing one connector would do, after those before it."""

    connector: str
    step: str  # full-synchronization, delta-synchronization
    objects: int  # how many would be processed
    counts: tuple[Count, ...]
    held: tuple[Exceeded, ...]  # empty: the guard lets it pass
    hash: str  # of exactly this batch
    approve: str | None  # the command that lets a held batch pass
    errors: Streamed[PlannedError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What synchronizing connectors one after the other would do."""

    fingerprint: str  # of the configuration
    full: bool
    connectors: tuple[ConnectorPlan, ...]
    kinds: tuple[KindCount, ...]  # all changes
    matching: tuple[KindCount, ...]  # those that pass the filters
    changes: Streamed[PlannedChange]  # of those, the ones within the limit; the worst first
    next: tuple[str, ...]  # commands that would do it


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The synchronization of one object, step by step.

    ``link``: what it would be linked with, in words. ``contributions``: what all connectors of its metaverse object
    would offer afterwards.
    """

    full: bool
    object: SpaceObject
    filtered: bool  # whether the connector filter matches
    trials: tuple[Trial, ...]
    link: str
    contributions: tuple[Offer, ...]
    metaverse: tuple[PlannedChange, ...]
    outbound: tuple[PlannedChange, ...]  # of all connectors
    errors: tuple[PlannedError, ...]
    counts: tuple[Count, ...]
