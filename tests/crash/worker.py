"""A process that lets others live a cycle and die: it has loaded everything, and forks for each life.

It reads a request in a line of JSON, and answers in one. A life costs what the cycle costs, and not the start of an
interpreter. Nothing is computed before the fork, so no thread of the libraries is lost by it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401  # loaded here, once

import unisono.connectors.delimited_text
import unisono.connectors.ldif
import unisono.connectors.sql
import unisono.connectors.sql.databases.sqlite  # noqa: F401  # loaded here, once
from tests.crash.points import Order, Passages, install
from unisono import bootstrap
from unisono.bootstrap import open_project
from unisono.config import load_project
from unisono.config.load import Loaded
from unisono.connectors.contract import Capabilities, Connector, ExportSession, ImportRequest, ImportSession
from unisono.model.schema import Schema
from unisono.runs.context import Context
from unisono.runs.cycle import run_cycle

IMPORT_PAGE_OBJECTS = 9
EXPORT_PAGE_OBJECTS = 4
PARTITION_OBJECTS = 7


@dataclass(frozen=True, slots=True)
class SmallPages:
    """A connector that is read and written in many small pages."""

    connector: Connector

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.connector.capabilities, export_page_objects=EXPORT_PAGE_OBJECTS)

    def discover_schema(self) -> Schema:
        return self.connector.discover_schema()

    def open_import(self, request: ImportRequest) -> ImportSession:
        return self.connector.open_import(replace(request, page_objects=IMPORT_PAGE_OBJECTS))

    def open_export(self) -> ExportSession:
        return self.connector.open_export()


@contextmanager
def opened(directory: Path, environ: Mapping[str, str]) -> Iterator[Context]:
    with open_project(directory, environ=environ) as context:
        small = {name: replace(live, connector=SmallPages(live.connector)) for name, live in context.connectors.items()}
        yield replace(context, connectors=small, partition_objects=PARTITION_OBJECTS)


def live(request: Mapping[str, Any]) -> dict[str, object]:
    """One cycle, as far as it goes."""
    order = request["order"]
    passages = Passages(Order(**order) if order else None)
    install(passages)
    with opened(Path(request["directory"]), request["environ"]) as context:
        results = list(run_cycle(context))
    stopped = [f"{r.connector} {r.profile}: {r.status} {r.steps[0].message}" for r in results if r.status.ends_run]
    return {"passages": passages.counts, "stopped": stopped, "statuses": sorted({r.status.value for r in results})}


def forked(request: Mapping[str, Any]) -> dict[str, object]:
    """Let a child live; how it ended, and what it said where it lived to the end."""
    bootstrap.load_project = _loaded  # type: ignore[attr-defined]
    _loaded(Path(request["directory"]), environ=request["environ"])
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _as_child(request, writing)
    os.close(writing)
    if request["after_s"] is not None:
        _kill_after(child, request["after_s"])
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "told": json.loads(told) if told else None}


_projects: dict[Path, Loaded] = {}


def _loaded(directory: Path, *, environ: Mapping[str, str]) -> Loaded:
    """As ``load_project``: once, before the fork. Reading a project's files takes a quarter of a short cycle."""
    if directory not in _projects:
        _projects[directory] = load_project(directory, environ=environ)
    return _projects[directory]


def _as_child(request: Mapping[str, Any], writing: int) -> None:
    """Never returns: what the parent has open is none of the child's business."""
    try:
        told = live(request)
        with os.fdopen(writing, "w") as pipe:
            json.dump(told, pipe)
    except BaseException:  # noqa: BLE001  # it is told, and the parent fails
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _kill_after(child: int, seconds: float) -> None:
    """Kill it then, if it still lives."""
    handle = os.pidfd_open(child)
    try:
        if not select.select([handle], [], [], seconds)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(forked(json.loads(line))) + "\n")
        sys.stdout.flush()
