"""All that a new entry consists of, beyond the values that were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unisono.connectors.ldap.changes import is_alike, rough_form
from unisono.connectors.ldap.entries import EntryToWrite
from unisono.connectors.ldap.settings import EntryType

#: Sets of groups that must not be empty (RFC 4519 §3.5 and §3.6).
_NEVER_EMPTY = {"groupofnames": "member", "groupofuniquenames": "uniqueMember"}

Naming = Sequence[tuple[str, bytes]]  # attributes and values of the relative name
Spelling = Mapping[str, str]  # attributes of an object type by their names in lower case


def never_empty(entry_type: EntryType, spelling: Spelling) -> str | None:
    """The set that entries of this type must not leave empty."""
    classes = (name.lower() for name in entry_type.classes)
    members = next((_NEVER_EMPTY[name] for name in classes if name in _NEVER_EMPTY), None)
    return spelling.get(members.lower(), members) if members else None


def attributes_of_new(
    entry: EntryToWrite, naming: Naming, classes: Sequence[bytes], spelling: Spelling
) -> dict[str, list[bytes]]:
    """The given attributes with the object classes and what names the entry."""
    attributes = {name: values for name, values in entry.replaced.items() if values}
    attributes.update(entry.added)
    given = attributes.pop(spelling.get("objectclass", ""), ())
    attributes["objectClass"] = list(dict.fromkeys((*classes, *given)))
    for attribute, value in naming:
        name = spelling.get(attribute.lower(), attribute)
        values = attributes.get(name, [])
        if not any(is_alike(value, other) for other in values):
            attributes[name] = [*values, value]
    return attributes


def has_all(there: Mapping[str, list[bytes]], attributes: Mapping[str, list[bytes]]) -> bool:
    """Whether an entry has all the values. ``there``: its own by attribute in lower case; nothing: there is none."""
    return bool(there) and all(
        {rough_form(value) for value in values} <= {rough_form(value) for value in there.get(name.lower(), ())}
        for name, values in attributes.items()
    )


def contradicted(entry: EntryToWrite, naming: Naming, spelling: Spelling) -> str | None:
    """An attribute that names the entry by another value than its single one. Some servers would hold both then."""
    for attribute, value in naming:
        name = spelling.get(attribute.lower(), attribute)
        values = entry.replaced.get(name)
        if values and not any(is_alike(value, other) for other in values):
            return name
    return None
