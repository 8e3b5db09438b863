"""Failures and mistakes for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
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


def marked_mistakes(text: str, mistakes: Sequence[WrittenMistake]) -> Group:
    """Mistakes in a text: place, check and message, then the line with a mark below the place, and the hint."""
    lines = text.split("\n")
    return Group(*(part for mistake in mistakes for part in _marked(lines, mistake)))


def _marked(lines: Sequence[str], mistake: WrittenMistake) -> Iterable[RenderableType]:
    number, column = mistake.line or 1, mistake.column or 1
    yield _told(mistake, f"line {number}, column {column}: ")
    yield indented(_MarkedLine(line=lines[number - 1], place=column - 1))
    if mistake.hint:
        yield indented(Text(safe(mistake.hint)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _MarkedLine:
    """What fits of a line around a place, with a mark below it: a line that is wrapped would lose the mark."""

    line: str
    place: int

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, _WIDEST_LINE)
        before, behind = safe(self.line[: self.place]), safe(self.line[self.place :])
        if cell_len(before) > width * 2 // 3:
            before = "…" + set_cell_size(before[::-1], width * 2 // 3 - 1)[::-1]
        if cell_len(before + behind) > width:
            behind = set_cell_size(behind, max(width - cell_len(before) - 1, 1)) + "…"
        for shown in (before + behind, " " * cell_len(before) + "^"):
            yield Text(shown, no_wrap=True)


_WIDEST_LINE = 80


def candidate_table(candidates: Sequence[Candidate]) -> RenderableType:
    rows = [(f"id:{each.id}", each.space, each.object_type, each.name) for each in candidates]
    return table(("object", "space", "type", "name"), rows)
