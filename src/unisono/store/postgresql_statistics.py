"""When the planner looks at a table again: by its statistics a query reads what it needs, or everything.

The server looks by itself only after a commit, and minutes later. A synchronization writes a whole population in one
transaction; what it links, the planner takes for empty, starts there, and reads all of it for every partition.
``ANALYZE`` sees what its own transaction has written, and is rolled back with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

_OWN_ROWS: Final = 30_000  # more than a small piece of work writes: one batch of an import, one page of an export
_OWN_SHARE: Final = 20  # of a large table a transaction must write more before it shows in a sample
_ROWS: Final = 10_000


class WrittenRows:
    """Rows that one transaction has written, by table; it looks at a table each time they have doubled.

    ``look`` refreshes a table's statistics, ``size`` tells how many rows it had by the last ones.
    """

    def __init__(self, *, look: Callable[[str], None], size: Callable[[str], int]) -> None:
        self._look = look
        self._size = size
        self._rows: dict[str, int] = {}
        self._seen: dict[str, int] = {}  # at the last look
        self._due: dict[str, int] = {}  # at the next one

    def wrote(self, table: str, rows: int) -> None:
        written = self._rows[table] = self._rows.get(table, 0) + rows
        if written < self._due.get(table, _OWN_ROWS):
            return
        if table not in self._due:
            self._due[table] = max(_OWN_ROWS, self._size(table) // _OWN_SHARE)
        if written >= self._due[table]:
            self._look(table)
            self._seen[table] = written
            self._due[table] = 2 * written

    @property
    def unseen(self) -> Mapping[str, int]:
        """Rows written since the last look, by table."""
        return {table: rows - self._seen.get(table, 0) for table, rows in self._rows.items()}


class Growth:
    """What the transactions of a process have written one after the other: a bulk load comes in many small ones."""

    def __init__(self) -> None:
        self._unseen: dict[str, int] = {}
        self._known: dict[str, int] = {}  # rows at the last look, as far as this process has written them
        self._lock = Lock()

    def due(self, unseen: Mapping[str, int]) -> list[str]:
        """The tables to look at after a commit that left rows unseen."""
        with self._lock:
            for table, rows in unseen.items():
                self._unseen[table] = self._unseen.get(table, 0) + rows
            due = [t for t, rows in self._unseen.items() if rows >= max(_ROWS, self._known.get(t, 0) // 2)]
            for table in due:
                self._known[table] = self._known.get(table, 0) + self._unseen.pop(table)
        return due
