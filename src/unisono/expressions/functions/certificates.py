"""X.509 certificates (RFC 5280), in DER or in base64 of it. Names are written as Windows writes them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from unisono.expressions.functions.x500 import displayed, simple_name
from unisono.expressions.kinds import BOOLEAN, DATE, NUMBER, TEXT, Kind
from unisono.expressions.registry import Family, Parameter, boolean, text
from unisono.expressions.values import WHITE_SPACE, Failure
from unisono.model.schema import AttributeType

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName

CERTIFICATES = Family(title="Certificates")

_CERTIFICATE = Parameter(name="certificate", accepts=frozenset({AttributeType.BINARY, AttributeType.STRING}))
_NO_CERTIFICATE = "the value is not an X.509 certificate"
_UPN = "1.3.6.1.4.1.311.20.2.3"  # the other-name form of a user principal name
_REMEMBERED = 64  # several functions usually ask about one certificate

_Answer = TypeVar("_Answer", str, int, datetime, list[str])


@lru_cache(maxsize=_REMEMBERED)
def _read(value: bytes | str) -> Certificate | None:
    """The certificate, or None. The library is loaded with the first one."""
    from cryptography import x509

    try:
        return x509.load_der_x509_certificate(_der(value))
    except Exception:  # noqa: BLE001 - whatever bytes make the library raise, they are no certificate
        return None


def _der(value: bytes | str) -> bytes:
    if isinstance(value, bytes) and value[:1] == b"\x30":  # a sequence
        return value
    written = value.decode("ascii") if isinstance(value, bytes) else value
    lines = (line.strip(WHITE_SPACE) for line in written.splitlines())
    return base64.b64decode("".join(line for line in lines if not line.startswith("-----")), validate=True)


def _asked(value: bytes | str, ask: Callable[[Certificate], _Answer]) -> _Answer:
    certificate = _read(value)
    if certificate is None:
        raise Failure(_NO_CERTIFICATE)
    try:
        return ask(certificate)
    except Exception:  # noqa: BLE001 - the outer structure was sound, this part of it is not
        raise Failure("this part of the certificate cannot be read") from None


def _register(
    name: str, gives: Kind, summary: str, ask: Callable[[Certificate], _Answer], examples: Iterable[str] = ()
) -> None:
    def evaluate(value: bytes | str) -> _Answer:
        return _asked(value, ask)

    evaluate.__doc__ = summary
    shown = tuple(examples) or (f"IsNull({name}([userCertificate])) => False",)
    CERTIFICATES.function(name, _CERTIFICATE, gives=gives, fails=True, examples=shown)(evaluate)


@CERTIFICATES.function(
    "IsCert",
    Parameter(name="x", accepts=frozenset(AttributeType), takes_null=True),
    gives=BOOLEAN,
    examples=("IsCert([userCertificate]) => True", 'IsCert("text") => False'),
)
def is_cert(x: object) -> bool:
    """Whether the other functions of this family can read it."""
    return isinstance(x, bytes | str) and _read(x) is not None


# --- names -----------------------------------------------------------------------------------------------------------

_SUBJECT = 'CertSubject([userCertificate]) => "CN=sample-device, OU=Devices, O=Example Org, C=NL"'

_register("CertSubject", TEXT, "The name of the subject.", lambda c: displayed(c.subject), [_SUBJECT])
_register("CertSubjectNameDN", TEXT, "The name of the subject.", lambda c: displayed(c.subject))
_register("CertIssuer", TEXT, "The name of the issuer.", lambda c: displayed(c.issuer))
_register("CertIssuerDN", TEXT, "The name of the issuer.", lambda c: displayed(c.issuer))
_register("CertSubjectNameOid", TEXT, "Empty: a name has no identifier of its own.", lambda _: "")
_register("CertIssuerOid", TEXT, "Empty: a name has no identifier of its own.", lambda _: "")


@CERTIFICATES.function(
    "CertNameInfo",
    _CERTIFICATE,
    text("type", options=("SimpleName", "EmailName", "UpnName", "DnsName", "UrlName")),
    boolean("issuer"),
    gives=TEXT,
    fails=True,
    examples=('CertNameInfo([userCertificate], SimpleName, False) => "sample-device"',),
)
def cert_name_info(value: bytes | str, kind: str, issuer: bool) -> str:  # noqa: FBT001 - as the language has it
    """One name of the subject, or else of the issuer; empty if there is none."""
    return _asked(value, lambda certificate: _name_info(certificate, kind, issuer=issuer))


def _name_info(certificate: Certificate, kind: str, *, issuer: bool) -> str:
    from cryptography.x509.oid import NameOID

    name = certificate.issuer if issuer else certificate.subject
    if kind == "SimpleName":
        return simple_name(name)
    alternatives = _alternative_names(certificate, issuer=issuer)
    found = next((text for alternative in alternatives if (text := _of_kind(alternative, kind)) is not None), "")
    if found or kind not in ("EmailName", "DnsName"):
        return found
    fallback = NameOID.EMAIL_ADDRESS if kind == "EmailName" else NameOID.COMMON_NAME
    return next((str(attribute.value) for attribute in name.get_attributes_for_oid(fallback)), "")


def _alternative_names(certificate: Certificate, *, issuer: bool) -> list[GeneralName]:
    from cryptography import x509

    extensions = certificate.extensions
    try:
        if issuer:
            return list(extensions.get_extension_for_class(x509.IssuerAlternativeName).value)
        return list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _of_kind(name: GeneralName, kind: str) -> str | None:
    from cryptography import x509

    match name, kind:
        case x509.RFC822Name(value=value), "EmailName":
            return str(value)
        case x509.DNSName(value=value), "DnsName":
            return str(value)
        case x509.UniformResourceIdentifier(value=value), "UrlName":
            return str(value)
        case x509.OtherName(), "UpnName" if name.type_id.dotted_string == _UPN:
            return _der_text(name.value)
        case _:
            return None


def _der_text(der: bytes) -> str | None:
    """The content of a DER UTF8String of less than 128 bytes, or None."""
    is_text = len(der) >= 2 and der[0] == 0x0C and der[1] == len(der) - 2
    return der[2:].decode("utf-8") if is_text else None


# --- the certificate itself ------------------------------------------------------------------------------------------


def _hash(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.hashes import SHA1

    return certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - what a thumbprint is


def _serial_number(certificate: Certificate) -> str:
    number = certificate.serial_number
    return number.to_bytes((number.bit_length() + 8) // 8, "big", signed=True).hex().upper()


def _key_algorithm(certificate: Certificate) -> str:
    return certificate.public_key_algorithm_oid.dotted_string


def _key_parameters(certificate: Certificate) -> str:
    """The DER of the parameters in the key's algorithm identifier: the field after the identifier itself."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm, _ = _field(_field(key)[0])
    _, parameters = _field(algorithm)
    return parameters.hex().upper()


