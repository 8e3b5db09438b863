"""Where a process may die, and its death there.

A point lies at a seam of the product: the process dies at its n-th passage. Nothing in the product knows of it; what
lies at the seam is wrapped when a process begins, so that a seam that is renamed fails loudly.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from unisono.connectors.files import replacing
from unisono.connectors.runtime import RuntimeExport
from unisono.connectors.sql.database import Link
from unisono.runs import import_step, relations, synchronize
from unisono.runs.sending import Sending
from unisono.store.postgresql_transaction import PostgresqlTransaction
from unisono.store.sqlite_transaction import SqliteTransaction
from unisono.store.writes import SqlUnitOfWork

Function = Callable[..., Any]  # Any: whatever lies at the seam

#: Passed more often than all others together: before each statement, to the store or to a target.
STATEMENT = "statement"
DURING_COMMIT = "commit: under way"
WRITTEN = "file: written, not replaced"
TARGET_WRITTEN, TARGET_COMMITTED = "target: not committed", "target: committed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """To die at a point's n-th passage; ``delay_s`` later where the point says so."""

    point: str
    passage: int  # from 1
    delay_s: float = 0


class Passages:
    """Counts passages of all points, and dies when it is time."""

    def __init__(self, order: Order | None) -> None:
        self._order = order
        self._guard = threading.Lock()
        self.counts: Counter[str] = Counter()

    def may_come(self, *points: str) -> None:
        """A point that is wrapped is counted from then on, be it that nobody ever passes it."""
        self.counts.update(dict.fromkeys(points, 0))

    def __call__(self, point: str) -> None:
        if self.is_due(point):
            die()

    def is_due(self, point: str) -> bool:
        """Count a passage; whether it is the ordered one."""
        with self._guard:  # pages are read ahead in a thread
            self.counts[point] += 1
            order = self._order
            return order is not None and (point, self.counts[point]) == (order.point, order.passage)

    @property
    def delay_s(self) -> float:
        return self._order.delay_s if self._order else 0


def die() -> None:
    """At once, without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()  # never to be left


def install(passages: Passages) -> None:
    """Wrap the seams of this process."""

    def at(owner: object, name: str, *, before: str = "", after: str = "") -> None:
        passages.may_come(*filter(None, (before, after)))
        setattr(owner, name, _wrapped(getattr(owner, name), passages, before, after))

    at(import_step, "_stage_batch", before="import: read, not staged")
    at(import_step, "apply_staging", after="import: staged, not committed")
    at(import_step, "apply_deletions", before="obsoletion: decided", after="obsoletion: staged, not committed")
    at(SqlUnitOfWork, "set_watermark", after="watermark: set, not committed")
    at(synchronize, "apply_synchronization", before="synchronization: planned", after="synchronization: applied")
    at(relations, "apply_references", after="synchronization: references applied")
    at(Sending, "send", before="export: read, not sent")
    at(Sending, "_take", before="export: sent, not recorded", after="export: recorded")
    at(RuntimeExport, "finish", after="export: durable, not recorded")
    at(replacing, "_flush_directory", before="file: replaced, not flushed")
    at(SqlUnitOfWork, "start_run", after="run: started, not committed")
    at(SqlUnitOfWork, "save_step", after="step: saved, not committed")
    at(SqlUnitOfWork, "finish_run", after="run: ended, not committed")
    passages.may_come(DURING_COMMIT, WRITTEN, TARGET_WRITTEN, TARGET_COMMITTED, STATEMENT)
    for kind in (SqliteTransaction, PostgresqlTransaction):
        at(kind, "commit", before="commit: not begun", after="commit: done")
        kind.commit = _dying_under_way(kind.commit, passages)  # type: ignore[method-assign]
    Path.replace = _of_drafts(Path.replace, passages)  # type: ignore[method-assign]
    Link.transaction = _around(Link.transaction, passages)  # type: ignore[method-assign, assignment]
    event.listen(Engine, "before_cursor_execute", lambda *_: passages(STATEMENT))


def _wrapped(function: Function, passages: Passages, before: str, after: str) -> Function:
    @functools.wraps(function)
    def wrapper(*args: Any, **kw: Any) -> Any:
        if before:
            passages(before)
        result = function(*args, **kw)
        if after:
            passages(after)
        return result

    return wrapper


def _dying_under_way(commit: Function, passages: Passages) -> Function:
    """A commit during which another thread ends the process."""

    def wrapper(self: object) -> None:
        if passages.is_due(DURING_COMMIT):
            threading.Thread(target=_die_after, args=[passages.delay_s], daemon=True).start()
        commit(self)

    return wrapper


def _die_after(seconds: float) -> None:
    time.sleep(seconds)
    die()


def _of_drafts(replace: Function, passages: Passages) -> Function:
    def wrapper(self: Path, target: Path) -> Path:
        passages(WRITTEN)
        found: Path = replace(self, target)
        return found

    return wrapper


def _around(transaction: Function, passages: Passages) -> Callable[[Link], AbstractContextManager[None]]:
    @contextmanager
    def wrapper(self: Link) -> Any:
        with transaction(self):
            yield
            passages(TARGET_WRITTEN)
        passages(TARGET_COMMITTED)

    return wrapper
