"""Writing a drop file: beside its place first, so that what is at its place is whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import BinaryIO, Self

import polars as pl

from unisono.model.errors import StepStop
from unisono.model.phases import Phase, belongs_to
from unisono.model.runs import Status
from unisono.runs.dropfiles.form import BEGINNING, FORMAT, End, Header, Section, line_of


class DropWriter:
    """A drop file that is being written. Use it as a context manager; without ``finish`` nothing of it stays.

    Only its owner may read it: it has the values of people. A file at its place is replaced if it is a drop file, and
    refused otherwise. Raises ``StepStop``.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._draft = path.with_name(f".{path.name}.draft")
        self._digest = hashlib.sha256()
        self._lines: Counter[str] = Counter()
        _refuse_other_files(path)
        try:
            self._file = _opened(self._draft)
        except OSError as error:
            raise cannot_open(path, error) from error
        self._write(line_of(header))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @belongs_to(Phase.TARGET)
    def add(self, kind: str, object_type: str, lines: pl.Series) -> None:
        """A section; nothing where there are no lines."""
        if lines.is_empty():
            return
        self._write(line_of(Section(section=kind, type=object_type, lines=lines.len())))
        self._write("\n".join([*lines, ""]).encode())
        self._lines[kind] += lines.len()

    @belongs_to(Phase.TARGET)
    def finish(self) -> None:
        """Write the end, and bring the file to its place."""
        self._write(line_of(End(end=FORMAT, lines=dict(self._lines), sha256=self._digest.hexdigest())))
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._draft.replace(self.path)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def close(self) -> None:
        """Remove what is not finished."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._draft.unlink(missing_ok=True)

    def _write(self, text: bytes) -> None:
        self._digest.update(text)
        try:
            self._file.write(text)
        except OSError as error:
            raise _cannot_write(self.path, error) from error


def _opened(draft: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    return os.fdopen(os.open(draft, flags, 0o600), "wb")


def _refuse_other_files(path: Path) -> None:
    """A step that names the source itself as its drop file must not destroy it."""
    try:
        with path.open("rb") as file:
            found = file.read(len(BEGINNING))
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_open(path, error) from error
    if found != BEGINNING:
        message = f"{path} is there already, and is no drop file; it was not overwritten"
        raise StepStop(Status.NO_START_BAD_MA_CONFIGURATION, message, hint="Give to-file a path of its own.")


def cannot_open(path: Path, error: OSError) -> StepStop:
    """The step does not start."""
    match error:
        case FileNotFoundError():
            missing = path if path.parent.is_dir() else path.parent
            return StepStop(Status.NO_START_FILE_NOT_FOUND, f"{missing} does not exist")
        case PermissionError():
            return StepStop(Status.NO_START_FILE_ACCESS_DENIED, f"no permission to open {path}")
        case _:
            return StepStop(Status.NO_START_FILE_OPEN, f"{path} cannot be opened: {error.strerror or error}")


def _cannot_write(path: Path, error: OSError) -> StepStop:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    status = Status.STOPPED_DISK_FULL if full else Status.STOPPED_FILE_ERROR
    return StepStop(status, f"the drop file {path} cannot be written: {error.strerror or error}")
