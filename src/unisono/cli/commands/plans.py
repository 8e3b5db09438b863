"""Commands that show what would be done, without doing it: plan, preview."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus

_OBJECT_HELP = "An object of a connector space: an id (id:42), an anchor, a DN, or a text that only it has."


@command(
    "unisono plan",
    "unisono plan hr --change delete --limit 0",
    "unisono plan --with ../contoso-next --space directory",
    'unisono plan --full --object "Robin Smith" --attribute title',
)
def plan(
    session: Session,
    connectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONNECTOR", help="Default: all, in the order of the cycle.", show_default=False),
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Everybody, not only objects with something pending.")] = False,
    changed: Annotated[
        Path | None,
        typer.Option("--with", metavar="DIR", help="Try the rules of this changed project on everybody."),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", metavar="SPACE", help="List changes of the metaverse, or of a connector.")
    ] = None,
    change: Annotated[
        str | None,
        typer.Option(
            "--change",
            metavar="KIND",
            help="List changes of a kind: delete, deprovision, disconnect, rename, clear, remove, update, add, "
            "provision, project, join.",
        ),
    ] = None,
    attribute: Annotated[
        str | None, typer.Option("--attribute", metavar="NAME", help="List changes of this attribute.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--object", metavar="TEXT", help="List changes of objects with the text in their name."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=0,
            help="Objects listed per kind and space; 0: all.",
            show_default="10; with --json all",
        ),
    ] = None,
) -> ExitStatus:
    """What a synchronization would do to everybody.

    The next one, a full one, or one with the rules of a changed project. Nothing is written. The guard judges a plan as
    it judges a run. Changes are listed from the worst: deletes first, joins last.
    """
    from unisono.cli.actions.plans import Filters, plan

    filters = Filters(space=space, kind=change, attribute=attribute, name=name, limit=limit)
    return plan(session, connectors or [], filters, full=full or changed is not None, changed=changed)


@command("unisono preview 4711 --connector hr", "unisono preview id:42", "unisono preview robin.smith --full")
def preview(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="OBJECT", help=_OBJECT_HELP)],
    connector: Annotated[
        str | None, typer.Option("--connector", metavar="C", help="Look in this connector space only.")
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="As a full synchronization would do it.")] = False,
) -> ExitStatus:
    """What synchronizing one object would do, step by step.

    The object with its layers, the connector filter, join trials, the link, what all connectors of its metaverse object
    would offer, changes of the metaverse, changes for other connectors. Nothing is written.
    """
    from unisono.cli.actions.preview import preview

    return preview(session, name, connector, full=full)
