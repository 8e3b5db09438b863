"""A preview for people: the steps of a synchronization, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from unisono.cli.documents.plans import PlannedChange, Preview
from unisono.cli.views.objects import space_object_view
from unisono.cli.views.parts import table, text, titled
from unisono.cli.views.plans import error_table
from unisono.cli.views.why import offer_table, trial_table


def preview_view(preview: Preview) -> Iterator[RenderableType]:
    yield from space_object_view(preview.object)
    yield titled(
        "1 Filter", text("The connector filter matches." if preview.filtered else "No connector filter matches.")
    )
    yield titled("2 Join", trial_table(preview.trials) if preview.trials else text("No join is tried."))
    yield titled("3 Link", text(f"The object {preview.link}."))
    nobody = text("None: the object is linked with nothing.")
    yield titled("4 Contributions", offer_table(preview.contributions) if preview.contributions else nobody)
    yield titled("5 Metaverse", change_list(preview.metaverse))
    yield titled("6 Outbound", change_list(preview.outbound))
    if preview.errors:
        yield titled("Errors", error_table(preview.errors))


def change_list(changes: Sequence[PlannedChange]) -> RenderableType:
    """Changes of every kind, row by row."""
    if not changes:
        return text("Nothing changes.")
    rows = [(each.kind, each.space, each.name, each.attribute, each.before, each.after, each.rule) for each in changes]
    return table(("change", "space", "object", "attribute", "before", "after", "rule"), rows)
