"""What is told of a failing store, whatever database it is on."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.model.runs import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a running step ends, what happened, what to do about it."""

    status: Status
    message: str
    hint: str


_DEFECT = "This is a defect of the program; nothing of the unfinished step was kept."
CONTRADICTION = Failure(
    status=Status.STOPPED_SERVER, message="the store refused a row that contradicts another", hint=_DEFECT
)
UNKNOWN = Failure(status=Status.STOPPED_SERVER, message="the store failed", hint=_DEFECT)
