"""Anchors and names of rows, as expressions.

A row's *key text* is the text of its anchor column; of several columns, their texts joined by ``+`` (a backslash
stands before each backslash and plus of a text). From it come

- the anchor, ``TYPE:KEY``, so that equal keys in two tables do not collide;
- the DN, ``CN=NAME,OBJECT=TYPE`` (RFC 4514), where the name is the key text or the value of the configured column.

Every expression gives null for null, and for what is not such an anchor or name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import polars as pl

from unisono.model.names import escape_dn_value

_COMPONENT = r"(?s)(?:[^+\\]|\\.)+"


def key_text(columns: Sequence[pl.Expr]) -> pl.Expr:
    """The key text of the text columns; null where one of them is null or empty."""
    if len(columns) == 1:
        return pl.when(columns[0] != "").then(columns[0])
    filled = pl.all_horizontal(column.fill_null("") != "" for column in columns)
    escaped = (column.str.replace_all(r"[\\+]", r"\${0}") for column in columns)
    return pl.when(filled).then(pl.concat_str(escaped, separator="+"))


def key_columns(key: pl.Expr, count: int) -> list[pl.Expr]:
    """The texts of the ``count`` anchor columns."""
    if count == 1:
        return [key]
    components = key.str.extract_all(_COMPONENT)
    complete = (components.list.len() == count) & (components.list.join("+") == key)
    return [
        pl.when(complete).then(components.list.get(i, null_on_oob=True).str.replace_all(r"(?s)\\(.)", "${1}"))
        for i in range(count)
    ]


def anchor_of(object_type: str, key: pl.Expr) -> pl.Expr:
    return pl.lit(f"{object_type}:") + key


def key_of_anchor(object_type: str, anchor: pl.Expr) -> pl.Expr:
    prefix = f"{object_type}:"
    return pl.when(anchor.str.starts_with(prefix)).then(anchor.str.strip_prefix(prefix))


def dn_of(object_type: str, name: pl.Expr) -> pl.Expr:
    escaped = name.map_batches(_escaped, return_dtype=pl.String)
    return pl.concat_str(pl.lit("CN="), escaped, pl.lit(_suffix(object_type)))


def name_of_dn(object_type: str, dn: pl.Expr) -> pl.Expr:
    """The name in a DN of that object type, unescaped."""
    return dn.map_batches(partial(_names, object_type), return_dtype=pl.String)


def _suffix(object_type: str) -> str:
    return f",OBJECT={escape_dn_value(object_type)}"


def _escaped(names: pl.Series) -> pl.Series:
    """``escape_dn_value`` of each. Most columns hold no name that needs it, which is quick to see."""
    if not names.str.contains(r'[,+"\\<>;=#\x00]|^ | $').any():
        return names
    name = pl.col("name")
    escaped = name.str.replace_all(r'[,+"\\<>;=#]', r"\${0}").str.replace_all("\0", r"\00", literal=True)
    first = pl.when(escaped.str.starts_with(" ")).then(pl.lit("\\")).otherwise(pl.lit(""))
    ends_blank = escaped.str.ends_with(" ") & (escaped.str.len_chars() > 1)
    rest = pl.when(ends_blank).then(escaped.str.head(-1) + "\\ ").otherwise(escaped)
    return names.to_frame("name").select(first + rest).to_series()


def _names(object_type: str, dns: pl.Series) -> pl.Series:
    """The names, taken apart by a pattern where not all are spelled as ``dn_of`` spells the simple ones."""
    dn, suffix = pl.col("dn"), _suffix(object_type)
    frame = dns.to_frame("dn")
    is_simple = dn.str.starts_with("CN=") & dn.str.ends_with(suffix) & ~dn.str.contains(r'[\\"]|= | ,')
    if frame.select(is_simple.all()).item():
        name = dn.str.strip_prefix("CN=").str.strip_suffix(suffix)
    else:
        pattern = rf"(?is)^\s*cn\s*=(.*),\s*object\s*=\s*{re.escape(escape_dn_value(object_type))}\s*$"
        value = dn.str.extract(pattern)
        unescaped = value.map_elements(_unescaped, return_dtype=pl.String)
        name = pl.when(value.str.contains(r'[\\"]')).then(unescaped).otherwise(value.str.strip_chars(" "))
    return frame.select(pl.when(name != "").then(name)).to_series()


_ESCAPE = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)
_ESCAPED_LAST = re.compile(r"(?:[^\\]|\\.)*\\ ", re.DOTALL)


def _unescaped(value: str) -> str:
    value = _stripped(value)
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return _ESCAPE.sub(_character, value)


def _character(escape: re.Match[str]) -> str:
    """What one escape, or a run of hexadecimal pairs, stands for."""
    pairs, character = escape.groups()
    return character or bytes.fromhex(pairs.replace("\\", "")).decode("utf-8", "replace")


def _stripped(value: str) -> str:
    """Without the insignificant blanks at both ends; an escaped blank at the end stays."""
    stripped = value.strip(" ")
    is_escaped = len(stripped) < len(value.lstrip(" ")) and _ESCAPED_LAST.fullmatch(stripped + " ")
    return stripped + " " if is_escaped else stripped
