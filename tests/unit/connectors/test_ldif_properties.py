"""What is written as LDIF is read back the same, here and by another program."""

from __future__ import annotations

from io import BytesIO

import ldif  # type: ignore[import-untyped]
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.ldif.entries import EntryReader, chunks, decoded_text
from unisono.connectors.ldif.writing import entry_texts, file_chunks, lines_of
from unisono.model.names import escape_dn_value

VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
ENTRIES = st.lists(st.lists(VALUES, min_size=1, max_size=4), min_size=1, max_size=8)


def written(entries: list[list[str]]) -> bytes:
    names = [f"cn=x{escape_dn_value(values[0])},uid={i}" for i, values in enumerate(entries)]
    lines = [(i, lines_of("cn", pl.Series([value]))[0]) for i, values in enumerate(entries) for value in values]
    texts = entry_texts(
        pl.DataFrame({"entry": range(len(entries)), "dn": names}),
        pl.DataFrame(lines, schema=["entry", "text"], orient="row"),
    )
    return b"".join(file_chunks([texts.head(3), texts.tail(-3)]))


@given(ENTRIES, st.integers(1, 200))
def test_what_is_written_is_read_back(entries: list[list[str]], block_bytes: int) -> None:
    raw = written(entries)
    reader = EntryReader()
    blocks = (raw[start : start + block_bytes] for start in range(0, len(raw), block_bytes))
    parts = [reader.read(chunk) for chunk in chunks(blocks)]
    assert sum(part.errors.height for part in parts) == 0
    lines = pl.concat([part.lines for part in parts])
    found = lines.select("entry", text=decoded_text(lines)).group_by("entry", maintain_order=True).agg("text")
    assert found["text"].to_list() == entries
    assert found["entry"].to_list() == list(range(1, len(entries) + 1))


@given(ENTRIES)
def test_another_program_reads_what_is_written(entries: list[list[str]]) -> None:
    parser = ldif.LDIFRecordList(BytesIO(written(entries)))
    parser.parse()
    assert [[value.decode() for value in attributes["cn"]] for _dn, attributes in parser.all_records] == entries
