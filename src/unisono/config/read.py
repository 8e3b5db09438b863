"""All files of a project, read and understood one by one; what they say about each other is not looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

from unisono.config.documents import ConnectorShape, MetaverseShape, ProjectShape
from unisono.config.files import METAVERSE_FILE, PROJECT_FILE, list_files, read_text
from unisono.config.forms import Shape
from unisono.config.locate import At, read_document
from unisono.config.parse import Items
from unisono.config.rule_documents import RuleShape
from unisono.config.shapes import shaped
from unisono.model.errors import Mistake

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[S]):
    """Something said in a file. ``shape`` is None where it was not understood."""

    at: At
    shape: S | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """The files. ``project`` and ``metaverse`` are None where there is no readable file."""

    project: Found[ProjectShape] | None
    metaverse: Found[MetaverseShape] | None
    connectors: tuple[tuple[str, Found[ConnectorShape]], ...]  # by name
    rules: tuple[Found[RuleShape], ...]
    unread: frozenset[str]  # names of connectors whose files could not be read
    mistakes: tuple[Mistake, ...]


def read_project(directory: Path) -> ProjectFiles:
    """Everything that the files say, with the mistakes that each file shows by itself."""
    listing = list_files(directory)
    mistakes = list(listing.mistakes)
    if not directory.is_dir():
        return ProjectFiles(
            project=None, metaverse=None, connectors=(), rules=(), unread=frozenset(), mistakes=tuple(mistakes)
        )
    project = _root(directory, PROJECT_FILE, mistakes)
    metaverse = _root(directory, METAVERSE_FILE, mistakes)
    connectors = {file: _root(directory, file, mistakes) for file in listing.connectors}
    rules = [at for file in listing.rules if (at := _root(directory, file, mistakes))]
    return ProjectFiles(
        project=_found(project, ProjectShape, mistakes) if project else None,
        metaverse=_found(metaverse, MetaverseShape, mistakes) if metaverse else None,
        connectors=tuple(_connector(at, mistakes) for at in connectors.values() if at),
        rules=tuple(_found(rule, RuleShape, mistakes) for at in rules for rule in _rules(at)),
        unread=frozenset(PurePosixPath(file).stem for file, at in connectors.items() if not at),
        mistakes=tuple(mistakes),
    )


def _root(directory: Path, file: str, mistakes: list[Mistake]) -> At | None:
    text = read_text(directory, file)
    if isinstance(text, Mistake):
        mistakes.append(text)
        return None
    document, faults = read_document(file, text)
    mistakes += faults
    return At(document=document) if document else None


def _found(at: At, shape: type[S], mistakes: list[Mistake]) -> Found[S]:
    understood, findings = shaped(at, shape)
    mistakes += findings
    return Found(at=at, shape=understood)


def _connector(at: At, mistakes: list[Mistake]) -> tuple[str, Found[ConnectorShape]]:
    """A connector is called like its file, unless it says otherwise."""
    found = _found(at, ConnectorShape, mistakes)
    said = at.at("name").value()
    return (said if isinstance(said, str) else PurePosixPath(at.document.file).stem), found


def _rules(at: At) -> Iterator[At]:
    """The rules of a file: one, or the items of a list."""
    if isinstance(at.document.root, Items):
        yield from (at.at(position) for position in range(len(at.document.root.nodes)))
    else:
        yield at
