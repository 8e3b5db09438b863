"""Commands for the first day: demo, new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus


@command(
    "unisono demo", "unisono demo build/contoso", "CONTOSO_LDAP_PASSWORD=… unisono demo contoso --ldap ldap://localhost"
)
def demo(
    session: Session,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new folder for the project.", show_default="contoso")
    ] = Path("contoso"),
    ldap: Annotated[
        str | None,
        typer.Option(
            "--ldap",
            metavar="URL",
            help="Fill and use an LDAP server in place of an LDIF file: ldap://HOST/BASE????bindname=DN. By default "
            "BASE is dc=contoso,dc=example and DN cn=admin,BASE; the password is read from CONTOSO_LDAP_PASSWORD.",
        ),
    ] = None,
) -> ExitStatus:
    """Make the example project, run it, say what happened.

    Contoso has an HR file, a telephone database, a directory and an application, with 1,000 made-up people. The story
    goes through some days: joins, joiners and leavers, a rename, sources that disagree, a bad file and a truncated one.
    """
    from unisono.cli.actions.demo import demo as play

    return play(session, directory, ldap)


@command("unisono new contoso", "unisono new .")
def new(
    session: Session,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; it is made when it is not there.")],
) -> ExitStatus:
    """Start a project.

    The smallest one that does something, with comments that say what to do next. No file that exists is overwritten.
    """
    from unisono.cli.actions import new

    return new.new(session, directory)
