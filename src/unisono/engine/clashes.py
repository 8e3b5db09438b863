"""Clashes: objects that looked for join values which an earlier object of the same selection changed.

``correlate`` foresees what disconnectors will write. What a connector's new values, a cut link or a replaced value do
to the metaverse shows only when everything is resolved; then those who decided too early wait for another round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from unisono.engine.assemble import join_attributes, rekeyed
from unisono.engine.compile import CompiledRules, comparison_keys
from unisono.engine.compile_flow import column
from unisono.engine.facts import Facts
from unisono.engine.turns import LINK, TOUCH_TYPES, waiting

if TYPE_CHECKING:
    from unisono.engine.planning import Decisions, TypeResult

_CHANGED_KEYS = {"mv_id": pl.Int64, "attribute": pl.String, "value": pl.String}


def clashing(decisions: Decisions, selected: pl.DataFrame, rules: CompiledRules, facts: Facts) -> pl.Series:
    """Ids of the selected objects that have to decide again, those that ``correlate`` deferred included."""
    linking = decisions.linking
    reads = linking.reads
    if reads.is_empty():
        return linking.deferred
    changed = pl.concat(
        [_keys_of_deleted(decisions.deleted, reads, facts), *(_changed_keys(one, rules) for one in decisions.types)]
    )
    if changed.is_empty():
        return linking.deferred
    links = linking.objects.select("id", "mv_id", "old_mv_id").unpivot(index="id", value_name="linked")
    news = changed.join(links.drop_nulls("linked"), left_on="mv_id", right_on="linked")
    news = news.select(list(TOUCH_TYPES)).unique()
    order = selected.select("id").with_row_index("order")
    return waiting(order, reads, pl.concat([linking.writes, news]), news, linking.deferred)


def _keys_of_deleted(deleted: pl.Series, reads: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Join values that vanish with their metaverse objects, as far as someone looks for them."""
    if deleted.is_empty():
        return pl.DataFrame(schema=_CHANGED_KEYS)
    asked = reads.filter(pl.col("attribute") != LINK).select("attribute", "value").unique()
    return facts.candidates(asked).filter(pl.col("mv_id").is_in(deleted.implode())).select(list(_CHANGED_KEYS))


def _changed_keys(result: TypeResult, rules: CompiledRules) -> pl.DataFrame:
    """Join values that existing metaverse objects of a type get or lose."""
    rows = rekeyed(result, rules).filter(~pl.col("is_new"))
    parts = [pl.DataFrame(schema=_CHANGED_KEYS)]
    if rows.is_empty():
        return parts[0]
    object_type = rules.metaverse_type(result.metaverse_type)
    for name in join_attributes(result, rules):
        keys = [
            rows.select(mv_id="id", attribute=pl.lit(name), value=comparison_keys(object_type[name], pl.col(values)))
            for values in (column(name), "old@" + name)
        ]
        both = pl.concat(keys).drop_nulls("value").explode("value")
        parts.append(both.filter(~pl.struct(pl.all()).is_duplicated()))  # what is there before and after stays
    return pl.concat(parts)
