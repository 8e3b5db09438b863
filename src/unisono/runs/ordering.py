"""Rows in order, however many: an external merge sort.

Blocks are sorted one by one and written in small pieces, of which only the first and last key is remembered. The keys
cut all rows into ranges of about equal size; each is then read from the pieces that it overlaps with, and sorted again.
Memory depends on the size of a block and of a range; a key that many rows share is told apart by their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import polars as pl

from unisono.runs.spool import BlockFile

#: Rows of a range, about.
RANGE_ROWS = 50_000
PIECE_ROWS = 2_000

_KEY = "order"


def in_order(blocks: Iterable[pl.DataFrame], key: pl.Expr) -> Iterator[pl.DataFrame]:
    """The rows of all blocks by ``key`` (a text without nulls and NUL, by code point), in frames of bounded size.

    Rows of equal keys stay in the order in which they came. Without rows there is no frame. The blocks are read before
    the first frame is given.
    """
    with BlockFile() as pieces:
        spans = list(_sorted_pieces(blocks, key, pieces))
        for begin, end in pairwise(_bounds(spans)):
            parts = [
                _between(pieces.read(number), begin, end)
                for number, (first, last) in enumerate(spans)
                if (begin is None or last >= begin) and (end is None or first < end)
            ]
            if parts:
                yield pl.concat(parts).sort(_KEY).drop(_KEY)


def _sorted_pieces(blocks: Iterable[pl.DataFrame], key: pl.Expr, pieces: BlockFile) -> Iterator[tuple[str, str]]:
    """Write the pieces; the first and last key of each."""
    place = 0
    for block in blocks:
        row = pl.int_range(place, place + block.height).cast(pl.String).str.zfill(20)
        ordered = block.with_columns(pl.concat_str(key, row, separator="\0").alias(_KEY)).sort(_KEY)
        place += block.height
        for piece in ordered.iter_slices(PIECE_ROWS):
            pieces.write(piece)
            keys = piece[_KEY]
            yield keys[0], keys[-1]


def _bounds(spans: list[tuple[str, str]]) -> list[str | None]:
    """Where ranges begin and end; null: nowhere."""
    firsts = sorted(first for first, _ in spans)
    return [None, *firsts[:: RANGE_ROWS // PIECE_ROWS][1:], None]


def _between(piece: pl.DataFrame, begin: str | None, end: str | None) -> pl.DataFrame:
    if begin is not None:
        piece = piece.filter(pl.col(_KEY) >= begin)
    return piece if end is None else piece.filter(pl.col(_KEY) < end)
