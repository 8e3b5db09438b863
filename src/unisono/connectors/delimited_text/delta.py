"""Changes folded to the last state of each object: a delta file may say many things about one."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from unisono.connectors.delimited_text.images import Images


def folded(parts: Iterable[Images]) -> Images:
    """What the parts, in file order, say in the end.

    The last record of an anchor stands, whether it gives an object, a deletion or an error: an older state must not
    stand in for a newer one that could not be read. Errors without anchor all stand.
    """
    whole = _joined(list(parts))
    last = pl.concat([frame.select("anchor", "entry") for frame in _frames(whole)])
    last = last.drop_nulls("anchor").group_by("anchor").agg(pl.col("entry").max())
    nameless = whole.errors.filter(pl.col("anchor").is_null())
    return Images(
        objects={name: _standing(frame, last) for name, frame in whole.objects.items()},
        deletions=_standing(whole.deletions, last),
        errors=pl.concat([nameless, _standing(whole.errors, last)]).sort("entry"),
    )


def _joined(parts: list[Images]) -> Images:
    names = {name: None for part in parts for name in part.objects}
    return Images(
        objects={name: pl.concat([part.objects[name] for part in parts if name in part.objects]) for name in names},
        deletions=pl.concat([part.deletions for part in parts]),
        errors=pl.concat([part.errors for part in parts]),
    )


def _frames(images: Images) -> list[pl.DataFrame]:
    return [*images.objects.values(), images.deletions, images.errors]


def _standing(frame: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    return frame.join(last, on=["anchor", "entry"], how="semi", maintain_order="left")
