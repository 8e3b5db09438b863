"""Exceptions, grouped by what the caller does next. Expected outcomes of objects are data, not exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.model.rules import Place
from unisono.model.runs import Status


class UnisonoError(Exception):
    """Base of what the project raises on purpose. ``str()`` is for the administrator and holds no secret."""


class StepStop(UnisonoError):
    """The step cannot start or go on; it ends with ``status``, and nobody is deleted for it.

    ``connection`` is one of the connection results (diagnostics specification §1.9) where the reason is one.
    """

    def __init__(self, status: Status, message: str, *, hint: str = "", connection: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.connection = connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a project. ``check`` is the stable id of the check that found it."""

    check: str
    message: str
    place: Place | None = None
    hint: str = ""
    severity: str = "error"  # or "warning"


class ConfigurationError(UnisonoError):
    """A project, or another file, that cannot be used, with all its mistakes."""

    def __init__(self, mistakes: tuple[Mistake, ...], *, subject: str = "the project") -> None:
        super().__init__(f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''} in {subject}")
        self.mistakes = mistakes


class StoreError(UnisonoError):
    """The store refused or broke; ``status`` says how a running step ends."""

    def __init__(self, status: Status, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
