"""Identifiers and encodings for whole columns: what ``conversion`` says of one value."""

from __future__ import annotations

import polars as pl

_GUID = r"(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})"
GUID = rf"\A(?:{_GUID}|\{{{_GUID}\}})\z"  # as the regular expressions of columns write it

_GUID_BYTES = 16
_IN_GROUPS = r"\A(..)(..)(..)(..)(..)(..)(..)(..)(.{4})(.{12})\z"
_AS_TEXT = "${4}${3}${2}${1}-${6}${5}-${8}${7}-${9}-${10}"
_SWAPPED = "${4}${3}${2}${1}${6}${5}${8}${7}${9}${10}"  # swapped twice they are as they were


def guid_bytes(s: pl.Expr) -> pl.Expr:
    """The bytes of GUIDs, null where a text is none."""
    digits = pl.when(s.str.contains(GUID)).then(s).str.strip_chars("{}").str.replace_all("-", "", literal=True)
    return digits.str.replace(_IN_GROUPS, _SWAPPED).str.decode("hex", strict=False)


def guid_text(b: pl.Expr) -> pl.Expr:
    """GUIDs as text, null where a binary is none."""
    return pl.when(b.bin.size() == _GUID_BYTES).then(b).bin.encode("hex").str.replace(_IN_GROUPS, _AS_TEXT)


_SID_START = 8  # bytes: revision, number of parts, authority
_USUAL_PARTS = 5  # those of an account in a domain
_AUTHORITY = (1 << 48) - 1


def sid_text(b: pl.Expr) -> pl.Expr:
    """Security identifiers with up to as many parts as those of a domain have, null for others."""
    parts = [b.bin.slice(_SID_START + 4 * i, 4) for i in range(_USUAL_PARTS)]
    numbers = [part.bin.reinterpret(dtype=pl.UInt32, endianness="little") for part in parts]
    start = b.bin.slice(0, _SID_START).bin.reinterpret(dtype=pl.UInt64, endianness="big")
    authority = start & pl.lit(_AUTHORITY, dtype=pl.UInt64)
    revision, count = (b.bin.slice(i, 1).bin.reinterpret(dtype=pl.UInt8, endianness="little") for i in (0, 1))
    is_usual = (count <= _USUAL_PARTS) & (b.bin.size() == _SID_START + 4 * count.cast(pl.UInt32))
    texts = [part.cast(pl.String) for part in (revision, authority, *numbers)]
    return pl.when(is_usual).then(pl.concat_str([pl.lit("S"), *texts], separator="-", ignore_nulls=True))


_NUMBER_BYTES = 8


def number_of(b: pl.Expr) -> pl.Expr:
    """The numbers that binaries are, the least significant byte first; null where one is none of 64 bits."""
    filled = (b + pl.lit(bytes(_NUMBER_BYTES))).bin.slice(0, _NUMBER_BYTES)
    number = filled.bin.reinterpret(dtype=pl.Int64, endianness="little")
    is_longer = b.bin.slice(_NUMBER_BYTES).bin.encode("hex").str.contains("[^0]")
    return pl.when((b.bin.size() > 0) & (number >= 0) & ~is_longer).then(number)


_H, _T = "[0-9A-Fa-f]", "[89ABab][0-9A-Fa-f]"
#: Hexadecimal digits of well-formed UTF-8 (Unicode 3.9, table 3-7). A decoder of columns raises for anything else.
_UTF8 = (
    rf"\A(?:[0-7]{_H}"
    rf"|(?:[Cc][2-9A-Fa-f]|[Dd]{_H}){_T}"
    rf"|[Ee](?:0[ABab]{_H}|[Dd][89]{_H}|[1-9A-Ca-cEeFf]{_T}){_T}"
    rf"|[Ff](?:0[9ABab]{_H}|[1-3]{_T}|48{_H}){_T}{_T})*\z"
)


def text_of_hex(s: pl.Expr) -> pl.Expr:
    """The texts whose UTF-8 the digits are, null where they are of none."""
    return pl.when(s.str.contains(_UTF8)).then(s).str.decode("hex", strict=False).cast(pl.String)


#: Base64 that every decoder reads alike.
_BASE64 = r"\A(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?\z"


def text_of_base64(s: pl.Expr) -> pl.Expr:
    """The texts whose UTF-8 is in base64, null for all others and for base64 that only some decoders read."""
    data = pl.when(s.str.contains(_BASE64)).then(s).str.decode("base64", strict=False)
    digits = data.bin.encode("hex")
    return pl.when(digits.str.contains(_UTF8)).then(digits).str.decode("hex", strict=False).cast(pl.String)
