"""What is said to the server about one exported entry: an add, an update with or without a rename, a delete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import ldap

from unisono.connectors.ldap.changes import Unit, arranged, in_requests
from unisono.connectors.ldap.entries import EntryToWrite
from unisono.connectors.ldap.export_codes import (
    CONSTRAINT_VIOLATION,
    NO_SUCH_OBJECT,
    Asked,
    is_fault_of_a_value,
    refused,
)
from unisono.connectors.ldap.modifying import Modification, Refused
from unisono.connectors.ldap.naming import naming_values, new_place
from unisono.connectors.ldap.new_entries import attributes_of_new, contradicted, never_empty
from unisono.connectors.ldap.passwords import is_password
from unisono.connectors.ldap.requests import Add, Conversation, Delete, Exchange, Look, Outcome, Rename
from unisono.connectors.ldap.settings import EntryType


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How entries of one object type are written.

    ``references`` and ``secrets`` are names of attributes; ``chunk`` is the number of values of one request; ``secure``
    says whether passwords may be sent.
    """

    entry_type: EntryType
    references: frozenset[str]
    secrets: frozenset[str]
    placeholder: bytes | None
    chunk: int
    secure: bool

    def add(self, entry: EntryToWrite) -> Exchange:
        """Add the entry; of sets that are too large for one request, the rest afterwards."""
        unfit = self._unfit(entry, entry.dn)
        if unfit:
            return unfit
        naming = naming_values(entry.dn) or []
        attributes = attributes_of_new(entry, naming, self.entry_type, self.placeholder)
        first = [(name, values[: self.chunk]) for name, values in attributes.items()]
        reply = yield Add(dn=entry.dn, attributes=first)
        if reply.code:
            return self._refused(Asked.ADD, entry, [Refused(reply=reply, changes=())])
        rest: list[Unit] = [
            ((ldap.MOD_ADD, name, values[self.chunk :]),)
            for name, values in attributes.items()
            if len(values) > self.chunk
        ]
        outcome = yield from self._modify(entry, entry.dn, rest)
        return replace(outcome, anchor=reply.anchor)

    def update(self, entry: EntryToWrite) -> Exchange:
        """Rename the entry where it is to have another name, then change its attributes."""
        unfit = self._unfit(entry, entry.new_dn)
        if unfit:
            return unfit
        if entry.new_dn is not None:
            failed = yield from self._rename(entry, entry.new_dn)
            if failed:
                return failed
        units = arranged(entry.replaced, entry.added, entry.removed)
        return (yield from self._modify(entry, entry.new_dn or entry.dn, units))

    def delete(self, entry: EntryToWrite) -> Exchange:
        """Delete the entry; one that is not there is deleted."""
        reply = yield Delete(dn=entry.dn)
        return refused(Asked.DELETE, reply) if reply.code not in (0, NO_SUCH_OBJECT) else Outcome()

    def _rename(self, entry: EntryToWrite, new_dn: str) -> Conversation[Outcome | None]:
        new_rdn, superior = new_place(entry.dn, new_dn)
        reply = yield Rename(dn=entry.dn, new_rdn=new_rdn, new_superior=superior)
        if not reply.code:
            return None
        outcome = refused(Asked.RENAME, reply)
        if reply.code != NO_SUCH_OBJECT:
            return outcome
        # Something is missing: the new superior, or the entry. It may have been renamed already, by an export whose
        # answer got lost or together with its container.
        if not (yield Look(dn=entry.dn)).code:
            return replace(outcome, code="non-existent-parent")
        there = yield Look(dn=new_dn)
        return None if there.anchor is not None and there.anchor == entry.anchor else outcome

    def _modify(self, entry: EntryToWrite, dn: str, units: Iterable[Unit]) -> Exchange:
        modification = Modification(
            dn=dn,
            complete=entry.complete,
            references=self.references,
            members=never_empty(self.entry_type),
            placeholder=self.placeholder,
        )
        failures: list[Refused] = []
        for request in in_requests(units, self.chunk):
            failures += yield from modification.apply(request)
            if any(failure.reply.code == NO_SUCH_OBJECT for failure in failures):
                break
        return self._refused(Asked.MODIFY, entry, failures) if failures else Outcome()

    def _refused(self, asked: Asked, entry: EntryToWrite, failures: list[Refused]) -> Outcome:
        """The first failure stands for all; there is one result for an entry."""
        first = failures[0]
        outcome = refused(asked, first.reply, attribute=first.attribute, secrets=self._secrets_of(entry))
        code = first.reply.code
        if first.attribute in self.references and is_fault_of_a_value(code):
            return replace(outcome, code="dn-attributes-failure")
        if code == CONSTRAINT_VIOLATION and any(is_password(name) for name in entry.attributes):
            return replace(outcome, code="password-policy-violation")
        return outcome

    def _unfit(self, entry: EntryToWrite, name: str | None) -> Outcome | None:
        """Why the entry must not be sent at all; ``name`` is the one that it is to get."""
        if not self.secure and any(is_password(attribute) for attribute in entry.attributes):
            return Outcome(code="encryption-not-enabled", message="a password is not sent over an open connection")
        if name is None:
            return None
        naming = naming_values(name)
        if naming is None:
            return Outcome(code="invalid-dn", message="the name is no distinguished name")
        rdn = self.entry_type.rdn
        if rdn and rdn.lower() not in (attribute.lower() for attribute, _ in naming):
            return Outcome(code="invalid-dn", message=f"entries of the type {self.entry_type.name} are named by {rdn}")
        other = contradicted(entry, naming)
        if other:
            message = f"{other} has another value than in the name"
            return Outcome(code="modify-naming-attribute", attribute=other, message=message)
        return None

    def _secrets_of(self, entry: EntryToWrite) -> list[str]:
        hidden = [values for name, values in entry.replaced.items() if name in self.secrets and values]
        hidden += [values for name, values in entry.added.items() if name in self.secrets]
        return [value.decode("utf-8", "replace") for values in hidden for value in values]
