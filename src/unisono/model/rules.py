"""Synchronization rules: what an administrator says about joins, projection, provisioning and attribute flow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the project something was said; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Language(StrEnum):
    """Two ways of writing the rule language (configuration specification §13)."""

    ENTRA = "entra"  # [attribute], & joins texts; the language of Entra Connect, and Unisono's own
    MIM = "mim"  # attribute, + joins texts; formulas of the MIM portal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Source text in the rule language, and where it stands."""

    text: str
    language: Language = Language.ENTRA
    place: Place | None = None


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class LinkBehavior(StrEnum):
    """What a rule in scope may do for an object that has no counterpart (engine specification §5.4)."""

    JOIN = "join"  # only join
    PROJECT = "project"  # inbound: join, else create the metaverse object
    PROVISION = "provision"  # outbound: join, else create the connector-space object
    NONE = "none"  # only attribute flow


class MergeType(StrEnum):
    UPDATE = "update"  # the strongest contribution wins
    MERGE = "merge"  # union of all contributions, exact duplicates removed
    MERGE_CASE_INSENSITIVE = "merge-case-insensitive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One attribute flow of a rule.

    ``target`` names an attribute of the rule's target side; outbound rules may also target ``dn``. Exactly one of
    ``source`` (direct), ``constant`` and ``expression`` is set. A constant has the target's type.
    """

    target: str
    source: str | None = None
    constant: str | int | bool | None = None
    expression: Expression | None = None
    apply_once: bool = False  # outbound: only while the object is being created
    merge: MergeType = MergeType.UPDATE
    allow_null: bool = True  # outbound: an absent value clears the target
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinCondition:
    """Equality, ignoring case, of a value computed from one side with an attribute of the other.

    ``source`` is an expression over the connector-space object (it may be multivalued: any value matches), ``target``
    an attribute of the metaverse object. Null matches nothing.
    """

    source: Expression
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A synchronization rule. Among rules a lower ``precedence`` is stronger; names and precedences are unique."""

    name: str
    direction: Direction
    connector: str
    connector_type: str  # object type on the connector's side
    metaverse_type: str
    precedence: int
    link: LinkBehavior = LinkBehavior.NONE
    scope: Expression | None = None  # over the source side; None: every object
    joins: tuple[tuple[JoinCondition, ...], ...] = ()  # groups in order; conditions of a group must all hold
    flows: tuple[Flow, ...] = ()
    deprovision: bool = False  # outbound: out of scope means deprovision, by the connector's setting
    enabled: bool = True
    place: Place | None = None
