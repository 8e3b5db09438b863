"""Links that are made and cut by hand."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.cli.documents.objects import SpaceHit
from unisono.cli.documents.plans import PlannedChange, PlannedError
from unisono.cli.documents.runs import RunSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """One object joined or disconnected. Titles are what the metaverse objects are called; null where there is none."""

    planned: bool  # nothing was done
    object: SpaceHit  # as it was before
    state: str  # what it becomes: normal, explicit
    joined: int | None  # id of the metaverse object that it is joined to
    joined_title: str | None
    left: int | None  # id of the metaverse object that it was joined to
    left_title: str | None
    metaverse: tuple[PlannedChange, ...]
    outbound: tuple[PlannedChange, ...]  # in connector spaces, its own link included
    errors: tuple[PlannedError, ...]
    run: RunSummary | None  # null where nothing was done
