"""The reference page of the command line, made from the commands and documents themselves.

``scripts/write_reference.py`` writes it, and a test keeps the page in the documentation equal to it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any

from typer.main import get_command

from unisono.cli import failures
from unisono.cli.app import VARIABLE, make_app
from unisono.cli.documents import codes, expressions, joiner, objects, plans, project, runs, start
from unisono.cli.status import ExitStatus

INTRODUCTION = f"""\
# The command line

`unisono COMMAND` works on the project in the folder where it is called, or in the one that `--project DIR` or the
environment variable `{VARIABLE}` names. `unisono COMMAND --help` shows what stands here, with examples.

| option of every command | |
| --- | --- |
| `--project DIR` | Folder of the project. |
| `--json` | One JSON document on standard output, in place of tables. |
| `--quiet` | No progress. |
| `-h`, `--help` | Help. |

They stand before the command or behind it. `unisono --version` prints the version; `unisono --install-completion` and
`--show-completion` set up completion for your shell.

**Output.** Results are written to standard output, progress and failures to standard error. On a terminal, a step that
takes longer than a second shows how many objects it has done and how fast. Off a terminal there is no colour and no
progress, and nothing is cut or wrapped; `NO_COLOR` takes the colour away everywhere. Control and invisible characters
in values are shown escaped. Times are in your zone; in JSON they are in UTC.

**Objects** are named by an id (`id:42`), an anchor, a DN, `attribute=value` (in the metaverse), or any text that
exactly one object has. When several have it, they are listed with their ids.

