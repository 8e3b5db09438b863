"""Named locks between processes that die with their holder.

A lock is ``flock`` on a file beside the store: the kernel lets it go when the holder ends, however it ends. The files
stay; removing one would let two holders lock two files of one name.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unisono.model.errors import StoreError
from unisono.model.runs import Status


@contextmanager
def file_lock(path: Path) -> Iterator[bool]:
    """Hold the exclusive lock of a file; False, at once, when somebody else holds it, be it in this process."""
    with _made(path).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def lock_path(store: Path, name: str) -> Path:
    """The file of a named lock: readable, safe as a file name, and another one for every name."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40]
    digest = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
    return store.with_name(f"{store.name}-locks") / f"{readable}-{digest}.lock"


def _made(path: Path) -> Path:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(
            Status.NO_START_SERVER,
            f"a lock file cannot be made beside the store ({error.strerror})",
            hint="Give this account the right to write to the store's directory.",
        ) from error
    return path
