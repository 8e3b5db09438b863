"""Contributions: what each linked object offers to its metaverse object, one column per flow."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.compile_flow import CompiledFlow

AMBIGUOUS = "ambiguous-import-flow-from-multiple-connectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedFlow:
    """A flow with its place among all flows into one metaverse type, strongest first.

    In frames of contributions its columns are ``value{number}``, ``error{number}`` and ``marker{number}``; the last
    two only where the flow can fail or be marked. ``retains``: values stay when the connector goes (no recall); then
    ``present{number}`` tells whether it is there.
    """

    number: int
    flow: CompiledFlow
    scope: pl.Expr
    retains: bool = False

    @property
    def value(self) -> str:
        return f"value{self.number}"

    @property
    def error(self) -> str:
        return f"error{self.number}"

    @property
    def marker(self) -> str:
        return f"marker{self.number}"

    @property
    def present(self) -> str:
        return f"present{self.number}"

    def columns(self) -> list[pl.Expr]:
        """Value, error and marker over the source's frame; null where the rule is out of scope."""
        flow = self.flow
        exprs = [pl.when(self.scope).then(flow.value).alias(self.value)]
        if flow.error is not None:
            exprs.append(pl.when(self.scope).then(flow.error).alias(self.error))
        if flow.marker is not None:
            exprs.append(pl.when(self.scope).then(flow.marker).alias(self.marker))
        if self.retains:
            exprs.append(pl.lit(value=True).alias(self.present))
        return exprs

    def absent(self) -> dict[str, pl.Expr]:
        """The same columns for metaverse objects without any contributing object."""
        nothing = {self.value: pl.lit(None, dtype=self.flow.target.dtype)}
        if self.flow.error is not None:
            nothing[self.error] = pl.lit(None, dtype=pl.String)
        if self.flow.marker is not None:
            nothing[self.marker] = pl.lit(None, dtype=pl.String)
        if self.retains:
            nothing[self.present] = pl.lit(None, dtype=pl.Boolean)
        return nothing


def number_flows(rules: CompiledRules, metaverse_type: str) -> list[NumberedFlow]:
    """All inbound flows into a metaverse type, numbered by strength of their rules, then by their order in the rule."""
    chosen = [compiled for compiled in rules.inbound if compiled.rule.metaverse_type == metaverse_type]
    pairs = [(compiled, flow) for compiled in chosen for flow in compiled.flows]
    return [
        NumberedFlow(
            number=number,
            flow=flow,
            scope=compiled.in_scope,
            retains=not rules.connector(compiled.rule.connector).recall,
        )
        for number, (compiled, flow) in enumerate(pairs)
    ]


def contribute(images: pl.DataFrame, flows: list[NumberedFlow]) -> pl.DataFrame:
    """One row per linked object: ``mv_id``, ``id`` and the flows' columns, in the order of the images."""
    return images.select("mv_id", "id", *(expr for numbered in flows for expr in numbered.columns()))


def ambiguous(contributions: pl.DataFrame) -> pl.Series:
    """Metaverse objects with several contributing objects of one connector (engine specification §4.9)."""
    return contributions.filter(pl.col("mv_id").is_duplicated())["mv_id"].unique().sort()
