"""Distinguished names: the form in which they are compared (connector specification R-CORE-10)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class DnStyle(StrEnum):
    NONE = "none"  # the anchor plays the part of the DN; compared exactly
    GENERIC = "generic"  # an opaque string; compared exactly
    LDAP = "ldap"  # RFC 4514; compared without case, insignificant space and spelling of escapes


def dn_key(column: str, style: DnStyle) -> pl.Expr:
    """The comparison form of the DN column: equal names have equal keys."""
    return bounded(_dn_key(column, style))


def _dn_key(column: str, style: DnStyle) -> pl.Expr:
    names = pl.col(column)
    if style is not DnStyle.LDAP:
        return names
    plain = names.str.to_lowercase().str.replace_all(r"\s*([,=+])\s*", "${1}").str.strip_chars()
    # Few names have escapes or several values in one part; the others are null there, so that Python skips them.
    unusual = pl.when(names.str.contains(r'[\\"+]')).then(names)
    return pl.coalesce(unusual.map_elements(ldap_dn_key, return_dtype=pl.String, skip_nulls=True), plain)


#: An index of PostgreSQL takes 2,700 bytes.
KEY_BYTES = 2400


def bounded(keys: pl.Expr) -> pl.Expr:
    """Keys that the index of any store can hold: a long one is its beginning and a digest of the whole."""
    return keys.map_batches(_bounded, return_dtype=pl.String, is_elementwise=True)


def _bounded(keys: pl.Series) -> pl.Series:
    too_long = keys.str.len_bytes() > KEY_BYTES
    if not too_long.any():
        return keys
    short = [_digested(key) if key is not None and long else key for key, long in zip(keys, too_long, strict=True)]
    return pl.Series(keys.name, short, dtype=pl.String)


def _digested(key: str) -> str:
    return f"{key[:200]} sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def ldap_dn_key(dn: str) -> str:
    """The comparison form of one DN; what cannot be parsed is compared as lower-case text.

    The values of a relative name with several are a set (RFC 4514 §2.2).
    """
    return ",".join("+".join(sorted(map(_pair_key, _split(rdn, "+")))) for rdn in split_dn(dn))


def _pair_key(pair: str) -> str:
    name, _, value = pair.partition("=")
    plain = unescape_dn_value(value.strip()).lower()
    return f"{name.strip().lower()}={plain}".replace(",", "\\,").replace("+", "\\+")


def split_dn(dn: str) -> list[str]:
    """The relative names of an LDAP DN, left to right, escapes kept; an unescaped comma or semicolon separates."""
    return _split(dn, ",;")


def _split(text: str, separators: str) -> list[str]:
    parts, start, quoted, position = [], 0, False, 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == '"':
            quoted = not quoted
        elif character in separators and not quoted:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return parts


_ESCAPES = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)


def unescape_dn_value(value: str) -> str:
    """The value of a relative name without quotes and escapes (RFC 4514 §3, RFC 2253 §4 for quotes)."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return _ESCAPES.sub(_unescaped, value)


def _unescaped(match: re.Match[str]) -> str:
    pairs, character = match.groups()
    return bytes.fromhex(pairs.replace("\\", "")).decode("utf-8", "replace") if pairs else str(character)


_ESCAPED = re.compile(r'([,+"\\<>;=#])')


def escape_dn_value(value: str) -> str:
    """The value of a relative name, escaped for an LDAP DN (RFC 4514 §2.4)."""
    text = _ESCAPED.sub(r"\\\1", value).replace("\0", "\\00")
    if text.startswith(" "):
        text = "\\" + text
    if text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1] + "\\ "
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How the DN of a new object follows from its anchor attributes, where no rule gives it.

    ``prefix`` and ``suffix`` stand around the values. Several are joined by ``separator``, with a backslash before each
    backslash and plus; ``escaped`` escapes the result for an LDAP-shaped name.
    """

    attributes: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""
    separator: str = "+"
    escaped: bool = False

    def expression(self, column_prefix: str) -> pl.Expr:
        """The DN column over attribute columns ``column_prefix + name``; null when a part is missing."""
        parts = [pl.col(column_prefix + name).cast(pl.String) for name in self.attributes]
        if len(parts) > 1:
            parts = [part.str.replace_all(r"[\\+]", r"\${0}") for part in parts]
        joined = pl.concat_str(parts, separator=self.separator)
        name = _escaped(joined) if self.escaped else joined
        return pl.concat_str(pl.lit(self.prefix), name, pl.lit(self.suffix))


def _escaped(values: pl.Expr) -> pl.Expr:
    """``escape_dn_value`` in columns."""
    text = values.str.replace_all(r'[,+"\\<>;=#]', r"\${0}").str.replace_all("\0", r"\00", literal=True)
    first = pl.when(text.str.starts_with(" ")).then(pl.concat_str(pl.lit("\\"), text)).otherwise(text)
    return first.str.replace(r"([^\\]) $", r"${1}\ ")
