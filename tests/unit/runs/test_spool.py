"""A spool gives back the rows that it was given, and holds a block of them, not all."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path

import polars as pl
import pytest

from unisono.model.errors import StepStop
from unisono.model.frames import Frame
from unisono.model.runs import Status
from unisono.runs import spool
from unisono.runs.spool import Spool

ROWS = Frame(
    row="a row", columns={"number": pl.Int64, "text": pl.String}, key=("number",), nullable=frozenset({"text"})
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 10)


def rows(first: int, number: int) -> pl.DataFrame:
    numbers = pl.Series("number", range(first, first + number), dtype=pl.Int64)
    return numbers.to_frame().with_columns(text=pl.when(numbers % 3 > 0).then(pl.format("Zoë {}", "number")))


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([], id="nothing"),
        pytest.param([3], id="less-than-a-block"),
        pytest.param([10], id="a-block"),
        pytest.param([1] * 47, id="one-at-a-time"),
        pytest.param([95], id="all-at-once"),
        pytest.param([4, 0, 33, 1, 1, 0, 10, 9], id="as-it-comes"),
    ],
)
def test_rows_come_out_in_their_order_in_blocks_of_bounded_size(sizes: list[int]) -> None:
    with Spool(ROWS) as kept:
        for size in sizes:
            kept.add(rows(kept.height, size))
        blocks = list(kept.blocks())
        assert kept.height == sum(sizes)
        assert pl.concat(blocks).equals(rows(0, sum(sizes)))
        assert max(block.height for block in blocks) <= 10
        assert pl.concat(kept.blocks(["number"])).columns == ["number"]


def test_rows_may_be_added_after_some_were_read() -> None:
    with Spool(ROWS) as kept:
        kept.add(rows(0, 14))
        assert sum(block.height for block in kept.blocks()) == 14
        kept.add(rows(14, 2))
        assert pl.concat(kept.blocks()).equals(rows(0, 16))


def test_long_values_make_smaller_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_BYTES", 1_000)
    with Spool(ROWS) as kept:
        kept.add(rows(0, 8).with_columns(text=pl.format("{}{}", pl.lit("x" * 400), "number")))
        assert [block.height for block in kept.blocks()] == [2, 2, 2, 2]


def test_what_was_added_is_let_go_block_by_block() -> None:
    """The spool keeps no frame that it was given, once it has a block."""
    with Spool(ROWS) as kept:
        given = []
        for _ in range(20):
            frame = rows(kept.height, 5)
            given.append(weakref.ref(frame))
            kept.add(frame)
            del frame
            assert sum(one() is not None for one in given) <= 1


def test_nothing_stands_in_the_folder_of_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(spool, "_IN_MEMORY_BYTES", 1)
    with Spool(ROWS) as kept:
        kept.add(rows(0, 100))
        assert list(tmp_path.iterdir()) == []
        assert pl.concat(kept.blocks()).equals(rows(0, 100))
    assert list(tmp_path.iterdir()) == []


def test_without_room_for_temporary_files_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.setattr(spool, "_IN_MEMORY_BYTES", 1)
    with Spool(ROWS) as kept, pytest.raises(StepStop) as stopped:
        kept.add(rows(0, 100))
    assert stopped.value.status is Status.STOPPED_DISK_FULL
    assert "TMPDIR" in stopped.value.hint
