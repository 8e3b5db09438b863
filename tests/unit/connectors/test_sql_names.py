"""Anchors and DNs of rows: what is put together can be taken apart, whatever the key."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.sql.names import anchor_of, dn_of, key_columns, key_of_anchor, key_text, name_of_dn
from unisono.connectors.sql.settings import TableName, table_name
from unisono.model.names import escape_dn_value

TEXTS = st.text(
    st.one_of(st.sampled_from(' ,+"\\<>;=#\0\n0cEßCNOBJECT'), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=8,
)


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
def test_the_texts_of_a_key_come_back_from_anchor_and_dn(texts: list[str], object_type: str) -> None:
    frame = pl.DataFrame({f"k{i}": [text] for i, text in enumerate(texts)})
    named = frame.select(key=key_text([pl.col(name) for name in frame.columns])).with_columns(
        anchor=anchor_of(object_type, pl.col("key")), dn=dn_of(object_type, pl.col("key"))
    )
    back = named.select(key=key_of_anchor(object_type, pl.col("anchor")), name=name_of_dn(object_type, pl.col("dn")))
    for column in ("key", "name"):
        assert list(back.select(*_numbered(key_columns(pl.col(column), len(texts)))).row(0)) == texts
    assert named["dn"][0] == f"CN={escape_dn_value(named['key'][0])},OBJECT={escape_dn_value(object_type)}"


def _numbered(columns: list[pl.Expr]) -> list[pl.Expr]:
    return [column.alias(str(i)) for i, column in enumerate(columns)]


@pytest.mark.parametrize(
    ("dn", "name"),
    [
        ("CN=x,OBJECT=person", "x"),
        ("cn = x , object = PERSON", "x"),
        (r"CN=a\,b,OBJECT=person", "a,b"),
        ('CN="a,b",OBJECT=person', "a,b"),
        (r"CN=\C3\A9,OBJECT=person", "é"),
        (r"CN=\ ,OBJECT=person", " "),
        ("CN=,OBJECT=person", None),
        ("CN=x,OBJECT=team", None),
        ("CN=x", None),
        ("", None),
        (None, None),
    ],
)
def test_a_dn_names_a_row_however_it_is_spelled(dn: str | None, name: str | None) -> None:
    frame = pl.DataFrame({"dn": [dn, "CN=other,OBJECT=person"]}, schema={"dn": pl.String})
    assert frame.select(name_of_dn("person", pl.col("dn"))).to_series().to_list() == [name, "other"]


@pytest.mark.parametrize(("key", "count"), [("a", 2), ("a+b+c", 2), ("a+", 2), ("+b", 2), ("a\\", 2), (None, 2)])
def test_what_is_no_key_of_that_many_columns_has_none(key: str | None, count: int) -> None:
    frame = pl.DataFrame({"key": [key]}, schema={"key": pl.String})
    assert frame.select(_numbered(key_columns(pl.col("key"), count))).row(0) == (None,) * count


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("person", TableName(name="person")),
        ("hr.person", TableName(name="person", schema="hr")),
        ('"hr.old"."person"', TableName(name="person", schema="hr.old")),
        ("[USERS]", TableName(name="USERS")),
        ('dbo."A b"', TableName(name="A b", schema="dbo")),
    ],
)
def test_a_table_is_named_with_or_without_its_schema(text: str, name: TableName) -> None:
    assert table_name(text) == name


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a.b.c", 'a"b', "a b.c.d", "[a"])
def test_what_names_no_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a table"):
        table_name(text)
