"""Commands that link single objects by hand: join, disconnect."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus

_OBJECT_HELP = "An object of a connector space: an id (id:42), an anchor, a DN, or a text that only it has."
_PERSON_HELP = "A metaverse object: an id (id:7), a value as in employeeId=4711, or a text that only it has."
_ObjectArgument = Annotated[str, typer.Argument(metavar="OBJECT", help=_OBJECT_HELP)]
_ConnectorOption = Annotated[
    str | None, typer.Option("--connector", metavar="C", help="Look in this connector space only.")
]
_PlanOption = Annotated[bool, typer.Option("--plan", help="Show what it would do, and do nothing.")]
_ApproveOption = Annotated[
    list[str] | None,
    typer.Option("--approve", metavar="HASH", help="Let this batch pass that the guard holds.", show_default=False),
]


@command(
    "unisono join 4711 employeeId=4711 --connector hr",
    'unisono join "CN=Robin Smith,OU=People,DC=contoso,DC=com" id:7 --plan',
)
def join(
    session: Session,
    name: _ObjectArgument,
    person: Annotated[str, typer.Argument(metavar="METAVERSE-OBJECT", help=_PERSON_HELP)],
    connector: _ConnectorOption = None,
    *,
    approve: _ApproveOption = None,
    plan: _PlanOption = False,
) -> ExitStatus:
    """Join an object to a metaverse object by hand.

    The object becomes an explicit connector: no filter and no changed join value cuts the link again. All of its
    attributes flow at once, in both directions. It is a run of its own in the history.
    """
    from unisono.cli.actions import joiner

    return joiner.join(session, name, person, connector, approve or (), plan=plan)


@command("unisono disconnect 4711 --connector hr", "unisono disconnect id:42 --explicit")
def disconnect(
    session: Session,
    name: _ObjectArgument,
    connector: _ConnectorOption = None,
    *,
    explicit: Annotated[bool, typer.Option("--explicit", help="So that no rule joins it again.")] = False,
    approve: _ApproveOption = None,
    plan: _PlanOption = False,
) -> ExitStatus:
    """Cut an object's link by hand.

    Its values are recalled, and the metaverse object goes with its last connector; deprovisioning does not run. Rules
    may join it again at the next synchronization, unless it becomes an explicit disconnector. Of a disconnector it
    changes whether it is an explicit one.
    """
    from unisono.cli.actions import joiner

    return joiner.disconnect(session, name, connector, approve or (), explicit=explicit, plan=plan)
