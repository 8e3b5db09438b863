"""Ctrl-C while a run is under way: the first one asks it to stop between batches, the second one ends at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from unisono.runs.context import Stop


@contextmanager
def stoppable() -> Iterator[Stop]:
    """What a run asks between batches. On leaving, Ctrl-C means again what it meant before."""
    stop = Stop()

    def first(_number: int, _frame: FrameType | None) -> None:
        stop.request()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stderr.write("\nStopping after the current batch; Ctrl-C again ends at once.\n")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
