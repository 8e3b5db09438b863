"""Commands about the project: check, schema."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus


@command("unisono check", "unisono --project /srv/contoso check --json")
def check(session: Session) -> ExitStatus:
    """Validate the project: every mistake at once.

    Each mistake and warning stands with file, line and column, the check that found it and a hint. No connected system
    is asked, and no store is opened.
    """
    from unisono.cli.actions import project

    return project.check(session)


@command("unisono schema hr", "unisono schema directory --refresh")
def schema(
    session: Session,
    connector: Annotated[str, typer.Argument(metavar="CONNECTOR", help="A connector of the project.")],
    *,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Only what differs from the project, and the rules that it hits.")
    ] = False,
) -> ExitStatus:
    """What a connected system offers, beside what is declared.

    A text may be declared as any type, and an attribute that may have several values as one that has one: that is no
    difference.
    """
    from unisono.cli.actions import schema

    return schema.schema(session, connector, refresh=refresh)
