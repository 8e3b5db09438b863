"""What keeps a command from doing its work: said once, as text or as one JSON document."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from unisono.cli.status import ExitStatus
from unisono.model.errors import ConfigurationError, Mistake, StepStop, StoreError, UnisonoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An object that a call may have meant. ``space`` is ``metaverse`` or the connector."""

    id: int
    space: str
    object_type: str
    name: str


class CallMistake(UnisonoError):
    """A call that names something that does not exist, names several things at once, or has a wrong expression."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        candidates: Iterable[Candidate] = (),
        mistakes: Iterable[WrittenMistake] = (),
        expression: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.candidates = tuple(candidates)
        self.mistakes = tuple(mistakes)
        self.expression = expression


def unknown(what: str, name: str, known: Iterable[str]) -> CallMistake:
    """The mistake of naming a connector, profile, code … that does not exist, with what may have been meant."""
    return CallMistake(f"there is no {what} {name!r}", hint=meant(name, known))


def meant(name: str, known: Iterable[str]) -> str:
    """A hint: the nearest of the known names, or all of them when none is near."""
    names = sorted(known)
    by_lower = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3)
    if near:
        return "did you mean " + " or ".join(by_lower[each] for each in near) + "?"
    return f"there are: {', '.join(names)}" if names else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMistake:
    """One mistake in a project, or in the expression of a call, for people and scripts.

    ``file`` is relative to the project; for a file of the call, it is as the call names it.
    """

    file: str | None
    line: int | None
    column: int | None
    check: str
    severity: str  # error, warning
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """``kind``: configuration, call, store, stopped or interrupted. ``status``: one that `unisono code` explains."""

    kind: str
    message: str
    hint: str = ""
    status: str | None = None
    mistakes: tuple[WrittenMistake, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    expression: str | None = None  # of the call, where the mistakes are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The document of a command that could not do its work."""

    error: ErrorBody


#: What a command may raise; everything else is a fault of the program and keeps its traceback.
EXPECTED = (CallMistake, ConfigurationError, StepStop, StoreError)


def failure_of(error: Exception) -> tuple[Failure, ExitStatus]:
    """The document and the exit status of one of the ``EXPECTED``."""
    match error:
        case ConfigurationError():
            mistakes = tuple(map(written, error.mistakes))
            return _failure("configuration", str(error), mistakes=mistakes), ExitStatus.MISTAKE
        case CallMistake():
            body = ErrorBody(
                kind="call",
                message=error.message,
                hint=error.hint,
                mistakes=error.mistakes,
                candidates=error.candidates,
                expression=error.expression,
            )
            return Failure(error=body), ExitStatus.MISTAKE
        case StoreError():
            return _failure("store", error.message, hint=error.hint, status=error.status.value), ExitStatus.STOPPED
        case StepStop():
            return _failure("stopped", error.message, hint=error.hint, status=error.status.value), ExitStatus.STOPPED
        case _:
            raise TypeError(f"{type(error).__name__} is no expected failure")


def misused(message: str) -> Failure:
    """A call that cannot be parsed."""
    return _failure("call", message)


def interrupted() -> Failure:
    hint = "What was committed stays; the next run takes up from there."
    return _failure("interrupted", "ended at once", hint=hint)


def _failure(
    kind: str,
    message: str,
    *,
    hint: str = "",
    status: str | None = None,
    mistakes: tuple[WrittenMistake, ...] = (),
) -> Failure:
    return Failure(error=ErrorBody(kind=kind, message=message, hint=hint, status=status, mistakes=mistakes))


def written(mistake: Mistake) -> WrittenMistake:
    place = mistake.place
    return WrittenMistake(
        file=place.file if place else None,
        line=place.line if place else None,
        column=place.column if place else None,
        check=str(mistake.check),
        severity=mistake.severity,
        message=mistake.message,
        hint=mistake.hint,
    )
