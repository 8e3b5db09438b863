"""All that a new entry consists of, beyond the values that were given."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.connectors.ldap.changes import is_alike
from unisono.connectors.ldap.entries import EntryToWrite
from unisono.connectors.ldap.settings import EntryType

#: Sets of groups that must not be empty (RFC 4519 §3.5 and §3.6).
_NEVER_EMPTY = {"groupofnames": "member", "groupofuniquenames": "uniqueMember"}

Naming = Sequence[tuple[str, bytes]]  # attributes and values of the relative name


def never_empty(entry_type: EntryType) -> str | None:
    """The set that entries of this type must not leave empty."""
    classes = (name.lower() for name in entry_type.classes)
    return next((_NEVER_EMPTY[name] for name in classes if name in _NEVER_EMPTY), None)


def attributes_of_new(
    entry: EntryToWrite, naming: Naming, entry_type: EntryType, placeholder: bytes | None
) -> dict[str, list[bytes]]:
    """The given attributes with the object classes, what names the entry, and a member where there must be one."""
    attributes = {name: values for name, values in (*entry.replaced.items(), *entry.added.items()) if values}
    spelled = {name.lower(): name for name in attributes}
    classes = [name.encode() for name in entry_type.classes]
    given = attributes.pop(spelled.get("objectclass", ""), [])
    attributes = {"objectClass": list(dict.fromkeys((*classes, *given))), **attributes}
    for name, value in naming:
        values = attributes.setdefault(spelled.setdefault(name.lower(), name), [])
        if not any(is_alike(value, other) for other in values):
            attributes[spelled[name.lower()]] = [*values, value]
    members = never_empty(entry_type)
    if members and placeholder and members.lower() not in spelled:
        attributes[members] = [placeholder]
    return attributes


def contradicted(entry: EntryToWrite, naming: Naming) -> str | None:
    """An attribute that names the entry by another value than its single one. Some servers would hold both then."""
    single = {name.lower(): (name, values) for name, values in entry.replaced.items() if values}
    for attribute, value in naming:
        name, values = single.get(attribute.lower(), ("", [value]))
        if not any(is_alike(value, other) for other in values):
            return name
    return None
