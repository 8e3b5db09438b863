"""What the server's own schema says (RFC 4512 §4.4): object types, attributes, types of values, class hierarchy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ldap
from ldap.schema import AttributeType as SchemaAttribute
from ldap.schema import ObjectClass, SubSchema

from unisono.connectors.ldap import failures
from unisono.connectors.ldap.classes import Superclasses
from unisono.connectors.ldap.connection import Connection
from unisono.connectors.ldap.passwords import is_password
from unisono.connectors.ldap.settings import EntryType, LdapSettings
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import ATTRIBUTE_NAME, Attribute, AttributeType, ObjectType, Schema

_SYNTAX = "1.3.6.1.4.1.1466.115.121.1."
_CERTIFICATE = f"{_SYNTAX}8"  # travels as ``;binary`` only (RFC 4523 §2.1)
_TYPES: Mapping[str, AttributeType] = {
    f"{_SYNTAX}{number}": type_
    for type_, numbers in {
        AttributeType.REFERENCE: (12, 34),
        AttributeType.INTEGER: (27,),
        AttributeType.BOOLEAN: (7,),
        AttributeType.BINARY: (4, 5, 8, 9, 10, 23, 28, 40),
        AttributeType.DATETIME: (24,),
    }.items()
    for number in numbers
}
_STRUCTURAL = 0  # one of python-ldap's kinds of object classes
_DIRECTORY_OPERATION = 1  # one of its usages of attributes
_WRITTEN_BY_US = frozenset({"objectclass"})


def discover(connection: Connection, settings: LdapSettings) -> Schema:
    """The object types of the settings; without any, one for each structural object class. Raises ``StepStop``."""
    subschema = _subschema(connection)
    types = list(settings.types.values()) or [
        EntryType(name=name, classes=(name,)) for name in sorted(_structural_classes(subschema))
    ]
    operational = {a.name: a for a in _attributes(subschema, _operational(subschema))}
    return Schema(object_types=tuple(_object_type(subschema, entry_type, operational) for entry_type in types))


def superclasses(connection: Connection) -> Superclasses:
    """Every object class with all above it, by each of its names in lower case. Raises ``StepStop``."""
    subschema = _subschema(connection)
    above: dict[str, frozenset[str]] = {}
    for oid in subschema.listall(ObjectClass):
        line = frozenset(_line(subschema, oid))
        above.update((name.lower(), line) for name in subschema.get_obj(ObjectClass, oid).names)
    return above


def _line(subschema: Any, name_or_oid: str) -> Iterator[str]:
    object_class = subschema.get_obj(ObjectClass, name_or_oid)
    if object_class is not None:
        yield from (name.lower() for name in object_class.names)
        for parent in object_class.sup:
            yield from _line(subschema, parent)


def _subschema(connection: Connection) -> Any:
    try:
        where = connection.search_subschemasubentry_s()
        entry = connection.read_subschemasubentry_s(where) if where else None
    except ldap.LDAPError as failure:
        raise failures.unreadable("the server's schema", failure) from failure
    if entry is None:
        raise StepStop(
            Status.NO_START_CONNECTION,
            "the server does not show its schema",
            hint="let the account read subschemaSubentry",
            connection="failed-permission",
        )
    return SubSchema(entry, check_uniqueness=0)


def _structural_classes(subschema: Any) -> Iterator[str]:
    for oid in subschema.listall(ObjectClass):
        object_class = subschema.get_obj(ObjectClass, oid)
        if object_class.kind == _STRUCTURAL and object_class.names:
            yield object_class.names[0]


def _object_type(subschema: Any, entry_type: EntryType, operational: Mapping[str, Attribute]) -> ObjectType:
    unknown = [name for name in entry_type.classes if subschema.get_obj(ObjectClass, name) is None]
    if unknown:
        raise StepStop(
            Status.NO_START_BAD_MA_CONFIGURATION,
            f"the server has no object class {', '.join(unknown)}",
            hint=f"check the classes of the object type {entry_type.name}",
        )
    required, allowed = subschema.attribute_types(list(entry_type.classes), raise_keyerror=0)
    found = {
        **operational,
        **{a.name: a for a in _attributes(subschema, allowed.values())},
        **{a.name: a for a in _attributes(subschema, required.values(), required=True)},
    }
    return ObjectType(name=entry_type.name, attributes=tuple(found[name] for name in sorted(found)))


def _operational(subschema: Any) -> Iterator[SchemaAttribute]:
    for oid in subschema.listall(SchemaAttribute):
        attribute = subschema.get_obj(SchemaAttribute, oid)
        if attribute.usage == _DIRECTORY_OPERATION:
            yield attribute


def _attributes(
    subschema: Any, found: Iterable[SchemaAttribute | None], *, required: bool = False
) -> Iterator[Attribute]:
    """Attributes that have a name and can be held; ``objectClass`` is the connector's own business."""
    for one in filter(None, found):
        name = one.names[0] if one.names else ""
        if not ATTRIBUTE_NAME.fullmatch(name) or name.lower() in _WRITTEN_BY_US:
            continue
        syntax = subschema.get_syntax(one.oid)
        password = is_password(name)
        yield Attribute(
            name=f"{name};binary" if syntax == _CERTIFICATE else name,
            type=AttributeType.STRING if password else _TYPES.get(syntax, AttributeType.STRING),
            multivalued=not (one.single_value or password),
            required=required,
            read_only=one.no_user_mod,
            export_only=password,
        )
