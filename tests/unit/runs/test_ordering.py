"""Sorting block by block gives what sorting everything at once gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.runs import ordering
from unisono.runs.ordering import in_order

_KEYS = st.text(st.sampled_from("aAbéß中 "), max_size=3)


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "PIECE_ROWS", 3)
        patch.setattr(ordering, "RANGE_ROWS", 12)
        yield


def cut(frame: pl.DataFrame, places: list[int]) -> list[pl.DataFrame]:
    """The frame in blocks that end at the places."""
    ends = sorted({0, frame.height, *(place % (frame.height + 1) for place in places)})
    return [frame.slice(begin, end - begin) for begin, end in pairwise(ends)]


@given(keys=st.lists(_KEYS, max_size=80), places=st.lists(st.integers(0, 100), max_size=6))
def test_blocks_are_merged_into_one_stable_order(keys: list[str], places: list[int]) -> None:
    rows = pl.DataFrame({"key": keys, "row": range(len(keys))}, schema={"key": pl.String, "row": pl.Int64})
    merged = pl.concat([rows.clear(), *in_order(cut(rows, places), pl.col("key"))])
    assert merged.equals(rows.sort("key", maintain_order=True))


def test_a_key_that_everybody_shares_makes_no_frame_of_everybody() -> None:
    rows = pl.DataFrame({"key": ["same"] * 300, "row": range(300)})
    frames = list(in_order(rows.iter_slices(50), pl.col("key")))
    assert pl.concat(frames).equals(rows)
    assert max(frame.height for frame in frames) <= 12
