"""The store over any database that speaks SQL: readers and units of work on its transactions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from unisono.store.queries import SqlReader
from unisono.store.transaction import Database
from unisono.store.writes import SqlUnitOfWork


class SqlStore:
    """``Store`` over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing = threading.local()

    @contextmanager
    def read(self) -> Iterator[SqlReader]:
        with self._database.transaction(write=False) as transaction:
            yield SqlReader(transaction)

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        with self._one_at_a_time(), self._database.transaction(write=True) as transaction:
            yield SqlUnitOfWork(transaction)
            transaction.commit()

    @contextmanager
    def rehearse(self) -> Iterator[SqlUnitOfWork]:
        with self._one_at_a_time(), self._database.transaction(write=True) as transaction:
            yield SqlUnitOfWork(transaction)

    def lock(self, name: str) -> AbstractContextManager[bool]:
        return self._database.lock(name)

    def size(self) -> int:
        return self._database.size()

    def compact(self) -> None:
        self._database.compact()

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """A thread with two units of work would wait for itself forever; raises ``RuntimeError`` instead."""
        if getattr(self._writing, "active", False):
            raise RuntimeError("a unit of work was begun inside another one")
        self._writing.active = True
        try:
            yield
        finally:
            self._writing.active = False
