"""A project: everything that an administrator configured, validated and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from unisono.model.guard import Guard
from unisono.model.rules import Direction, Expression, Rule
from unisono.model.runs import RunProfile
from unisono.model.schema import Schema

#: How long the history of runs is kept.
DEFAULT_HISTORY_DAYS = 90


class Deprovisioning(StrEnum):
    """What happens to a connector whose link a rule or a metaverse deletion cut (engine specification §5.10)."""

    DISCONNECT = "disconnect"
    EXPLICIT_DISCONNECT = "explicit-disconnect"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorDefinition:
    """One connector. ``settings`` belong to its kind and were validated by it; secrets in them are ``Secret``."""

    name: str
    kind: str  # delimited-text, ldif, sql, ldap
    settings: Mapping[str, Any]  # Any: each kind has a settings model of its own
    schema: Schema
    filters: Mapping[str, Expression] = field(default_factory=dict)  # object type → connector filter
    deprovisioning: Deprovisioning = Deprovisioning.DISCONNECT
    recall: bool = True  # a cut link takes its contributed values with it
    guard: Guard = field(default_factory=Guard)
    run_profiles: tuple[RunProfile, ...] = ()

    def run_profile(self, name: str) -> RunProfile | None:
        return next((profile for profile in self.run_profiles if profile.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionRule:
    """When cutting a link deletes the metaverse object (engine specification §4.13).

    Without ``any_of``: when the last connector goes, not counting those of ``ignoring``. With ``any_of``: when a
    connector of one of the named connectors goes.
    """

    any_of: tuple[str, ...] = ()
    ignoring: tuple[str, ...] = ()


class Precedence(StrEnum):
    """Which of several contributions to an attribute counts (engine specification §4.8)."""

    RANKED = "ranked"  # that of the strongest rule
    EQUAL = "equal"  # the last one that changed; of several values each source adds and removes its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Metaverse:
    schema: Schema
    deletion: Mapping[str, DeletionRule] = field(default_factory=dict)  # metaverse type → rule; default: the last one
    equal: frozenset[tuple[str, str]] = frozenset()  # (type, attribute) of equal precedence; others are ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A validated project.

    ``store`` is a URL (``sqlite:///path``); ``cycle`` the connectors in the order of ``unisono cycle``;
    ``history_days`` how long runs are kept, None for ever; ``fingerprint`` a hash over what changes behaviour, and not
    over descriptions or secrets.
    """

    name: str
    directory: str
    store: str
    metaverse: Metaverse
    connectors: tuple[ConnectorDefinition, ...]
    rules: tuple[Rule, ...]
    cycle: tuple[str, ...]
    fingerprint: str
    history_days: int | None = DEFAULT_HISTORY_DAYS

    def connector(self, name: str) -> ConnectorDefinition | None:
        return next((connector for connector in self.connectors if connector.name == name), None)

    def rules_of(self, connector: str, direction: Direction) -> tuple[Rule, ...]:
        """Enabled rules of one connector and direction, strongest first."""
        chosen = (r for r in self.rules if r.enabled and r.connector == connector and r.direction is direction)
        return tuple(sorted(chosen, key=lambda rule: rule.precedence))
