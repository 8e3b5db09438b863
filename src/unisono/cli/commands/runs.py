"""Commands that run, that look at what ran, and that clear it: run, cycle, history, errors, tidy."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus

_ApproveOption = Annotated[
    list[str] | None,
    typer.Option("--approve", metavar="HASH", help="Let the batch of this hash pass the guard; may be repeated."),
]
_PROFILE_HELP = (
    "A run profile of the connector, or a single step: full-import, delta-import, full-synchronization, "
    "delta-synchronization, export."
)


@command(
    "unisono run hr full-import",
    "unisono run hr delta-synchronization",
    "unisono run directory export --approve 3f9a0c5d2b7e4816",
)
def run(
    session: Session,
    connector: Annotated[str, typer.Argument(metavar="CONNECTOR", help="A connector of the project.")],
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help=_PROFILE_HELP)],
    approve: _ApproveOption = None,
) -> ExitStatus:
    """Run a profile of a connector, step by step.

    A step is committed whole or page by page, never in between. Ctrl-C stops it between two pages; a second one ends
    the program at once.
    """
    from unisono.cli.actions import runs

    return runs.run(session, connector, profile, approve or [])


@command("unisono cycle", "unisono cycle --json --quiet", "unisono --project /srv/contoso cycle")
def cycle(session: Session, approve: _ApproveOption = None) -> ExitStatus:
    """Import, synchronize, export, confirm, until all is done.

    Connectors take their turns in the project's order, delta where they can. What the guard holds stays pending; the
    others go on.
    """
    from unisono.cli.actions import runs

    return runs.cycle(session, approve or [])


@command("unisono history", "unisono history hr --limit 5", "unisono history --run 12")
def history(
    session: Session,
    connector: Annotated[
        str | None, typer.Argument(metavar="CONNECTOR", help="Only runs of this connector.", show_default=False)
    ] = None,
    number: Annotated[int | None, typer.Option("--run", metavar="N", help="This run, with its steps.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many runs.")] = 20,
) -> ExitStatus:
    """Runs, the newest first.

    With --run one of them, as `unisono run` showed it: steps, counters, phases, errors.
    """
    from unisono.cli.actions import runs

    if number is not None:
        return runs.one_run(session, number)
    return runs.history(session, connector, limit)


@command("unisono errors", "unisono errors --run 12", "unisono errors --json")
def errors(
    session: Session,
    number: Annotated[
        int | None, typer.Option("--run", metavar="N", help="Of this run (default: the latest of every profile).")
    ] = None,
) -> ExitStatus:
    """Object errors by code and cause.

    The cause is the rule, attribute and target that errors share. Each has an example, and names the command that
    explains it.
    """
    from unisono.cli.actions import runs

    return runs.errors(session, number)


@command("unisono tidy", "unisono tidy --keep-days 30")
def tidy(
    session: Session,
    days: Annotated[
        int | None,
        typer.Option(
            "--keep-days",
            metavar="N",
            min=0,
            max=36_500,
            help="Clear runs that are older than so many days (default: as the project says).",
        ),
    ] = None,
) -> ExitStatus:
    """Clear old history and give room back to the disk.

    Every run clears some of what is older than the project keeps it; this clears all of that at once. The last run of
    each profile stays, and so do runs whose batch is held and runs since which an object fails.
    """
    from unisono.cli.actions import runs

    return runs.tidy(session, days)
