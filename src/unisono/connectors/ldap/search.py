"""Searches that give everything or fail.

The server's pages are not ours: entries are passed on while a page is still coming, and the next one is asked for
before the last entries of a page are looked at, so that the server works while we do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.filter import escape_filter_chars

from unisono.connectors.ldap import failures
from unisono.connectors.ldap.connection import Connection

#: A DN as the server writes it, and the values by attribute name as the server spells it.
Entry = tuple[str, dict[str, list[bytes]]]

FILTER_TERMS = 100  # values of one OR filter
#: Entries that are held as Python values at a time. With more of them than fit into caches, everything takes longer.
PORTION = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to search for. ``what`` says it to the administrator."""

    what: str
    base: str
    filter: str
    attributes: tuple[str, ...]
    scope: int = ldap.SCOPE_SUBTREE
    page_objects: int = 1000


def portions(connection: Connection, query: Query, timeout_s: int) -> Iterator[list[Entry]]:
    """All entries, some hundred at a time; search references are left out. Raises ``StepStop`` when there may be more.

    Paging is asked for without insisting: a server that does not know it gives everything at once.
    """
    try:
        request: int | None = _ask(connection, query, b"")
        while request is not None:
            entries: list[Entry] = []
            # Message by message: collecting a page inside libldap takes time that grows with the square of its size.
            while (message := connection.result4(request, 0, timeout_s))[0] != ldap.RES_SEARCH_RESULT:
                if message[0] == ldap.RES_SEARCH_ENTRY:
                    entries.append(message[1][0])
                if len(entries) == PORTION:
                    yield entries
                    entries = []
            cookie = _cookie(message[3])
            request = _ask(connection, query, cookie) if cookie else None
            yield entries
    except ldap.LDAPError as failure:
        raise failures.unreadable(query.what, failure) from failure


def everything(connection: Connection, query: Query, timeout_s: int) -> list[Entry]:
    return [entry for portion in portions(connection, query, timeout_s) for entry in portion]


def any_of(attribute: str, values: Iterable[str]) -> str:
    """A filter for entries that have one of the values. There must be one: ``(|)`` is no filter to some servers."""
    terms = [f"({attribute}={escape_filter_chars(value)})" for value in values]
    return terms[0] if len(terms) == 1 else f"(|{''.join(terms)})"


def in_chunks(values: Sequence[str], size: int = FILTER_TERMS) -> Iterator[list[str]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _ask(connection: Connection, query: Query, cookie: bytes) -> int:
    paging = SimplePagedResultsControl(False, size=query.page_objects, cookie=cookie)  # noqa: FBT003 - the library's
    asked: int = connection.search_ext(
        query.base, query.scope, query.filter, list(query.attributes), serverctrls=[paging]
    )
    return asked


def _cookie(controls: Sequence[object]) -> bytes:
    for control in controls:
        if isinstance(control, SimplePagedResultsControl):
            return control.cookie or b""
    return b""
