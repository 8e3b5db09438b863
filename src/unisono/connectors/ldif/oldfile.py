"""The file that an export replaces, or the empty one that it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from unisono.connectors.files.failures import cannot_open
from unisono.connectors.files.reading import TextFile
from unisono.connectors.ldif.entries import Chunk, Entries, EntryReader, chunks
from unisono.connectors.ldif.importing import ENCODING
from unisono.model.errors import StepStop
from unisono.model.runs import Status


def old_entries(path: Path) -> Iterator[Entries]:
    """All entries, comments left out. Raises ``StepStop``: what cannot be read entirely must not be replaced."""
    if path.exists():
        with closing(TextFile(path, ENCODING)) as file:
            reader = EntryReader()
            for chunk in chunks(file.blocks()):
                yield _sound(reader.read(chunk), chunk, path)
    elif not path.parent.is_dir():
        raise cannot_open(path.parent, FileNotFoundError())


def _sound(entries: Entries, chunk: Chunk, path: Path) -> Entries:
    if entries.errors.height:
        line, message = chunk.file_lines(entries.errors["line"])[0], entries.errors["message"][0]
        raise StepStop(
            Status.NO_START_FILE_OPEN,
            f"the file {path} cannot be kept up to date, because the entry at line {line} cannot be read: {message}",
            hint="Correct the entry; replacing the file would lose its content.",
        )
    return entries
