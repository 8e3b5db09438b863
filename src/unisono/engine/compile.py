"""Rules of a project, compiled once per run to columns.

In frames of this package the column of attribute ``a`` is ``@a`` (``column``), so that no attribute can collide with
an object's own columns; ``@dn`` is the object's distinguished name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.expressions import Environment, compile_expression, conditional
from unisono.model.documents import as_set
from unisono.model.names import DnStyle, Naming, bounded
from unisono.model.project import ConnectorDefinition, Project
from unisono.model.rules import Direction, Expression, Flow, JoinCondition, Rule
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

    @property
    def error_code(self) -> str:
        return "flow-multi-values-to-single-value" if self.flow.source else "extension-unexpected-attribute-value"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCondition:
    """A join condition: ``values`` is a column of lists of comparison keys over the connector-space object's frame."""

    target: str
    values: pl.Expr
    reads: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """``flows`` carry values, ``reference_flows`` edges. ``scope`` is a boolean column without nulls; None: always."""

    rule: Rule
    scope: pl.Expr | None
    joins: tuple[tuple[CompiledCondition, ...], ...]
    flows: tuple[CompiledFlow, ...]
    reference_flows: tuple[Flow, ...]
    reads: frozenset[str]
    scope_reads: frozenset[str] = frozenset()

    @property
    def in_scope(self) -> pl.Expr:
        return self.scope if self.scope is not None else pl.lit(value=True)

    @property
    def contributes(self) -> bool:
        """Whether anything flows by the rule, values or references."""
        return bool(self.flows or self.reference_flows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the engine has to know of a live connector."""

    dn_style: DnStyle = DnStyle.NONE
    naming: Mapping[str, Naming] = field(default_factory=dict)  # object type → how its DN follows from its anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRules:
    """Everything that a synchronization needs of a project. ``rule_ids`` are the store's, for lineage."""

    project: Project
    inbound: tuple[CompiledRule, ...]  # strongest first, all connectors
    outbound: tuple[CompiledRule, ...]
    filters: Mapping[tuple[str, str], tuple[pl.Expr, frozenset[str]]]  # (connector, object type)
    traits: Mapping[str, Traits]
    rule_ids: Mapping[str, int]

    def metaverse_type(self, name: str) -> ObjectType:
        return self.project.metaverse.schema[name]

    def connector(self, name: str) -> ConnectorDefinition:
        found = self.project.connector(name)
        if found is None:
            raise KeyError(name)
        return found

    def inbound_of(self, connector: str, object_type: str, metaverse_type: str | None = None) -> list[CompiledRule]:
        return _matching(self.inbound, connector, object_type, metaverse_type)

    def outbound_of(self, connector: str, object_type: str, metaverse_type: str | None = None) -> list[CompiledRule]:
        return _matching(self.outbound, connector, object_type, metaverse_type)

    def targets_of(self, metaverse_type: str) -> list[tuple[str, str]]:
        """(connector, object type) pairs that outbound rules of the metaverse type write to, in a fixed order."""
        return sorted(
            {
                (c.rule.connector, c.rule.connector_type)
                for c in self.outbound
                if c.rule.metaverse_type == metaverse_type
            }
        )

    @property
    def join_targets(self) -> frozenset[str]:
        """Metaverse attributes that some rule joins on."""
        every = (*self.inbound, *self.outbound)
        return frozenset(condition.target for compiled in every for group in compiled.joins for condition in group)


def _matching(
    rules: tuple[CompiledRule, ...], connector: str, object_type: str, metaverse_type: str | None
) -> list[CompiledRule]:
    return [
        c
        for c in rules
        if c.rule.connector == connector
        and c.rule.connector_type == object_type
        and metaverse_type in (None, c.rule.metaverse_type)
    ]


def compile_rules(
    project: Project, environment: Environment, traits: Mapping[str, Traits], rule_ids: Mapping[str, int]
) -> CompiledRules:
    """Compile the enabled rules. The project was validated: mistakes in it raise ``ExpressionMistakes``."""
    compiled = {direction: _compile_direction(project, direction, environment) for direction in Direction}
    filters = {
        (connector.name, object_type): _scope(expression, _visible(connector.schema[object_type]), environment)
        for connector in project.connectors
        for object_type, expression in connector.filters.items()
    }
    return CompiledRules(
        project=project,
        inbound=compiled[Direction.INBOUND],
        outbound=compiled[Direction.OUTBOUND],
        filters=filters,
        traits=traits,
        rule_ids=rule_ids,
    )


def _compile_direction(project: Project, direction: Direction, environment: Environment) -> tuple[CompiledRule, ...]:
    chosen = [rule for rule in project.rules if rule.enabled and rule.direction is direction]
    return tuple(_compile_rule(project, rule, environment) for rule in sorted(chosen, key=lambda r: r.precedence))


def _compile_rule(project: Project, rule: Rule, environment: Environment) -> CompiledRule:
    connector = project.connector(rule.connector)
    if connector is None:
        raise KeyError(rule.connector)
    connector_type = connector.schema[rule.connector_type]
    metaverse_type = project.metaverse.schema[rule.metaverse_type]
    inbound = rule.direction is Direction.INBOUND
    source, target = (connector_type, metaverse_type) if inbound else (metaverse_type, connector_type)
    visible = _visible(source)
    scope, scope_reads = _scope(rule.scope, visible, environment) if rule.scope else (None, frozenset[str]())
    joins = tuple(
        tuple(_condition(condition, _visible(connector_type), environment) for condition in group)
        for group in rule.joins
    )
    flows = tuple(
        _flow(rule, flow, visible, _target(target, flow.target), environment)
        for flow in rule.flows
        if not _target(target, flow.target).is_reference or flow.target == DN.name
    )
    reads = scope_reads.union(*(flow.reads for flow in flows))
    if inbound:
        reads = reads.union(*(condition.reads for group in joins for condition in group))
    return CompiledRule(
        rule=rule,
        scope=scope,
        joins=joins,
        flows=flows,
        reference_flows=tuple(
            flow for flow in rule.flows if flow.target != DN.name and _target(target, flow.target).is_reference
        ),
        reads=reads,
        scope_reads=scope_reads,
    )


def _visible(object_type: ObjectType) -> dict[str, Attribute]:
    """Attributes that an expression may read: values, and the object's own name."""
    return {attribute.name: attribute for attribute in (*object_type.values, DN)}


def _target(object_type: ObjectType, name: str) -> Attribute:
    return DN if name == DN.name and name not in object_type else object_type[name]


def _scope(
    expression: Expression, visible: Mapping[str, Attribute], environment: Environment
) -> tuple[pl.Expr, frozenset[str]]:
    compiled = compile_expression(expression.text, visible, environment, prefix=PREFIX)
    return conditional(compiled), compiled.attributes


def _condition(
    condition: JoinCondition, visible: Mapping[str, Attribute], environment: Environment
) -> CompiledCondition:
    compiled = compile_expression(condition.source.text, visible, environment, prefix=PREFIX)
    attribute = Attribute(
        name=condition.target, type=compiled.type or AttributeType.STRING, multivalued=compiled.multivalued
    )
    return CompiledCondition(
        target=condition.target, values=comparison_keys(attribute, compiled.value), reads=compiled.attributes
    )


def comparison_keys(attribute: Attribute, values: pl.Expr) -> pl.Expr:
    """Lists of the texts by which joins compare the attribute's values: case is ignored; null for no value.

    The empty string matches nothing: a source that fills gaps with it would otherwise join everybody with everybody.
    """
    element = pl.element() if attribute.multivalued else values
    match attribute.type:
        case AttributeType.BINARY:
            text = element.bin.encode("hex")
        case AttributeType.DATETIME:
            text = element.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        case _:
            text = element.cast(pl.String).str.to_lowercase()
    text = bounded(text)
    if not attribute.multivalued:
        return pl.when(text != "").then(pl.concat_list(text))
    return as_set(values.list.eval(text.filter(text != "")))


def _flow(
    rule: Rule, flow: Flow, visible: Mapping[str, Attribute], target: Attribute, environment: Environment
) -> CompiledFlow:
    if flow.source is not None:
        return _direct(rule, flow, visible[flow.source], target)
    if flow.expression is None:
        value = pl.lit(flow.constant, dtype=_scalar(target).dtype)
        return CompiledFlow(rule=rule, flow=flow, target=target, value=_as_target(value, target, multivalued=False))
    compiled = compile_expression(flow.expression.text, visible, environment, prefix=PREFIX)
    value = compiled.value if compiled.type is not None else pl.lit(None, dtype=_scalar(target).dtype)
    return CompiledFlow(
        rule=rule,
        flow=flow,
        target=target,
        value=_as_target(value, target, multivalued=compiled.multivalued),
        error=compiled.error,
        marker=compiled.marker,
        reads=compiled.attributes,
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


__all__ = [
    "DN",
    "CompiledCondition",
    "CompiledFlow",
    "CompiledRule",
    "CompiledRules",
    "Traits",
    "column",
    "comparison_keys",
    "compile_rules",
]
