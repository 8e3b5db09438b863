"""Commands for the first day: demo, new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus


@command(
    "unisono demo", "unisono demo /tmp/contoso", "CONTOSO_LDAP_PASSWORD=… unisono demo contoso --ldap ldap://localhost"
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
            help="Use the empty directory of this LDAP server (dc=contoso,dc=example) in place of an LDIF file; "
            "the password of cn=admin is read from CONTOSO_LDAP_PASSWORD.",
        ),
    ] = None,
) -> ExitStatus:
    """Make the example project Contoso, run it through some days, and tell what happened.

    An HR file, a telephone database, a directory and an application, with 1,000 generated people.
    """
    from unisono.cli.actions import demo

    return demo.demo(session, directory, ldap)


@command("unisono new contoso", "unisono new .")
def new(
    session: Session,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; it is made when it is not there.")],
) -> ExitStatus:
    """Start a project: the smallest one that does something, with comments that say what to do next.

    No file that exists is overwritten.
    """
    from unisono.cli.actions import new

    return new.new(session, directory)
