"""What all steps share: how a step may end early, and the numbers it hands over."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.model.guard import Held
from unisono.model.runs import Status
from unisono.runs.context import Context
from unisono.runs.tally import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a step ended. ``held_hash`` names the batch that the guard holds, with the limits it exceeds."""

    status: Status
    message: str = ""
    hint: str = ""
    connection: str = ""
    held_hash: str | None = None
    held: tuple[Held, ...] = ()


class Holding(Exception):
    """Raised to roll a planned step back because the guard holds it."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.message)
        self.ending = ending


def completed(record: Record, message: str = "") -> Ending:
    """A step that reached its end."""
    return Ending(status=record.status(), message=message)


def stopped_by_user(context: Context) -> Ending | None:
    if not context.stop.requested:
        return None
    message = "stopped on request; what was committed stays, nobody was deleted for being unseen"
    return Ending(status=Status.STOPPED_USER_TERMINATION, message=message, hint="Run the step again.")


def hold_or_pass(held: tuple[Held, ...], digest: str, context: Context) -> Ending | None:
    """None when nothing is held, or when exactly this batch was approved."""
    if not held or digest[:16] in context.approved:
        return None
    losing = {"deletes", "cleared", "removed"}
    status = (
        Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
        if any(one.kind.value in losing for one in held)
        else Status.STOPPED_OBJECT_LIMIT
    )
    return Ending(
        status=status,
        message="the guard holds this batch: " + "; ".join(str(one) for one in held),
        hint=f"Look at it with `unisono plan`. If it is right, run again with --approve {digest[:16]}.",
        held_hash=digest[:16],
        held=held,
    )
