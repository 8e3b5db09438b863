"""The files of a project: which there are, and their texts within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unisono.config.checks import Check, shown
from unisono.model.errors import Mistake
from unisono.model.rules import Place

PROJECT_FILE = "unisono.yaml"
METAVERSE_FILE = "metaverse.yaml"
CONNECTORS_FOLDER = "connectors"
RULES_FOLDER = "rules"

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a project, relative to its directory with slashes, in order of their names."""

    connectors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def list_files(directory: Path) -> Listing:
    """What stands in the folders; files there that nobody reads are warnings."""
    if not directory.is_dir():
        message = f"there is no folder {shown(str(directory))}"
        hint = "name the folder of the project, or start one with `unisono new`"
        return Listing(mistakes=(Mistake(check=Check.BAD_PATH, message=message, hint=hint),))
    connectors, ignored_there = _folder(directory, CONNECTORS_FOLDER)
    rules, ignored_here = _folder(directory, RULES_FOLDER)
    return Listing(connectors=connectors, rules=rules, mistakes=(*ignored_there, *ignored_here))


_MISSING_HINT = f"a project has {PROJECT_FILE} and {METAVERSE_FILE}; `unisono new` writes both"


def read_text(directory: Path, file: str, *, hint: str = _MISSING_HINT) -> str | Mistake:
    """The text of a file, or the reason why there is none; ``hint`` is for a file that is not there."""
    try:
        content = _content(directory / file)
    except OSError as error:
        return _refused(file, Check.BAD_PATH, f"the file cannot be read: {error.strerror}")
    if content is None:
        return _refused(file, Check.BAD_PATH, f"there is no file {file}", hint)
    if len(content) > MAX_BYTES:
        return _refused(file, Check.TOO_LARGE, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return _decoded(file, content)


def _content(path: Path) -> bytes | None:
    """At most one byte more than is allowed; None where no regular file is (a pipe or device might never end)."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _decoded(file: str, content: bytes) -> str | Mistake:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
    place = Place(file=file, line=line, column=column)
    hint = "save the file as UTF-8"
    return Mistake(check=Check.YAML_SYNTAX, message="the file is not UTF-8 text", place=place, hint=hint)


def _refused(file: str, check: Check, message: str, hint: str = "") -> Mistake:
    return Mistake(check=check, message=message, place=Place(file=file, line=1, column=1), hint=hint)


def _folder(directory: Path, folder: str) -> tuple[tuple[str, ...], tuple[Mistake, ...]]:
    """The folder's YAML files, and a warning for each entry that looks as if somebody expected it to be read."""
    path = directory / folder
    if not path.exists():
        return (), ()
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        return (), (_refused(folder, Check.BAD_PATH, f"the folder cannot be read: {error.strerror}"),)
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    files = tuple(f"{folder}/{entry.name}" for entry in visible if entry.suffix == ".yaml")
    return files, tuple(_ignored(folder, [entry for entry in visible if entry.suffix != ".yaml"]))


def _ignored(folder: str, entries: list[Path]) -> Iterator[Mistake]:
    for entry in entries:
        if entry.suffix.lower() in (".yml", ".yaml", ".json") or entry.is_dir():
            name = f"{folder}/{entry.name}"
            message, hint = f"{name} is not read", f"files are read from {folder} itself, with names that end in .yaml"
            place = Place(file=name, line=1, column=1)
            yield Mistake(check=Check.IGNORED_FILE, message=message, place=place, hint=hint, severity="warning")
