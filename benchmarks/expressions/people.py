"""People for the expressions: names beyond ASCII, gaps, several values, DNs, GUIDs, SIDs, certificates, dates.

The attributes are those of the language's examples and some more. Values repeat as they do in an organization: there
are few cities and departments, some thousand surnames, and accounts, addresses and identifiers are everybody's own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from uuid import UUID

import polars as pl

from unisono.expressions import imported_name
from unisono.model.schema import Attribute, AttributeType

_GIVEN = ("Robin", "Kim", "Zoë", "José", "Łukasz", "Søren", "Мария", "李雷", "jean-luc", "ANNA", "Ƶ", "o'neil")
_SYLLABLES = ("ber", "dal", "fen", "gö", "hal", "ka", "lin", "mår", "nor", "ost", "ßen", "tra", "van", "wes")
_CITIES = ("Rome", "Paris", "Zürich", "São Paulo", "London", "Kraków", "東京", "Oslo")
_TYPES = ("Employee", "Employee", "Employee", "Intern", "Contractor")
_DEPARTMENTS = ("Sales", "Human Resources", "research & development", "IT", "Legal", "Facilities")
_START = datetime(2001, 3, 31, 7, 30, tzinfo=UTC)
_FILE_TIME_START = datetime(1601, 1, 1, tzinfo=UTC)

_TYPE = {
    AttributeType.INTEGER: ("userAccountControl", "lastLogonTimestamp", "number", "small", "position"),
    AttributeType.BOOLEAN: ("enabled",),
    AttributeType.BINARY: ("objectGUID", "objectSid", "groupSid", "userCertificate", "fourBytes"),
    AttributeType.DATETIME: ("hired", "changed"),
    AttributeType.REFERENCE: ("dn", "manager", "member"),
}
_OF_TYPE = {name: type_ for type_, names in _TYPE.items() for name in names}


def people(rows: int) -> pl.DataFrame:
    """One row per person, in columns named like the attributes, and ``id``."""
    records = [
        _person(i) | {"userCertificate": certificate}
        for i, certificate in zip(range(rows), _certificates(), strict=False)
    ]
    frame = pl.DataFrame(records, schema={name: attribute.dtype for name, attribute in ATTRIBUTES.items()})
    return frame.with_columns(
        _with_gaps(name, place) for place, name in enumerate(ATTRIBUTES) if name != "dn"
    ).with_columns(id=pl.row_index().cast(pl.Int64))


def with_imported(frame: pl.DataFrame) -> pl.DataFrame:
    """The people, each with its attributes also as they were imported: of every other person with a gap."""
    return frame.with_columns(
        _with_gaps(name, 3, every=2).alias(imported_name(name)) for name in frame.columns if name != "id"
    )


def _with_gaps(name: str, place: int, *, every: int = 17) -> pl.Expr:
    """The column without every so many values, of each attribute with other people."""
    return pl.when((pl.row_index() + place) % every > 0).then(pl.col(name)).alias(name)


def _attributes_of(record: dict[str, object]) -> dict[str, Attribute]:
    return {
        name: Attribute(name=name, type=_OF_TYPE.get(name, AttributeType.STRING), multivalued=isinstance(value, list))
        for name, value in record.items()
    }


def _person(i: int) -> dict[str, object]:
    given, sn = _GIVEN[i % len(_GIVEN)], _surname(i % 4999)
    account = f"{given[0]}{sn}{i}".lower()
    guid = UUID(bytes=sha256(i.to_bytes(8, "big")).digest()[:16])
    hired = _START + timedelta(days=i * 7 % 8000, seconds=i * 97 % 86400)
    unit = f"OU={_DEPARTMENTS[i % 6].title().replace(' & ', ' and ')},OU={_CITIES[i % 8]},DC=corp,DC=example,DC=org"
    # One in ten is written "Surname, Given".
    dn = f"CN={sn.title()}\\, {given} {i},{unit}" if i % 10 == 9 else f"CN={given} {sn.title()} {i},{unit}"
    return {
        "displayName": f"{given} {sn} {i}",
        "givenName": given,
        "sn": sn,
        "accountName": account,
        "employeeType": _TYPES[i % 5],
        "city": _CITIES[i % 8],
        "department": _DEPARTMENTS[i % 6],
        "mail": f"{account}@example.org",
        "description": "" if i % 3 else f"  {given} works in {_CITIES[i % 8]}\t",
        "address": f"{i % 300} One Way\r\n{_CITIES[i % 8]}",
        "guidText": f"{{{guid}}}" if i % 4 == 0 else str(guid),
        "employeeNumber": f"{i:08}" if i % 20 else f"E{i}",
        "flagText": ("True", "false", "1", "0", "TRUE")[i % 5],
        "startText": _written(hired, i),
        "packed": base64.b64encode(f"{given} {i}".encode("utf-16-le")).decode(),
        "packedUtf8": base64.b64encode(f"{given} {i}".encode()).decode(),
        "hexText": f"{given} {i}".encode().hex().upper(),
        "delimiter": ",;"[i % 2],
        "objectGUID": guid.bytes_le,
        "objectSid": bytes([1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0]) + guid.bytes[:12] + (1000 + i).to_bytes(4, "little"),
        "groupSid": bytes([1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0]) + (544 + i % 40).to_bytes(4, "little"),
        "userCertificate": b"",
        "fourBytes": i.to_bytes(4, "little"),
        "tags": ["red", "blue", f"team-{i % 50}"][: i % 4],
        "mixed": ["A", "a", "b", f"B{i % 9}"],
        "otherPhone": [f"+33-1-{i:07}", f"+33-6-{i * 7 % 9_999_999:07}"],
        "proxyAddresses": [f"SMTP:{account}@example.org", f"smtp:{i}@example.org", f"x500:/o=ex/cn={account}"],
        "numberTexts": [str(i), f"{i:04}", "n/a"],
        "userAccountControl": 514 if i % 7 == 0 else 512,
        "lastLogonTimestamp": (hired - _FILE_TIME_START) // timedelta(microseconds=1) * 10,
        "number": i,
        "small": i % 50 - 10,
        "position": i % 12 + 1,
        "enabled": i % 7 != 0,
        "hired": hired,
        "changed": hired + timedelta(days=i % 400, microseconds=i),
        "dn": dn,
        "manager": f"CN=Manager {i // 10},{unit}",
        "member": [f"CN=A{i},DC=corp,DC=example,DC=org", f"CN=B{i % 100},DC=corp,DC=example,DC=org"],
    }


def _surname(i: int) -> str:
    return _SYLLABLES[i % 14] + _SYLLABLES[i // 14 % 14] + _SYLLABLES[i // 196 % 14] + ("" if i < 2744 else "son")


def _written(date: datetime, i: int) -> str:
    """Most as sources write it, some as people do."""
    match i % 10:
        case 9:
            return f"{date.month}/{date.day}/{date.year} 4:00 PM"
        case 8:
            return "unknown"
        case 0 | 1 | 2 | 3:
            return date.date().isoformat()
        case _:
            return date.strftime("%Y-%m-%dT%H:%M:%SZ")


def _certificates() -> Iterator[bytes]:
    """As many as are wanted: one certificate with other serial numbers, whose signature nobody verifies."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    key, serial = generate_private_key(SECP256R1()), int.from_bytes(b"\x5eserial\x5e", "big")
    name = x509.Name.from_rfc4514_string("CN=sample-device,OU=Devices,O=Example Org,C=NL")
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    builder = builder.serial_number(serial).not_valid_before(_START).not_valid_after(_START + timedelta(days=3650))
    alternatives = x509.SubjectAlternativeName([x509.DNSName("device.example.org"), x509.RFC822Name("d@example.org")])
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    der = builder.sign(key, SHA256()).public_bytes(Encoding.DER)
    before, after = der.split(serial.to_bytes(8, "big"), 1)
    return (before + b"\x5e" + i.to_bytes(7, "big") + after for i in count())


ATTRIBUTES = _attributes_of(_person(0))
