"""What every command knows of its call: which project, and what to do with results and progress."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from unisono.cli.failures import unknown

if TYPE_CHECKING:  # they load heavy libraries, which `unisono --help` does without
    from rich.console import RenderableType

    from unisono.model.project import ConnectorDefinition, Project
    from unisono.runs.context import Context, Reporter, Stop

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """``directory`` as the caller named it; ``named``: by ``--project``, so that suggested commands repeat it."""

    directory: Path = Path()
    named: bool = False
    as_json: bool = False
    quiet: bool = False

    def command(self, *words: str) -> str:
        """A command to type next, for this project."""
        project = ["--project", str(self.directory)] if self.named else []
        return shlex.join(["unisono", *project, *words])

    def emit(self, document: Document, view: Callable[[Document], Iterable[RenderableType]]) -> None:
        """The result on standard output: the document as JSON, or as the view shows it."""
        from unisono.cli import output

        if self.as_json:
            output.write_json(document)
        else:
            output.show(view(document), sys.stdout)

    @contextmanager
    def open(
        self, *, stop: Stop | None = None, approved: Iterable[str] = (), rules_from: Path | None = None
    ) -> Iterator[Context]:
        """The project, ready to run, with progress on standard error.

        Raises ``ConfigurationError`` and ``StoreError``.
        """
        from unisono.bootstrap import open_project

        with (
            self._reporter() as reporter,
            open_project(
                self.directory,
                reporter=reporter,
                stop=stop,
                approved=frozenset(approved),
                rules_from=rules_from,
            ) as context,
        ):
            yield context

    @contextmanager
    def _reporter(self) -> Iterator[Reporter]:
        from unisono.cli.progress import Progress
        from unisono.runs.context import Silent

        if self.quiet or not sys.stderr.isatty():
            yield Silent()
            return
        with Progress() as progress:
            yield progress


def connector_named(name: str, project: Project) -> ConnectorDefinition:
    """The project's connector of that name. Raises ``CallMistake`` with the nearest names."""
    found = project.connector(name)
    if found is None:
        raise unknown("connector", name, (connector.name for connector in project.connectors))
    return found
