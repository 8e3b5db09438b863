"""Where a step's drop file lies, and whose it is."""

from __future__ import annotations

from pathlib import Path

from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep
from unisono.runs.context import Context
from unisono.runs.dropfiles.form import Header, header_of
from unisono.runs.dropfiles.writing import DropWriter


def place_of(path: str, context: Context) -> Path:
    """Relative paths start at the project."""
    return Path(context.project.directory) / path


def open_writer(step: RunStep, definition: ConnectorDefinition, context: Context) -> DropWriter:
    """Raises ``StepStop`` where the step cannot write its file."""
    header = header_of(step, definition, context.project.fingerprint, context.clock())
    return DropWriter(place_of(step.to_file, context), header)


def origin_of(header: Header, step: RunStep, context: Context) -> str:
    """Where a step that resumes from a file has its objects from, for people."""
    changed = "" if header.fingerprint == context.project.fingerprint else "; the project has changed since"
    return f"read from {step.resume_from_file}, written at {header.written_at:%Y-%m-%d %H:%M} UTC{changed}"
