"""What is read from certificates beyond the examples: odd names, alternative names, and what is no certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.unit.expressions.builders import ENVIRONMENT

from unisono.expressions import Result, compile_expression
from unisono.model.schema import Attribute, AttributeType

_KEY = ec.generate_private_key(ec.SECP256R1())
_START = datetime(2026, 1, 1, tzinfo=UTC)
_UPN_OID = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


def certificate(subject: x509.Name, *alternatives: x509.GeneralName, serial: int = 255) -> bytes:
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example CA")])
    builder = x509.CertificateBuilder(issuer, subject, _KEY.public_key(), serial, _START, _START + timedelta(days=365))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def asked(text: str, value: bytes) -> Result:
    attributes = {"c": Attribute(name="c", type=AttributeType.BINARY)}
    return compile_expression(text, attributes, ENVIRONMENT).evaluate({"c": value})


NAMES = [
    (name((NameOID.STATE_OR_PROVINCE_NAME, "Noord-Holland"), (NameOID.COMMON_NAME, "a")), "CN=a, S=Noord-Holland"),
    (name((NameOID.ORGANIZATION_NAME, 'Example, "Inc."')), 'O="Example, ""Inc."""'),
    (name((NameOID.COMMON_NAME, " padded")), 'CN=" padded"'),
    (name((x509.ObjectIdentifier("1.2.3.4"), "x")), "OID.1.2.3.4=x"),
    (name(), ""),
]


@pytest.mark.parametrize(("subject", "shown"), NAMES, ids=[shown for _, shown in NAMES])
def test_a_name_is_written_as_windows_writes_it(subject: x509.Name, shown: str) -> None:
    alternatives = () if list(subject) else (x509.DNSName("example.org"),)
    assert asked("CertSubject([c])", certificate(subject, *alternatives)).value == shown


def test_parts_of_a_name_at_one_place_are_joined_by_a_plus() -> None:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, "a"), x509.NameAttribute(NameOID.USER_ID, "b")]
    shown = asked("CertSubject([c])", certificate(x509.Name([x509.RelativeDistinguishedName(parts)]))).value
    assert set(str(shown).split(" + ")) == {"CN=a", "OID.0.9.2342.19200300.100.1.1=b"}


KINDS = [
    ("EmailName", "robin@example.org"),
    ("UpnName", "robin@corp"),
    ("DnsName", "h.example.org"),
    ("UrlName", "urn:x"),
]


@pytest.mark.parametrize(("kind", "found"), KINDS)
def test_a_name_of_a_kind_is_found_among_the_alternatives(kind: str, found: str) -> None:
    upn = b"\x0c\x0arobin@corp"
    alternatives = (
        x509.OtherName(_UPN_OID, upn),
        x509.RFC822Name("robin@example.org"),
        x509.DNSName("h.example.org"),
        x509.UniformResourceIdentifier("urn:x"),
    )
    holder = certificate(name((NameOID.COMMON_NAME, "Robin")), *alternatives)
    assert asked(f"CertNameInfo([c], {kind}, False)", holder).value == found
    assert asked(f"CertNameInfo([c], {kind}, True)", holder).value == ""


def test_without_alternatives_the_common_name_stands_for_a_host_and_the_address_for_mail() -> None:
    holder = certificate(name((NameOID.EMAIL_ADDRESS, "r@example.org"), (NameOID.COMMON_NAME, "host")))
    assert asked("CertNameInfo([c], DnsName, False)", holder).value == "host"
    assert asked("CertNameInfo([c], EmailName, False)", holder).value == "r@example.org"
    assert asked("CertNameInfo([c], UrlName, False)", holder).value == ""
    assert asked("CertNameInfo([c], SimpleName, True)", holder).value == "Example CA"


def test_a_serial_number_keeps_the_zero_that_makes_it_positive_and_a_curve_is_the_parameter_of_its_key() -> None:
    holder = certificate(name((NameOID.COMMON_NAME, "a")))
    assert asked("CertSerialNumber([c])", holder).value == "00FF"
    assert asked("CertKeyAlgorithm([c])", holder).value == "1.2.840.10045.2.1"
    assert asked("CertKeyAlgorithmParams([c])", holder).value == "06082A8648CE3D030107"


_SOUND = certificate(name((NameOID.COMMON_NAME, "a")))
BROKEN = [
    b"",
    b"\x30",
    b"text",
    b"\xff\xfe",
    _SOUND[:-20],
    b"\x30\x84\xff\xff\xff\xff" + _SOUND,
    b"MIID",
    b"\x30" * 5000,
]


@pytest.mark.parametrize("value", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_certificate_is_an_error_of_that_object(value: bytes) -> None:
    assert asked("CertSubject([c])", value).error == "CertSubject: the value is not an X.509 certificate"
    assert asked("IsCert([c])", value).value is False


def test_no_change_of_a_byte_makes_it_more_than_an_error_of_that_object() -> None:
    sound = certificate(name((NameOID.COUNTRY_NAME, "NL"), (NameOID.COMMON_NAME, "a")), x509.DNSName("h.example.org"))
    texts = ("IsCert([c])", "CertSubject([c])", "CertExtensionOids([c])", "CertNameInfo([c], DnsName, False)")
    for place in range(len(sound)):
        changed = sound[:place] + bytes([sound[place] ^ 0x01]) + sound[place + 1 :]
        for text in texts:
            assert asked(text, changed).error in (
                None,
                f"{text.partition('(')[0]}: the value is not an X.509 certificate",
                f"{text.partition('(')[0]}: this part of the certificate cannot be read",
            )
