"""The records of a file that is being rewritten are found, changed and read page by page, however many they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from unisono.connectors.files.known import Known
from unisono.connectors.files.workfile import PAGE_CHARACTERS, RECORDS, WorkFile


def records(*rows: tuple[int, str | None, str | None, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RECORDS, orient="row")


@pytest.fixture
def work() -> Iterator[WorkFile]:
    with closing(WorkFile(Path("people.csv"))) as work:
        yield work


def texts(pages: Iterator[pl.DataFrame]) -> list[list[str]]:
    return [page["text"].to_list() for page in pages]


def known(work: WorkFile, *, anchors: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Known:
    return Known(work, anchors=pl.Series(anchors, dtype=pl.String), names=pl.Series(names, dtype=pl.String))


def test_records_come_in_the_order_of_their_numbers_and_new_ones_last(work: WorkFile) -> None:
    work.load([records((1, "a", None, "A"), (3, "b", None, "B")), records(), records((4, None, None, "C"))])
    number = work.new_number()
    work.add(records((number, "d", None, "D")))
    work.delete(pl.Series([3]))
    assert number == 5
    assert texts(work.all_texts()) == [["A", "C", "D"]]


def test_pages_are_bounded_by_their_text(work: WorkFile) -> None:
    long = "x" * (PAGE_CHARACTERS // 2)
    work.load([records(*((i, None, None, long) for i in range(1, 6)))])
    assert [page.height for page in work.all_texts()] == [2, 2, 1]
    assert [page.height for page in work.texts(pl.Series([5, 1, 4, 1]))] == [2, 1]


def test_records_may_be_rewritten_while_they_are_read(work: WorkFile) -> None:
    long = "x" * PAGE_CHARACTERS
    work.load([records(*((i, None, None, long) for i in range(1, 4)))])
    for page in work.texts(pl.Series([1, 2, 3])):
        work.rewrite(page.with_columns(text=pl.lit("short")))
    assert texts(work.all_texts()) == [["short"] * 3]


def test_a_record_is_known_by_its_anchor_and_by_its_name(work: WorkFile) -> None:
    work.load([records((1, "a", "A", ""), (2, "b", "B", ""), (3, "b", "C", ""), (4, None, None, ""))])
    given = known(work, anchors=("a", "b", "z"), names=("C", "Z"))
    assert [list(given.found(anchor)) for anchor in ("a", "b", "z", None)] == [[1], [2, 3], [], []]
    assert [given.holder(name) for name in ("C", "Z", None)] == [3, None, None]


def test_what_a_batch_does_is_known_within_it(work: WorkFile) -> None:
    work.load([records((1, "a", "A", ""))])
    given = known(work, anchors=("a", "b"), names=("A", "B"))
    given.rename(1, "B")
    given.add(2, "b", "A")
    assert (given.holder("A"), given.holder("B"), given.found("b")) == (2, 1, [2])


def test_the_first_name_leads_to_the_last_one(work: WorkFile) -> None:
    work.load([records((1, "a", "A", ""), (2, "b", "B", ""))])
    for number, old, new in ((1, "A", "X"), (2, "B", "A"), (1, "X", "Y")):
        work.rename(pl.DataFrame({"number": [number], "name": [new], "old": [old], "new": [new]}))
    assert work.new_names(pl.Series(["A", "B", "X", None])) == {"A": "Y", "B": "A"}
    work.delete(pl.Series([1]))
    assert work.new_names(pl.Series(["A"])) == {}


def test_whether_anything_was_renamed_is_known(work: WorkFile) -> None:
    work.load([records((1, "a", "A", ""))])
    before = work.has_renames
    work.rename(pl.DataFrame({"number": [1], "name": ["B"], "old": ["A"], "new": ["B"]}))
    assert [before, work.has_renames] == [False, True]


def test_what_is_below_a_container_continues_its_name_behind_a_comma(work: WorkFile) -> None:
    names = ("root", "root,x", "root,x,y", "root-z", "rootx", r"root,\escaped", "roo")
    work.load([records(*((i, None, name, name) for i, name in enumerate(names, start=1)))])
    assert work.containers(pl.Series(["root", "root,x", "rootx", None])) == {"root", "root,x"}
    assert texts(work.texts_below("root")) == [["root,x", "root,x,y"]]
