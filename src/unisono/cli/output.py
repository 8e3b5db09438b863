"""Results on standard output, as text or JSON.

On a terminal the text fits its width and has colour (unless ``NO_COLOR`` is set); elsewhere nothing is cut, wrapped or
coloured, and no line ends in blanks, so that it can be searched and compared.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

import msgspec
from rich.console import Console, Group, RenderableType
from rich.text import Text

#: Characters per line where nobody looks at lines: wider than any table.
UNBOUNDED = 100_000


#: Longer documents are for programs only; their lines are not broken.
READABLE_BYTES = 1_000_000


def write_json(document: object) -> None:
    """One JSON document and a line break."""
    encoded = msgspec.json.encode(document)
    shown = encoded if len(encoded) > READABLE_BYTES else msgspec.json.format(encoded, indent=2)
    sys.stdout.write(shown.decode())
    sys.stdout.write("\n")


def end_paragraph() -> None:
    """An empty line on standard output, between what is shown in several calls."""
    sys.stdout.write("\n")


def show(parts: Iterable[RenderableType], stream: TextIO) -> None:
    """The parts one below the other, separated by empty lines."""
    separated = [piece for part in parts for piece in (Text(""), part)][1:]
    if not separated:
        return
    if stream.isatty():
        Console(file=stream, highlight=False).print(Group(*separated))
        return
    console = Console(file=stream, width=UNBOUNDED, highlight=False, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(Group(*separated))
    stream.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
