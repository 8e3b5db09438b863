"""Links that are made and cut by hand, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from unisono.cli.documents.joiner import ByHand
from unisono.cli.views.parts import text, titled
from unisono.cli.views.plans import error_table
from unisono.cli.views.preview import change_list


def by_hand_view(done: ByHand) -> Iterator[RenderableType]:
    yield text(_sentence(done))
    yield titled("Metaverse", change_list(done.metaverse))
    yield titled("Connector spaces", change_list(done.outbound))
    if done.errors:
        yield titled("Errors", error_table(done.errors))
    if done.run is not None and done.run.message:
        yield text(f"{done.run.status}: {done.run.message}")
        yield text(done.run.hint)


def _sentence(done: ByHand) -> str:
    """What became of the object, or would."""
    failed = bool(done.errors) or (done.run is not None and done.run.outcome == "error")
    will = "would be" if done.planned or failed else "is"
    name = done.object.dn
    if done.joined is not None:
        return f"{name} {will} joined to {done.joined_title} (id:{done.joined}) by hand."
    kind = "an explicit disconnector" if done.state == "explicit" else "a normal disconnector"
    if done.left is None:
        return f"{name} {will} {kind}."
    return f"{name} {will} disconnected from {done.left_title} (id:{done.left}), and {kind}."
