"""``ImportedValue``: what was last imported from the connector beside the metaverse object it belongs to."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from unisono.engine.compile import CompiledRule
from unisono.engine.compile_flow import column
from unisono.engine.facts import Facts
from unisono.engine.images import image
from unisono.expressions import imported_name
from unisono.model.schema import ObjectType


def with_imported(
    metaverse: pl.DataFrame,
    connectors: pl.DataFrame,
    rules: Iterable[CompiledRule],
    object_type: ObjectType,
    facts: Facts,
) -> pl.DataFrame:
    """The metaverse images with the columns that the flows of the rules ask for; null where there is no connector.

    ``connectors``: ``CS_OBJECT`` rows of the object type. Of several with one metaverse object the oldest counts.
    """
    names = sorted({name for compiled in rules for flow in compiled.flows for name in flow.imported})
    if not names:
        return metaverse
    values = image(connectors, object_type, frozenset(names), facts, pending=True)
    values = values.sort("id").unique("mv_id", keep="first")
    wanted = values.select("mv_id", **{column(imported_name(name)): pl.col(column(name)) for name in names})
    return metaverse.join(wanted, left_on="id", right_on="mv_id", how="left", maintain_order="left")
