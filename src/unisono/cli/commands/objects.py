"""Commands that look at objects: why, search, show."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus

_OBJECT_HELP = "An id (id:42), an anchor, a DN, or a text that exactly one object has."
_ObjectArgument = Annotated[str, typer.Argument(metavar="OBJECT", help=_OBJECT_HELP)]
_ConnectorOption = Annotated[
    str | None, typer.Option("--connector", metavar="C", help="Look in this connector space, not in the metaverse.")
]


@command("unisono why robin.smith", "unisono why robin.smith title", "unisono why 4711 --connector hr")
def why(
    session: Session,
    name: _ObjectArgument,
    attribute: Annotated[
        str | None, typer.Argument(metavar="ATTR", help="Only this attribute.", show_default=False)
    ] = None,
    connector: _ConnectorOption = None,
) -> ExitStatus:
    """Where a value comes from; why an object is linked or not.

    Of a metaverse object: each value, the rule and source that won, the run that wrote it, and what it beat. The
    metaverse is asked first. With --connector, or when the metaverse has nobody of that name, the answer is about
    the object of a connector space: its filter, join trials, scopes and errors.
    """
    from unisono.cli.actions.why import why as explain

    return explain(session, name, attribute, connector)


@command(
    "unisono search robin", "unisono search robin@contoso.example --metaverse", "unisono search Smith --connector hr"
)
def search(
    session: Session,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Any part of a value, whatever its case.")],
    connector: _ConnectorOption = None,
    *,
    metaverse: Annotated[bool, typer.Option("--metaverse", help="Look in the metaverse only.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many objects per space.")] = 20,
) -> ExitStatus:
    """Find objects by a text.

    In connector spaces an object whose id, anchor or DN is the text stands alone; else every object that has the text
    in its anchor, DN or values is found.
    """
    from unisono.cli.actions import objects

    return objects.search(session, text, connector, metaverse=metaverse, limit=limit)


@command("unisono show robin.smith", "unisono show id:42", "unisono show 4711 --connector hr")
def show(session: Session, name: _ObjectArgument, connector: _ConnectorOption = None) -> ExitStatus:
    """Everything that is known of an object.

    Of a metaverse object: values with their lineage, references, connectors. Of an object of a connector space: its
    hologram, what is pending and unconfirmed, references, errors. The metaverse is asked first.
    """
    from unisono.cli.actions import objects

    return objects.show(session, name, connector)
