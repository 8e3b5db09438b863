"""The command `unisono`: what comes before a command, and the commands in the order of a working day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisono import __version__
from unisono.cli.command import JsonOption, QuietOption, Shared
from unisono.cli.commands import codes, expressions, joiner, objects, plans, project, runs, start

VARIABLE = "UNISONO_PROJECT"

COMMANDS = (
    start.demo,
    start.new,
    project.check,
    project.schema,
    runs.run,
    runs.cycle,
    plans.plan,
    plans.preview,
    expressions.eval_,
    objects.why,
    objects.search,
    objects.show,
    joiner.join,
    joiner.disconnect,
    runs.history,
    runs.errors,
    runs.tidy,
    codes.code,
)

_HELP = "Folder of the project (default: here)."
_ProjectOption = Annotated[Path | None, typer.Option("--project", metavar="DIR", envvar=VARIABLE, help=_HELP)]


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer's way to call it
    if wanted:
        typer.echo(f"unisono {__version__}")
        raise typer.Exit


_VersionOption = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
]


def make_app() -> typer.Typer:
    """The application with all commands."""
    app = typer.Typer(
        name="unisono",
        rich_markup_mode=None,  # plain help: quick, and the same in a pipe
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_unisono)
    for each in COMMANDS:
        app.command(each.name, epilog=each.epilog)(each.run)
    return app


def _unisono(
    context: typer.Context,
    *,
    project: _ProjectOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    version: _VersionOption = False,  # noqa: ARG001  # its callback does it
) -> None:
    """Every directory in unison: identity synchronization with a plan before every change.

    Options that stand here are understood behind a command, too. Exit status: 0 success, 1 completed with object errors
    or warnings, 2 a mistake in the configuration or the call, 3 a run stopped, 4 held by the guard.
    """
    context.obj = Shared(project=project, as_json=as_json, quiet=quiet)
