"""What outbound rules want of one connector space: desired values per metaverse object."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.compile import CompiledRule
from unisono.engine.compile_flow import DN, CompiledFlow
from unisono.model.rules import LinkBehavior
from unisono.model.schema import Attribute, ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One row per metaverse object, ``mv_id`` first, with

    - ``creates``: name of the strongest rule in scope that provisions, or null;
    - ``governed``: some rule in scope links or deprovisions, so that every connector may stay;
    - per target attribute ``want@a`` (value), ``says@a`` (some rule in scope has a flow for it), ``may_clear@a``;
      the variants ``new@…`` hold for an object that is being created, where apply-once flows count too;
    - ``want@dn`` and ``new@dn``: the desired name, null where no rule gives one.

    ``errors``: (mv_id, code, attribute, rule, message) of flows that failed.
    """

    frame: pl.DataFrame
    targets: tuple[Attribute, ...]
    errors: pl.DataFrame


def desired(images: pl.DataFrame, rules: list[CompiledRule], object_type: ObjectType) -> Desired:
    """Evaluate the outbound rules of one (connector, object type) over metaverse images (``id`` and ``@`` columns)."""
    flows = [(compiled, flow) for compiled in rules for flow in compiled.flows]
    names = sorted({flow.target.name for _, flow in flows if flow.target.name != DN.name or DN.name in object_type})
    targets = tuple(object_type[name] for name in names)
    scoped = images.with_columns(
        pl.lit(None, dtype=pl.String).alias("@dn"),
        *(compiled.in_scope.alias(f"scope{n}") for n, compiled in enumerate(rules)),
    )
    numbers = {id(compiled): n for n, compiled in enumerate(rules)}
    evaluated = scoped.with_columns(
        expr
        for position, (compiled, flow) in enumerate(flows)
        for expr in _evaluated(position, flow, pl.col(f"scope{numbers[id(compiled)]}"))
    )
    numbered = [(n, numbers[id(compiled)], flow) for n, (compiled, flow) in enumerate(flows)]
    columns: list[pl.Expr] = [pl.col("id").alias("mv_id"), _creates(rules), _governed(rules)]
    for target in (*targets, DN):
        mine = [entry for entry in numbered if entry[2].target.name == target.name]
        lasting = [entry for entry in mine if not entry[2].flow.apply_once]
        columns += [*_wanted("want", target, lasting), *_wanted("new", target, mine)]
    unique = {column.meta.output_name(): column for column in columns}
    return Desired(frame=evaluated.select(unique.values()), targets=targets, errors=_errors(evaluated, numbered))


def _evaluated(position: int, flow: CompiledFlow, scope: pl.Expr) -> list[pl.Expr]:
    exprs = [pl.when(scope).then(flow.value).alias(f"value{position}")]
    if flow.error is not None:
        exprs.append(pl.when(scope).then(flow.error).alias(f"error{position}"))
    if flow.marker is not None:
        exprs.append(pl.when(scope).then(flow.marker).alias(f"marker{position}"))
    return exprs


def _creates(rules: list[CompiledRule]) -> pl.Expr:
    provisioning = [(n, c) for n, c in enumerate(rules) if c.rule.link is LinkBehavior.PROVISION]
    names = [pl.when(pl.col(f"scope{n}")).then(pl.lit(c.rule.name)) for n, c in provisioning]
    return (pl.coalesce(names) if names else pl.lit(None, dtype=pl.String)).alias("creates")


def _governed(rules: list[CompiledRule]) -> pl.Expr:
    """Whether every connector may stay: in scope of a rule that holds it, or no rule asks for deprovisioning at all."""
    if not any(compiled.rule.deprovision for compiled in rules):
        return pl.lit(value=True).alias("governed")
    holding = [n for n, c in enumerate(rules) if c.rule.link is not LinkBehavior.NONE or c.rule.deprovision]
    return pl.any_horizontal(*(pl.col(f"scope{n}") for n in holding)).alias("governed")


def _wanted(kind: str, target: Attribute, flows: list[tuple[int, int, CompiledFlow]]) -> list[pl.Expr]:
    """The strongest flow in scope with a value; authoritative-null ends the search, an ignored flow is absent."""
    value: pl.Expr = pl.lit(None, dtype=target.dtype)
    says: pl.Expr = pl.lit(value=False)
    clears: pl.Expr = pl.lit(value=False)
    for position, rule, flow in reversed(flows):
        active = pl.col(f"scope{rule}")
        if flow.marker is not None:
            marker = pl.col(f"marker{position}")
            active = active & ~(marker == "ignore").fill_null(value=False)
            value = pl.when((marker == "authoritative-null").fill_null(value=False)).then(None).otherwise(value)
        value = pl.when(pl.col(f"value{position}").is_not_null()).then(pl.col(f"value{position}")).otherwise(value)
        says = says | active
        clears = pl.when(active).then(pl.lit(flow.flow.allow_null)).otherwise(clears)
    return [
        value.alias(f"{kind}@{target.name}"),
        says.alias(f"{kind}says@{target.name}"),
        clears.alias(f"{kind}clears@{target.name}"),
    ]


def _errors(evaluated: pl.DataFrame, flows: list[tuple[int, int, CompiledFlow]]) -> pl.DataFrame:
    parts = [
        evaluated.filter(pl.col(f"error{position}").is_not_null()).select(
            pl.col("id").alias("mv_id"),
            code=pl.lit(flow.error_code),
            attribute=pl.lit(flow.target.name),
            rule=pl.lit(flow.rule.name),
            message=pl.col(f"error{position}"),
        )
        for position, _, flow in flows
        if flow.error is not None
    ]
    empty = pl.DataFrame(
        schema={
            "mv_id": pl.Int64,
            "code": pl.String,
            "attribute": pl.String,
            "rule": pl.String,
            "message": pl.String,
        }
    )
    return pl.concat([empty, *parts])
