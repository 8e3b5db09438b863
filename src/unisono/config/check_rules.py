"""What rules say about each other: names, precedences, merging, and whether the order of connectors matters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from unisono.config.checks import Check
from unisono.config.known import PlacedRule
from unisono.model.errors import Mistake
from unisono.model.rules import Direction, Flow, LinkBehavior, MergeType, Rule

T = TypeVar("T")


def rule_set_mistakes(rules: Sequence[PlacedRule], retaining: Collection[str]) -> Iterator[Mistake]:
    """All mistakes between rules. Rules that are not enabled share names and precedences, and nothing else.

    ``retaining``: the connectors without recall.
    """
    yield from _twins(rules, lambda r: r.name.casefold(), "name", Check.DUPLICATE_NAME)
    yield from _twins(rules, lambda r: r.precedence, "precedence", Check.DUPLICATE_PRECEDENCE)
    enabled = [placed for placed in rules if placed.rule.enabled]
    yield from _merge_conflicts(enabled)
    yield from _retained_merges(enabled, retaining)
    yield from _order_warnings(enabled)


def _twins(rules: Sequence[PlacedRule], value: Callable[[Rule], Hashable], key: str, check: Check) -> Iterator[Mistake]:
    first: dict[Hashable, PlacedRule] = {}
    for placed in rules:
        twin = first.setdefault(value(placed.rule), placed)
        if twin is not placed:
            message = f"the {key} of this rule is that of the rule {twin.rule.name!r}"
            hint = f"the other one stands at {twin.at.place(key)}"
            yield Mistake(check=check, message=message, place=placed.at.place(key), hint=hint)


# --- merging ---------------------------------------------------------------------------------------------------------


def _merge_conflicts(rules: Iterable[PlacedRule]) -> Iterator[Mistake]:
    """All rules with one target attribute merge in one way (engine specification §5.4)."""
    first: dict[Hashable, tuple[PlacedRule, Flow]] = {}
    for placed in rules:
        for flow in placed.rule.flows:
            other, theirs = first.setdefault((*_target_type(placed.rule), flow.target), (placed, flow))
            if theirs.merge is not flow.merge:
                message = f"{flow.target!r} merges by {flow.merge} here, by {theirs.merge} in {other.rule.name!r}"
                place = placed.at.place("flows", flow.target, "merge")
                yield Mistake(
                    check=Check.MERGE_CONFLICT, message=message, place=place, hint="use one merge in all rules"
                )


def _retained_merges(rules: Iterable[PlacedRule], retaining: Collection[str]) -> Iterator[Mistake]:
    """Merged values have one lineage for all of them: nobody could tell which of them to keep (§4.11)."""
    for placed in rules:
        if placed.rule.direction is not Direction.INBOUND or placed.rule.connector not in retaining:
            continue
        for flow in placed.rule.flows:
            if flow.merge is not MergeType.UPDATE:
                yield Mistake(
                    check=Check.MERGE_WITHOUT_RECALL,
                    message=f"{flow.target!r} merges, but {placed.rule.connector!r} has recall: false: its part of the "
                    "values could not stay behind",
                    place=placed.at.place("flows", flow.target, "merge"),
                    hint=f"recall: true in {placed.rule.connector!r}, or no merge",
                )


def _target_type(rule: Rule) -> tuple[Hashable, ...]:
    if rule.direction is Direction.INBOUND:
        return (rule.direction, rule.metaverse_type)
    return (rule.direction, rule.connector, rule.connector_type)


# --- order of connectors ---------------------------------------------------------------------------------------------


def _order_warnings(rules: Iterable[PlacedRule]) -> Iterator[Mistake]:
    """Where several connectors link objects of one metaverse type, those that project must find each other's objects.

    Otherwise the connector that runs first decides who is joined to whom.
    """
    linking = [p for p in rules if p.rule.direction is Direction.INBOUND and p.rule.link is not LinkBehavior.NONE]
    linking.sort(key=lambda p: p.rule.metaverse_type)
    for metaverse_type, group in groupby(linking, key=lambda p: p.rule.metaverse_type):
        members = list(group)
        if len({placed.rule.connector for placed in members}) > 1:
            yield from _unshared(metaverse_type, [p for p in members if p.rule.link is LinkBehavior.PROJECT])


def _unshared(metaverse_type: str, projecting: Sequence[PlacedRule]) -> Iterator[Mistake]:
    """Projecting rules of one metaverse type without a join key that all of them share."""
    joining = [placed for placed in projecting if placed.rule.joins]
    shared = frozenset.intersection(*map(_keys, joining)) if joining else frozenset()
    for placed in projecting:
        if not placed.rule.joins:
            yield _order_warning(
                placed, "link", f"creates {metaverse_type!r} objects without looking for existing ones"
            )
        elif not shared:
            yield _order_warning(
                placed, "join", f"shares no join key with the others that create {metaverse_type!r} objects"
            )


def _keys(placed: PlacedRule) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(condition.target for condition in group) for group in placed.rule.joins)


def _order_warning(placed: PlacedRule, key: str, what: str) -> Mistake:
    return Mistake(
        check=Check.PROJECT_WITHOUT_JOIN,
        message=f"this rule {what}: the order in which connectors run changes the result",
        place=placed.at.place(key),
        hint="join on an attribute that all these rules know",
        severity="warning",
    )
