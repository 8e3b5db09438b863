"""New projects and the demonstration, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from unisono.cli.documents.start import Chapter, Demonstration, NewProject
from unisono.cli.views.parts import (
    duration,
    heading,
    indented,
    next_commands,
    status_text,
    table,
    text,
    titled,
)
from unisono.cli.views.runs import summary_counts


def new_view(project: NewProject) -> Iterator[RenderableType]:
    yield titled(f"A new project in {project.directory}", Group(*(text(file) for file in project.files)))
    yield from next_commands(project.next)


def chapter_view(chapter: Chapter) -> Iterator[RenderableType]:
    numbers = [run.id for run in chapter.runs]
    ran = f"(runs {numbers[0]} to {numbers[-1]})" if len(numbers) > 1 else f"(run {numbers[0]})" if numbers else ""
    yield Group(heading(chapter.title, ran), *(indented(text(f"- {each}")) for each in chapter.text))


def demonstration_end_view(demonstration: Demonstration) -> Iterator[RenderableType]:
    """Every run, and what to try next."""
    runs = [run for chapter in demonstration.chapters for run in chapter.runs]
    rows = [
        (
            run.id,
            run.connector,
            run.profile,
            status_text(run.status, run.outcome),
            duration(run.seconds),
            summary_counts(run.counts),
        )
        for run in runs
    ]
    columns = ("run", "connector", "profile", "status", "took", "counters")
    yield titled("Every run", table(columns, rows, numbers=("run", "took")))
    yield from next_commands(demonstration.next)
