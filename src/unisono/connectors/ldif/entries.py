"""LDIF content (RFC 2849) taken apart: lines by entry, without meaning yet.

A file is cut at blank lines into chunks of whole entries; a chunk becomes a frame with one row per attribute line.
Folded lines are joined, comments and the version line left out. All of it is columnar: a line costs no Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from unisono.connectors.files.faults import Fault, errors_of, without
from unisono.connectors.ldif.names import are_ldap_names
from unisono.model.errors import StepStop
from unisono.model.runs import Status

#: An entry longer than this is taken for a file that is no LDIF.
ENTRY_BYTES = 64 << 20

_NAME = r"^[A-Za-z0-9][A-Za-z0-9.-]*(?:;[A-Za-z0-9-]+)*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Whole entries as text, line breaks of one character. ``line``: of its beginning, from 1.

    What stands behind the file's last blank line is a chunk of its own, of one entry: not ``closed``, and not
    ``complete`` either where even its last line has no end.
    """

    text: bytes
    line: int
    closed: bool = True
    complete: bool = True

    def file_lines(self, positions: pl.Series) -> pl.Series:
        """The lines in the file, from 1, of lines that are counted from 0 here, where folded ones are one line."""
        begins = ~pl.read_lines(self.text, name="text")["text"].str.starts_with(" ")
        begins[0] = True  # nothing stands before it that it could continue
        return begins.arg_true().cast(pl.Int64).gather(positions) + self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Well-formed entries.

    ``names``: one row per entry: ``entry`` from 1, ``line``, ``dn``. ``lines``: one row per attribute line, in file
    order: ``entry``, ``line``, ``text`` (of the whole line), ``key`` (the attribute's name in lower case, without the
    option ``;binary``), ``form`` (``plain``, ``base64``, ``url``), ``value``. ``errors``: of ``DISCOVERY_ERRORS``;
    their entries are not here. Every ``line`` is counted within the chunk: see ``Chunk.file_lines``.
    """

    names: pl.DataFrame
    lines: pl.DataFrame
    errors: pl.DataFrame


def chunks(blocks: Iterator[bytes]) -> Iterator[Chunk]:
    """Blocks of UTF-8 text as chunks. Raises ``StepStop`` for an entry of more than ``ENTRY_BYTES``."""
    text, line = b"", 1
    for block in blocks:
        text = text + block
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        end = text.rfind(b"\n\n") + 2
        if end > 1:
            yield Chunk(text=text[:end], line=line)
            line += text.count(b"\n", 0, end)
            text = text[end:]
        if len(text) > ENTRY_BYTES:
            raise StepStop(
                Status.STOPPED_PARSING_ERRORS,
                f"the entry that begins in line {line} has no end within {ENTRY_BYTES >> 20} MiB",
                hint="Entries end with a blank line; perhaps the file is no LDIF.",
            )
    if text:
        yield Chunk(text=text, line=line, closed=False, complete=text.endswith(b"\n"))


class EntryReader:
    """Takes chunks of one file apart, in their order; counts entries on."""

    def __init__(self) -> None:
        self._entry = 1
        self._begun = False

    def read(self, chunk: Chunk) -> Entries:
        lines = self._numbered(_lines(chunk))
        faulty = errors_of(lines, _faults(lines, chunk))
        lines = without(lines, faulty)
        is_name = pl.col("key") == "dn"
        names = lines.filter(is_name).with_columns(dn=decoded_text(lines.filter(is_name)))
        unreadable = errors_of(names, _name_faults(names))
        return Entries(
            names=without(names, unreadable).select("entry", "line", "dn"),
            lines=without(lines.filter(~is_name), unreadable).drop("block"),
            errors=pl.concat([faulty, unreadable]).sort("entry"),
        )

    def _numbered(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The lines with the number of their entry, without a version line at the file's beginning."""
        if not self._begun and lines.height:
            self._begun = True
            lines = lines.slice(1) if lines["key"][0] == "version" else lines
        entry = lines["block"].rle_id().cast(pl.Int64) + self._entry
        self._entry += lines["block"].n_unique()
        return lines.with_columns(entry=entry)


