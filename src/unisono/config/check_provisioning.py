"""Whether rules that provision say how the new objects are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from unisono.config.checks import Check
from unisono.config.known import DN, PlacedRule
from unisono.model.errors import Mistake
from unisono.model.names import DnStyle, Naming
from unisono.model.rules import Direction, LinkBehavior
from unisono.model.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A connector that rules provision to. ``naming`` by object type, for those whose DN follows from attributes."""

    schema: Schema
    dn_style: DnStyle
    naming: Mapping[str, Naming]


def provisioning_mistakes(rules: Sequence[PlacedRule], targets: Mapping[str, Target]) -> Iterator[Mistake]:
    """Enabled rules that create objects of a connector of ``targets`` without a DN, or without its parts."""
    outbound = [p for p in rules if p.rule.enabled and p.rule.direction is Direction.OUTBOUND]
    written: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for placed in outbound:
        written[_pair(placed)].update(flow.target for flow in placed.rule.flows)
    for placed in outbound:
        target = targets.get(placed.rule.connector)
        if placed.rule.link is LinkBehavior.PROVISION and target and placed.rule.connector_type in target.schema:
            yield from _missing(placed, target, written[_pair(placed)])


def _pair(placed: PlacedRule) -> tuple[str, str, str]:
    """Rules for the same objects complete each other."""
    return placed.rule.connector, placed.rule.connector_type, placed.rule.metaverse_type


def _missing(placed: PlacedRule, target: Target, written: set[str]) -> Iterator[Mistake]:
    rule = placed.rule
    if target.dn_style is not DnStyle.NONE and DN.name in written:
        return
    naming = target.naming.get(rule.connector_type)
    if naming is None:
        hint = f"a flow to {DN.name}: '\"uid=\" & EscapeDNComponent([accountName]) & …'"
        yield _mistake(placed, "new objects get no DN", hint)
        return
    for name in naming.attributes:
        if name not in written:
            yield _mistake(placed, f"new objects get no {name!r}, which identifies them", f"a flow to {name}")


def _mistake(placed: PlacedRule, message: str, hint: str) -> Mistake:
    return Mistake(check=Check.PROVISION_WITHOUT_DN, message=message, place=placed.at.place("link"), hint=hint)
