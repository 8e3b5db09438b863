"""DNs for writing: what names an entry, and where a renamed one goes."""

from __future__ import annotations

import ldap
import ldap.dn

from unisono.model.names import ldap_dn_key, split_dn

_BINARY_VALUE = 2  # LDAP_AVA_BINARY: a value in hexadecimal BER (RFC 4514 §2.4), which is nobody's text


def naming_values(dn: str) -> list[tuple[str, bytes]] | None:
    """Attributes and values of the entry's relative name; None for what is no DN."""
    if "\0" in dn:
        return None
    try:
        names = ldap.dn.str2dn(dn)
    except (ldap.DECODING_ERROR, ldap.INVALID_DN_SYNTAX):
        return None
    if not names:
        return None
    return [(attribute, value.encode()) for attribute, value, form in names[0] if form != _BINARY_VALUE]


def superior_of(dn: str) -> str:
    return dn[len(split_dn(dn)[0]) + 1 :]


def new_place(dn: str, new_dn: str) -> tuple[str, str | None]:
    """The new relative name, and the new superior where it is another one."""
    superior = superior_of(new_dn)
    stays = ldap_dn_key(superior) == ldap_dn_key(superior_of(dn))
    return split_dn(new_dn)[0], None if stays else superior
