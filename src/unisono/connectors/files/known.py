"""The records that a batch of an export mentions, and what the batch does to them, before it is carried out."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from unisono.connectors.files.refusals import AMBIGUOUS, Refusal
from unisono.connectors.files.workfile import WorkFile


class Known:
    """Answers for the given anchors and names only, so that it is as large as the batch, whatever the file holds."""

    def __init__(self, work: WorkFile, *, anchors: pl.Series, names: pl.Series) -> None:
        held = pl.concat([work.with_anchors(anchors), work.with_names(names)]).unique().sort("number")
        self._anchors: dict[int, str | None] = {}
        self._names: dict[int, str | None] = {}
        self._by_anchor: dict[str | None, list[int]] = {}
        self._by_name: dict[str | None, int] = {}
        for number, anchor, name in held.iter_rows():
            self.add(number, anchor, name)

    def found(self, anchor: str | None) -> Sequence[int]:
        """The records with that anchor. More than one: nobody knows which of them is meant."""
        return () if anchor is None else self._by_anchor.get(anchor, ())

    def holder(self, name: str | None) -> int | None:
        """The record with that name; the last of several."""
        return None if name is None else self._by_name.get(name)

    def anchor_of(self, number: int) -> str | None:
        return self._anchors[number]

    def name_of(self, number: int) -> str | None:
        return self._names[number]

    def add(self, number: int, anchor: str | None, name: str | None) -> None:
        self._anchors[number], self._names[number] = anchor, name
        self._by_anchor.setdefault(anchor, []).append(number)
        self._by_name[name] = number

    def rename(self, number: int, name: str) -> None:
        self._forget_name(number)
        self._names[number] = name
        self._by_name[name] = number

    def deleted(self, entries: pl.DataFrame) -> tuple[dict[int, Refusal], list[int]]:
        """What cannot be deleted of entries with ``id`` and ``anchor``, and the records to delete. One that is gone
        already is what was wanted."""
        refusals, numbers = dict[int, Refusal](), list[int]()
        for id_, anchor in entries.select("id", "anchor").iter_rows():
            found = self.found(anchor)
            if len(found) > 1:
                refusals[id_] = AMBIGUOUS
            elif found:
                numbers.append(found[0])
                self._by_anchor[anchor].clear()
        return refusals, numbers

    def _forget_name(self, number: int) -> None:
        if self._by_name.get(self._names[number]) == number:
            del self._by_name[self._names[number]]
