"""Reading a drop file: all of it is checked before the first line is given to anybody."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import polars as pl

from unisono.model.errors import StepStop
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep, Status
from unisono.runs.dropfiles.form import FORMAT, End, Header, Section, part_of, types_of
from unisono.runs.dropfiles.writing import cannot_open

#: Lines that are given at a time, and how many bytes of them, unless one line has more.
PIECE_LINES = 50_000
PIECE_BYTES = 64 * 2**20
_END_BYTES = 4096  # of the last line, at most
_BLOCK_BYTES = 2**20


class DropReader:
    """A drop file that is whole and as it was written. Use it as a context manager. Raises ``StepStop``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _opened(path)
        try:
            self._end = self._checked()
            self.header = self._header()
        except OSError as error:
            self.close()
            raise self._cannot_read(error) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def check(self, step: RunStep, definition: ConnectorDefinition) -> None:
        """Raises ``StepStop`` where the file is not of this step, or values have another type by now."""
        header = self.header
        if (header.connector, header.step) != (definition.name, step.type.value):
            message = f"{self.path} was written by a {header.step} of {header.connector}"
            hint = f"Name a file that a {step.type.value} of {definition.name} has written."
            raise StepStop(Status.NO_START_FILE_CONTAINS_INCORRECT_STEP_TYPE, message, hint=hint)
        if header.types != types_of(definition.schema):
            message = f"the object types of {definition.name} have changed since {self.path} was written"
            raise StepStop(Status.NO_START_HEADER_ROW_MISMATCH, message, hint="Write the file anew.")

    def pieces(self) -> Iterator[tuple[Section, pl.Series]]:
        """The lines in their order, in pieces of bounded size, each with its section."""
        self._file.seek(0)
        self._file.readline()
        while (section := part_of(self._file.readline(), Section)) is not None:
            left = section.lines
            while left > 0:
                lines = self._lines(min(left, PIECE_LINES))
                left -= len(lines)
                yield section, pl.Series("line", lines, dtype=pl.String)

    def damaged(self, reason: str) -> StepStop:
        return StepStop(
            Status.STOPPED_PARSING_ERRORS,
            f"the drop file {self.path} {reason}; nothing of it was used",
            hint="Get it again from where it was written, or write it anew.",
        )

    def _lines(self, most: int) -> list[str]:
        lines, size = list[str](), 0
        while len(lines) < most and size < PIECE_BYTES:
            line = self._file.readline()
            if not line:
                raise self.damaged("has fewer lines than it says")
            lines.append(line.decode().rstrip("\n"))
            size += len(line)
        return lines

    def _checked(self) -> End:
        """Compare the whole file with its end."""
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, size - _END_BYTES))
        *_, last = self._file.read().splitlines(keepends=True) or [b""]
        end = part_of(last, End) if last.endswith(b"\n") else None
        if end is None or end.end != FORMAT:
            raise self.damaged("has no end: it was cut, is still being written, or is something else")
        digest, left = hashlib.sha256(), size - len(last)
        self._file.seek(0)
        while left > 0 and (block := self._file.read(min(left, _BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
        if digest.hexdigest() != end.sha256:
            raise self.damaged("was changed after it was written: its checksum is another one")
        return end

    def _header(self) -> Header:
        self._file.seek(0)
        header = part_of(self._file.readline(), Header)
        if header is None or header.format != FORMAT:
            raise self.damaged("does not begin as this version writes it")
        return header

    def _cannot_read(self, error: OSError) -> StepStop:
        return StepStop(Status.STOPPED_FILE_ERROR, f"reading {self.path} failed: {error.strerror or error}")


def _opened(path: Path) -> BinaryIO:
    """Nothing that could keep the step waiting, such as a pipe, is opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StepStop(Status.NO_START_FILE_OPEN, f"{path} is not a regular file")
        return path.open("rb")
    except OSError as error:
        raise cannot_open(path, error) from error
