"""Where the reference phase of a step starts: whose references a plan may have changed.

Most plans change no reference at all, so this is told as narrowly as it can be known (engine specification §7.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from unisono.engine.compile import CompiledRule, CompiledRules
from unisono.engine.compile_flow import column
from unisono.engine.linking import GONE, KEPT
from unisono.model.plan import RELINKED

if TYPE_CHECKING:
    from unisono.engine.planning import TypeResult

_NO_IDS = pl.Series("id", [], dtype=pl.Int64)


def touched(
    objects: pl.DataFrame, deleted: pl.Series, results: list[TypeResult], rules: CompiledRules, *, full: bool
) -> pl.Series:
    """Metaverse objects of which all references are to be computed again, sorted.

    All of the selection in a full synchronization. Otherwise those of objects that carry references and are linked anew
    or failed (they keep their link, and what was staged for them may not be needed any more), and those that came into
    the scope of an outbound reference flow or left it. ``objects``: the selection as ``linking`` gives it, with
    ``failed``.
    """
    chosen = objects if full else objects.filter(_carries_references(rules) & ~_stays())
    ids = [
        chosen.filter(~pl.col("failed"))["mv_id"],
        chosen["old_mv_id"],
        *(_rescoped(result, rules) for result in results),
    ]
    found = pl.concat(ids).drop_nulls().unique()
    return found.filter(~found.is_in(deleted.implode())).sort().alias("id")


def pushed(good: pl.DataFrame, rules: CompiledRules) -> pl.Series:
    """Objects that carry references and are linked as before: of theirs only those that an import changed can differ.

    Also in a connector space that references flow to, so that changes made there are reverted.
    """
    return good.filter(_carries_references(rules) & _stays() & pl.col("pending"))["id"].sort()


def _stays() -> pl.Expr:
    return (pl.col("event") == KEPT) & ~pl.col("retyped") & ~pl.col("failed")


def relinked(
    objects: pl.DataFrame, leaving: pl.DataFrame, results: list[TypeResult], rules: CompiledRules
) -> pl.DataFrame:
    """``RELINKED``: objects of connector spaces with references whose link is new, another or gone.

    Also those whose pending delete could not be pushed through: they keep their link, but nobody may be made to refer
    to what is gone. ``objects``: the selection as ``linking`` gives it, with ``failed``.
    """
    columns = list(RELINKED.columns)
    unlinked = pl.lit(None, dtype=pl.Int64)
    failed = objects.filter(pl.col("failed") & (pl.col("event") == GONE))
    parts = [
        objects.filter(~pl.col("failed") & _moved()).select(columns),
        failed.select("id", "connector", "old_mv_id", mv_id="old_mv_id"),
        leaving.select("id", "connector", old_mv_id="mv_id", mv_id=unlinked),
        *(
            frame.select("id", connector=pl.lit(one.target[0]), old_mv_id=unlinked, mv_id="mv_id")
            for result in results
            for one in result.outbound
            for frame in (one.created, one.joined)
        ),
    ]
    concerned = sorted({*_connectors(rules.inbound), *_connectors(rules.outbound)})
    return pl.concat(parts).filter(pl.col("connector").is_in(concerned)).sort(columns)


def _moved() -> pl.Expr:
    return pl.col("old_mv_id").ne_missing(pl.col("mv_id"))


def _connectors(rules: tuple[CompiledRule, ...]) -> list[str]:
    """Connectors of rules with reference flows."""
    return sorted({compiled.rule.connector for compiled in rules if compiled.reference_flows})


def _carries_references(rules: CompiledRules) -> pl.Expr:
    inbound = {(c.rule.connector, c.rule.connector_type) for c in rules.inbound if c.reference_flows}
    pairs = [(pl.col("connector") == name) & (pl.col("object_type") == kind) for name, kind in sorted(inbound)]
    return pl.any_horizontal(pl.lit(value=False), pl.col("connector").is_in(_connectors(rules.outbound)), *pairs)


def _rescoped(result: TypeResult, rules: CompiledRules) -> pl.Series:
    """Metaverse objects of which a value changed that decides about an outbound reference flow."""
    scoped = [
        compiled
        for compiled in rules.outbound
        if compiled.reference_flows
        and compiled.scope is not None
        and compiled.rule.metaverse_type == result.metaverse_type
    ]
    reads = sorted(frozenset[str]().union(*(compiled.scope_reads for compiled in scoped)) - {"dn"})
    before = result.resolved.before
    if not reads or before.is_empty():
        return _NO_IDS
    old = before.select("id", *(pl.col(column(name)).alias("old@" + name) for name in reads))
    differs = [pl.col(column(name)).ne_missing(pl.col("old@" + name)) for name in reads]
    return result.resolved.values.join(old, on="id").filter(pl.any_horizontal(differs))["id"]
