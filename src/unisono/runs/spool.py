"""Rows that are too many to hold: blocks of bounded size in a file without a name.

What a plan lists are names and values of people. Nothing of it may stay behind, so the file is nobody else's, and goes
with the process, even when that is killed; a folder for it would have to be cleared by somebody. What is small never
reaches the disk.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Self

import polars as pl

from unisono.model.errors import StepStop
from unisono.model.frames import Frame
from unisono.model.runs import Status

#: How many rows and how many bytes of them, before compression, are a block.
BLOCK_ROWS = 100_000
BLOCK_BYTES = 32 * 2**20
_IN_MEMORY_BYTES = 4 * 2**20


class BlockFile:
    """Frames, each written as it is and read by its number. Use it as a context manager.

    Raises ``StepStop`` where there is no room for temporary files.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - this object closes it
        self._ends = [0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def write(self, frame: pl.DataFrame) -> None:
        encoded = io.BytesIO()
        frame.write_ipc(encoded, compression="zstd")
        with _room():
            self._file.seek(self._ends[-1])
            self._file.write(encoded.getbuffer())
        self._ends.append(self._ends[-1] + encoded.tell())

    def read(self, number: int, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """A frame, or some columns of it."""
        begin, end = self._ends[number], self._ends[number + 1]
        with _room():  # a file in memory is moved to the disk at any time
            self._file.seek(begin)
            encoded = self._file.read(end - begin)
        return pl.read_ipc(encoded, columns=None if columns is None else list(columns))


class Spool:
    """Rows of one declared frame in the order in which they came, however many; one block of them is held at a time.

    Use it as a context manager: closing gives the room back. Rows may be read and added in turn.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.height = 0
        self._written = BlockFile()
        self._waiting: list[pl.DataFrame] = []
        self._waiting_rows = 0
        self._waiting_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._waiting.clear()
        self._written.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Add rows behind those that are there. Raises ``StepStop`` where there is no room for temporary files."""
        if frame.is_empty():
            return
        self.height += frame.height
        self._waiting.append(frame)
        self._waiting_rows += frame.height
        self._waiting_bytes += int(frame.estimated_size())
        if self._waiting_rows >= BLOCK_ROWS or self._waiting_bytes >= BLOCK_BYTES:
            for block in self._waiting_blocks():
                self._written.write(block)
            self._waiting.clear()
            self._waiting_rows = self._waiting_bytes = 0

    def blocks(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """All rows, or some columns of them, block by block; at least one block, which may be empty."""
        for number in range(len(self._written)):
            yield self._written.read(number, columns)
        if self._waiting or not self._written:
            for block in self._waiting_blocks():
                yield block if columns is None else block.select(columns)

    def _waiting_blocks(self) -> Iterator[pl.DataFrame]:
        waiting = pl.concat([self._frame.empty(), *self._waiting], rechunk=True)
        number = max(1, -(-self._waiting_rows // BLOCK_ROWS), -(-self._waiting_bytes // BLOCK_BYTES))
        yield from waiting.iter_slices(-(-waiting.height // number)) if waiting.height else (waiting,)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StepStop(
            Status.STOPPED_DISK_FULL,
            f"no temporary file can be written: {error.strerror}",
            hint="Let the variable TMPDIR name a folder with more room.",
        ) from error