**Ctrl-C** lets a run stop between two batches: what was committed stays, and nobody is deleted for being unseen. A
second Ctrl-C ends the program at once; the next run takes up from there.
"""

STATUSES = {
    ExitStatus.SUCCESS: "Success.",
    ExitStatus.ERRORS: "Completed, with object errors or warnings. `schema`: the system differs from the project. "
    "`eval`: the expression gives an error, or has a warning.",
    ExitStatus.MISTAKE: "A mistake in the configuration or in the call. Nothing was done.",
    ExitStatus.STOPPED: "A run did not start or stopped; its status says why. Also: the store cannot be used.",
    ExitStatus.HELD: "The guard holds a batch until exactly it is approved. `plan`: it would be held.",
    ExitStatus.INTERRUPTED: "Ended at once by Ctrl-C.",
}

#: The document of each command.
DOCUMENTS: dict[str, tuple[type, ...]] = {
    "demo": (start.Demonstration,),
    "new": (start.NewProject,),
    "check": (project.Check,),
    "schema": (project.SchemaComparison,),
    "run": (runs.Run,),
    "cycle": (runs.Cycle,),
    "plan": (plans.Plan,),
    "preview": (plans.Preview,),
    "eval": (expressions.Evaluation,),
    "why": (objects.Why,),
    "search": (objects.Search,),
    "show": (objects.Shown,),
    "join": (joiner.ByHand,),
    "disconnect": (joiner.ByHand,),
    "history": (runs.History, runs.Run),
    "errors": (runs.Errors,),
    "tidy": (runs.Tidied,),
    "code": (codes.Code,),
}

_LOOKING = (ExitStatus.SUCCESS, ExitStatus.MISTAKE, ExitStatus.STOPPED)
_RUNNING = (ExitStatus.SUCCESS, ExitStatus.ERRORS, ExitStatus.MISTAKE, ExitStatus.STOPPED, ExitStatus.HELD)

#: The exit statuses that each command can have.
EXIT: dict[str, tuple[ExitStatus, ...]] = {
    **dict.fromkeys(DOCUMENTS, _LOOKING),
    **dict.fromkeys(("run", "cycle", "plan", "join", "disconnect"), _RUNNING),
    **dict.fromkeys(("schema", "preview"), (ExitStatus.SUCCESS, ExitStatus.ERRORS, *_LOOKING[1:])),
    **dict.fromkeys(("check", "eval"), (ExitStatus.SUCCESS, ExitStatus.ERRORS, ExitStatus.MISTAKE)),
    **dict.fromkeys(("new", "code"), (ExitStatus.SUCCESS, ExitStatus.MISTAKE)),
}

_DOCUMENT_MODULES = (runs, plans, objects, joiner, expressions, project, codes, start, failures)


def cli_page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION, "## Exit status\n", *_exit_statuses(), "", *_commands(), *_documents()]
    return "\n".join(parts).rstrip() + "\n"


def _exit_statuses() -> Iterator[str]:
    yield "| status | |\n| --- | --- |"
    for status, meaning in STATUSES.items():
        yield f"| {status.value} | {meaning} |"
    yield "\nOf several runs the most urgent status counts: 3 before 4, 4 before 1."


# --- commands --------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    group: Any = get_command(make_app())  # Any: Click's classes, which newer versions of Typer carry inside
    for name, command in group.commands.items():
        yield f"### `unisono {name}`\n"
        yield f"{_prose(command.help)}\n"
        parameters = [each for each in command.params if each.name not in ("project", "as_json", "quiet", "help")]
        if parameters:
            yield "| argument or option | |\n| --- | --- |"
            yield from map(_parameter, parameters)
            yield ""
        examples = [line.strip() for line in command.epilog.splitlines()[2:]]
        yield "\n".join(("```sh", *examples, "```\n"))
        documents = " or ".join(f"[`{each.__name__}`](#{each.__name__.lower()})" for each in DOCUMENTS[name])
        yield f"JSON: {documents}. Exit status: {', '.join(str(status.value) for status in EXIT[name])}.\n"


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        word = parameter.metavar if parameter.required else f"[{parameter.metavar}]"
        return f"| `{word}{'…' if parameter.nargs == -1 else ''}` | {_cell(parameter.help)} |"
    metavar = f" {parameter.metavar}" if parameter.metavar else ""
    return f"| `{parameter.opts[0]}{metavar}` | {_cell(parameter.help)}{_default(parameter)} |"


def _default(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return f" Default: {parameter.show_default}."
    shown = isinstance(parameter.default, int) and not isinstance(parameter.default, bool)
    return f" Default: {parameter.default}." if shown else ""


def _cell(text: str) -> str:
    return re.sub(r"(--[a-z]+)", r"`\1`", text)


def _prose(text: str) -> str:
    return _cell(re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text)))


# --- documents -------------------------------------------------------------------------------------------------------


def _documents() -> Iterator[str]:
    yield "## JSON documents\n"
    yield (
        "Fields are never renamed and never change their meaning; new ones may be added. Every field is always there; "
        "what is absent is null. A command that could not do its work prints [`Failure`](#failure) instead.\n"
    )
    for module in _DOCUMENT_MODULES:
        for document in _dataclasses(module):
            yield from _document(document)


def _dataclasses(module: ModuleType) -> list[type]:
    """The module's own dataclasses, in the order of its source."""
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    return [each for each in own if is_dataclass(each)]


_FIELD = re.compile(r"^    (?P<name>\w+): (?P<type>[^#=]+?)(?: = [^#]+?)?(?:  # (?P<comment>.*))?$")


def _document(document: type) -> Iterator[str]:
    yield f"### {document.__name__}\n"
    if not (document.__doc__ or "").startswith(document.__name__ + "("):  # the one that dataclasses invent
        yield _prose((document.__doc__ or "").replace("``", "`")) + "\n"
    yield "| field | type | |\n| --- | --- | --- |"
    for line in inspect.getsource(document).splitlines():
        if found := _FIELD.match(line):
            yield f"| `{found['name']}` | {_type(found['type'])} | {_comment(found['comment'])} |"
    yield ""


def _comment(comment: str | None) -> str:
    return "" if comment is None or comment.startswith("Any:") else comment


_TYPES = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "datetime": "time",
    "Any": "any value",
    "Values": "values by attribute",
    "dict[str, float]": "numbers by name",
}


def _type(annotation: str) -> str:
    annotation = annotation.strip()
    if annotation.endswith(" | None"):
        return f"{_type(annotation.removesuffix(' | None'))} or null"
    if found := re.fullmatch(r"tuple\[(\w+), \.\.\.\]|Streamed\[(\w+)\]", annotation):
        return f"list of {_type(found[1] or found[2])}"
    return _TYPES.get(annotation) or f"[`{annotation}`](#{annotation.lower()})"
