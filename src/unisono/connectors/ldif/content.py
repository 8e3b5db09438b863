"""The content of an exported file: its entries, the changes to come, and both together.

Entries have numbers: those of the old file in its order, new ones behind them. Which anchors and names exist is known
at any time; entries are put together only when the content is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from unisono.connectors.ldif.entries import decoded_text, with_parts
from unisono.connectors.ldif.names import name_keys
from unisono.connectors.ldif.renaming import Rename, renamed

#: Lines of entries: ``text`` is one line, ``key`` its attribute in lower case.
LINES = {"entry": pl.Int64, "key": pl.String, "text": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """``names``: ``entry`` and ``dn``, one row per entry. ``lines``: of ``LINES``. Both by entry, lines in order."""

    names: pl.DataFrame
    lines: pl.DataFrame


class Content:
    """``anchor`` is the attribute whose value identifies an entry, or None: its DN does. ``references`` are the
    attributes that name other entries."""

    def __init__(self, old: Directory, *, anchor: str | None, references: Sequence[str]) -> None:
        self._directory = old
        self._references = references
        self._added: list[tuple[int, str]] = []
        self._changes: list[pl.DataFrame] = []
        self._deleted: set[int] = set()
        self._renames: list[Rename] = []
        self._next = max(old.names["entry"], default=0) + 1
        self._by_name = dict(zip(name_keys(old.names["dn"]), old.names["entry"], strict=True))
        self._anchors = {entry: name for name, entry in _anchors(old, anchor).iter_rows()}
        self._by_anchor: dict[str, list[int]] = {}
        for entry, name in self._anchors.items():
            self._by_anchor.setdefault(name, []).append(entry)

    def found(self, anchor: str | None) -> Sequence[int]:
        """The entries with that anchor. More than one: nobody knows which of them is meant."""
        return self._by_anchor.get(anchor or "", ())

    def holder(self, key: str) -> int | None:
        """The entry whose name has that comparison form."""
        return self._by_name.get(key)

    def anchor_of(self, entry: int) -> str | None:
        return self._anchors.get(entry)

    def add(self, dn: str, key: str, anchor: str) -> int:
        """A new entry; its lines come with ``change``."""
        entry, self._next = self._next, self._next + 1
        self._added.append((entry, dn))
        self._by_name[key] = entry
        self._anchors[entry] = anchor
        self._by_anchor.setdefault(anchor, []).append(entry)
        return entry

    def change(self, values: pl.DataFrame) -> None:
        """Attributes that are set: ``entry``, ``key``, and ``text`` of all their lines, null for none."""
        self._changes.append(values.select(LINES.keys()))

    def rename(self, entry: int, rename: Rename) -> None:
        if self._by_name.get(rename.old_key) == entry:
            del self._by_name[rename.old_key]
        self._by_name[rename.new_key] = entry
        self._renames.append(rename)

    def delete(self, entry: int, anchor: str, key: str) -> None:
        self._by_anchor[anchor].remove(entry)
        if self._by_name.get(key) == entry:
            del self._by_name[key]
        self._deleted.add(entry)

    def current(self) -> Directory:
        """All entries with the changes applied."""
        added = pl.DataFrame(self._added, schema={"entry": pl.Int64, "dn": pl.String}, orient="row")
        changes = pl.concat([pl.DataFrame(schema=LINES), *self._changes])
        gone = pl.Series(sorted(self._deleted), dtype=pl.Int64).implode()
        names = pl.concat([self._directory.names, added]).filter(~pl.col("entry").is_in(gone))
        lines = _merged(self._directory.lines, changes).filter(~pl.col("entry").is_in(gone))
        if self._renames:
            names, lines = renamed(names, lines, self._renames, self._references)
        self._directory = Directory(names=names, lines=lines)
        self._added, self._changes, self._deleted, self._renames = [], [], set(), []
        return self._directory


def _anchors(directory: Directory, attribute: str | None) -> pl.DataFrame:
    if attribute is None:
        return directory.names.select("dn", "entry")
    lines = with_parts(directory.lines.filter(pl.col("key") == attribute.lower()))
    return lines.select(decoded_text(lines).alias("anchor"), "entry").drop_nulls()


def _merged(lines: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """The lines, with those of each changed attribute replaced by the last ones that were set."""
    if changes.is_empty():
        return lines
    last = changes.unique(["entry", "key"], keep="last", maintain_order=True)
    kept = lines.join(last, on=["entry", "key"], how="anti", maintain_order="left")
    new = last.drop_nulls("text").with_columns(pl.col("text").str.split("\n")).explode("text")
    return pl.concat([kept, new]).sort("entry", maintain_order=True)
