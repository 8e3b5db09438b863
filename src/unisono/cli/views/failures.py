"""Failures and mistakes for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
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
    if error.mistakes and error.expression is not None:
        yield marked_mistakes(error.expression, error.mistakes)
    elif error.mistakes:
        yield mistake_list(error.mistakes)
    if error.candidates:
        yield candidate_table(error.candidates)


def _prefix(status: str | None) -> str:
    return f"{status}: " if status else "Error: "


def mistake_list(mistakes: Sequence[WrittenMistake]) -> Group:
    """``file:line:column check message``, and the hint below it."""
    return Group(*(line for mistake in mistakes for line in _mistake(mistake)))


def _mistake(mistake: WrittenMistake) -> Iterable[RenderableType]:
    yield _told(mistake, f"{mistake.file}:{mistake.line}:{mistake.column}: " if mistake.file else "")
    if mistake.hint:
        yield indented(Text(safe(mistake.hint)))


def _told(mistake: WrittenMistake, place: str) -> Text:
    style = "red" if mistake.severity == "error" else "yellow"
    kind = "" if mistake.severity == "error" else "warning: "
    return Text.assemble((safe(place), "bold"), (f"{kind}{mistake.check}", style), f": {safe(mistake.message)}")


# What is shown of a line around a mistake, in characters: it must not be wrapped, or the mark would be lost.
_BEFORE, _BEHIND = 48, 24


def marked_mistakes(text: str, mistakes: Sequence[WrittenMistake]) -> Group:
    """Mistakes in a text: place, check and message, then the line with a mark below the place, and the hint."""
    lines = text.split("\n")
    return Group(*(part for mistake in mistakes for part in _marked(lines, mistake)))


def _marked(lines: Sequence[str], mistake: WrittenMistake) -> Iterable[RenderableType]:
    number, column = mistake.line or 1, mistake.column or 1
    yield _told(mistake, f"line {number}, column {column}: ")
    line, place = lines[number - 1], column - 1
    before = ("…" if place > _BEFORE else "") + safe(line[max(place - _BEFORE, 0) : place])
    behind = safe(line[place : place + _BEHIND]) + ("…" if len(line) > place + _BEHIND else "")
    for shown in (before + behind, " " * cell_len(before) + "^"):
        yield indented(Text(shown, no_wrap=True))
    if mistake.hint:
        yield indented(Text(safe(mistake.hint)))


def candidate_table(candidates: Sequence[Candidate]) -> RenderableType:
    rows = [(f"id:{each.id}", each.space, each.object_type, each.name) for each in candidates]
    return table(("object", "space", "type", "name"), rows)
