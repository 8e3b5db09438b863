"""Validate a project."""

from __future__ import annotations

import os
from collections.abc import Sequence

from unisono.cli.documents.project import Check
from unisono.cli.failures import written
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus
from unisono.cli.views.project import check_view
from unisono.config import load_project
from unisono.model.errors import ConfigurationError, Mistake
from unisono.model.project import Project


def check(session: Session) -> ExitStatus:
    try:
        loaded = load_project(session.directory, environ=os.environ)
    except ConfigurationError as error:
        session.emit(_document(None, error.mistakes), check_view)
        return ExitStatus.MISTAKE
    session.emit(_document(loaded.project, loaded.warnings), check_view)
    return ExitStatus.ERRORS if loaded.warnings else ExitStatus.SUCCESS


def _document(project: Project | None, mistakes: Sequence[Mistake]) -> Check:
    errors = sum(mistake.severity == "error" for mistake in mistakes)
    return Check(
        project=project.name if project else None,
        fingerprint=project.fingerprint if project else None,
        connectors=len(project.connectors) if project else 0,
        rules=len(project.rules) if project else 0,
        errors=errors,
        warnings=len(mistakes) - errors,
        mistakes=tuple(map(written, mistakes)),
    )
