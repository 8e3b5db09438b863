"""All functions of the language, by family and by name (configuration specification §13.4)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from unisono.expressions.functions import conversion, dates, flow, multivalued, names, numbers, search, tests, text
from unisono.expressions.registry import Family, Form, Function

FAMILIES: tuple[Family, ...] = (
    flow.FLOW,
    tests.TESTS,
    text.TEXTS,
    search.SEARCH,
    multivalued.MULTIVALUED,
    conversion.CONVERSION,
    dates.DATES,
    names.NAMES,
    numbers.NUMBERS,
)


def _by_name() -> dict[str, tuple[Function | Form, ...]]:
    functions: dict[str, tuple[Function | Form, ...]] = {}
    for member in chain.from_iterable(family.members for family in FAMILIES):
        functions[member.name] = (*functions.get(member.name, ()), member)
    return functions


#: More than one under a name: the first whose parameters accept the arguments is meant.
FUNCTIONS: Mapping[str, tuple[Function | Form, ...]] = _by_name()

_NOT_DETERMINISTIC = "not deterministic"
_CERTIFICATES = "certificates are not read yet"

#: Functions of Entra Connect that are known and missing, and why.
UNSUPPORTED: Mapping[str, str] = {
    "Guid": _NOT_DETERMINISTIC,
    "RandomNum": _NOT_DETERMINISTIC,
    "ImportedValue": "an expression does not see what was imported last",
    "ValueCount": "Count([attribute]) counts values",
    "CBin": "binaries are not made of numbers yet",
    "Thumbprint": "its algorithm is not documented",
    **dict.fromkeys(
        (
            "IsCert",
            "CertSubject",
            "CertSubjectNameDN",
            "CertSubjectNameOid",
            "CertIssuer",
            "CertIssuerDN",
            "CertIssuerOid",
            "CertNameInfo",
            "CertNotBefore",
            "CertNotAfter",
            "CertThumbprint",
            "CertHashString",
            "CertSerialNumber",
            "CertVersion",
            "CertFormat",
            "CertFriendlyName",
            "CertKeyAlgorithm",
            "CertKeyAlgorithmParams",
            "CertPublicKeyOid",
            "CertPublicKeyParametersOid",
            "CertSignatureAlgorithmOid",
            "CertExtensionOids",
        ),
        _CERTIFICATES,
    ),
}
