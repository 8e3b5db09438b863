"""Exit statuses of the command: what a script may rely on (documented in docs/reference/cli.md)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from unisono.model.runs import RunResult, Status


class ExitStatus(IntEnum):
    SUCCESS = 0
    ERRORS = 1  # completed, with object errors or warnings
    MISTAKE = 2  # in the configuration or in the call
    STOPPED = 3  # a run did not start or stopped; its status says why
    HELD = 4  # the guard holds a batch until somebody approves it
    INTERRUPTED = 130  # ended at once by Ctrl-C


def of_run(run: RunResult) -> ExitStatus:
    """A run that the guard holds also has the status of a stopped one: being held is what the caller acts on."""
    if any(step.held_hash for step in run.steps):
        return ExitStatus.HELD
    if run.status.value.startswith(("no-start-", "stopped-")):
        return ExitStatus.STOPPED
    return ExitStatus.SUCCESS if run.status is Status.SUCCESS else ExitStatus.ERRORS


#: From harmless to what needs somebody first: a stopped run is repaired before a held batch can be judged.
_URGENCY = (ExitStatus.SUCCESS, ExitStatus.ERRORS, ExitStatus.HELD, ExitStatus.STOPPED)


def worst(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """The status of several runs together; success when there are none."""
    return max(statuses, key=_URGENCY.index, default=ExitStatus.SUCCESS)
