"""What the rename of an entry means for a directory kept as text.

A server would do all this by itself: the entries below move along, the values that make up a name follow it, and
references to moved entries name them as they are called now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.connectors.ldif.entries import decoded_text
from unisono.connectors.ldif.names import name_keys, naming_values
from unisono.connectors.ldif.writing import lines_of
from unisono.model.names import split_dn


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """The entry is to have the DN ``new``; ``name`` is the rooted key of the one that it had before its batch."""

    entry: int
    name: str | None
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The entry had the DN ``old`` and has now ``new``."""

    entry: int
    old: str
    new: str


# Lines are given as ``entries.with_parts`` makes them: all those of their entries, entry by entry.


def renamed(lines: pl.DataFrame, new: Mapping[int, str]) -> tuple[pl.DataFrame, list[Move]]:
    """The lines (``entry``, ``key``, ``text``) of entries with their new DNs, and the values that make these up."""
    moves = [Move(entry=entry, old=dn, new=new[entry]) for entry, dn in _names(lines).iter_rows()]
    return _with_names(_with_naming_values(lines, moves), moves), moves


def moved_below(lines: pl.DataFrame, container: Move) -> tuple[pl.DataFrame, list[Move]]:
    """The lines (``entry``, ``key``, ``text``) of entries below a renamed one, and what they are called now."""
    depth = len(split_dn(container.old))
    moves = [
        Move(entry=entry, old=dn, new=",".join([*split_dn(dn)[:-depth], container.new]))
        for entry, dn in _names(lines).iter_rows()
    ]
    return _with_names(lines.select("entry", "key", "text"), moves), moves


def followed(
    lines: pl.DataFrame, references: Mapping[str, str], new_names: Callable[[pl.Series], Mapping[str, str]]
) -> pl.DataFrame:
    """The lines (``entry``, ``text``) with each reference to a moved entry naming it as it is called now.

    ``references``: names of attributes by their keys. ``new_names`` gives the new DNs of moved entries, by the
    comparison forms of their old ones.
    """
    is_reference = lines["key"].is_in(list(references))
    old = lines.filter(is_reference)
    keys = name_keys(decoded_text(old))
    names = keys.replace_strict(new_names(keys), default=None, return_dtype=pl.String)
    attributes = old["key"].replace_strict(references, return_dtype=pl.String)
    rewritten = lines_of(attributes, names).zip_with(names.is_not_null(), old["text"])
    return lines.select("entry", lines["text"].scatter(is_reference.arg_true(), rewritten))


def _names(lines: pl.DataFrame) -> pl.DataFrame:
    """``entry`` and ``dn``."""
    of_names = lines.filter(pl.col("key") == "dn")
    return of_names.select("entry", decoded_text(of_names).alias("dn"))


def _with_names(lines: pl.DataFrame, moves: Sequence[Move]) -> pl.DataFrame:
    """The lines with the entries' new DNs; one move per entry, in the order of the entries."""
    places = (lines["key"] == "dn").arg_true()
    new = lines_of("dn", pl.Series([move.new for move in moves], dtype=pl.String))
    return lines.with_columns(text=lines["text"].scatter(places, new))


def _with_naming_values(lines: pl.DataFrame, moves: Sequence[Move]) -> pl.DataFrame:
    """The renamed entries' lines without the values of their old names, with those of the new ones."""
    present = lines.select("entry", "key", "text", value=decoded_text(lines).str.to_lowercase())
    old, new = _naming([(move.entry, move.old) for move in moves]), _naming([(move.entry, move.new) for move in moves])
    dropped = present.join(old.join(new, on=["entry", "key", "value"], how="anti"), on=["entry", "key", "value"])
    added = new.join(present, on=["entry", "key", "value"], how="anti").select("entry", "key", "text")
    kept = lines.select("entry", "key", "text").join(
        dropped, on=["entry", "key", "text"], how="anti", maintain_order="left"
    )
    return pl.concat([kept, added]).sort("entry", maintain_order=True)


def _naming(names: Sequence[tuple[int, str]]) -> pl.DataFrame:
    """``entry``, ``key``, ``value`` in lower case and ``text`` of the line, of each value that makes up a name."""
    rows = [(entry, name, value) for entry, dn in names for name, value in naming_values(dn).items()]
    values = pl.DataFrame(rows, schema={"entry": pl.Int64, "name": pl.String, "value": pl.String}, orient="row")
    return values.select(
        "entry",
        pl.col("name").str.to_lowercase().alias("key"),
        pl.col("value").str.to_lowercase(),
        text=lines_of(values["name"], values["value"]),
    )
