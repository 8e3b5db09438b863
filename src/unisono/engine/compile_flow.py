"""Attribute flows, compiled once per run to columns.

In frames of this package the column of attribute ``a`` is ``@a`` (``column``), so that no attribute can collide with
an object's own columns; ``@dn`` is the object's distinguished name.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.expressions import Environment, compile_expression
from unisono.model.documents import as_set
from unisono.model.rules import Direction, Flow, Rule
from unisono.model.schema import Attribute, AttributeType, ObjectType

PREFIX = "@"
DN = Attribute(name="dn", type=AttributeType.REFERENCE)


def column(name: str) -> str:
    """The column that holds the attribute's values."""
    return PREFIX + name


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFlow:
    """A flow as columns over the source object's frame.

    ``value`` has the target's type; ``error`` (text) and ``marker`` are None where the flow can have none.
    """

    rule: Rule
    flow: Flow
    target: Attribute
    value: pl.Expr
    error: pl.Expr | None = None
    marker: pl.Expr | None = None
    reads: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()  # attributes of the target object that it reads as last imported

    @property
    def error_code(self) -> str:
        return "flow-multi-values-to-single-value" if self.flow.source else "extension-unexpected-attribute-value"


def visible(object_type: ObjectType, *, imported: bool) -> dict[str, Attribute]:
    """Attributes that an expression may read: values, the object's own name and, if it was imported, references."""
    references = object_type.references if imported else ()
    return {attribute.name: attribute for attribute in (*object_type.values, *references, DN)}


def target_of(object_type: ObjectType, name: str) -> Attribute:
    return DN if name == DN.name and name not in object_type else object_type[name]


def compile_flow(
    rule: Rule, flow: Flow, source: ObjectType, target_type: ObjectType, environment: Environment
) -> CompiledFlow:
    inbound, target = rule.direction is Direction.INBOUND, target_of(target_type, flow.target)
    readable = visible(source, imported=inbound)
    if flow.source is not None:
        return _direct(rule, flow, readable[flow.source], target)
    if flow.expression is None:
        value = pl.lit(flow.constant, dtype=_scalar(target).dtype)
        return CompiledFlow(rule=rule, flow=flow, target=target, value=_as_target(value, target, multivalued=False))
    compiled = compile_expression(
        flow.expression.text,
        readable,
        environment,
        imported=None if inbound else {a.name: a for a in target_type.attributes},
        several=target.multivalued,
        language=flow.expression.language,
        site=f"{rule.name}\n{flow.target}",
        prefix=PREFIX,
    )
    value = compiled.value if compiled.type is not None else pl.lit(None, dtype=_scalar(target).dtype)
    return CompiledFlow(
        rule=rule,
        flow=flow,
        target=target,
        value=_as_target(value, target, multivalued=compiled.multivalued),
        error=compiled.error,
        marker=compiled.marker,
        reads=compiled.attributes,
        imported=compiled.imported,
    )


def _direct(rule: Rule, flow: Flow, source: Attribute, target: Attribute) -> CompiledFlow:
    values = pl.col(column(source.name))
    error = None
    if source.multivalued and not target.multivalued:
        count = values.list.len()
        error = pl.when(count > 1).then(
            pl.format(
                "{} values of {} cannot flow to the single-valued {}", count, pl.lit(source.name), pl.lit(target.name)
            )
        )
        values = pl.when(count == 1).then(values.list.first())
    else:
        values = _as_target(values, target, multivalued=source.multivalued)
    return CompiledFlow(rule=rule, flow=flow, target=target, value=values, error=error, reads=frozenset({source.name}))


def _scalar(attribute: Attribute) -> Attribute:
    return Attribute(name=attribute.name, type=attribute.type)


def _as_target(values: pl.Expr, target: Attribute, *, multivalued: bool) -> pl.Expr:
    """A single value for a multivalued target becomes a list of it; a multivalued one becomes a sorted set."""
    if not target.multivalued:
        return values
    if not multivalued:
        return pl.when(values.is_not_null()).then(pl.concat_list(values))
    return as_set(values)
