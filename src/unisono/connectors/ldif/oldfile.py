"""The file that an export replaces, or the empty one that it begins with."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import polars as pl

from unisono.connectors.files.failures import cannot_open
from unisono.connectors.files.reading import TextFile
from unisono.connectors.ldif.content import LINES, Directory
from unisono.connectors.ldif.entries import Chunk, Entries, EntryReader, chunks
from unisono.connectors.ldif.importing import ENCODING
from unisono.model.errors import StepStop
from unisono.model.runs import Status


def old_directory(path: Path) -> Directory:
    """All entries, comments left out. Raises ``StepStop``: what cannot be read entirely must not be replaced."""
    names, lines = [pl.DataFrame(schema={"entry": pl.Int64, "dn": pl.String})], [pl.DataFrame(schema=LINES)]
    if path.exists():
        with closing(TextFile(path, ENCODING)) as file:
            reader = EntryReader()
            for chunk in chunks(file.blocks()):
                entries = _sound(reader.read(chunk), chunk, path)
                names.append(entries.names.select("entry", "dn"))
                lines.append(entries.lines.select(LINES.keys()))
    elif not path.parent.is_dir():
        raise cannot_open(path.parent, FileNotFoundError())
    return Directory(names=pl.concat(names), lines=pl.concat(lines))


def _sound(entries: Entries, chunk: Chunk, path: Path) -> Entries:
    if entries.errors.height:
        line, message = chunk.file_lines(entries.errors["line"])[0], entries.errors["message"][0]
        raise StepStop(
            Status.NO_START_FILE_OPEN,
            f"the file {path} cannot be kept up to date, because the entry at line {line} cannot be read: {message}",
            hint="Correct the entry; replacing the file would lose its content.",
        )
    return entries
