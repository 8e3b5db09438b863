"""Which database a store's URL means."""

from __future__ import annotations

from pathlib import Path

from unisono.model.errors import StoreError
from unisono.model.runs import Status
from unisono.store.contract import Store
from unisono.store.sqlite import SqliteDatabase
from unisono.store.sqlstore import SqlStore


def opened(url: str, directory: Path, *, create: bool) -> Store:
    """See ``open_store``."""
    kind, separator, path = url.partition(":///")
    if kind != "sqlite" or not separator or not path:
        # The URL itself stays out of the message: it may hold a password.
        raise StoreError(
            Status.NO_START_SERVER,
            f"a store of the kind {kind.partition(':')[0]!r} is not supported",
            hint="Write the store of the project as sqlite:///path/of/the/file.db.",
        )
    return SqlStore(SqliteDatabase(directory / path, create=create))
