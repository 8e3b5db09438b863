"""Replacing a file as a whole: readers see the old content or the new one, never half of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from unisono.connectors.files.failures import cannot_write


def replace_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write the chunks beside the file, flush them to the disk, then rename; permissions stay those of the old file.

    Raises ``StepStop`` with ``stopped-disk-full`` or ``stopped-export-write``, and what making the chunks raises; the
    old file is untouched then, and nothing is left beside it.
    """
    place = path.resolve()  # a symbolic link stays one
    draft = place.with_name(f".{place.name}.draft")
    try:
        with draft.open("wb") as file:
            _take_permissions(file, place)
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
        _flush_directory(place.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def _take_permissions(file: BinaryIO, place: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.fchmod(file.fileno(), stat.S_IMODE(place.stat().st_mode))


def _flush_directory(directory: Path) -> None:
    """A rename is durable when its directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
