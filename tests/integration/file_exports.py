"""A program for tests: exports people to a file, in a process of its own, and says what it took.

    python -m tests.integration.file_exports KIND DIRECTORY PEOPLE LETTERS [pause]

Adds so many people, each with a text of so many letters; changes and renames a tenth of them; imports them. Prints the
peak of the resident memory in MiB, or the status that stopped it. With ``pause`` it stops in the middle of the adding,
when it has written to the directory for temporary files, and says so.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from unisono.connectors import delimited_text, ldif
from unisono.connectors.contract import ExportBatch, ExportOperation, ImportRequest
from unisono.connectors.runtime import Runtime
from unisono.model.errors import StepStop
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

_PAGE = 1000
_TEXTS = pl.List(pl.String)
PERSON = ObjectType(
    name="person",
    attributes=(
        Attribute(name="uid"),
        Attribute(name="label"),
        Attribute(name="description"),
        Attribute(name="manager", type=AttributeType.REFERENCE),
    ),
)
SCHEMA = Schema(object_types=(PERSON,))
KINDS = {"ldif": ldif.KIND, "delimited-text": delimited_text.KIND}
SETTINGS: dict[str, dict[str, Any]] = {
    "ldif": {"file": "people", "export_file": "people", "anchor": "uid", "object_classes": {"person": "person"}},
    "delimited-text": {"file": "people", "export_file": "people", "anchor": ["uid"], "dn": "label"},
}


def runtime(kind: str, directory: Path) -> Runtime:
    settings = SETTINGS[kind]
    definition = ConnectorDefinition(name="people", kind=kind, settings=settings, schema=SCHEMA)
    return Runtime(KINDS[kind].make(settings, SCHEMA, directory), definition)


def export(target: Runtime, operation: ExportOperation, pages: Iterator[pl.DataFrame]) -> None:
    with target.open_export() as session:
        for entries in pages:
            results = session.send(ExportBatch(object_type="person", operation=operation, entries=entries))
            assert results["code"].null_count() == results.height
        session.finish()


def additions(people: int, letters: int) -> Iterator[pl.DataFrame]:
    for start in range(0, people, _PAGE):
        ids = pl.DataFrame({"id": pl.int_range(start, min(start + _PAGE, people), eager=True)})
        nobody = pl.lit(None, pl.String)
        yield ids.with_columns(
            _name(pl.col("id")).alias("dn"),
            _name(pl.col("id") // 10 * 10).alias("manager"),
            anchor=nobody,
            new_dn=nobody,
            uid=pl.format("u{}", "id"),
            label=_name(pl.col("id")),
            description=pl.col("id").cast(pl.String) + "x" * letters,
            changed=pl.lit(["uid", "label", "description", "manager"], _TEXTS),
        )


def paused(pages: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for page in pages:
        if has_temporary_file():
            sys.stdout.write("on disk\n")
            sys.stdout.flush()
            signal.pause()
        yield page


def has_temporary_file() -> bool:
    """Whether this process holds a file in the directory for temporary files, with a name or without."""
    open_files = (path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return any(file.is_relative_to(os.environ["TMPDIR"]) for file in open_files)


def changes(people: int, letters: int) -> Iterator[pl.DataFrame]:
    for page in additions(people, letters):
        yield page.gather_every(10).with_columns(
            anchor="uid",
            new_dn=pl.col("dn").str.replace("person", "Renamed"),
            description=pl.lit("changed"),
            changed=pl.lit(["description"], _TEXTS),
        )


def _name(number: pl.Expr) -> pl.Expr:
    return pl.format("cn=person {},ou=people", number)


def main(kind: str, directory: str, people: int, letters: int, *, pause: bool) -> str:
    target = runtime(kind, Path(directory))
    new = additions(people, letters)
    try:
        export(target, ExportOperation.ADD, paused(new) if pause else new)
        export(target, ExportOperation.UPDATE, changes(people, letters))
        with target.open_import(ImportRequest(full=True)) as session:
            assert sum(batch.objects.height for batch in session.batches()) == people
    except StepStop as stop:
        return f"{stop.status}: {stop.message} {stop.hint}"
    return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), pause="pause" in sys.argv))
