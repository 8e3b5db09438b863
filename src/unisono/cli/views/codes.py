"""Codes for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from unisono.cli.documents.codes import Code, Meaning
from unisono.cli.views.parts import heading, indented, pairs, text


def code_view(code: Code) -> Iterator[RenderableType]:
    for meaning in code.meanings:
        yield Group(heading(code.code), indented(Group(text(f"{meaning.meaning}."), pairs(_facts(meaning)))))


def _facts(meaning: Meaning) -> Iterator[tuple[str, object]]:
    yield "category", meaning.category
    yield "severity", f"{meaning.severity}, {_reach(meaning)}"
    yield "when", meaning.when
    yield "phase", meaning.phase
    yield "causes", "; ".join(meaning.likely_causes)
    yield "remedy", meaning.remedy
    yield "also written", ", ".join(meaning.also_written)


def _reach(meaning: Meaning) -> str:
    if meaning.outcome:
        return f"outcome {meaning.outcome}"
    return "concerns one object" if meaning.scope == "object" else "concerns the run"
