"""YAML text to a tree of nodes that know where they stand.

Only scalars, lists and mappings with text keys come out of it: tags are refused, and no object of a file's choice is
ever made. The tree is built from the events of the YAML parser, without recursion and within bounds, because a
project file may be hostile or simply the wrong file. An alias is the node it names, once; its weight counts again at
every use, so that a text that would grow out of bounds is refused before it grows.

Plain scalars follow the YAML 1.2 core schema with fewer surprises: ``yes`` and dates are text, and so are numbers
with leading zeros, which are identifiers more often than numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from unisono.config.checks import Check, shown

MAX_NODES = 50_000
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """``text`` as it reads, ``value`` as it is meant; ``style`` is the YAML quote character, empty for plain text.

    ``start`` and ``end`` are offsets in the file's text, here and below.
    """

    value: str | int | float | bool | None
    text: str
    style: str
    start: int
    end: int
    weight: int = 1
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    start: int
    weight: int
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key's place and its value."""

    key_start: int
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping."""

    entries: Mapping[str, Entry]
    start: int
    weight: int
    depth: int


Node = Scalar | Items | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A mistake at an offset."""

    check: Check
    message: str
    offset: int
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The root (None: nothing usable) and the faults; a text with duplicate keys or tags has both."""

    root: Node | None
    faults: tuple[Fault, ...]


def parse(text: str) -> Parsed:
    """The text's one document. Never raises, whatever the text."""
    builder = _Builder(text)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Refusal as refusal:
        builder.faults.append(refusal.fault)
    except MarkedYAMLError as error:
        builder.faults.append(_syntax_fault(error, text))
    except ReaderError as error:
        message = f"the character U+{ord(text[error.position]):04X} is not allowed"
        builder.faults.append(Fault(check=Check.YAML_SYNTAX, message=message, offset=error.position))
    except (YAMLError, AssertionError, OverflowError, ValueError):  # code points and versions that do not exist
        message = "not readable as YAML"
        builder.faults.append(Fault(check=Check.YAML_SYNTAX, message=message, offset=builder.offset))
    else:
        return Parsed(root=builder.root or _NOTHING, faults=tuple(builder.faults))
    return Parsed(root=None, faults=tuple(builder.faults))


_NOTHING = Scalar(value=None, text="", style="", start=0, end=0)


