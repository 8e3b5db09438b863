"""References, all of them from scratch (engine specification §7)."""

from __future__ import annotations

from collections.abc import Iterable

from tests.reference.inbound import Inbound
from tests.reference.objects import ExportEdge, Key, Reference, SpaceObject, exported
from unisono.model.rules import Direction
from unisono.model.schema import Attribute


class References(Inbound):
    def _references(self) -> set[Reference]:
        """Per attribute those of the strongest rule that offers any."""
        found: set[Reference] = set()
        for number, mv in self.world.metaverse.items():
            for attribute in self.project.metaverse.schema[mv.object_type].references:
                offers = ((rule, targets) for rule, targets in self._reference_offers(number, attribute) if targets)
                rule, targets = next(offers, ("", set()))
                found |= {(number, attribute.name, target, rule) for target in targets}
        return found

    def _reference_offers(self, number: int, attribute: Attribute) -> Iterable[tuple[str, set[int]]]:
        for rule in self._rules(Direction.INBOUND):
            for flow in rule.flows:
                if flow.target != attribute.name:
                    continue
                for one in self.world.linked(number):
                    if one.connector != rule.connector or one.synchronized is None:
                        continue
                    if self._in_scope(rule, self._source_type(one), self._row(one, image=one.synchronized)):
                        yield rule.name, self._targets(one.synchronized_references.get(str(flow.source), []))
                if self._left_behind(rule, number):
                    yield rule.name, self._referred(number, attribute.name, rule.name)

    def _referred(self, number: int, attribute: str, rule: str) -> set[int]:
        """Targets that the metaverse object has by the rule, as far as they still exist."""
        found = {t for s, a, t, r in self.world.references if (s, a, r) == (number, attribute, rule)}
        return found & set(self.world.metaverse)

    def _targets(self, links: list[Key | str]) -> set[int]:
        objects = [self.world.spaces[target] for target in links if not isinstance(target, str)]
        return {one.link for one in objects if one.link is not None}

    def _exports(self) -> set[ExportEdge]:
        """Edges to add and to remove."""
        wanted: set[ExportEdge] = set()
        for one in self.world.spaces.values():
            if one.link is None or one.export_operation == "delete":
                continue
            if one.pending == "delete":  # nothing flows any more; what was staged before stays
                wanted |= {edge for edge in self.world.exports if edge[0] == one.key}
                continue
            for target, edges in self._desired(one).items():
                has = self._present(one, target)
                wanted |= {(one.key, target, other, "add") for other in edges - has}
                wanted |= {(one.key, target, other, "delete") for other in has - edges}
        return wanted

    def _desired(self, one: SpaceObject) -> dict[str, set[Key]]:
        assert one.link is not None
        mv = self.world.metaverse[one.link]
        object_type = self.project.metaverse.schema[mv.object_type]
        desired: dict[str, set[Key]] = {}
        for rule in self._rules(Direction.OUTBOUND, one.connector):
            for flow in rule.flows:
                if flow.target not in {a.name for a in self._source_type(one).references}:
                    continue
                if rule.metaverse_type == mv.object_type and self._in_scope(rule, object_type, mv.values):
                    targets = {t for s, a, t, _ in self.world.references if (s, a) == (one.link, flow.source)}
                    desired.setdefault(flow.target, set()).update(
                        other.key
                        for other in self.world.of(one.connector)
                        if other.link in targets and other.pending != "delete" and other.export_operation != "delete"
                    )
        return desired

    def _present(self, one: SpaceObject, attribute: str) -> set[Key | str]:
        """Targets that the connected system has, as last imported; one that nobody here has goes by its name."""
        links = one.imported_references.get(attribute, [])
        return {exported(target) for target in links}
