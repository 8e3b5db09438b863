"""Names in certificates as Windows writes them: the last component first, its own short names, quotes for escapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Name, NameAttribute

_COMMON_NAME, _ORGANIZATION, _UNIT = "2.5.4.3", "2.5.4.10", "2.5.4.11"
_EMAIL = "1.2.840.113549.1.9.1"
_SHORT = {
    _COMMON_NAME: "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    _ORGANIZATION: "O",
    _UNIT: "OU",
    "2.5.4.12": "T",
    "2.5.4.13": "Description",
    "2.5.4.17": "PostalCode",
    "2.5.4.42": "G",
    "2.5.4.43": "I",
    "0.9.2342.19200300.100.1.25": "DC",
    _EMAIL: "E",
}
_QUOTED = frozenset(',+="\n<>#;')


def displayed(name: Name) -> str:
    """``CN=…, OU=…, O=…``"""
    return ", ".join(" + ".join(map(_component, rdn)) for rdn in reversed(name.rdns))


def simple_name(name: Name) -> str:
    """The common name, or else the unit, the organization or the address, or else the first component there is."""
    attributes = list(name)
    for wanted in (_COMMON_NAME, _UNIT, _ORGANIZATION, _EMAIL):
        for attribute in attributes:
            if attribute.oid.dotted_string == wanted:
                return _text(attribute)
    return _text(attributes[0]) if attributes else ""


def _component(attribute: NameAttribute[str | bytes]) -> str:
    oid = attribute.oid.dotted_string
    return f"{_SHORT.get(oid, f'OID.{oid}')}={_quoted(_text(attribute))}"


def _text(attribute: NameAttribute[str | bytes]) -> str:
    value = attribute.value
    return value.hex().upper() if isinstance(value, bytes) else value


def _quoted(value: str) -> str:
    needed = not value or value != value.strip() or any(character in _QUOTED for character in value)
    return '"' + value.replace('"', '""') + '"' if needed else value
