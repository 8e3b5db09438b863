"""The command that explains codes."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus


@command("unisono code ambiguous-import-flow-from-multiple-connectors", "unisono code no-start-connection")
def code(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="CODE", help="An error code, status or counter.")],
) -> ExitStatus:
    """What a code means, and what to do about it.

    Needs no project.
    """
    from unisono.cli.actions import codes

    return codes.code(session, name)
