"""What came of the pages of an export, until it is durable in the connected system and can be recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import polars as pl

from unisono.connectors.contract import ExportOperation
from unisono.model.schema import ObjectType
from unisono.runs.export_pages import Page
from unisono.runs.spool import BlockFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKind:
    """What the objects of a page have in common. ``final``: no second pass follows with their references."""

    object_type: ObjectType
    operation: ExportOperation
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``objects``: the page's ``CS_OBJECT`` rows; ``results``: ``EXPORT_RESULTS``, of some of them at least."""

    kind: PageKind
    objects: pl.DataFrame
    results: pl.DataFrame

    @classmethod
    def of(cls, page: Page, results: pl.DataFrame) -> Self:
        kind = PageKind(object_type=page.object_type, operation=page.batch.operation, final=page.final)
        return cls(kind=kind, objects=page.objects, results=results)


class Outcomes:
    """Outcomes in the order in which they came, in a temporary file: a whole export may wait here.

    Use it as a context manager. Raises ``StepStop`` where there is no room for temporary files.
    """

    def __init__(self) -> None:
        self._kinds: list[PageKind] = []
        self._frames = BlockFile()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._frames.close()

    def add(self, outcome: Outcome) -> None:
        self._frames.write(outcome.objects)
        self._frames.write(outcome.results)
        self._kinds.append(outcome.kind)

    def __iter__(self) -> Iterator[Outcome]:
        for number, kind in enumerate(self._kinds):
            objects, results = self._frames.read(2 * number), self._frames.read(2 * number + 1)
            yield Outcome(kind=kind, objects=objects, results=results)
