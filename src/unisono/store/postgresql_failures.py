"""Failures of PostgreSQL as ``StoreError``: what happened, how a running step ends, what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.failures import CONTRADICTION, UNKNOWN, Failure

_LOST = Status.STOPPED_DATABASE_CONNECTION_LOST

# By SQLSTATE, whole or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_FAILURES: dict[str, Failure] = {
    "53100": Failure(
        status=Status.STOPPED_DATABASE_DISK_FULL,
        message="the disk of the store's server is full",
        hint="Free space on the server's disk and run again; nothing of the unfinished step was kept.",
    ),
    "53": Failure(
        status=_LOST,
        message="the store's server has no resources left",
        hint="Look at the server's limits of connections and memory, then run again.",
    ),
    "55P03": Failure(
        status=_LOST,
        message="the store is locked by another writer",
        hint="Wait for the other run, plan or preview to end, then run again.",
    ),
    "40": Failure(
        status=Status.STOPPED_DEADLOCKED,
        message="the store's server ended the transaction in favour of another one",
        hint="Run again; nothing of the unfinished step was kept.",
    ),
    "28": Failure(
        status=_LOST,
        message="the store's server refused the account",
        hint="Check the account and the password in the project's store URL.",
    ),
    "3D": Failure(
        status=_LOST,
        message="the store's database does not exist",
        hint="Make the database, owned by the account in the project's store URL.",
    ),
    "42501": Failure(
        status=_LOST,
        message="access to the store was denied",
        hint="The account in the store's URL must own the database, or its schema.",
    ),
    "23": CONTRADICTION,
}
_UNREACHABLE = Failure(
    status=_LOST,
    message="the connection to the store's server failed",
    hint="Check that the server runs and can be reached, then run again; nothing of the unfinished step was kept.",
)


@contextmanager
def failures(*, opening: bool = False) -> Iterator[None]:
    """Failures of PostgreSQL inside the block come out as ``StoreError``; while opening, no step has started yet."""
    try:
        yield
    except (psycopg.Error, DBAPIError, PoolTimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        failure = _failure_of(cause)
        status = Status.NO_START_SERVER if opening else failure.status
        raise StoreError(status, f"{failure.message} ({_told(cause)})", hint=failure.hint) from None


def _failure_of(cause: BaseException | None) -> Failure:
    state = getattr(cause, "sqlstate", None) or _refused_connection(cause)
    if state is None or state.startswith(("08", "57P")):
        return _UNREACHABLE if isinstance(cause, psycopg.OperationalError | PoolTimeoutError) else UNKNOWN
    return _FAILURES.get(state) or _FAILURES.get(state[:2], UNKNOWN)


def _refused_connection(cause: BaseException | None) -> str | None:
    """Why a server refused to connect; the library gives its words only, and no code."""
    words = str(cause)
    return next((state for part, state in (("authentication", "28"), ("does not exist", "3D")) if part in words), None)


def _told(cause: BaseException | None) -> str:
    """The server's own words without the details, which may quote values."""
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    if primary:
        return str(primary)
    # Of a failed connection: host, account and reason, never the password.
    words = str(cause).strip().splitlines() if isinstance(cause, psycopg.OperationalError) else []
    return words[-1].strip() if words else type(cause).__name__
