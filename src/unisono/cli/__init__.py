"""The command line: parses calls, does what they ask for, and shows it as text or JSON.

A command *does* something (``commands``), which gives a *document*, a frozen value that is also the shape of its JSON
(``documents``), and a *view* renders the document for people (``views``). What is heavy is imported by the command that
needs it: ``unisono --help`` loads none of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

#: How a shell names the end of a program by these signals: 128 and the signal's number.
_INTERRUPTED, _PIPE_CLOSED = 130, 141
_MISUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `unisono` and return its exit status; ``arguments`` without the program's name (default: the process's)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow encoding must not end a command
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # `unisono plan | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status


def _run(words: list[str]) -> int:
    import typer
    from typer.main import get_command

    from unisono.cli.app import make_app
    from unisono.cli.command import tell
    from unisono.cli.failures import interrupted, misused

    # The base of what a wrong call raises is Click's, which newer versions of Typer carry inside.
    usage_error: Any = typer.BadParameter.__mro__[1]  # Any: the class has no public name
    as_json = "--json" in words
    try:
        return int(get_command(make_app()).main(words, prog_name="unisono", standalone_mode=False) or 0)
    except usage_error as error:
        if as_json:
            tell(misused(error.format_message()), as_json=True)
        else:
            error.show()
        return _MISUSED
    except typer.Abort:
        tell(interrupted(), as_json=as_json)
        return _INTERRUPTED
