"""Rules of a project, compiled once per run to columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.engine.compile_flow import DN, PREFIX, CompiledFlow, compile_flow, target_of, visible
from unisono.expressions import Environment, compile_expression, conditional
from unisono.model.documents import as_set
from unisono.model.names import DnStyle, Naming, bounded
from unisono.model.project import ConnectorDefinition, Project
from unisono.model.rules import Direction, Expression, Flow, JoinCondition, Rule
from unisono.model.schema import Attribute, AttributeType, ObjectType


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
    renames: bool = True  # whether objects that exist can get other names
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
        (connector.name, object_type): _condition_of(
            expression,
            visible(connector.schema[object_type], imported=True),
            environment,
            f"{connector.name}\n{object_type}",
        )
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
    scope, scope_reads = None, frozenset[str]()
    if rule.scope:
        scope, scope_reads = _condition_of(
            rule.scope, visible(source, imported=inbound), environment, f"{rule.name}\n/scope"
        )
    joins = tuple(
        tuple(
            _join_condition(
                condition,
                visible(connector_type, imported=True),
                environment,
                f"{rule.name}\n/join/{number}/{condition.target}",
            )
            for condition in group
        )
        for number, group in enumerate(rule.joins)
    )
    flows = tuple(
        compile_flow(rule, flow, source, target, environment)
        for flow in rule.flows
        if not target_of(target, flow.target).is_reference or flow.target == DN.name
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
            flow for flow in rule.flows if flow.target != DN.name and target_of(target, flow.target).is_reference
        ),
        reads=reads,
        scope_reads=scope_reads,
    )


def _condition_of(
    expression: Expression, readable: Mapping[str, Attribute], environment: Environment, site: str
) -> tuple[pl.Expr, frozenset[str]]:
    compiled = compile_expression(
        expression.text, readable, environment, language=expression.language, site=site, prefix=PREFIX
    )
    return conditional(compiled), compiled.attributes


def _join_condition(
    condition: JoinCondition, readable: Mapping[str, Attribute], environment: Environment, site: str
) -> CompiledCondition:
    text, language = condition.source.text, condition.source.language
    compiled = compile_expression(text, readable, environment, language=language, site=site, prefix=PREFIX)
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
