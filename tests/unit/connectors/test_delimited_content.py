"""Changes to a file's rows are applied all together, and give what applying them one by one would give."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.delimited_text.content import Content

COLUMNS = ["c0", "c1", "c2"]
ANCHORS = st.sampled_from("abcde")
TEXTS = st.none() | st.sampled_from("xyz")
CHANGES = st.tuples(
    st.sampled_from(["add", "update", "delete"]),
    ANCHORS,
    st.dictionaries(st.sampled_from(COLUMNS[1:]), TEXTS),
)


def frame(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    schema = dict.fromkeys([*COLUMNS, "anchor"], pl.String)
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


def all_together(before: list[str], changes: list[tuple[str, str, dict[str, str | None]]]) -> list[list[str | None]]:
    content = Content(frame([{"c0": a, "c1": "old", "anchor": a} for a in before]), COLUMNS)
    for operation, anchor, values in changes:
        there = content.occurrences(anchor) == 1
        row = frame([{"c0": anchor, "anchor": anchor, **values}])
        if operation == "add" and not there:
            content.add(row)
        elif operation == "update" and there:
            content.update(row.with_columns(changed=pl.lit(list(values), pl.List(pl.String))))
        elif operation == "delete" and there:
            content.delete(row.select("anchor", dn="anchor"))
    return [list(row) for row in content.current().select(COLUMNS).rows()]


@given(st.lists(ANCHORS, unique=True), st.lists(CHANGES, max_size=12))
def test_all_together_gives_what_one_by_one_gives(
    before: list[str], changes: list[tuple[str, str, dict[str, str | None]]]
) -> None:
    assert all_together(before, changes) == one_by_one(before, changes)
