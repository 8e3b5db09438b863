"""Failures and mistakes for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from unisono.cli.failures import Candidate, Failure, WrittenMistake
from unisono.cli.views.parts import indented, safe, table


def failure_view(failure: Failure) -> Iterator[RenderableType]:
    error = failure.error
    lines = [Text.assemble((_prefix(error.status), "bold red"), safe(error.message))]
    if error.hint:
        lines.append(Text(safe(error.hint)))
    if error.status:
        lines.append(Text(f"See: unisono code {error.status}"))
    yield Group(*lines)
    if error.mistakes:
        yield mistake_list(error.mistakes)
    if error.candidates:
        yield candidate_table(error.candidates)


def _prefix(status: str | None) -> str:
    return f"{status}: " if status else "Error: "


def mistake_list(mistakes: Sequence[WrittenMistake]) -> Group:
    """``file:line:column check message``, and the hint below it."""
    return Group(*(line for mistake in mistakes for line in _mistake(mistake)))


def _mistake(mistake: WrittenMistake) -> Iterable[RenderableType]:
    place = f"{mistake.file}:{mistake.line}:{mistake.column}: " if mistake.file else ""
    style = "red" if mistake.severity == "error" else "yellow"
    kind = "" if mistake.severity == "error" else "warning: "
    yield Text.assemble((safe(place), "bold"), (f"{kind}{mistake.check}", style), f": {safe(mistake.message)}")
    if mistake.hint:
        yield indented(Text(safe(mistake.hint)))


def candidate_table(candidates: Sequence[Candidate]) -> RenderableType:
    rows = [(f"id:{each.id}", each.space, each.object_type, each.name) for each in candidates]
    return table(("object", "space", "type", "name"), rows)
