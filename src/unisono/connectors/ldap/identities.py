"""Who entries are that were just added, where the server does not tell in its reply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import ldap
from ldap.filter import escape_filter_chars

from unisono.connectors.ldap.connection import Connection
from unisono.connectors.ldap.naming import naming_values, superior_of
from unisono.connectors.ldap.search import Entry, Query, everything, in_chunks
from unisono.model.names import ldap_dn_key


def identities(connection: Connection, dns: Iterable[str], attribute: str, timeout_s: int) -> Mapping[str, str]:
    """The attribute's value by the form in which DNs are compared; entries that are not to be seen are left out.

    One search for each hundred entries of one superior. Raises ``StepStop``.
    """
    siblings: dict[str, list[str]] = defaultdict(list)
    for dn in dns:
        siblings[superior_of(dn)].append(dn)
    found: dict[str, str] = {}
    for superior, names in siblings.items():
        for chunk in in_chunks(names):
            query = Query(
                what=superior,
                base=superior,
                filter=f"(|{''.join(map(_named, chunk))})",
                attributes=(attribute,),
                scope=ldap.SCOPE_ONELEVEL,
            )
            found.update(_by_name(everything(connection, query, timeout_s), attribute))
    return found


def _named(dn: str) -> str:
    assertions = [f"({name}={escape_filter_chars(value.decode())})" for name, value in naming_values(dn) or ()]
    return f"(&{''.join(assertions)})"


def _by_name(entries: Iterable[Entry], attribute: str) -> Iterator[tuple[str, str]]:
    for dn, attributes in entries:
        for name, values in attributes.items():
            if name.lower() == attribute.lower():
                yield ldap_dn_key(dn), values[0].decode()
