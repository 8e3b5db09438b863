"""Results on standard output, as text or JSON.

On a terminal the text fits its width and has colour (unless ``NO_COLOR`` is set); elsewhere nothing is cut, wrapped or
coloured, and no line ends in blanks, so that it can be searched and compared.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

import msgspec
from rich.console import Console, Group, RenderableType
from rich.text import Text

from unisono.cli.documents.streamed import Streamed

#: Characters per line where nobody looks at lines: wider than any table.
UNBOUNDED = 100_000


#: Longer documents are for programs only; their lines are not broken.
READABLE_BYTES = 1_000_000

#: Where a list is to be put in; as a character it is escaped in JSON.
_PLACE = b"\0"


def write_json(document: object) -> None:
    """One JSON document and a line break; of one with ``Streamed`` lists a piece at a time is in memory."""
    pieces = _encoded(document)
    begin = bytearray()
    for piece in pieces:
        begin += piece
        if len(begin) > READABLE_BYTES:
            sys.stdout.write(begin.decode())
            sys.stdout.writelines(piece.decode() for piece in pieces)
            break
    else:
        sys.stdout.write(msgspec.json.format(bytes(begin), indent=2).decode())
    sys.stdout.write("\n")


def _encoded(document: object) -> Iterator[bytes]:
    """The document in pieces of whole characters."""
    lists: list[Streamed[object]] = []

    def leave_place(value: object) -> msgspec.Raw:
        if not isinstance(value, Streamed):
            raise NotImplementedError(f"{type(value).__name__} has no form in JSON")
        lists.append(value)
        return msgspec.Raw(_PLACE)

    head, *tails = msgspec.json.encode(document, enc_hook=leave_place).split(_PLACE)
    yield head
    for rows, tail in zip(lists, tails, strict=True):
        yield from rows.as_json()
        yield tail


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
