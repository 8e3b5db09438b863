"""Import and synchronization, object by object (engine specification §2–§5, written down as plainly as possible)."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from tests.reference.objects import Image, Links, MetaverseObject, SpaceObject, join_keys
from tests.reference.outbound import Outbound
from tests.reference.rulebook import ENVIRONMENT, Failure
from unisono.model.project import DeletionRule
from unisono.model.rules import Direction, LinkBehavior, Rule


class ObviousEngine(Outbound):
    # --- import ---

    def full_import(self, connector: str, objects: Mapping[str, tuple[str, Image, dict[str, list[str]]]]) -> None:
        """``objects``: anchor → (DN, values, references). What is not among them is gone."""
        for anchor, (dn, _, _) in objects.items():
            found = self.world.spaces.get((connector, anchor))
            if found is None:
                found = SpaceObject(connector=connector, object_type=self._type(connector), anchor=anchor, dn=dn)
                self.world.spaces[found.key] = found
                self.world.relink(connector, dn, found.key)
            found.dn = dn
        holders = {one.dn: one.key for one in self.world.of(connector)}
        for anchor, (dn, image, references) in objects.items():
            found = self.world.spaces[connector, anchor]
            links: Links = {name: [holders.get(one, one) for one in named] for name, named in references.items()}
            found.imported, found.imported_references = image, links
            before = found.synchronized, found.synchronized_references, found.synchronized_dn
            same = before == (image, links, dn)
            found.pending = "add" if found.synchronized is None else None if same else "update"
        for one in self.world.of(connector):
            if one.anchor is not None and one.anchor not in objects:
                if one.synchronized is None and one.link is None:
                    self._remove(one)
                else:
                    one.pending = "delete"

    def _remove(self, one: SpaceObject) -> None:
        del self.world.spaces[one.key]
        self.world.relink(one.connector, one.key, one.dn)

    def _type(self, connector: str) -> str:
        definition = self.project.connector(connector)
        assert definition is not None
        return definition.schema.object_types[0].name

    # --- synchronization ---

    def synchronize(self, connector: str, *, full: bool) -> None:
        chosen = [one.key for one in self.world.of(connector) if self._selected(one, full)]
        for key in sorted(chosen):
            self._one(key, full)
        for key in sorted(one.key for one in self.world.of(connector) if one.pending == "delete"):
            self._one(key, full)
        self.world.references = self._references()
        self.world.exports = self._exports()

    def _selected(self, one: SpaceObject, full: bool) -> bool:
        if one.imported is None or one.pending == "delete":
            return False
        disconnector = one.link is None and one.state == "normal"
        return full or one.pending is not None or disconnector or one.error is not None

    def _one(self, key: tuple[str, str], full: bool) -> None:
        before = copy.deepcopy(self.world)
        try:
            self._process(self.world.spaces[key], full)
        except Failure as failure:
            self.world = before
            self.world.spaces[key].error = str(failure)

    def _process(self, one: SpaceObject, full: bool) -> None:
        one.error = None
        if one.pending == "delete":
            number, one.link = one.link, None
            self._remove(one)
            if number is not None:
                self._after_cut(number, one.connector)
            return
        if one.state == "explicit" and one.link is None:
            self._promote(one)
            return
        if one.state != "explicit" and self._filtered(one):
            number, one.link, one.state = one.link, None, "filtered"
            self._promote(one)
            if number is not None:
                one.export_operation, one.new_dn, one.export_set, one.export_clear = None, None, {}, []
                self._after_cut(number, one.connector)
            return
        if one.state == "filtered":
            one.state = "normal"
        new = one.link is None and self._link(one)
        if one.link is not None:
            number = one.link
            self._promote(one)
            changed = self._resolve(number)
            self._outbound(number, None if changed or new or full else one.connector)
        else:
            self._promote(one)

    def _promote(self, one: SpaceObject) -> None:
        one.synchronized, one.synchronized_dn = one.imported, one.dn
        one.synchronized_references = dict(one.imported_references)
        one.pending = None

    # --- links ---

    def _link(self, one: SpaceObject) -> bool:
        kind, row = self._source_type(one), self._row(one)
        inbound = [r for r in self._rules(Direction.INBOUND, one.connector) if self._in_scope(r, kind, row)]
        for rule in (*inbound, *self._rules(Direction.OUTBOUND, one.connector)):
            if rule.link is LinkBehavior.NONE:
                continue
            for group in rule.joins:
                hits = [
                    number
                    for number, mv in self.world.metaverse.items()
                    if mv.object_type == rule.metaverse_type
                    and all(
                        join_keys(self._evaluate(c.source.text, kind, row)) & join_keys(mv.values.get(c.target))
                        for c in group
                    )
                ]
                if len(hits) == 1:
                    return self._join(one, hits[0], rule)
        projecting = [rule for rule in inbound if rule.link is LinkBehavior.PROJECT]
        if not projecting:
            return False
        one.link, self.world.next_number = self.world.next_number, self.world.next_number + 1
        one.linked_by = projecting[0].name
        self.world.metaverse[one.link] = MetaverseObject(object_type=projecting[0].metaverse_type)
        return True

    def _join(self, one: SpaceObject, number: int, rule: Rule) -> bool:
        contributes = any(rule.flows for rule in self._rules(Direction.INBOUND, one.connector))
        if contributes and any(other.connector == one.connector for other in self.world.linked(number)):
            raise Failure("ambiguous-import-flow-from-multiple-connectors")
        one.link, one.linked_by = number, rule.name
        return True

    def _after_cut(self, number: int, connector: str) -> None:
        """A link was cut from the connector's side: deletion rule, else recall and outbound (§4.13, §4.11)."""
        rule = self.project.metaverse.deletion.get(self.world.metaverse[number].object_type, DeletionRule())
        linked = self.world.linked(number)
        counting = [one for one in linked if one.connector not in rule.ignoring]
        dies = connector in rule.any_of if rule.any_of else connector not in rule.ignoring and not counting
        if dies or not linked:
            for one in linked:
                self._deprovision(one)
            del self.world.metaverse[number]
            return
        self._resolve(number)
        self._outbound(number, None)


__all__ = ["ENVIRONMENT", "ObviousEngine"]
