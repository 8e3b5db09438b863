"""Where in a file something was said.

A ``Document`` is a parsed file; values are found in it by their path of keys and list positions. ``At`` is a document
and a path in it, which is what the checks carry around.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unisono.config.parse import Fault, Items, Node, Scalar, Table, parse
from unisono.model.errors import Mistake
from unisono.model.rules import Place

Key = str | int
KeyPath = tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file. ``file`` is relative to the project, with slashes; ``starts`` are the offsets of its lines."""

    file: str
    text: str
    starts: tuple[int, ...]
    root: Node

    def place_of(self, offset: int) -> Place:
        return _place(self.file, self.starts, offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A value in a document."""

    document: Document
    path: KeyPath = ()

    def at(self, *path: Key) -> At:
        return At(document=self.document, path=(*self.path, *path))

    def value(self) -> Any:  # Any: what a configuration file holds
        """The value as text, numbers, lists and dictionaries; None where there is nothing."""
        found, missing = self._nearest()
        return None if missing else _plain(found)

    def place(self, *path: Key) -> Place:
        """Where the value starts; where it is absent, the nearest thing around it."""
        here = self.at(*path)
        return self.document.place_of(here._nearest()[0].start)

    def key_place(self, *path: Key) -> Place:
        """Where the value's key stands; in a list, where the value starts."""
        *above, key = self.at(*path).path or ("",)
        node, missing = At(document=self.document, path=tuple(above))._nearest()
        if missing or not isinstance(node, Table) or key not in node.entries:
            return self.place(*path)
        return self.document.place_of(node.entries[str(key)].key_start)

    def character_place(self, line: int, column: int, *path: Key) -> Place:
        """Where a character of a text stands in the file; ``line`` and ``column`` count from 1 within the text."""
        node, _ = self.at(*path)._nearest()
        if not isinstance(node, Scalar):
            return self.document.place_of(node.start)
        before = _before(node.text, line, column)
        offsets = list(_units(self.document.text, node))
        position = len(before) - sum(map(before.count, _SPACES))
        if position >= len(offsets):
            return self.document.place_of(offsets[-1] + 1 if offsets else node.start)
        return self.document.place_of(offsets[position])

    def _nearest(self) -> tuple[Node, bool]:
        """The node at the path, or the last one on the way to it and True."""
        node = self.document.root
        for key in self.path:
            inside = _inside(node, key)
            if inside is None:
                return node, True
            node = inside
        return node, False


def read_document(file: str, text: str) -> tuple[Document | None, tuple[Mistake, ...]]:
    """The document of a file's text, if it has a usable one, and the mistakes in its syntax."""
    starts = (0, *(line_end.end() for line_end in _LINE_END.finditer(text)))
    parsed = parse(text)
    mistakes = tuple(_mistake(file, starts, fault) for fault in parsed.faults)
    if parsed.root is None:
        return None, mistakes
    return Document(file=file, text=text, starts=starts, root=parsed.root), mistakes


_LINE_END = re.compile(r"\r\n|\r|\n")


def _mistake(file: str, starts: tuple[int, ...], fault: Fault) -> Mistake:
    place = _place(file, starts, fault.offset)
    return Mistake(check=fault.check, message=fault.message, place=place, hint=fault.hint)


def _place(file: str, starts: tuple[int, ...], offset: int) -> Place:
    line = bisect_right(starts, offset)
    return Place(file=file, line=line, column=offset - starts[line - 1] + 1)


def _inside(node: Node, key: Key) -> Node | None:
    match node:
        case Table() if isinstance(key, str) and key in node.entries:
            return node.entries[key].node
        case Items() if isinstance(key, int) and 0 <= key < len(node.nodes):
            return node.nodes[key]
        case _:
            return None


def _plain(node: Node) -> Any:  # Any: as for ``At.value``
    match node:
        case Scalar():
            return node.value
        case Items():
            return [_plain(member) for member in node.nodes]
        case Table():
            return {key: _plain(entry.node) for key, entry in node.entries.items()}


# --- characters of a scalar ------------------------------------------------------------------------------------------
#
# YAML folds, strips and adds white space in ways that differ by style, but keeps every other character, in order. So
# the n-th character of the value that is not white space is the n-th *unit* of the source that is not: a character,
# two single quotes that stand for one, or an escape between double quotes.

_SPACES = " \t\r\n"
_PLAIN_UNIT = r"(?P<unit>[^ \t\r\n])"
_SINGLE_UNIT = r"(?P<unit>''|[^ \t\r\n'])"
_DOUBLE_UNIT = (
    r"\\(?:[ntr \t]|\r?\n)"  # escapes that give white space, or nothing
    r"|(?P<unit>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # one character, as JSON writes it
    r"|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|[^ \t\r\n\"\\])"
)
_UNITS = {"'": re.compile(_SINGLE_UNIT), '"': re.compile(_DOUBLE_UNIT)}
_UNIT = re.compile(_PLAIN_UNIT)


def _before(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    earlier = "\n".join(lines[: line - 1])
    return earlier + (lines[line - 1][: column - 1] if 0 < line <= len(lines) else "")


def _units(source: str, scalar: Scalar) -> Iterator[int]:
    """Offsets of the scalar's units in the source."""
    start = scalar.start
    if scalar.style in ("|", ">"):  # behind the indicator and its comment
        end_of_header = _LINE_END.search(source, start, scalar.end)
        start = end_of_header.end() if end_of_header else scalar.end
    found = _UNITS.get(scalar.style, _UNIT).finditer(source, start, scalar.end)
    yield from (match.start() for match in found if match["unit"])
