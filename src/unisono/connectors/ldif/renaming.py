"""What the rename of an entry means for a directory kept as text.

A server would do all this by itself: the entries below move along, the values that make up a name follow it, and
references to moved entries name them as they are called now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.connectors.ldif.entries import decoded_text, with_parts
from unisono.connectors.ldif.names import name_keys, naming_values
from unisono.connectors.ldif.writing import lines_of
from unisono.model.names import split_dn

# The comparison form of a name, without its leftmost part; commas within values are escaped there.
_PARENT = r"^(?:[^,\\]|\\.)*,(.*)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """``old_key`` and ``new_key`` are the names' comparison forms."""

    entry: int
    old: str
    old_key: str
    new: str
    new_key: str


def renamed(
    names: pl.DataFrame, lines: pl.DataFrame, renames: Sequence[Rename], references: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Names and lines after the renames; ``references`` are the attributes that name other entries."""
    before = name_keys(names["dn"])
    moved = _moved(names, before, renames)
    changed = moved["dn"] != names["dn"]
    now = dict(zip(before.filter(changed), moved["dn"].filter(changed), strict=True))
    lines = _with_naming_values(lines, renames)
    for attribute in references:
        lines = _followed(lines, attribute, now)
    return moved, lines


def _moved(names: pl.DataFrame, keys: pl.Series, renames: Sequence[Rename]) -> pl.DataFrame:
    """The entries' names, those below renamed ones among them."""
    parents = set(keys.str.extract(_PARENT))
    targets = {rename.entry: rename.new for rename in renames}
    names = names.with_columns(dn=pl.col("entry").replace_strict(targets, default=pl.col("dn"), return_dtype=pl.String))
    for rename in renames:
        if rename.old_key in parents:
            below = name_keys(names["dn"]).str.ends_with(f",{rename.old_key}")
            names = names.with_columns(dn=names["dn"].zip_with(~below, _under(names["dn"].set(~below, None), rename)))
    return names


def _under(names: pl.Series, rename: Rename) -> pl.Series:
    """The names with the renamed entry's new name for its old one."""
    depth = len(split_dn(rename.old))
    return pl.Series(
        [None if dn is None else ",".join([*split_dn(dn)[:-depth], rename.new]) for dn in names], dtype=pl.String
    )


def _with_naming_values(lines: pl.DataFrame, renames: Sequence[Rename]) -> pl.DataFrame:
    """The renamed entries' lines without the values of their old names, with those of the new ones."""
    theirs = lines.join(pl.DataFrame({"entry": [rename.entry for rename in renames]}), on="entry", how="semi")
    parts = with_parts(theirs)
    present = parts.select("entry", "key", "text", value=decoded_text(parts).str.to_lowercase())
    old, new = _naming([(r.entry, r.old) for r in renames]), _naming([(r.entry, r.new) for r in renames])
    dropped = present.join(old.join(new, on=["entry", "key", "value"], how="anti"), on=["entry", "key", "value"])
    added = new.join(present, on=["entry", "key", "value"], how="anti").select("entry", "key", "text")
    kept = lines.join(dropped, on=["entry", "key", "text"], how="anti", maintain_order="left")
    return pl.concat([kept, added]).sort("entry", maintain_order=True)


def _naming(names: Sequence[tuple[int, str]]) -> pl.DataFrame:
    """``entry``, ``key``, ``value`` in lower case and ``text`` of the line, of each value that makes up a name."""
    rows = [
        (entry, name.lower(), value.lower(), lines_of(name, pl.Series([value]))[0])
        for entry, dn in names
        for name, value in naming_values(dn).items()
    ]
    schema = {"entry": pl.Int64, "key": pl.String, "value": pl.String, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _followed(lines: pl.DataFrame, attribute: str, now: Mapping[str, str]) -> pl.DataFrame:
    """The lines with each reference to a moved entry naming it as it is called now."""
    is_reference = lines["key"] == attribute.lower()
    texts = decoded_text(with_parts(lines.filter(is_reference)))
    names = name_keys(texts).replace_strict(now, default=None, return_dtype=pl.String)
    rewritten = lines_of(attribute, names).zip_with(names.is_not_null(), lines["text"].filter(is_reference))
    return lines.with_columns(text=lines["text"].scatter(is_reference.arg_true(), rewritten))
