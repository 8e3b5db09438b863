"""Batches of bounded memory, however many values the objects in them have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from unisono.connectors.contract import VALUES_AT_ONCE, ImportBatch
from unisono.model.frames import DELETED, DISCOVERY_ERRORS
from unisono.model.schema import ObjectType


def portions(batch: ImportBatch, object_type: ObjectType, most: int = VALUES_AT_ONCE) -> Iterator[ImportBatch]:
    """The batch in parts, its objects in their order; deletions and errors come with the first."""
    values = values_in(batch.objects, object_type)
    if values.sum() <= most:
        yield batch
        return
    rest = replace(batch, deletions=DELETED.empty(), errors=DISCOVERY_ERRORS.empty())
    for begin, end in stretches(values.to_list(), most):
        part = batch.objects.slice(begin, end - begin)
        yield replace(rest if begin else batch, objects=part)


def values_in(objects: pl.DataFrame, object_type: ObjectType) -> pl.Series:
    """By object, how many values its multivalued attributes have."""
    numbers = [pl.col(a.name).list.len().fill_null(0).cast(pl.Int64) for a in object_type.attributes if a.multivalued]
    return objects.select(values=pl.sum_horizontal(pl.repeat(0, pl.len()), *numbers)).to_series()


def stretches(values: Sequence[int], most: int = VALUES_AT_ONCE) -> Iterator[tuple[int, int]]:
    """Consecutive stretches (first, behind the last) of objects with these numbers of values.

    Each has at most ``most`` values, or one object that has any; they cover all objects. An object without values stays
    with the one before.
    """
    begin = total = 0
    for place, number in enumerate(values):
        if number and total and total + number > most:
            yield begin, place
            begin, total = place, 0
        total += number
    if begin < len(values):
        yield begin, len(values)
