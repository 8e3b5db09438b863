"""In which order the entries of a batch may be sent: waves, one after the other, each all at once.

A server works on several requests of one connection at the same time, so an entry must not be under way together with
one that it depends on.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation
from unisono.model.names import DnStyle, dn_key

_ROW = "row"


def waves(batch: ExportBatch) -> Iterator[list[int]]:
    """Row numbers: parents are added before and deleted after what is below them, and a name is taken when it is free.

    Updates without a rename come first, as they use the present names.
    """
    names = batch.entries.select(
        before=dn_key("dn", DnStyle.LDAP), after=dn_key("new_dn", DnStyle.LDAP), depth=_depth("dn")
    ).with_row_index(_ROW)
    match batch.operation:
        case ExportOperation.ADD:
            yield from _by_depth(names, deepest_first=False)
        case ExportOperation.DELETE:
            yield from _by_depth(names, deepest_first=True)
        case ExportOperation.UPDATE:
            staying = names.filter(pl.col("after").is_null())
            if staying.height:
                yield staying[_ROW].to_list()
            for level in _by_depth(names.filter(pl.col("after").is_not_null()), deepest_first=False):
                yield from _as_names_get_free(names.filter(pl.col(_ROW).is_in(level)))


def _depth(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r'\\.|"[^"]*"', "").str.count_matches("[,;]")


def _by_depth(names: pl.DataFrame, *, deepest_first: bool) -> Iterator[list[int]]:
    levels = names.group_by("depth", maintain_order=True).agg(_ROW).sort("depth", descending=deepest_first)
    yield from levels[_ROW].to_list()


def _as_names_get_free(names: pl.DataFrame) -> Iterator[list[int]]:
    """Renames to names that others of them leave wait for those; a ring of them goes at once, and fails."""
    while names.height:
        blocked = pl.col("after").is_in(names["before"].implode()) & (pl.col("after") != pl.col("before"))
        free = names.filter(~blocked)
        yield (free if free.height else names)[_ROW].to_list()
        names = names.filter(blocked) if free.height else names.clear()
