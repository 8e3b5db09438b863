"""The program around the commands: streams, wrong calls, interruption, and the exit status."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from unisono.cli.app import make_app
from unisono.cli.command import tell
from unisono.cli.failures import misused
from unisono.cli.status import ExitStatus

# The base of what a wrong call raises is Click's, which newer versions of Typer carry inside.
_UsageError: Any = typer.BadParameter.__mro__[1]  # Any: the class has no public name


def run(arguments: Sequence[str] | None = None) -> int:
    """See ``unisono.cli.main``."""
    # What is odd about a certificate is for those whose directory it is in, and it goes on being read.
    warnings.filterwarnings("ignore", module=r"unisono\.expressions\.functions\.certificates")
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow encoding must not end a command
    try:
        return int(get_command(make_app()).main(words, prog_name="unisono", standalone_mode=False) or 0)
    except _UsageError as error:
        if "--json" in words:
            tell(misused(error.format_message()), as_json=True)
        else:
            error.show()
        return ExitStatus.MISTAKE
    except typer.Abort:  # Ctrl-C before the command began
        return ExitStatus.INTERRUPTED
