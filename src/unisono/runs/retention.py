"""Runs that are older than the project keeps them are cleared, so that the store does not grow without bound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from unisono.model.errors import StoreError
from unisono.model.runs import Cleared
from unisono.runs.context import Context
from unisono.store.contract import Store

#: After one run; a few cycles clear the runs of a year.
PIECES = 5


def clear_some_history(context: Context) -> None:
    """After a run: a bounded part of what is due, each piece committed for itself.

    The run has ended and was recorded. Nothing can make it worse any more, so what fails here is left to the next one.
    """
    before = kept_since(context, context.project.history_days)
    if before is not None:
        with suppress(StoreError):
            for _ in islice(_pieces(context.store, before), PIECES):
                pass


def clear_history(context: Context, before: datetime) -> Cleared:
    """Everything from before a time, but for what always stays (``Writer.clear_history``). Raises ``StoreError``."""
    return sum(_pieces(context.store, before), start=Cleared())


def kept_since(context: Context, days: int | None) -> datetime | None:
    """The time from which on runs are kept; None where all are."""
    return None if days is None else context.clock() - timedelta(days=days)


def _pieces(store: Store, before: datetime) -> Iterator[Cleared]:
    while True:
        with store.begin() as unit:
            piece = unit.clear_history(before)
        if piece == Cleared():
            return
        yield piece
