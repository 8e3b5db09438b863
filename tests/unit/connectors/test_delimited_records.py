"""The fast reader of records and the careful one give the same, for well-formed files and for all others."""

from __future__ import annotations

import csv
import io
import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.delimited_text.grammar import Grammar
from unisono.connectors.delimited_text.records import RecordReader
from unisono.connectors.delimited_text.settings import Dialect
from unisono.model.errors import StepStop
from unisono.model.runs import Status


class CarefulGrammar(Grammar):
    """Leaves nothing to the fast reader."""

    def clean_length(self, text: bytes, columns: int) -> int:  # noqa: ARG002 - that of the base
        return 0


def read(
    blocks: list[bytes], columns: int, grammar: Grammar
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """All rows with entry and line, and all errors."""
    parts = list(RecordReader(iter(blocks), grammar).rows(columns))
    texts = pl.concat([part.texts for part in parts])
    return texts.rows(), pl.concat([part.errors for part in parts]).rows()


PIECES = st.sampled_from(['"', ",", "\n", "\r\n", "\r", "a", '""', "é", "b,c\n", '"x",y\n', "\ufeff", " ", '"\n"'])
ANY_TEXT = st.lists(PIECES, max_size=30).map("".join)


@given(ANY_TEXT, st.integers(1, 3), st.lists(st.integers(0, 40), max_size=3))
def test_fast_and_careful_reading_agree_on_any_text_in_any_blocks(text: str, columns: int, cuts: list[int]) -> None:
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    blocks = [text[start:end].encode() for start, end in itertools.pairwise(bounds) if start < end]
    careful = read([text.encode()], columns, CarefulGrammar(Dialect()))
    assert read(blocks, columns, Grammar(Dialect())) == careful


FIELDS = st.text(st.sampled_from("a\"',;\n\r\té\ufeff |"), max_size=6)


@given(st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=20), st.sampled_from(",;\t|"))
def test_what_another_program_writes_is_read_back(records: list[list[str]], delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(records)
    rows, errors = read([file.getvalue().encode()], 3, Grammar(Dialect(delimiter=delimiter)))
    assert [list(row[:3]) for row in rows] == records
    assert errors == []
    assert [row[3] for row in rows] == list(range(1, len(records) + 1))


@given(ANY_TEXT, st.integers(1, 3))
def test_every_record_is_a_row_or_an_error_and_both_are_numbered_in_file_order(text: str, columns: int) -> None:
    rows, errors = read([text.encode()], columns, Grammar(Dialect()))
    entries = sorted([row[columns] for row in rows] + [error[4] for error in errors], key=str)
    assert entries == sorted(range(1, len(entries) + 1), key=str)
    lines = [row[columns + 1] for row in rows]
    assert lines == sorted(lines, key=lambda line: int(str(line)))


def test_a_record_without_end_stops_before_memory_does() -> None:
    block = b"x" * (1 << 20)
    blocks = iter([b'1,"', *([block] * 20)])
    with pytest.raises(StepStop, match="begins in line 1") as stop:
        list(RecordReader(blocks, Grammar(Dialect())).rows(2))
    assert stop.value.status is Status.STOPPED_PARSING_ERRORS


def test_a_header_without_end_is_not_read_for_ever() -> None:
    assert RecordReader(itertools.repeat(b"x" * (1 << 20)), Grammar(Dialect())).header() is None


def test_a_record_of_very_many_columns_is_read() -> None:
    columns = 20_000
    rows, errors = read([b",".join([b"x"] * columns) + b"\n"], columns, Grammar(Dialect()))
    assert (len(rows), len(rows[0]), errors) == (1, columns + 2, [])


def test_many_bad_records_cost_no_more_than_good_ones() -> None:
    bad = b'1,"a"b\n' * 20_000
    rows, errors = read([bad], 2, Grammar(Dialect()))
    assert (len(rows), len(errors)) == (0, 20_000)
