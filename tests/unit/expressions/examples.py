"""The object that the examples of the language are about, and how their results are compared."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from unisono.expressions import Compiled, Environment, Result, compile_expression, imported_name
from unisono.model.rules import Language
from unisono.model.schema import Attribute, AttributeType


@dataclass(frozen=True, slots=True)
class Fails:
    """The expected result is an error that says this."""

    message: str


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


ENVIRONMENT = Environment(
    now=datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=UTC),
    seed=b"a run",
    parameters={"Forest.LDAP": "DC=corp,DC=example,DC=org", "ReplaceString": "':,Å:A,Ä:A,Ö:O,å:a,ä:a,ö:o"},
)

_TEXTS = {
    "displayName": "Robin Example",
    "givenName": "Robin",
    "sn": "Example",
    "accountName": "rexample",
    "employeeType": "Intern",
    "city": "Rome",
    "mail": None,
    "description": "",
    "address": "One Way\r\nRome",
    "guidText": "33221100-5544-7766-8899-aabbccddeeff",
}
_BINARIES = {
    "objectGUID": "00112233445566778899AABBCCDDEEFF",
    "objectSid": "010500000000000515000000C7353A428E6B748455A1AEC651040000",
    "groupSid": "01020000000000052000000020020000",
    "systemSid": "010100000000000512000000",
    "worldSid": "010100000000000100000000",
}
#: Self-signed, made for tests: CN=sample-device, OU=Devices, O=Example Org, C=NL; valid until 2036.
CERTIFICATE = (
    "MIIDejCCAmKgAwIBAgIGChssPU5fMA0GCSqGSIb3DQEBCwUAME0xCzAJBgNVBAYTAk5MMRQwEgYDVQQKDAtFeGFtcGxlIE9yZzEQMA4G"
    "A1UECwwHRGV2aWNlczEWMBQGA1UEAwwNc2FtcGxlLWRldmljZTAeFw0yNjExMjMwNTMyMThaFw0zNjExMjAwNTMyMThaME0xCzAJBgNV"
    "BAYTAk5MMRQwEgYDVQQKDAtFeGFtcGxlIE9yZzEQMA4GA1UECwwHRGV2aWNlczEWMBQGA1UEAwwNc2FtcGxlLWRldmljZTCCASIwDQYJ"
    "KoZIhvcNAQEBBQADggEPADCCAQoCggEBAJs/ifdhJCWbMQcrtW/0krrC9sUGgsjEr2G09cF9vgxS9H9F5YoVlMdt1aYlJj5NySsv6x5D"
    "7XvH+CONPBDus6/Mw2Eq2b7whAIMgohubRw1Pv+xNas+nn2wUSmUf+gwzF6cZsd4UNklgusFP4STbo8invmmtYAwccSW91W1NsPUWFpB"
    "Ru+zLVyZe+bBTLHEDsSuIe0YL+LKOvZvvZDTGmmCarYFdjvK47NSfUYtzKcJAAR0uj+ShyGqnEHqxxK0r0cKet+ZWVsQoQTSfNLYf8nW"
    "UZfW7roeCtXIsU946nWBa9F6Uq5AMA75b8NCe1wPvyOQMVdoelI8UDVXuwVeaUkCAwEAAaNgMF4wHQYDVR0OBBYEFPxBagpt/wUg9RUG"
    "fEwtCu3693paMB8GA1UdIwQYMBaAFPxBagpt/wUg9RUGfEwtCu3693paMA4GA1UdDwEB/wQEAwIHgDAMBgNVHRMBAf8EAjAAMA0GCSqG"
    "SIb3DQEBCwUAA4IBAQCFDRD3lqH2OaqhSx6L53nv/1EEskqLdMcNyByhrkLO8DTqManrenBEiVliLYBf3+CzqrWO72XJf6GekrEH8tpm"
    "Z+ZyURXbqvzltUQgEZPAWi02asBjyqQ07OdgCTPSGPf1zQolqp2mdPByL8OHAdmYaLUxIJi1dlqnzEvlHCyVSzB3NI8LOGVyYJQV4aRd"
    "WODC/CKiwoQqgc2wuvo4F2DnFdzwNKFbCM3uR+Blh11pDn8IKVvXBOJO+zeYNrMTB7XLdH4htj++Jok4GmSubuOghNdJIcn8rOLOsuuM"
    "UbWEs3LYoB1z1mCxNWWV+ST+LuAZcMg+EepTvN3veKgOocdO"
)
_LISTS = {
    "tags": ["red", "blue"],
    "mixed": ["A", "a", "b"],
    "otherPhone": ["+33-1-0001", "+33-1-0002"],
    "proxyAddresses": ["SMTP:robin@example.org", "smtp:r.example@example.org", "x500:/o=ex/cn=robin"],
}
OBJECT: dict[str, object] = {
    **_TEXTS,
    **{name: bytes.fromhex(digits) for name, digits in _BINARIES.items()},
    "userCertificate": base64.b64decode(CERTIFICATE),
    **_LISTS,
    "userAccountControl": 514,
    "lastLogonTimestamp": 129699324000000000,
    "enabled": True,
    "dn": "CN=Robin Example,OU=Staff,OU=Paris,DC=corp,DC=example,DC=org",
    "manager": "CN=Kim Sample,OU=Staff,OU=Paris,DC=corp,DC=example,DC=org",
    "member": ["CN=A,DC=corp,DC=example,DC=org", "CN=B,DC=corp,DC=example,DC=org"],
}
_OTHER_TYPES = {
    "userAccountControl": AttributeType.INTEGER,
    "lastLogonTimestamp": AttributeType.INTEGER,
    "enabled": AttributeType.BOOLEAN,
    "dn": AttributeType.REFERENCE,
    "manager": AttributeType.REFERENCE,
    "member": AttributeType.REFERENCE,
    **dict.fromkeys((*_BINARIES, "userCertificate"), AttributeType.BINARY),
}
ATTRIBUTES = {
    name: Attribute(name=name, type=_OTHER_TYPES.get(name, AttributeType.STRING), multivalued=isinstance(value, list))
    for name, value in OBJECT.items()
}

#: The target object of outbound flows.
IMPORTED: dict[str, object] = {"mailNickname": "robin"}
IMPORTED_ATTRIBUTES = {name: Attribute(name=name) for name in IMPORTED}


def compiled(text: str, language: Language = Language.ENTRA) -> Compiled:
    return compile_expression(text, ATTRIBUTES, ENVIRONMENT, imported=IMPORTED_ATTRIBUTES, language=language)


def evaluated(expression: Compiled) -> Result:
    """What the expression gives for the object."""
    imported = {imported_name(name): value for name, value in IMPORTED.items()}
    return expression.evaluate({**OBJECT, **imported}, identity=1)


def frame_of(attributes: dict[str, Attribute], values: dict[str, object]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {name: [values[name]] for name in attributes}, schema={n: a.dtype for n, a in attributes.items()}
    )
    return frame.with_columns(id=pl.lit(1, dtype=pl.Int64))


def by_columns(compiled: Compiled, frame: pl.DataFrame) -> Result:
    nothing = pl.lit(None)
    parts = frame.select(
        value=compiled.value,
        error=nothing if compiled.error is None else compiled.error,
        marker=nothing if compiled.marker is None else compiled.marker,
    )
    return Result(**parts.to_dicts()[0])


def expect(result: Result, expected: object) -> None:
    if isinstance(expected, Fails):
        assert result.error is not None
        assert result.error.endswith(expected.message)
        assert result.value is None
    else:
        assert result == Result(value=expected)  # type: ignore[arg-type]  # a table of any values
        assert type(result.value) is type(expected)
