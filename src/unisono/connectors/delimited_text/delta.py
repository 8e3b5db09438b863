"""Changes folded to the last state of each object: a delta file may say many things about one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl

from unisono.connectors.delimited_text.images import ENTRY, Images
from unisono.connectors.files.workfile import WorkFile


def folded(reading: Callable[[], Iterator[Images]], path: Path) -> Iterator[Images]:
    """What the file says in the end, in its order. ``reading`` gives all of it from the beginning, and is called twice:
    to find out which records stand, and to give them.

    The last record of an anchor stands, whether it gives an object, a deletion or an error: an older state must not
    stand in for a newer one that could not be read. Errors without anchor all stand. Raises ``StepStop``.
    """
    with closing(WorkFile(path)) as work:
        work.load(_records(part) for part in reading())
        for part in reading():
            yield _standing(part, work.with_anchors(_states(part)["anchor"]))


def _states(part: Images) -> pl.DataFrame:
    """``anchor`` and ``ENTRY`` of everything that the part says of an object."""
    frames = (*part.objects.values(), part.deletions, _numbered(part.errors))
    return pl.concat([frame.select("anchor", ENTRY) for frame in frames]).drop_nulls("anchor")


def _records(part: Images) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    return _states(part).select(number=ENTRY, anchor="anchor", name=nothing, text=pl.lit("")).sort("number")


def _standing(part: Images, said: pl.DataFrame) -> Images:
    """``said``: ``anchor`` and ``number`` of all records of the part's objects."""
    last = said.group_by("anchor").agg(pl.col("number").max().alias(ENTRY))
    nameless = part.errors.filter(pl.col("anchor").is_null())
    return Images(
        objects={name: _among(frame, last) for name, frame in part.objects.items()},
        deletions=_among(part.deletions, last),
        errors=pl.concat([nameless, _among(_numbered(part.errors), last).drop(ENTRY)]).sort("entry"),
    )


def _numbered(errors: pl.DataFrame) -> pl.DataFrame:
    return errors.with_columns(pl.col("entry").alias(ENTRY))


def _among(frame: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    return frame.join(last, on=["anchor", ENTRY], how="semi", maintain_order="left")
