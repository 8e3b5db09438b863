"""How a function becomes a command: the options that all commands share, examples, and failures without traceback."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from unisono.cli.failures import EXPECTED, Failure, failure_of, interrupted
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus

#: How a shell names the end of a program whose reader went away: 128 and the number of the signal.
PIPE_CLOSED = 141

_PROJECT_HELP = "Folder of the project (default: here)."
ProjectOption = Annotated[Path | None, typer.Option("--project", metavar="DIR", help=_PROJECT_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]

#: Allowed before a command and behind it: names, annotations and defaults of parameters.
_SHARED = {"project": (ProjectOption, None), "as_json": (JsonOption, False), "quiet": (QuietOption, False)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The shared options as they stand before the command."""

    project: Path | None = None
    as_json: bool = False
    quiet: bool = False

    def session(self, *, project: Path | None, as_json: bool, quiet: bool) -> Session:
        """Together with the options behind the command, which count more."""
        chosen = project or self.project
        return Session(
            directory=chosen or Path(),
            named=chosen is not None,
            as_json=self.as_json or as_json,
            quiet=self.quiet or quiet,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as Typer takes it: ``run`` has the signature that options are read from."""

    name: str
    run: Callable[..., int]
    epilog: str


def command(*examples: str) -> Callable[[Callable[..., ExitStatus]], Command]:
    """Make a command of a function of a ``Session`` and of the command's own parameters.

    Its name is the function's, without the underscore of ``eval_``, its help text the docstring. Expected failures end
    it with a message and a status.
    """

    def make(work: Callable[..., ExitStatus]) -> Command:
        @functools.wraps(work)
        def run(context: typer.Context, **arguments: Any) -> int:  # Any: what each command declares
            shared = {name: arguments.pop(name) for name in _SHARED}
            session = context.ensure_object(Shared).session(**shared)
            return _attempt(session, functools.partial(work, session, **arguments))

        run.__signature__ = _signature(work)  # type: ignore[attr-defined]  # the attribute is there for this
        return Command(name=work.__name__.rstrip("_"), run=run, epilog=_epilog(examples))

    return make


def _signature(work: Callable[..., ExitStatus]) -> inspect.Signature:
    """The function's parameters with the context in place of the session, and the shared options behind them."""
    _, *own = inspect.signature(work, eval_str=True).parameters.values()
    shared = [_parameter(name, option, default) for name, (option, default) in _SHARED.items()]
    context = _parameter("context", typer.Context, inspect.Parameter.empty)
    keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    return inspect.Signature([context, *keyword_only, *shared], return_annotation=int)


def _parameter(name: str, annotation: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _epilog(examples: tuple[str, ...]) -> str:
    """The examples with their line breaks: that is what the control character asks for."""
    return "\n".join(("\b", "Examples:", *(f"  {example}" for example in examples)))


def _attempt(session: Session, work: Callable[[], ExitStatus]) -> int:
    try:
        status = work()
        sys.stdout.flush()
    except EXPECTED as error:
        failure, status = failure_of(error)
        tell(failure, as_json=session.as_json)
    except KeyboardInterrupt:
        tell(interrupted(), as_json=session.as_json)
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:  # `unisono plan | head`: nobody reads any more, the interpreter's last flush included
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return status


def tell(failure: Failure, *, as_json: bool) -> None:
    """A failure: on standard error, or as the JSON document on standard output."""
    from unisono.cli import output
    from unisono.cli.views.failures import failure_view

    if as_json:
        output.write_json(failure)
    else:
        output.show(failure_view(failure), sys.stderr)