def _field(der: bytes) -> tuple[bytes, bytes]:
    """The content of the first DER element, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return der[start : start + length], der[start + length :]


def _critical_extensions(certificate: Certificate) -> list[str]:
    return [extension.oid.dotted_string for extension in certificate.extensions if extension.critical]


_NOT_AFTER = "CertNotAfter([userCertificate]) => 2036-11-20T05:32:18Z"
_THUMBPRINT = 'CertThumbprint([userCertificate]) => "F84C756274C86F634B5B66E7244EF42F0DF2BEDF"'
_OIDS = 'CertExtensionOids([userCertificate]) => ["2.5.29.15", "2.5.29.19"]'

_register("CertNotBefore", DATE, "From when it is valid.", lambda c: c.not_valid_before_utc)
_register("CertNotAfter", DATE, "Until when it is valid.", lambda c: c.not_valid_after_utc, [_NOT_AFTER])
_register("CertThumbprint", TEXT, "Its SHA-1 hash in hexadecimal digits.", _hash, [_THUMBPRINT])
_register("CertHashString", TEXT, "Its SHA-1 hash in hexadecimal digits.", _hash)
_register("CertSerialNumber", TEXT, "The serial number in hexadecimal digits.", _serial_number)
_register("CertVersion", NUMBER, "The version of the format: 1 to 3.", lambda c: c.version.value + 1)
_register("CertFormat", TEXT, "X509, always.", lambda _: "X509", ['CertFormat([userCertificate]) => "X509"'])
_register("CertFriendlyName", TEXT, "Empty: only Windows' own store keeps such a name.", lambda _: "")
_register(
    "CertKeyAlgorithm", TEXT, "The OID of the key's algorithm.", lambda c: c.public_key_algorithm_oid.dotted_string
)
_register(
    "CertPublicKeyOid", TEXT, "The OID of the key's algorithm.", lambda c: c.public_key_algorithm_oid.dotted_string
)
_register(
    "CertPublicKeyParametersOid",
    TEXT,
    "The OID under which the key's parameters go: that of its algorithm.",
    lambda c: c.public_key_algorithm_oid.dotted_string,
)
_register(
    "CertKeyAlgorithmParams", TEXT, "The parameters of the key's algorithm in hexadecimal digits.", _key_parameters
)
_register(
    "CertSignatureAlgorithmOid", TEXT, "The OID of the signature.", lambda c: c.signature_algorithm_oid.dotted_string
)
_register("CertExtensionOids", TEXT.several, "The OIDs of the critical extensions.", _critical_extensions, [_OIDS])
