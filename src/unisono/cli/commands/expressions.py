"""The command that evaluates an expression."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.command import command
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus
from unisono.model.rules import Language


@command(
    "unisono eval '\"Hello, \" & %Name%' --parameter Name=world",
    "unisono eval 'IIF(IsPresent([mail]), LCase([mail]), [uid] & \"@contoso.com\")' --object robin.yaml",
    "unisono eval 'LowerCase(firstName) + \".\" + lastName' --language mim --object robin.json",
    "unisono eval 'Trim([givenName] & \" \" & [sn])' --connector hr --type person --object robin.yaml",
)
def eval_(
    session: Session,
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION", help="In the rule language, in quotes.")],
    file: Annotated[
        Path | None,
        typer.Option(
            "--object",
            metavar="FILE",
            help="The object, in YAML or JSON: attributes with their values (default: none).",
        ),
    ] = None,
    language: Annotated[
        Language,
        typer.Option("--language", metavar="NAME", help="How it is written: entra or mim.", show_default="entra"),
    ] = Language.ENTRA,
    connector: Annotated[
        str | None,
        typer.Option("--connector", metavar="C", help="The object is one of this connector, with the types of --type."),
    ] = None,
    object_type: Annotated[
        str | None,
        typer.Option(
            "--type", metavar="TYPE", help="Object type of the project; without --connector one of the metaverse."
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="What %NAME% is; may be repeated."),
    ] = None,
    imported: Annotated[
        Path | None,
        typer.Option("--imported", metavar="FILE", help="The target object, which ImportedValue reads."),
    ] = None,
    *,
    several: Annotated[
        bool, typer.Option("--several", help="The result goes to an attribute that may have several values.")
    ] = False,
    now: Annotated[
        str | None, typer.Option("--now", metavar="TIME", help="What Now() is, such as 2026-01-31T08:00:00Z.")
    ] = None,
) -> ExitStatus:
    """What an expression gives for an object, step by step.

    Every part stands with its type and what it gave, and says so if it was not evaluated. Types of attributes are seen
    from the values, or said as in {datetime: 2026-01-31}; with --type they are those of the project. Only --connector
    and --type need a project; one that --project names gives its parameters. No connected system is asked, and no store
    is opened.
    """
    from unisono.cli.actions.expressions import Question, evaluate

    question = Question(
        expression=expression,
        language=language,
        file=file,
        connector=connector,
        object_type=object_type,
        parameters=tuple(parameters or ()),
        imported=imported,
        several=several,
        now=now,
    )
    return evaluate(session, question)
