"""Which database a store's URL means."""

from __future__ import annotations

from pathlib import Path

from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.contract import Store
from unisono.store.sqlite import SqliteDatabase
from unisono.store.sqlstore import SqlStore
from unisono.store.transaction import Database


def opened(url: str, directory: Path, *, create: bool) -> Store:
    """See ``open_store``."""
    kind, separator, place = url.partition("://")
    if separator and kind == "sqlite" and place.startswith("/") and place != "/":
        return SqlStore(SqliteDatabase(directory / place[1:], create=create))
    if separator and kind == "postgresql" and place:
        return SqlStore(_postgresql(url, create=create))
    # The URL itself stays out of the message: it may hold a password.
    raise StoreError(
        Status.NO_START_SERVER,
        f"a store of the kind {kind.partition(':')[0]!r} is not supported",
        hint="Write the store of the project as sqlite:///path/of/the/file.db, or as postgresql://account@host/database.",
    )


def _postgresql(url: str, *, create: bool) -> Database:
    try:
        from unisono.store.postgresql import PostgresqlDatabase
    except ImportError as error:
        raise StoreError(
            Status.NO_START_SERVER,
            f"the library for PostgreSQL is not installed ({error.name})",
            hint="Install unisono[postgresql].",
        ) from None
    return PostgresqlDatabase(url, create=create)
