"""The content of a file on disk is, after any changes, what applying them one by one in memory gives."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.delimited_text.content import Content
from unisono.connectors.delimited_text.rows import RowFormat
from unisono.connectors.delimited_text.settings import Dialect
from unisono.connectors.files.workfile import WorkFile

COLUMNS = ["c0", "c1", "c2"]
ANCHORS = st.sampled_from("abcde")
TEXTS = st.none() | st.sampled_from("xyz")
CHANGES = st.tuples(
    st.sampled_from(["add", "update", "delete"]),
    ANCHORS,
    st.dictionaries(st.sampled_from(COLUMNS[1:]), TEXTS),
)


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {"number": pl.Int64, **dict.fromkeys([*COLUMNS, "anchor", "name"], pl.String)}
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def one_by_one(before: list[str], changes: list[tuple[str, str, dict[str, str | None]]]) -> list[list[str | None]]:
    rows: dict[str, dict[str, str | None]] = {a: {"c0": a, "c1": "old", "c2": None} for a in before}
    for operation, anchor, values in changes:
        match operation:
            case "add" if anchor not in rows:
                rows[anchor] = {"c0": anchor, "c1": None, "c2": None, **values}
            case "update" if anchor in rows:
                rows[anchor] |= values
            case "delete":
                rows.pop(anchor, None)
            case _:
                pass
    return [[row[name] for name in COLUMNS] for row in rows.values()]


def page_by_page(before: list[str], changes: list[tuple[str, str, dict[str, str | None]]]) -> list[list[str | None]]:
    rows = RowFormat(Dialect(), len(COLUMNS))
    with closing(WorkFile(Path("people.csv"))) as work:
        content = Content(work, rows)
        old = [{"number": i, "c0": a, "c1": "old", "anchor": a} for i, a in enumerate(before, start=1)]
        content.load(iter([frame(old[:2]), frame(old[2:])]))
        for operation, anchor, values in changes:
            names = pl.Series([anchor])
            found = content.known(anchors=names, names=names.clear()).found(anchor)
            if operation == "add" and not found:
                content.add(frame([{"number": content.new_number(), "c0": anchor, "anchor": anchor, **values}]))
            elif operation == "update" and found:
                row = frame([{"number": found[0], **values}]).drop("anchor", "name")
                content.update(row.with_columns(changed=pl.lit(list(values), pl.List(pl.String))))
            elif operation == "delete":
                content.delete(found)
        return [list(row) for page in content.texts() for row in rows.rows(page).iter_rows()]


@given(st.lists(ANCHORS, unique=True), st.lists(CHANGES, max_size=12))
def test_page_by_page_gives_what_one_by_one_gives(
    before: list[str], changes: list[tuple[str, str, dict[str, str | None]]]
) -> None:
    assert page_by_page(before, changes) == one_by_one(before, changes)
