"""What a full import remembers of a connector space, against a plain account of the same."""

from __future__ import annotations

import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.engine import space_index
from unisono.engine.space_index import SpaceIndex
from unisono.model.frames import CS_OUTLINE

Known = tuple[int, str | None, str | None, int | None, bool]


def outline(*rows: Known) -> list[pl.DataFrame]:
    return [pl.DataFrame(rows, schema=dict(CS_OUTLINE.columns), orient="row")]


def batch(*objects: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(objects, schema={"anchor": pl.String, "hash": pl.Int64}, orient="row")


def came(*objects: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(objects, schema={"anchor": pl.String, "id": pl.Int64}, orient="row")


def texts(*values: str) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def test_only_objects_at_rest_with_the_same_content_are_passed_over() -> None:
    index = SpaceIndex(
        outline(
            (1, "same", None, 5, True),
            (2, "other", None, 5, True),
            (3, "waits", None, 5, False),
            (4, "new", None, None, True),
        )
    )
    passed = index.pass_over(batch(("same", 5), ("other", 6), ("waits", 5), ("new", 5), ("unknown", 5)))
    assert passed.to_list() == [True, False, False, False, False]
    assert sorted(index.unseen()) == [2, 3, 4]


def test_an_object_is_passed_over_once() -> None:
    index = SpaceIndex(outline((1, "a", None, 5, True)))
    assert index.pass_over(batch(("a", 5), ("a", 5))).to_list() == [True, False]
    assert index.pass_over(batch(("a", 5))).to_list() == [False]
    assert index.seen(texts("a", "b")).to_list() == [1]


def test_a_forgotten_object_is_compared_closely() -> None:
    index = SpaceIndex(outline((1, "a", None, 5, True)))
    index.forget(pl.Series([1]))
    assert index.pass_over(batch(("a", 5))).to_list() == [False]


def test_what_came_is_known_from_then_on() -> None:
    index = SpaceIndex(outline((1, "a", None, 5, True)))
    index.see(came(("a", 1), ("b", 2)))
    assert index.unseen().is_empty()
    assert sorted(index.seen(texts("a", "b", "c"))) == [1, 2]
    assert index.pass_over(batch(("b", 5))).to_list() == [False]


def test_the_store_is_asked_for_those_only_whom_somebody_may_be() -> None:
    index = SpaceIndex(outline((1, "a", "cn=a", 5, True), (2, "b", None, 5, True), (3, None, "cn=boss", None, False)))
    index.name(texts("cn=late"))
    anchors, names = index.known(texts("a", "x"), texts("cn=a", "cn=boss", "cn=late", "b", "a", "cn=x"))
    assert anchors.to_list() == ["a"]
    assert names.to_list() == ["cn=a", "cn=boss", "cn=late", "b"]  # whom ``a`` names is asked for as an anchor


def test_objects_whose_anchors_have_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space_index, "_hashes", lambda texts: pl.Series([7] * texts.len(), dtype=pl.UInt64))
    index = SpaceIndex(outline((1, "a", None, 5, True), (2, "b", None, 6, True)))
    assert index.pass_over(batch(("b", 6), ("a", 8))).to_list() == [True, False]
    assert index.unseen().to_list() == [1]
    index.see(came(("a", 1)))
    assert index.unseen().is_empty()
    assert sorted(index.seen(texts("b"))) == [1, 2]  # possibly a few others


@given(
    st.randoms(use_true_random=False),
    st.integers(min_value=1, max_value=40),
    st.integers(min_value=1, max_value=9),
)
def test_many_batches_are_remembered_as_a_plain_account_has_it(choice: random.Random, number: int, size: int) -> None:
    stored = {f"a{i}": i for i in range(number) if choice.random() < 0.5}
    hashes = {anchor: choice.randrange(3) for anchor in stored}
    index = SpaceIndex(outline(*((id_, anchor, None, hashes[anchor], True) for anchor, id_ in stored.items())))
    seen: dict[str, int] = {}
    for start in range(0, 2 * number, size):
        rows = [(f"a{choice.randrange(number)}", choice.randrange(3)) for _ in range(size)]
        expected, rest = [], []
        for position, (anchor, hash_) in enumerate(rows):
            is_first = anchor not in {before for before, _ in rows[:position]}
            passes = is_first and anchor not in seen and hashes.get(anchor) == hash_
            expected.append(passes)
            if not passes:
                rest.append(anchor)
        assert index.pass_over(batch(*rows)).to_list() == expected
        seen |= {anchor: stored[anchor] for (anchor, _), passes in zip(rows, expected, strict=True) if passes}
        assert set(index.seen(texts(*rest))) == {seen[anchor] for anchor in rest if anchor in seen}
        new = {anchor: stored.get(anchor, 1000 + start + i) for i, anchor in enumerate(rest) if anchor not in seen}
        index.see(came(*new.items()))
        seen |= new
    assert set(index.unseen()) == set(stored.values()) - set(seen.values())