def decoded_text(lines: pl.DataFrame) -> pl.Series:
    """The lines' values as text; null where base64 or UTF-8 is broken, or a URL stands for the value."""
    plain = lines["value"].set(lines["form"] != "plain", None)
    if plain.null_count() == 0:
        return plain
    coded = lines["value"].set(lines["form"] != "base64", None).str.decode("base64", strict=False)
    return plain.zip_with(plain.is_not_null(), _texts(coded))


def _texts(octets: pl.Series) -> pl.Series:
    """The octets as UTF-8 text; null where they are none."""
    try:
        return octets.cast(pl.String)
    except pl.exceptions.ComputeError:  # one that is none spoils the whole column
        return pl.Series([_text(value) for value in octets], dtype=pl.String)


def _text(octets: bytes | None) -> str | None:
    try:
        return None if octets is None else octets.decode()
    except UnicodeDecodeError:
        return None


def decoded_bytes(lines: pl.DataFrame) -> pl.Series:
    """The lines' values as octets; null where base64 is broken, or a URL stands for the value."""
    coded = lines["value"].set(lines["form"] != "base64", None).str.decode("base64", strict=False)
    plain = lines["value"].set(lines["form"] != "plain", None).cast(pl.Binary)
    return coded.zip_with(coded.is_not_null(), plain)


def _lines(chunk: Chunk) -> pl.DataFrame:
    """The lines that are no comments: the columns of ``Entries.lines`` with ``block``, a number per run of lines
    between blank ones, for the entry. ``key`` is null where a line is no attribute line."""
    unfolded = chunk.text.replace(b"\n ", b"") if b"\n " in chunk.text else chunk.text
    text = pl.col("text")
    lines = (
        pl.read_lines(unfolded, name="text")
        .with_columns(block=(text == "").cum_sum(), line=pl.int_range(pl.len()))
        .filter((text != "") & ~text.str.starts_with("#"))
    )
    return with_parts(lines)


def with_parts(lines: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``key``, ``form`` and ``value`` of its lines' ``text``."""
    parts = lines.with_columns(pl.col("text").str.splitn(":", 2).alias("parts")).unnest("parts")
    return parts.with_columns(key=_key(), form=_form(), value=_value()).drop("field_0", "field_1")


def _key() -> pl.Expr:
    name = pl.col("field_0")
    is_line = name.str.contains(_NAME) & pl.col("field_1").is_not_null()
    return pl.when(is_line).then(name.str.to_lowercase().str.strip_suffix(";binary"))


def _form() -> pl.Expr:
    rest = pl.col("field_1")
    coded = pl.when(rest.str.starts_with(":")).then(pl.lit("base64"))
    return coded.when(rest.str.starts_with("<")).then(pl.lit("url")).otherwise(pl.lit("plain"))


def _value() -> pl.Expr:
    return pl.col("field_1").str.strip_prefix(":").str.strip_chars_start(" ")


def _faults(lines: pl.DataFrame, chunk: Chunk) -> list[Fault]:
    """What is wrong with whole lines. Entries are runs of equal ``entry``."""
    first = (lines["entry"] != lines["entry"].shift(1)).fill_null(value=True)
    is_name = (lines["key"] == "dn").fill_null(value=False)
    change = lines["value"].str.to_lowercase() != "add"
    cut = pl.repeat(value=not chunk.complete, n=lines.height, eager=True)
    return [
        Fault(rows=cut, code="parse-error", message="the file ends in the middle of a line"),
        Fault(rows=first & ~is_name, code="missing-dn", message="the entry does not begin with its DN"),
        Fault(rows=lines["key"].is_null(), code="parse-error", message="the line is no attribute with a value"),
        Fault(rows=is_name & ~first, code="parse-error", message="a second DN; a blank line may be missing before it"),
        Fault(
            rows=(lines["key"] == "changetype").fill_null(value=False) & change,
            code="invalid-change-type",
            message="a full import takes no changes",
        ),
    ]


def _name_faults(names: pl.DataFrame) -> list[Fault]:
    message = "the DN is no name of LDAP (RFC 4514)"
    return [
        Fault(rows=names["form"] == "url", code="unsupported-value-type", message="the DN is given as a URL"),
        Fault(rows=~are_ldap_names(names["dn"]).fill_null(value=False), code="dn-not-ldap-conformant", message=message),
    ]
