"""Turns: who of a selection has to wait until the values of earlier objects are there.

One after the other, in the order of anchors, objects see what those before them wrote. Here all of a selection decide
at once; an object that looks for something which an earlier one writes waits for a later round. Then it must not see
more than its predecessors either: whoever comes after a waiting object and touches the same thing waits too.

What objects look for and write are *touches*: (``id``, ``attribute``, ``value``), join values of the metaverse, or a
metaverse object itself, which only one object of a connector can be joined to (attribute ``LINK``).
"""

from __future__ import annotations

import polars as pl

TOUCH_TYPES = {"id": pl.Int64, "attribute": pl.String, "value": pl.String}
LINK = ""
_KEY = ["attribute", "value"]


def link_touches(links: pl.DataFrame) -> pl.DataFrame:
    """Touches of metaverse objects; ``links``: (``id``, ``mv_id``)."""
    return links.select("id", attribute=pl.lit(LINK), value=pl.col("mv_id").cast(pl.String)).unique()


def waiting(
    order: pl.DataFrame, reads: pl.DataFrame, writes: pl.DataFrame, news: pl.DataFrame, already: pl.Series
) -> pl.Series:
    """Ids of the objects that wait, sorted.

    ``order``: (``id``, ``order``); ``reads`` and ``writes``: touches that may be; ``news``: writes that will be;
    ``already``: ids that wait for another reason.
    """
    reads, writes, news = (touches.join(order, on="id") for touches in (reads, writes, news))
    found = pl.concat([already.alias("id"), _after(reads, news)]).unique()
    while True:  # what a waiting object will decide is open, so all that it may write counts as news
        waits = pl.col("id").is_in(found.implode())
        more = [_after(reads, writes.filter(waits)), _after(writes, reads.filter(waits))]
        grown = pl.concat([found, *more]).unique()
        if grown.len() == found.len():
            return found.sort()
        found = grown


def _after(touches: pl.DataFrame, earlier: pl.DataFrame) -> pl.Series:
    """Ids of objects that touch what one before them touches."""
    first = earlier.group_by(_KEY).agg(pl.col("order").min().alias("first"))
    return touches.join(first, on=_KEY).filter(pl.col("order") > pl.col("first"))["id"].unique()


def contested(reads: pl.DataFrame, writes: pl.DataFrame, order: pl.DataFrame) -> pl.DataFrame:
    """Of the writes those that someone later looks for."""
    last = reads.join(order, on="id").group_by(_KEY).agg(pl.col("order").max().alias("last"))
    rows = writes.join(order, on="id").join(last, on=_KEY)
    return rows.filter(pl.col("order") < pl.col("last")).select(list(TOUCH_TYPES))
