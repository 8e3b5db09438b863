"""What is asked of the server in an export, and what it answers: plain values, no connection.

An *exchange* is the conversation about one entry: a generator that yields requests, is sent the reply to each, and
returns its result. Many exchanges go on at once (``window``); each waits for its own replies only.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

#: python-ldap's form of a change: MOD_ADD, MOD_DELETE or MOD_REPLACE, attribute, values (None with MOD_REPLACE: clear).
Change = tuple[int, str, list[bytes] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Add an entry; the reply's ``anchor`` is its identity where the server tells it."""

    dn: str
    attributes: list[tuple[str, list[bytes]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modify:
    dn: str
    changes: list[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """``new_superior`` None: it stays where it is."""

    dn: str
    new_rdn: str
    new_superior: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    dn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Ask for one entry; the reply's ``anchor`` is its identity, its ``values`` those of ``attributes``."""

    dn: str
    attributes: tuple[str, ...] = ()


Request = Add | Modify | Rename | Delete | Look


@dataclass(frozen=True, slots=True)
class Reply:
    """A result code (RFC 4511 §4.1.9) with the server's words."""

    code: int = 0
    text: str = field(default="", repr=False)  # may quote what was sent
    anchor: str | None = None
    values: Mapping[str, list[bytes]] = field(default_factory=dict, repr=False)  # by attribute in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one entry; ``code`` None: accepted."""

    code: str | None = None
    attribute: str | None = None
    message: str | None = None
    cd_error: str | None = None
    anchor: str | None = None


Result = TypeVar("Result")
Conversation = Generator[Request, Reply, Result]
Exchange = Generator[Request, Reply, Outcome]
