"""What flows into the metaverse, value by value (engine specification §4.7–§4.11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.reference.objects import MetaverseObject, Value, as_list
from tests.reference.rulebook import Rulebook
from unisono.model.rules import Direction, Flow, MergeType, Rule
from unisono.model.schema import Attribute


@dataclass(frozen=True, kw_only=True)
class Offer:
    rule: Rule
    flow: Flow
    value: Value | None
    marker: str | None


class Inbound(Rulebook):
    def _resolve(self, number: int) -> bool:
        mv = self.world.metaverse[number]
        object_type = self.project.metaverse.schema[mv.object_type]
        decided = {a.name: self._decided(number, mv, a) for a in object_type.values}
        values = {name: value for name, (value, _) in decided.items() if value is not None}
        lineage = {name: rule for name, (value, rule) in decided.items() if value is not None}
        changed = (values, lineage) != (mv.values, mv.lineage)
        mv.values, mv.lineage = values, lineage
        return changed

    def _decided(self, number: int, mv: MetaverseObject, attribute: Attribute) -> tuple[Value | None, str]:
        """The attribute's new value, and the rule that it comes from (§4.8, §4.10, §4.11)."""
        offers = [offer for rule in self._rules(Direction.INBOUND) for offer in self._offers(rule, number, attribute)]
        given = [(offer.rule, offer.value) for offer in offers if offer.value]
        if attribute.multivalued and any(offer.flow.merge is not MergeType.UPDATE for offer in offers):
            union = sorted({text for _, value in given for text in as_list(value)})
            return (union, given[0][0].name) if given else (None, "")
        kept = mv.values.get(attribute.name), mv.lineage.get(attribute.name, "")
        for rule in self._rules(Direction.INBOUND):
            for flow in (flow for flow in rule.flows if flow.target == attribute.name):
                for offer in (offer for offer in offers if offer.rule is rule and offer.flow is flow):
                    if offer.value is not None:
                        value = sorted(as_list(offer.value)) if attribute.multivalued else offer.value
                        return value, rule.name
                    if offer.marker == "authoritative-null":
                        return None, ""
                if kept[1] == rule.name and self._left_behind(rule, number):
                    return kept
        return kept if any(offer.marker == "ignore" for offer in offers) else (None, "")

    def _left_behind(self, rule: Rule, number: int) -> bool:
        """Whether the rule's connector is gone from the metaverse object, and leaves its values there."""
        definition = self.project.connector(rule.connector)
        assert definition is not None
        return not definition.recall and all(one.connector != rule.connector for one in self.world.linked(number))

    def _offers(self, rule: Rule, number: int, attribute: Attribute) -> Iterable[Offer]:
        """What the linked objects say about an attribute by one rule; neither value nor marker: nothing."""
        for flow in rule.flows:
            for one in self.world.linked(number):
                if flow.target != attribute.name or one.connector != rule.connector or one.synchronized is None:
                    continue
                kind, row = self._source_type(one), self._row(one, image=one.synchronized)
                if self._in_scope(rule, kind, row):
                    value, marker = self._flow_result(flow, kind, row)
                    yield Offer(rule=rule, flow=flow, value=None if value == [] else value, marker=marker)