def _syntax_fault(error: MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    offset = min(mark.index if mark else 0, len(text))
    if text[offset : offset + 1] == "\t":
        hint = "indent with spaces, not with tabs"
    else:
        hint = "put an expression, or a text with special characters, in single quotes"
    begin = error.context_mark
    where = f" that begins in line {begin.line + 1}" if begin and mark and begin.line != mark.line else ""
    message = f"{error.context}{where}: {error.problem}" if error.context else str(error.problem)
    return Fault(check=Check.YAML_SYNTAX, message=message, offset=offset, hint=hint)


class _Refusal(Exception):
    """Parsing cannot or must not go on."""

    def __init__(self, check: Check, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.fault = Fault(check=check, message=message, offset=offset, hint=hint)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A list or mapping whose end was not seen yet."""

    start: int
    anchor: str | None
    is_table: bool
    key: tuple[str, int] | None = None  # of the value that comes next
    nodes: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def awaits_key(self) -> bool:
        return self.is_table and self.key is None

    def closed(self) -> Items | Table:
        members = [entry.node for entry in self.entries.values()] if self.is_table else self.nodes
        weight = 1 + sum(node.weight for node in members)
        depth = 1 + max((node.depth for node in members), default=0)
        if self.is_table:
            return Table(entries=self.entries, start=self.start, weight=weight, depth=depth)
        return Items(nodes=tuple(self.nodes), start=self.start, weight=weight, depth=depth)


class _Builder:
    """Takes events one by one; ``root`` is set at the end of the document."""

    def __init__(self, text: str) -> None:
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.offset = 0
        self._text = text
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._seen = 0

    def take(self, event: Event) -> None:
        self.offset = event.start_mark.index
        self._seen += 1
        if self._seen > 2 * MAX_NODES:  # a list or mapping has an event for its end too
            raise self._too_large()
        match event:
            case AliasEvent():
                self._add(self._anchored(event))
            case ScalarEvent():
                self._add(self._scalar(event), event.anchor)
            case CollectionStartEvent():
                self._begin(event)
            case CollectionEndEvent():
                closing = self._open.pop()
                self._add(closing.closed(), closing.anchor)
            case DocumentStartEvent() if self.root is not None:
                raise _Refusal(Check.YAML_SYNTAX, "a second document in one file", self.offset, "remove '---'")
            case _:
                return

    def _anchored(self, event: AliasEvent) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise _Refusal(Check.YAML_SYNTAX, f"no anchor {shown(event.anchor)} stands before this alias", self.offset)
        return node

    def _scalar(self, event: ScalarEvent) -> Scalar:
        self._refuse_tag(event)
        text = _PAIR.sub(_character, event.value)
        if _UNPRINTABLE.search(text):
            raise _Refusal(Check.YAML_SYNTAX, "a text with a character that no system can store", self.offset)
        value = text if event.style else _resolved(text)
        return Scalar(
            value=value,
            text=text,
            style=event.style or "",
            start=self._content_start(event),
            end=event.end_mark.index,
        )

    def _begin(self, event: CollectionStartEvent) -> None:
        self._refuse_tag(event)
        if self._open and self._open[-1].awaits_key:
            raise _Refusal(Check.YAML_SYNTAX, "a key must be text", self.offset, "quote a key that starts with [ or {")
        if len(self._open) >= MAX_DEPTH:
            raise _Refusal(Check.TOO_LARGE, f"nested more than {MAX_DEPTH} levels deep", self.offset)
        is_table = isinstance(event, MappingStartEvent)
        self._open.append(_Open(start=self._content_start(event), anchor=event.anchor, is_table=is_table))

    def _add(self, node: Node, anchor: str | None = None) -> None:
        if node.weight > MAX_NODES:
            raise self._too_large()
        if len(self._open) + node.depth > MAX_DEPTH:
            raise _Refusal(Check.TOO_LARGE, f"nested more than {MAX_DEPTH} levels deep", self.offset)
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
        elif self._open[-1].awaits_key:
            self._add_key(self._open[-1], node)
        else:
            self._add_value(self._open[-1], node)

    def _add_key(self, parent: _Open, node: Node) -> None:
        if not isinstance(node, Scalar):
            raise _Refusal(Check.YAML_SYNTAX, "a key must be text", self.offset)
        parent.key = (node.text, self.offset)
        if node.text in parent.entries:
            message = f"the key {shown(node.text)} stands here twice"
            self.faults.append(Fault(check=Check.DUPLICATE_KEY, message=message, offset=self.offset))

    def _add_value(self, parent: _Open, node: Node) -> None:
        if not parent.is_table or parent.key is None:
            parent.nodes.append(node)
            return
        key, key_start = parent.key
        parent.key = None
        parent.entries.setdefault(key, Entry(key_start=key_start, node=node))

    def _refuse_tag(self, event: ScalarEvent | CollectionStartEvent) -> None:
        if event.tag is not None:
            message = f"the tag {shown(str(event.tag))} is not allowed: a project holds text, numbers and lists only"
            self.faults.append(Fault(check=Check.YAML_SYNTAX, message=message, offset=self.offset))

    def _content_start(self, event: NodeEvent) -> int:
        """Where the value itself starts, behind its anchor and tag."""
        properties = _PROPERTIES.match(self._text, event.start_mark.index, event.end_mark.index)
        return properties.end() if properties else self.offset

    def _too_large(self) -> _Refusal:
        return _Refusal(Check.TOO_LARGE, f"more than {MAX_NODES:,} values in one file", self.offset)


def _character(pair: re.Match[str]) -> str:
    """The character that JSON writes as two escapes."""
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")


_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_UNPRINTABLE = re.compile("[\0\ud800-\udfff]")  # escapes in double quotes can write them
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _resolved(text: str) -> str | int | float | bool | None:
    """The value that a plain scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
