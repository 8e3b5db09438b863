"""Changes folded to the last state of each object: a delta file may say many things about one."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from unisono.connectors.delimited_text.images import ENTRY, Images


def folded(parts: Iterable[Images]) -> Images:
    """What the parts, in file order, say in the end.

    The last record of an anchor stands, whether it gives an object, a deletion or an error: an older state must not
    stand in for a newer one that could not be read. Errors without anchor all stand.
    """
    whole = _joined(list(parts))
    errors = whole.errors.with_columns(pl.col("entry").alias(ENTRY))
    states = [frame.select("anchor", ENTRY) for frame in (*whole.objects.values(), whole.deletions, errors)]
    last = pl.concat(states).drop_nulls("anchor").group_by("anchor").agg(pl.col(ENTRY).max())
    nameless = whole.errors.filter(pl.col("anchor").is_null())
    return Images(
        objects={name: _standing(frame, last) for name, frame in whole.objects.items()},
        deletions=_standing(whole.deletions, last),
        errors=pl.concat([nameless, _standing(errors, last).drop(ENTRY)]).sort("entry"),
    )


def _joined(parts: list[Images]) -> Images:
    names = {name: None for part in parts for name in part.objects}
    return Images(
        objects={name: pl.concat([part.objects[name] for part in parts if name in part.objects]) for name in names},
        deletions=pl.concat([part.deletions for part in parts]),
        errors=pl.concat([part.errors for part in parts]),
    )


def _standing(frame: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    return frame.join(last, on=["anchor", ENTRY], how="semi", maintain_order="left")
