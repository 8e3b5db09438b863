"""A list of a document that may be too long to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Streamed(Generic[Row]):
    """A list of ``total`` rows: the ``first`` of them for people, and all as JSON for programs.

    ``pieces`` gives the rows as JSON, separated by commas, a few at a time; none of them where there is no row.
    """

    # Not a dataclass: what encodes documents must ask what to do with it.

    def __init__(self, first: Sequence[Row], total: int, pieces: Callable[[], Iterator[bytes]]) -> None:
        self.first = tuple(first)
        self.total = total
        self._pieces = pieces

    def as_json(self) -> Iterator[bytes]:
        """The whole list as a JSON array, piece by piece."""
        yield b"["
        for number, piece in enumerate(self._pieces()):
            yield b"," + piece if number else piece
        yield b"]"
