"""What is said to the server about one exported entry: an add, an update with or without a rename, a delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ldap

from unisono.connectors.ldap.changes import Unit, arranged, in_requests
from unisono.connectors.ldap.entries import EntryToWrite
from unisono.connectors.ldap.export_codes import (
    CONSTRAINT_VIOLATION,
    ENTRY_ALREADY_EXISTS,
    NO_SUCH_OBJECT,
    Asked,
    is_fault_of_a_value,
    refused,
)
from unisono.connectors.ldap.modifying import Modification, Refused
from unisono.connectors.ldap.naming import naming_values, new_place
from unisono.connectors.ldap.new_entries import Naming, Spelling, attributes_of_new, contradicted, has_all
from unisono.connectors.ldap.requests import Add, Conversation, Delete, Exchange, Look, Outcome, Rename
from unisono.connectors.ldap.settings import EntryType

_ACCEPTED = Outcome()
_NO_NAME = Outcome(code="invalid-dn", message="the name is no distinguished name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How entries of one object type are written.

    ``references``, ``passwords`` and ``secrets`` are names of attributes, ``members`` that of a set which must not be
    empty and may hold a ``placeholder``; ``chunk`` is the number of values of one request; ``secure`` says whether
    passwords may be sent.
    """

    entry_type: EntryType
    classes: Sequence[bytes]
    spelling: Spelling
    references: frozenset[str]
    passwords: frozenset[str]
    secrets: frozenset[str]
    members: str | None
    placeholder: bytes | None
    chunk: int
    secure: bool

    def add(self, entry: EntryToWrite) -> Exchange:
        """Add the entry; of sets that are too large for one request, the rest afterwards.

        An entry that is there already with all its values counts as added.
        """
        naming = naming_values(entry.dn)
        unfit = self._unfit(entry, naming)
        if unfit or naming is None:
            return unfit or _NO_NAME
        attributes = attributes_of_new(entry, naming, self.classes, self.spelling)
        if self.placeholder and self.members:
            attributes.setdefault(self.members, [self.placeholder])
        too_long = [name for name, values in entry.added.items() if len(values) > self.chunk]
        rest: list[Unit] = [((ldap.MOD_ADD, name, attributes[name][self.chunk :]),) for name in too_long]
        attributes.update((name, attributes[name][: self.chunk]) for name in too_long)
        reply = yield Add(dn=entry.dn, attributes=list(attributes.items()))
        if reply.code == ENTRY_ALREADY_EXISTS and not entry.touches(self.passwords):
            # It may be our own, sent before by an export whose answer got lost.
            there = yield Look(dn=entry.dn, attributes=tuple(attributes))
            reply = there if has_all(there.values, attributes) else reply
        if reply.code:
            return self._refused(Asked.ADD, entry, [Refused(reply=reply, changes=())])
        if not rest:
            return Outcome(anchor=reply.anchor)
        return replace((yield from self._modify(entry, entry.dn, rest)), anchor=reply.anchor)

    def update(self, entry: EntryToWrite) -> Exchange:
        """Rename the entry where it is to have another name, then change its attributes."""
        naming = naming_values(entry.new_dn) if entry.new_dn is not None else ()
        unfit = self._unfit(entry, naming)
        if unfit or naming is None:
            return unfit or _NO_NAME
        if entry.new_dn is not None:
            failed = yield from self._rename(entry, entry.new_dn)
            if failed:
                return failed
        units = arranged(entry.replaced, entry.added, entry.removed)
        return (yield from self._modify(entry, entry.new_dn or entry.dn, units))

    def delete(self, entry: EntryToWrite) -> Exchange:
        """Delete the entry; one that is not there is deleted."""
        reply = yield Delete(dn=entry.dn)
        return refused(Asked.DELETE, reply) if reply.code not in (0, NO_SUCH_OBJECT) else _ACCEPTED

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

    def _modify(self, entry: EntryToWrite, dn: str, units: Sequence[Unit]) -> Exchange:
        modification = Modification(
            dn=dn,
            complete=entry.complete,
            references=self.references,
            members=self.members,
            placeholder=self.placeholder,
        )
        failures: list[Refused] = []
        for request in in_requests(units, self.chunk):
            failures += yield from modification.apply(request)
            if any(failure.reply.code == NO_SUCH_OBJECT for failure in failures):
                break
        return self._refused(Asked.MODIFY, entry, failures) if failures else _ACCEPTED

    def _refused(self, asked: Asked, entry: EntryToWrite, failures: list[Refused]) -> Outcome:
        """The first failure stands for all; there is one result for an entry."""
        first = failures[0]
        outcome = refused(asked, first.reply, attribute=first.attribute, secrets=self._secrets_of(entry))
        code = first.reply.code
        if first.attribute in self.references and is_fault_of_a_value(code):
            return replace(outcome, code="dn-attributes-failure")
        if code == CONSTRAINT_VIOLATION and entry.touches(self.passwords):
            return replace(outcome, code="password-policy-violation")
        return outcome

    def _unfit(self, entry: EntryToWrite, naming: Naming | None) -> Outcome | None:
        """Why the entry must not be sent at all; ``naming`` is of the name that it is to get, None when it is none."""
        if naming is None:
            return _NO_NAME
        if not self.secure and entry.touches(self.passwords):
            return Outcome(code="encryption-not-enabled", message="a password is not sent over an open connection")
        rdn = self.entry_type.rdn
        if rdn and naming and rdn.lower() not in [attribute.lower() for attribute, _ in naming]:
            return Outcome(code="invalid-dn", message=f"entries of the type {self.entry_type.name} are named by {rdn}")
        other = contradicted(entry, naming, self.spelling)
        if other:
            message = f"{other} has another value than in the name"
            return Outcome(code="modify-naming-attribute", attribute=other, message=message)
        return None

    def _secrets_of(self, entry: EntryToWrite) -> list[str]:
        hidden = [values for name, values in entry.replaced.items() if name in self.secrets and values]
        hidden += [values for name, values in entry.added.items() if name in self.secrets]
        return [value.decode("utf-8", "replace") for values in hidden for value in values]
