"""The content of an exported file: its entries as they are to be written, changed page by page.

Entries have numbers: those of the old file in its order, new ones behind them. Their texts are their lines without
folds, the one with the DN first. References to renamed entries are brought up to date when the content is written: any
entry may have some, and every entry is read then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import polars as pl

from unisono.connectors.files.known import Known
from unisono.connectors.files.workfile import WorkFile
from unisono.connectors.ldif.entries import Entries, decoded_text, with_parts
from unisono.connectors.ldif.names import name_keys, rooted_keys
from unisono.connectors.ldif.renaming import Move, Rename, followed, moved_below, renamed
from unisono.connectors.ldif.writing import entry_texts

#: Lines of entries: ``text`` is one line, ``key`` its attribute in lower case.
LINES = {"entry": pl.Int64, "key": pl.String, "text": pl.String}


class Content:
    """``anchor`` is the attribute whose value identifies an entry, or None: its DN does. ``references`` are the
    attributes that name other entries."""

    def __init__(self, work: WorkFile, *, anchor: str | None, references: Sequence[str]) -> None:
        self._work = work
        self._anchor = anchor
        self._references = {name.lower(): name for name in references}

    def load(self, parts: Iterable[Entries]) -> None:
        """The entries of the old file."""
        self._work.load(self._records(part) for part in parts)

    def known(self, *, anchors: pl.Series, names: pl.Series) -> Known:
        """What there is of these anchors and names, which are rooted keys."""
        return Known(self._work, anchors=anchors, names=names)

    def new_entry(self) -> int:
        return self._work.new_number()

    def lines(self, entries: Iterable[int]) -> Iterator[pl.DataFrame]:
        """The lines of these entries, of ``LINES``, that with the DN included."""
        for page in self._work.texts(pl.Series(list(entries), dtype=pl.Int64)):
            yield _lines(page).select(LINES.keys())

    # --- changes ------------------------------------------------------------------------------------------------------

    def add(self, names: pl.DataFrame, lines: pl.DataFrame) -> None:
        """New entries: ``entry``, ``dn``, ``name`` and ``anchor`` of each, and lines of ``LINES``."""
        texts = entry_texts(names, lines)
        self._work.add(names.select("anchor", "name", number="entry").with_columns(text=texts))

    def change(self, values: pl.DataFrame) -> None:
        """Attributes that are set: ``entry``, ``key``, and ``text`` of all their lines, null for none."""
        for page in self._work.texts(values["entry"]):
            theirs = values.join(page, left_on="entry", right_on="number", how="semi", maintain_order="left")
            self._work.rewrite(_texts(_merged(_lines(page).select(LINES.keys()), theirs)))

    def rename(self, renames: Sequence[Rename]) -> None:
        """The entries get other names, those below them move along: as if one rename followed the other."""
        containers = self._work.containers(pl.Series([rename.name for rename in renames], dtype=pl.String))
        new = rooted_keys(pl.Series([rename.new for rename in renames], dtype=pl.String))
        containers |= {name[: comma.start()] for name in new for comma in re.finditer(",", name)}
        for is_container, some in groupby(renames, lambda rename: rename.name in containers):
            if is_container:
                for rename in some:
                    self._move_below(*self._renamed([rename]))
            else:
                self._renamed(list(some))

    def _renamed(self, renames: Sequence[Rename]) -> list[Move]:
        new = {rename.entry: rename.new for rename in renames}
        moves: list[Move] = []
        for page in self._work.texts(pl.Series(list(new), dtype=pl.Int64)):
            lines, moved = renamed(_lines(page), new)
            moves += moved
            self._move(lines, moved)
        return moves

    def _move_below(self, container: Move) -> None:
        for page in self._work.texts_below(rooted_keys(pl.Series([container.old]))[0]):
            below = page.filter(pl.col("number") != container.entry)  # it may stand below its own old name now
            self._move(*moved_below(_lines(below), container))

    def delete(self, entries: Sequence[int]) -> None:
        self._work.delete(pl.Series(entries, dtype=pl.Int64))

    def texts(self) -> Iterator[pl.Series]:
        """All entries as they are now, page by page."""
        follow = bool(self._references) and self._work.has_renames
        for page in self._work.all_texts():
            yield (
                _texts(followed(_lines(page), self._references, self._work.new_names))["text"]
                if follow
                else page["text"]
            )

    # --- records ------------------------------------------------------------------------------------------------------

    def _records(self, part: Entries) -> pl.DataFrame:
        names = part.names.select("dn", number="entry")
        if self._anchor is None:
            names = names.with_columns(anchor=pl.col("dn"))
        else:
            lines = part.lines.filter(pl.col("key") == self._anchor.lower())
            anchors = lines.select(decoded_text(lines).alias("anchor"), number="entry").unique("number", keep="last")
            names = names.join(anchors, on="number", how="left", maintain_order="left")
        texts = entry_texts(part.names, part.lines)
        return names.with_columns(name=rooted_keys(names["dn"]), text=texts)

    def _move(self, lines: pl.DataFrame, moves: Sequence[Move]) -> None:
        self._work.rewrite(_texts(lines))
        old, new = (pl.Series([getattr(m, which) for m in moves], dtype=pl.String) for which in ("old", "new"))
        numbers = pl.Series([move.entry for move in moves], dtype=pl.Int64)
        self._work.rename(
            pl.DataFrame({"number": numbers, "name": rooted_keys(new), "old": name_keys(old), "new": new})
        )


def _lines(texts: pl.DataFrame) -> pl.DataFrame:
    """The lines of entries' texts, with their parts; by entry, in order."""
    lines = texts.select(pl.col("text").str.split("\n"), entry="number").explode("text")
    return with_parts(lines)


def _texts(lines: pl.DataFrame) -> pl.DataFrame:
    """``number`` and ``text`` of the entries that have these lines."""
    return lines.group_by(pl.col("entry").alias("number"), maintain_order=True).agg(pl.col("text").str.join("\n"))


def _merged(lines: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """The lines, with those of each changed attribute replaced by the last ones that were set."""
    last = changes.unique(["entry", "key"], keep="last", maintain_order=True)
    kept = lines.join(last, on=["entry", "key"], how="anti", maintain_order="left")
    new = last.drop_nulls("text").with_columns(pl.col("text").str.split("\n")).explode("text")
    return pl.concat([kept, new.select(LINES.keys())]).sort("entry", maintain_order=True)
