"""One modify, carried through as far as it goes.

A server refuses a modify as a whole for one value that is there already, or gone already. Both are what we want
(R-CORE-23), so such a request is sent again in halves, down to the value that is the matter. A member that the server
will not have is found the same way, and keeps nobody else out (R-CORE-28).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ldap

from unisono.connectors.ldap.changes import Unit, flat, halves
from unisono.connectors.ldap.export_codes import (
    INAPPROPRIATE_MATCHING,
    NO_SUCH_ATTRIBUTE,
    OBJECT_CLASS_VIOLATION,
    VALUE_EXISTS,
    is_fault_of_a_value,
)
from unisono.connectors.ldap.requests import Change, Conversation, Modify, Reply

_ALREADY = {ldap.MOD_ADD: VALUE_EXISTS, ldap.MOD_DELETE: NO_SUCH_ATTRIBUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Changes that the server refused and that are no smaller than they can be."""

    reply: Reply
    changes: Sequence[Change]

    @property
    def attribute(self) -> str | None:
        """The attribute at fault, where it must be this one."""
        names = {name for _, name, _ in self.changes}
        return names.pop() if len(names) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Modification:
    """What a modify needs to know of its entry.

    ``references`` are attributes that hold DNs; ``complete`` the values of all other sets after the change (missing:
    none); ``placeholder`` a DN for a set ``members`` that must not be empty.
    """

    dn: str
    complete: Mapping[str, list[bytes]]
    references: frozenset[str]
    members: str | None = None
    placeholder: bytes | None = None

    def apply(self, units: Sequence[Unit]) -> Conversation[list[Refused]]:
        """Send the units in one request, in parts where that does not go; what was refused in the end."""
        reply = yield Modify(dn=self.dn, changes=flat(units))
        if not reply.code:
            return []
        refused: list[Refused] = []
        parts = self._other_ways(units, reply.code)
        if parts is None:
            return [Refused(reply=reply, changes=flat(units))]
        for part in parts:
            refused += yield from self.apply(part)
        return refused

    def _other_ways(self, units: Sequence[Unit], code: int) -> Sequence[Sequence[Unit]] | None:
        """What to send instead, one after the other: nothing when all is well; None when there is no other way."""
        if code in (VALUE_EXISTS, NO_SUCH_ATTRIBUTE):
            return halves(units) or _rest_of(units[0], code)
        if is_fault_of_a_value(code) and any(name in self.references for _, name, _ in flat(units)):
            return halves(units)
        if code == INAPPROPRIATE_MATCHING:
            return self._replacing(units)
        if code == OBJECT_CLASS_VIOLATION:
            return self._with_placeholder(units)
        return None

    def _replacing(self, units: Sequence[Unit]) -> Sequence[Sequence[Unit]] | None:
        """Attributes without an equality rule (photos) can be written as a whole only."""
        changes = flat(units)
        by_value = {name for operation, name, _ in changes if operation != ldap.MOD_REPLACE} - self.references
        if not by_value:
            return None
        rest = [change for change in changes if change[1] not in by_value]
        return [[(*rest, *((ldap.MOD_REPLACE, name, self.complete.get(name)) for name in sorted(by_value)))]]

    def _with_placeholder(self, units: Sequence[Unit]) -> Sequence[Sequence[Unit]] | None:
        if self.placeholder is None or self.members is None:
            return None
        addition: Change = (ldap.MOD_ADD, self.members, [self.placeholder])
        empties = any(operation == ldap.MOD_DELETE and name == self.members for operation, name, _ in flat(units))
        return [[(addition,), *units]] if empties and addition not in flat(units) else None


def _rest_of(unit: Unit, code: int) -> Sequence[Sequence[Unit]] | None:
    """A unit that cannot be halved, less what is so already."""
    rest = tuple(change for change in unit if _ALREADY.get(change[0]) != code)
    if len(rest) == len(unit):
        return None
    return [[rest]] if rest else []
