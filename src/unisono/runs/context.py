"""What a run needs from outside, in one value."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from unisono.connectors.contract import Connector
from unisono.expressions import Environment
from unisono.model.names import Naming
from unisono.model.project import Project
from unisono.store.contract import Store

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, aware, UTC."""
    return datetime.now(UTC)


def system_chance() -> bytes:
    """A seed that nobody can guess: what follows from it may become a password."""
    return secrets.token_bytes(32)


class Reporter(Protocol):
    """Is told about progress; decides what to show."""

    def step(self, connector: str, description: str) -> None: ...

    def advance(self, objects: int, what: str) -> None: ...


class Silent:
    """Shows nothing."""

    def step(self, connector: str, description: str) -> None:
        pass

    def advance(self, objects: int, what: str) -> None:
        pass


class Stop:
    """A cooperative stop, asked for by a signal or a person; checked between batches."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        self.requested = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConnector:
    """A connector ready to run, and how it names new objects."""

    connector: Connector
    naming: Mapping[str, Naming] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """``partition_objects`` bounds how many objects are in memory at a time."""

    project: Project
    parameters: Mapping[str, str]
    store: Store
    connectors: Mapping[str, LiveConnector]
    clock: Clock = system_clock
    chance: Callable[[], bytes] = system_chance
    reporter: Reporter = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)
    partition_objects: int = 25_000
    approved: frozenset[str] = frozenset()  # hashes of held batches that may pass

    def environment(self) -> Environment:
        """What the expressions of a step know beside the objects: another one at every call."""
        return Environment(now=self.clock(), parameters=self.parameters, seed=self.chance())
