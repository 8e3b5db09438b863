"""New projects."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.cli.documents.runs import RunSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    directory: str
    files: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of the demonstration: what happened, and what Unisono made of it."""

    title: str
    text: tuple[str, ...]
    runs: tuple[RunSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    directory: str
    chapters: tuple[Chapter, ...]
    next: tuple[str, ...]
