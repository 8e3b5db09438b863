"""The store: the only code that knows SQL. Frames in, frames out; one unit of work is one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisono.store.contract import Store


def open_store(url: str, directory: Path, *, create: bool) -> Store:
    """The store at a URL such as ``sqlite:///store.db``; a relative path starts at the directory.

    A store of an older version is brought to this one. Raises ``StoreError`` with ``no-start-server`` when there is
    no store and none is to be created, or when what is there cannot be used.
    """
    from unisono.store.opening import opened  # loads the database libraries: only where a store is used

    return opened(url, directory, create=create)
