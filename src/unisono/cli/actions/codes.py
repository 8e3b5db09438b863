"""Explain a code. Needs no project."""

from __future__ import annotations

from unisono.cli.documents.codes import code_of
from unisono.cli.failures import CallMistake
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus
from unisono.cli.views.codes import code_view
from unisono.diagnosis import explain, suggest


def code(session: Session, name: str) -> ExitStatus:
    explanations = explain(name)
    if not explanations:
        near = " or ".join(suggest(name))
        hint = f"did you mean {near}?" if near else "docs/reference/codes.md lists all of them"
        raise CallMistake(f"there is no code {name!r}", hint=hint)
    session.emit(code_of(explanations), code_view)
    return ExitStatus.SUCCESS
