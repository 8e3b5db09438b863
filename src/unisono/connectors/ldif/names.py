"""Names of LDAP entries (RFC 4514): which texts are some, and which values they name."""

from __future__ import annotations

import re

import polars as pl

from unisono.model.names import DnStyle, dn_key, split_dn

_TYPE = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)"
# Escapes are a backslash with two hexadecimal digits or with the character itself; values in quotes are of RFC 2253.
_VALUE = r'(?:"(?:[^"\\\x00]|\\[^\x00])*"|(?:[^,+"\\<>;\x00]|\\[^\x00])*)'
_PART = rf"\s*{_TYPE}\s*=\s*{_VALUE}"
_NAME = rf"^{_PART}(?:[,+]{_PART})*$"

_ESCAPED_OCTETS = re.compile(rb"\\([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
_FIRST_PART = re.compile(rf"({_TYPE})\s*=\s*({_VALUE})(?:\+|$)")


def are_ldap_names(texts: pl.Series) -> pl.Series:
    """Marks the texts that are names; null stays null."""
    return texts.str.contains(_NAME)


def is_ldap_name(text: str) -> bool:
    return re.fullmatch(_NAME, text) is not None


def name_keys(names: pl.Series) -> pl.Series:
    """The comparison forms of names."""
    return pl.DataFrame({"dn": names}).select(dn_key("dn", DnStyle.LDAP)).to_series()


def rooted_keys(names: pl.Series) -> pl.Series:
    """The comparison forms of names, written backwards: the root comes first, so that the names below an entry continue
    its own."""
    return name_keys(names).str.reverse()


def naming_values(dn: str) -> dict[str, str]:
    """The attributes and values of the leftmost part of a name, several where it is joined of several with ``+``."""
    return {name: _unescaped(value.strip()) for name, value in _FIRST_PART.findall(split_dn(dn)[0])}


def _unescaped(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    octets = _ESCAPED_OCTETS.sub(lambda m: bytes.fromhex(m[1].decode()) if m[1] else m[2], value.encode())
    return octets.decode("utf-8", "replace")
