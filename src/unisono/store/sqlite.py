"""SQLite, the embedded default: one file, many readers beside one writer (write-ahead log).

A commit survives the death of the process. After a loss of power the store is consistent, but may lack the last
commits; a run that is repeated then finds again what was lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.locks import file_lock, lock_path
from unisono.store.sqlite_failures import failures
from unisono.store.sqlite_transaction import SqliteTransaction
from unisono.store.tables import staging, store_meta
from unisono.store.upgrade import HEAD, upgrade, version

#: A writer may hold the store for the plan of a whole population; others wait for it this long.
WAIT_S: Final = 300.0

#: Of a new file. Said of another one, the second would wait for its writer.
_NEW_FILE: Final = (
    "page_size = 8192",  # a tenth less work than half of it, also where keys come in no order
    "auto_vacuum = INCREMENTAL",  # lets the file shrink in place; costs less than can be measured
)
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # no flush per commit
    "cache_size = -131072",  # KiB: dirty pages of a partition's transaction mostly fit
    "temp_store = MEMORY",  # staged keys
    "journal_size_limit = 67108864",  # bytes that the log keeps on disk after a big transaction
    "secure_delete = FAST",  # builds differ in the default; this one costs no further writing
)
_MOVED_PAGES: Final = 1_000  # at a time, while other writers wait
_STAGING: Final = tuple(str(CreateTable(table).compile(dialect=sqlite.dialect())) for table in staging.sorted_tables)


class SqliteDatabase:
    """``Database`` in the file ``path``, brought to this version's tables when it is opened.

    Raises ``StoreError`` when the file is missing and not to be created, is something else, or is newer than this
    program.
    """

    def __init__(self, path: Path, *, create: bool, wait_s: float = WAIT_S) -> None:
        if not create and not path.exists():
            raise StoreError(
                Status.NO_START_SERVER,
                f"there is no store at {path}",
                hint="Check the path of the store in the project.",
            )
        if create:
            _create_private(path)
        self._path = path
        self._uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        self._wait_s = wait_s
        # A transaction has a connection of its own, which takes a millisecond and gives all memory back at its end.
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool, hide_parameters=True)
        with failures(opening=True):
            self._upgrade()
            # When the last connection closes, SQLite folds the whole log into the file: one stays, and does nothing.
            self._keeper = self._connect()

    def _upgrade(self) -> None:
        with self._engine.connect() as connection:
            if version(connection) != HEAD:
                connection.rollback()
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                upgrade(connection)  # looks again: another process may have been faster
                connection.commit()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[SqliteTransaction]:
        with failures():
            connection = self._engine.connect()
        with connection:
            with failures():
                connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
                connection.execute(select(store_meta.c.id))  # the snapshot of a reader is that of its first query
            yield SqliteTransaction(connection)

    def lock(self, name: str) -> AbstractContextManager[bool]:
        return file_lock(lock_path(self._path, name))

    def size(self) -> int:
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def compact(self) -> None:
        """Move pages from the end of the file into free ones, a few at a time, then cut the log.

        ``VACUUM`` would be twice as fast, but needs room for a second store, and nobody could write meanwhile.
        """
        with failures(), closing(self._connect()) as connection:
            before, free = None, _free_pages(connection)
            while free and (before is None or free < before):
                connection.executescript(f"PRAGMA incremental_vacuum({_MOVED_PAGES})")  # the driver's others take one
                before, free = free, _free_pages(connection)
            connection.execute("PRAGMA busy_timeout = 0")  # a log that somebody reads is cut another time
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self._engine.dispose()
        self._keeper.close()

    def _connect(self) -> sqlite3.Connection:
        # Transactions are begun in so many words (isolation_level). The store may be closed by another thread.
        connection = sqlite3.connect(
            self._uri, uri=True, timeout=self._wait_s, isolation_level=None, check_same_thread=False
        )
        try:
            is_new = not self._path.stat().st_size
            for pragma in (*(_NEW_FILE if is_new else ()), *_PRAGMAS):
                connection.execute(f"PRAGMA {pragma}")
            for table in _STAGING:
                connection.execute(table)
        except BaseException:
            connection.close()
            raise
        connection.create_function("unicode_lower", 1, _unicode_lower, deterministic=True)
        return connection


def _free_pages(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return found


def _create_private(path: Path) -> None:
    """Make the file for this account alone: identities are nobody else's business. What goes wrong, SQLite tells."""
    with suppress(OSError):
        path.touch(mode=0o600, exist_ok=False)


def _unicode_lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
