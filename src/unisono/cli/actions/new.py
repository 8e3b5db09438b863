"""Start a project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from unisono.cli.documents.start import NewProject
from unisono.cli.failures import CallMistake
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus
from unisono.cli.views.start import new_view
from unisono.config import write_template


def new(session: Session, directory: Path) -> ExitStatus:
    try:
        files = write_template(directory, directory.resolve().name)
    except ValueError as error:
        raise CallMistake(str(error), hint="a name has letters, digits, blanks and -_. only") from error
    except FileExistsError as error:
        raise CallMistake(str(error), hint="name a folder that has no project yet") from error
    except OSError as error:
        raise CallMistake(f"{error.filename}: {error.strerror}") from error
    there = replace(session, directory=directory, named=directory.resolve() != Path().resolve())
    document = NewProject(
        directory=str(directory),
        files=tuple(str(file) for file in files),
        next=(
            there.command("check"),
            there.command("run", "hr", "full-import"),
            there.command("plan", "hr"),
            there.command("run", "hr", "delta-synchronization"),
        ),
    )
    session.emit(document, new_view)
    return ExitStatus.SUCCESS
