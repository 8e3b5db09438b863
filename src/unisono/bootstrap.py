"""The one place that puts concrete parts together: a project folder becomes something that can run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from unisono.config import load_project
from unisono.connectors.registry import load_kind
from unisono.model.project import ConnectorDefinition, Project
from unisono.runs.context import Context, LiveConnector, Reporter, Silent, Stop
from unisono.store import open_store


@contextmanager
def open_project(
    directory: Path,
    *,
    environ: Mapping[str, str] | None = None,
    reporter: Reporter | None = None,
    stop: Stop | None = None,
    approved: frozenset[str] = frozenset(),
    rules_from: Path | None = None,
) -> Iterator[Context]:
    """A project ready to run: validated, its store opened (and made when it is not there), its connectors made.

    ``rules_from`` is the folder of a changed project that is to be tried on this project's store. Raises
    ``ConfigurationError`` and ``StoreError``.
    """
    variables = os.environ if environ is None else environ
    loaded = load_project(directory, environ=variables)
    project, parameters = loaded.project, loaded.parameters
    if rules_from is not None:
        changed = load_project(rules_from, environ=variables)
        project = replace(changed.project, store=project.store, directory=project.directory)
        parameters = changed.parameters
    store = open_store(loaded.store.reveal(), directory, create=True)
    try:
        yield Context(
            project=project,
            parameters=parameters,
            store=store,
            connectors=live_connectors(project, directory),
            reporter=reporter or Silent(),
            stop=stop or Stop(),
            approved=approved,
        )
    finally:
        store.close()


def live_connectors(project: Project, directory: Path) -> dict[str, LiveConnector]:
    """The project's connectors; making one touches neither network nor file."""
    return {definition.name: _live(definition, directory) for definition in project.connectors}


def _live(definition: ConnectorDefinition, directory: Path) -> LiveConnector:
    kind = load_kind(definition.kind)
    connector = kind.make(definition.settings, definition.schema, directory)
    return LiveConnector(connector=connector, naming=kind.naming(definition.settings, definition.schema))
