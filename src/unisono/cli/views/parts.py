"""What views are made of: values as text, tables, lists of commands.

Values come from connected systems. Control and invisible characters in them are shown escaped: they could take over a
terminal, and an invisible character is the usual answer to "why are these two not the same?".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_OUTCOMES = {"success": "green", "warning": "yellow", "error": "red", "in-progress": "cyan"}


def safe(value: object) -> str:
    """The value as text without a character that a terminal would not show as itself."""
    text = value if isinstance(value, str) else _plain(value)
    if text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _INVISIBLE else c for c in text)


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case list() | tuple():
            return "; ".join(safe(each) for each in value)
        case _:
            return str(value)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def text(*pieces: object) -> Text:
    """A line of values."""
    return Text(" ".join(safe(piece) for piece in pieces if piece not in (None, "")))


def status_text(status: str, outcome: str) -> Text:
    return Text(status, style=_OUTCOMES.get(outcome, ""))


def heading(*pieces: object) -> Text:
    line = text(*pieces)
    line.stylize("bold")
    return line


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[str] = ()) -> Table:
    """Rows of values or texts under headings; columns named in ``numbers`` stand at the right."""
    right = set(numbers)
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(safe(cell)) for cell in row))
    return made


def pairs(rows: Iterable[tuple[str, object]]) -> Table:
    """Names and values in two columns without headings; what is empty is left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in rows:
        if value not in (None, "", ()):
            grid.add_row(name, value if isinstance(value, Text) else Text(safe(value)))
    return grid


def indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, 2))


def titled(title: str, part: RenderableType) -> Group:
    return Group(heading(title), indented(part))


def next_commands(commands: Sequence[str]) -> Iterable[RenderableType]:
    """The commands that make sense now; nothing when there are none."""
    if commands:
        yield titled("Next", Group(*(Text(safe(each), style="cyan") for each in commands)))


def duration(seconds: float) -> str:
    """``0.03 s``, ``12.4 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest} s"


def disk_size(size: int) -> str:
    """Bytes as ``12.3 MB``."""
    return f"{size / 1_000_000:,.1f} MB"


def local_time(moment: datetime) -> str:
    """In the reader's zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 object``, ``2,000 objects``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
