"""Batches are cut by how much is in their objects."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.contract import ImportBatch
from unisono.connectors.portions import portions, stretches, values_in
from unisono.model.frames import DELETED, DISCOVERY_ERRORS
from unisono.model.schema import Attribute, ObjectType

GROUP = ObjectType(
    name="group",
    attributes=(
        Attribute(name="name"),
        Attribute(name="tags", multivalued=True),
        Attribute(name="m", multivalued=True),
    ),
)


def test_values_of_all_sets_count() -> None:
    assert values_in(_batch([["a", "b"], None, []], [None, None, ["x"]]).objects, GROUP).to_list() == [2, 0, 1]
    assert values_in(pl.DataFrame({"name": ["a", "b"]}), ObjectType(name="x", attributes=())).to_list() == [0, 0]


@pytest.mark.parametrize(
    ("values", "cut"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([0, 0, 0], [(0, 3)], id="no values"),
        pytest.param([3, 3, 4], [(0, 3)], id="all fit"),
        pytest.param([6, 5, 5], [(0, 1), (1, 3)], id="the next does not fit"),
        pytest.param([1, 99, 1], [(0, 1), (1, 2), (2, 3)], id="one has too many by itself"),
        pytest.param([99, 0, 0, 1], [(0, 3), (3, 4)], id="those without values stay"),
    ],
)
def test_stretches_hold_so_many_values(values: list[int], cut: list[tuple[int, int]]) -> None:
    assert list(stretches(values, 10)) == cut


@given(st.lists(st.integers(0, 30)), st.integers(1, 40))
def test_stretches_cover_all_objects_and_are_as_small_as_they_must_be(values: list[int], most: int) -> None:
    cut = list(stretches(values, most))
    assert [place for begin, end in cut for place in range(begin, end)] == list(range(len(values)))
    for begin, end in cut:
        assert sum(values[begin:end]) <= most or len([v for v in values[begin:end] if v]) == 1


def test_parts_have_the_objects_in_their_order_and_the_first_has_all_else() -> None:
    batch = _batch([["a", "b"], None, ["c", "d"]], [None, ["x"], ["y"]])
    parts = list(portions(batch, GROUP, most=3))
    assert [part.objects["anchor"].to_list() for part in parts] == [["0", "1"], ["2"]]
    assert pl.concat([part.objects for part in parts]).equals(batch.objects)
    assert [(part.deletions.height, part.errors.height) for part in parts] == [(1, 1), (0, 0)]


def test_a_batch_that_fits_stays_as_it_is() -> None:
    batch = _batch([["a"], None], [None, ["x"]])
    assert list(portions(batch, GROUP, most=2)) == [batch]


def _batch(tags: Sequence[list[str] | None], members: Sequence[list[str] | None]) -> ImportBatch:
    anchors = [str(place) for place in range(len(tags))]
    lists = {"tags": pl.Series(tags, dtype=pl.List(pl.String)), "m": pl.Series(members, dtype=pl.List(pl.String))}
    error = pl.DataFrame({"code": ["missing-object-class"], "message": ["x"]})
    return ImportBatch(
        object_type=GROUP.name,
        objects=pl.DataFrame({"anchor": anchors, "dn": anchors, "name": anchors, **lists}),
        deletions=pl.DataFrame({"anchor": ["gone"], "dn": [None]}, schema=dict(DELETED.columns)),
        errors=pl.concat([DISCOVERY_ERRORS.empty(), error], how="diagonal"),
    )
