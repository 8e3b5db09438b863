"""Failures of SQLite as ``StoreError``: what happened, how a running step ends, what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.failures import CONTRADICTION, UNKNOWN, Failure

_LOST = Status.STOPPED_DATABASE_CONNECTION_LOST

# By primary result code (https://www.sqlite.org/rescode.html); extended codes carry it in their low byte.
_FAILURES: dict[int, Failure] = {
    sqlite3.SQLITE_FULL: Failure(
        status=Status.STOPPED_DATABASE_DISK_FULL,
        message="the disk of the store is full",
        hint="Free space on the disk and run again; nothing of the unfinished step was kept.",
    ),
    sqlite3.SQLITE_BUSY: Failure(
        status=_LOST,
        message="the store is locked by another writer",
        hint="Wait for the other run, plan or preview to end, then run again.",
    ),
    sqlite3.SQLITE_LOCKED: Failure(
        status=_LOST,
        message="a table of the store is locked",
        hint="Close other programs that have the store open, then run again.",
    ),
    sqlite3.SQLITE_CANTOPEN: Failure(
        status=_LOST,
        message="the store cannot be opened",
        hint="Check that its directory exists and that this account may read and write there.",
    ),
    sqlite3.SQLITE_READONLY: Failure(
        status=_LOST,
        message="the store is read-only",
        hint="Give this account the right to write to the store's file and to its directory.",
    ),
    sqlite3.SQLITE_PERM: Failure(
        status=_LOST,
        message="access to the store was denied",
        hint="Give this account the right to write to the store's file and to its directory.",
    ),
    sqlite3.SQLITE_IOERR: Failure(
        status=_LOST,
        message="the store could not be read or written",
        hint="Check the disk and the system's log; a store must not lie on a network drive.",
    ),
    sqlite3.SQLITE_NOTADB: Failure(
        status=_LOST,
        message="the file is not a store: it is no SQLite database",
        hint="Check the path of the store in the project.",
    ),
    sqlite3.SQLITE_CORRUPT: Failure(
        status=_LOST,
        message="the store is damaged",
        hint="Restore it from a backup, or make a new one with full imports of every connector.",
    ),
    sqlite3.SQLITE_CONSTRAINT: CONTRADICTION,
}


@contextmanager
def failures(*, opening: bool = False) -> Iterator[None]:
    """Failures of SQLite inside the block come out as ``StoreError``; while opening, no step has started yet.

    Misuse of the driver has no result code of the database and passes through.
    """
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", None)
        if code is None:
            raise
        failure = _FAILURES.get(code & 0xFF, UNKNOWN)
        status = Status.NO_START_SERVER if opening else failure.status
        # The cause's own words name tables and columns, never a value.
        raise StoreError(status, f"{failure.message} ({cause})", hint=failure.hint) from error
