"""Export-only attributes, such as passwords: written, never read, and kept no longer than until they are written.

No import shows them, so nobody can tell whether the connected data source has the value that is wanted. They are sent
with a new object, and again when what flows to them changes: a source value, or that a rule comes into scope. What was
not sent yet stays pending as it is, so that it is the same at every evaluation, chosen by chance or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from unisono.engine.compile import CompiledRule
from unisono.engine.compile_flow import DN, CompiledFlow, column
from unisono.model.documents import change_columns
from unisono.model.schema import Attribute

_WAITING = "waiting@"


def hidden(attributes: Iterable[Attribute]) -> list[Attribute]:
    """Those that are export-only."""
    return [attribute for attribute in attributes if attribute.export_only]


def with_turned(
    wanted: pl.DataFrame, metaverse: pl.DataFrame, before: pl.DataFrame, rules: list[CompiledRule], to: list[Attribute]
) -> pl.DataFrame:
    """The desired values (``desired.Desired``), with ``wantturned@a`` and ``newturned@a`` per export-only attribute:
    whether what flows to it changes now.

    ``metaverse``: images; ``before``: the former values of those that change and are not new (``resolve.Resolved``).
    """
    scoped = {id(c): number for number, c in enumerate(rules)}
    judged = [c.in_scope.alias(f"was{n}") for n, c in enumerate(rules)]
    reads = sorted({name for c in rules for flow in c.flows for name in flow.reads if column(name) in before.columns})
    former = before.with_columns(pl.lit(None, dtype=pl.String).alias(column(DN.name))).select(
        "id", *judged, *(pl.col(column(name)).alias("was" + column(name)) for name in reads)
    )
    rows = metaverse.with_columns(pl.lit(None, dtype=pl.String).alias(column(DN.name))).join(former, on="id")
    columns = []
    for attribute in to:
        flows = [(c, flow) for c in rules for flow in c.flows if flow.target.name == attribute.name]
        turns = [(flow, _turns(c, flow, scoped[id(c)], reads)) for c, flow in flows]
        lasting = [turned for flow, turned in turns if not flow.flow.apply_once]
        columns += [
            _any(lasting).alias(f"wantturned@{attribute.name}"),
            _any(turned for _, turned in turns).alias(f"newturned@{attribute.name}"),
        ]
    turned = rows.select(pl.col("id").alias("mv_id"), *columns)
    names = [name for name in turned.columns if name != "mv_id"]
    return wanted.join(turned, on="mv_id", how="left", maintain_order="left").with_columns(
        pl.col(names).fill_null(value=False)
    )


def _turns(compiled: CompiledRule, flow: CompiledFlow, number: int, reads: Sequence[str]) -> pl.Expr:
    """Whether the rule applies, and did not before or reads something else now."""
    differs = [pl.col(column(name)).ne_missing(pl.col("was" + column(name))) for name in reads if name in flow.reads]
    return compiled.in_scope & (~pl.col(f"was{number}") | _any(differs))


def _any(conditions: Iterable[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(pl.lit(value=False), *conditions)


def with_waiting(rows: pl.DataFrame, attributes: list[Attribute]) -> pl.DataFrame:
    """The rows with the values that wait to be sent where nothing else is wanted now (``want@a``), and ``changes@a``.

    ``rows``: as ``outflow.pending_exports`` puts them together, ``wantturned@a`` as it holds for each.
    """
    waiting = change_columns(rows["pending_export"], attributes, prefix=_WAITING, clear=_WAITING)
    rows = pl.concat([rows, waiting], how="horizontal")
    return rows.with_columns(expr for a in attributes for expr in _waiting(a)).drop(waiting.columns)


def _waiting(attribute: Attribute) -> tuple[pl.Expr, pl.Expr]:
    name = attribute.name
    want, says, clears = pl.col(f"want@{name}"), pl.col(f"wantsays@{name}"), pl.col(f"wantclears@{name}")
    turned, waiting = pl.col(f"wantturned@{name}"), pl.col(_WAITING + name)
    stands = (waiting.is_not_null() | pl.col(_WAITING).list.contains(name)) & ~turned
    creating = (pl.col("export_operation") == "add").fill_null(value=False)
    anew = ((turned | creating) & want.is_not_null()) | (turned & clears)
    return (
        pl.when(stands).then(waiting).otherwise(want).alias(f"want@{name}"),
        (says & (stands | anew)).fill_null(value=False).alias(f"changes@{name}"),
    )
