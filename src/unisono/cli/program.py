"""The program around the commands: streams, wrong calls, interruption, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from unisono.cli.app import make_app
from unisono.cli.command import tell
from unisono.cli.failures import interrupted, misused
from unisono.cli.status import ExitStatus

#: How a shell names the end of a program whose reader went away: 128 and the number of the signal.
PIPE_CLOSED = 141

# The base of what a wrong call raises is Click's, which newer versions of Typer carry inside.
_UsageError: Any = typer.BadParameter.__mro__[1]  # Any: the class has no public name


def run(arguments: Sequence[str] | None = None) -> int:
    """See ``unisono.cli.main``."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow encoding must not end a command
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # `unisono plan | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return status


def _run(words: list[str]) -> int:
    as_json = "--json" in words
    try:
        return int(get_command(make_app()).main(words, prog_name="unisono", standalone_mode=False) or 0)
    except _UsageError as error:
        if as_json:
            tell(misused(error.format_message()), as_json=True)
        else:
            error.show()
        return ExitStatus.MISTAKE
    except typer.Abort:
        tell(interrupted(), as_json=as_json)
        return ExitStatus.INTERRUPTED
