"""What a record is (RFC 4180), twice: as one regular expression, and step by step.

Well-formed records of a known number of columns are a regular language. The expression finds how far a block of text
keeps to it, at several hundred megabytes per second; that part can be left to a fast parser without a second thought.
Where the text leaves the language, records are read one by one, and what is wrong is said by entry and line.

After a fault the reader must find a place to go on. It never takes text for a record that may have been *inside* a
quoted value: whoever can write into such a value could otherwise invent objects. So a malformed record ends with the
line in which the fault shows, and a quoted value that is never closed ends with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from unisono.connectors.delimited_text.settings import Dialect

#: Wider records would need a larger expression than Polars compiles.
_CLEAN_COLUMNS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A well-formed record of any number of columns. An unquoted empty column is None, a quoted one ``""``.

    ``end`` is the position behind its line break; ``lines`` how many line breaks it has.
    """

    fields: tuple[str | None, ...]
    end: int
    lines: int

    @property
    def is_blank(self) -> bool:
        return self.fields == (None,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Text that is no record. ``column`` counts from 1."""

    reason: str
    column: int
    end: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unfinished:
    """A record whose end the text does not hold; ``column`` is where it breaks off."""

    column: int


class Grammar:
    """Records of one dialect, in UTF-8 text."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        delimiter, quote = (_escaped(c) for c in (dialect.delimiter, dialect.quote))
        self._unquoted = re.compile(rf"[^{delimiter}\r\n]*".encode())
        # Possessive: a doubled quote must never be given back to serve as the closing one.
        quoted = rf"{quote}([^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+){quote}" if quote else r"(?!)"
        self._quoted = re.compile(quoted.encode())
        self._end_of_line = re.compile(rb"\r?\n")
        self._delimiter, self._quote = dialect.delimiter.encode(), dialect.quote.encode()

    def clean_length(self, text: bytes, columns: int) -> int:
        """How many bytes from the start are well-formed records of that many columns, line breaks included.

        The text must be UTF-8. Records with quotes inside unquoted values do not count: they are well-formed, but
        fast parsers read them differently.
        """
        if columns > _CLEAN_COLUMNS:
            return 0
        rest = pl.Series([text], dtype=pl.Binary).cast(pl.String).str.replace(self._clean(columns), "")
        return len(text) - int(rest.str.len_bytes()[0])

    def _clean(self, columns: int) -> str:
        delimiter, quote = (_escaped(c) for c in (self.dialect.delimiter, self.dialect.quote))
        unquoted = rf"[^{delimiter}{quote}\r\n]"
        quoted = rf"|{quote}(?:[^{quote}]|{quote}{quote})*{quote}" if quote else ""
        field = rf"(?:{unquoted}*{quoted})"
        # An empty line is no record, so a single column must not be empty.
        row = rf"(?:{unquoted}+{quoted})" if columns == 1 else rf"{field}(?:{delimiter}{field}){{{columns - 1}}}"
        return rf"\A(?:{row}\r?\n)*"

    def records(self, text: bytes, position: int, *, final: bool) -> Iterator[Record | Malformed]:
        """Records one by one from the position. Stops before one whose end the text does not hold.

        ``final``: nothing comes behind the text, which ends with a line break. Then every byte belongs to an item.
        """
        while position < len(text):
            item = self._record(text, position)
            if isinstance(item, _Unfinished):
                if final:
                    reason, lines = "a quoted value is never closed", text.count(b"\n", position)
                    yield Malformed(reason=reason, column=item.column, end=len(text), lines=lines)
                return
            yield item
            position = item.end

    def _record(self, text: bytes, start: int) -> Record | Malformed | _Unfinished:
        fields: list[str | None] = []
        position = start
        while True:
            quoted = bool(self._quote) and text.startswith(self._quote, position)
            field = (self._quoted if quoted else self._unquoted).match(text, position)
            if field is None:
                return _Unfinished(column=len(fields) + 1)
            fields.append(self._value(field, quoted=quoted))
            position = field.end()
            if text.startswith(self._delimiter, position):
                position += 1
            elif end := self._end_of_line.match(text, position):
                lines = text.count(b"\n", start, end.end())
                return Record(fields=tuple(fields), end=end.end(), lines=lines)
            else:
                return self._malformed(text, start, position, len(fields), quoted=quoted)

    def _value(self, field: re.Match[bytes], *, quoted: bool) -> str | None:
        if quoted:
            return field.group(1).replace(self._quote * 2, self._quote).decode()
        return field.group().decode() or None

    def _malformed(
        self, text: bytes, start: int, position: int, column: int, *, quoted: bool
    ) -> Malformed | _Unfinished:
        end = text.find(b"\n", position) + 1
        if not end:
            return _Unfinished(column=column)
        reason = "text follows a closing quote" if quoted else "a carriage return stands outside of quotes"
        return Malformed(reason=reason, column=column, end=end, lines=text.count(b"\n", start, end))


def _escaped(character: str) -> str:
    """The character in a form that both Python's and Polars' regular expressions take literally, also in a class."""
    return rf"\x{ord(character):02x}" if character else ""
