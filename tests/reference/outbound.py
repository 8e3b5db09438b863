"""What flows out, target by target: provisioning, deprovisioning, values (engine specification §5)."""

from __future__ import annotations

import copy

from tests.reference.objects import Key, MetaverseObject, SpaceObject, as_list, first_value, join_keys
from tests.reference.references import References
from tests.reference.rulebook import Failure, NameTaken
from unisono.model.rules import Direction, LinkBehavior, Rule
from unisono.model.schema import ObjectType


class Outbound(References):
    def _outbound(self, number: int, only: str | None) -> None:
        """All targets, or only one; again from the start when a contributor was cut, now without it.

        So nothing is exported because of a value that goes in the same transaction (§5.1, §5.12).
        """
        targets = sorted({(r.connector, r.connector_type) for r in self._rules(Direction.OUTBOUND)})
        for _ in range(10):
            before, lost, taken = copy.deepcopy(self.world), [], None
            for name, kind in targets:
                try:
                    lost += self._target(number, name, kind) if only in (None, name) else []
                except NameTaken as failure:
                    taken = failure
            if not lost and taken:
                raise taken
            if not lost:
                break
            self.world = before
            for key in lost:
                self._deprovision(self.world.spaces[key])
            only = None if self._resolve(number) else only
        else:
            raise Failure("extension-provisioning-call-limit-reached")
        if not self.world.linked(number):
            del self.world.metaverse[number]

    def _target(self, number: int, connector: str, kind: str) -> list[Key]:
        """One connector space; gives the contributing connectors that were cut."""
        mv = self.world.metaverse[number]
        object_type = self.project.metaverse.schema[mv.object_type]
        rules = [r for r in self._rules(Direction.OUTBOUND, connector) if r.metaverse_type == mv.object_type]
        active = [rule for rule in rules if self._in_scope(rule, object_type, mv.values)]
        linked = [one for one in self.world.linked(number) if (one.connector, one.object_type) == (connector, kind)]
        leaving = [one for one in linked if self._loses_its_rule(one, rules, active)]
        for one in leaving:
            self._deprovision(one)
        creating = [rule for rule in active if rule.link is LinkBehavior.PROVISION]
        if not linked and creating:
            linked = [self._provision(number, connector, kind, active)]
        for one in linked:
            if one not in leaving and one.pending != "delete":
                self._flow_out(one, mv, object_type, active)
        contributing = any(rule.flows for rule in self._rules(Direction.INBOUND, connector))
        return [one.key for one in leaving] if contributing else []

    def _loses_its_rule(self, one: SpaceObject, rules: list[Rule], active: list[Rule]) -> bool:
        """Whether nothing keeps a connector: neither a rule in scope, nor that the rule which linked it is gone without
        taking it along. One that no outbound rule linked goes with any of them (§5.3)."""
        if any(rule.link is not LinkBehavior.NONE or rule.deprovision for rule in active):
            return False
        linking = [rule for rule in rules if rule.link is not LinkBehavior.NONE]
        own = next((rule for rule in linking if rule.name == one.linked_by), None)
        return own.deprovision if own is not None else any(rule.deprovision for rule in rules)

    def _provision(self, number: int, connector: str, kind: str, active: list[Rule]) -> SpaceObject:
        mv = self.world.metaverse[number]
        object_type = self.project.metaverse.schema[mv.object_type]
        for rule in active:
            for group in rule.joins:
                found = [
                    one
                    for one in self.world.of(connector)
                    if one.link is None
                    and one.state == "normal"
                    and one.object_type == kind
                    and one.pending != "delete"
                    and one.imported is not None
                    and all(
                        join_keys(self._evaluate(c.source.text, self._source_type(one), self._row(one)))
                        & join_keys(mv.values.get(c.target))
                        for c in group
                    )
                ]
                if len(found) == 1:
                    found[0].link, found[0].linked_by = number, rule.name
                    return found[0]
        dn = self._name(mv, object_type, active)
        taken = {one.dn.lower() for one in self.world.of(connector)}
        if not dn or dn.lower() in taken:
            raise (NameTaken if dn else Failure)("sync-rule-flow-provisioning-failed")
        created = SpaceObject(connector=connector, object_type=kind, anchor=None, dn=dn, export_operation="add")
        created.link = number
        created.linked_by = next(rule.name for rule in active if rule.link is LinkBehavior.PROVISION)
        self.world.spaces[created.key] = created
        return created

    def _flow_out(self, one: SpaceObject, mv: MetaverseObject, object_type: ObjectType, active: list[Rule]) -> None:
        target_type = self._source_type(one)
        has = one.imported or {}
        one.export_set, one.export_clear = {}, []
        creating = one.export_operation == "add"
        flows = [flow for rule in active for flow in rule.flows if creating or not flow.apply_once]
        for attribute in target_type.values:
            said = [(f, *self._flow_result(f, object_type, mv.values)) for f in flows if f.target == attribute.name]
            said = [(flow, value, marker) for flow, value, marker in said if marker != "ignore"]
            if not said:
                continue
            wanted = first_value(said)
            if attribute.multivalued and wanted is not None:
                wanted = sorted(as_list(wanted))
            if wanted is not None and wanted != has.get(attribute.name):
                one.export_set[attribute.name] = wanted
            elif wanted is None and attribute.name in has and said[0][0].allow_null:
                one.export_clear.append(attribute.name)
        name = self._name(mv, object_type, active)
        if one.export_operation == "add":
            self._rename_new(one, name)
            return
        one.new_dn = name if name is not None and name != one.dn else None
        one.export_operation = "update" if one.export_set or one.export_clear or one.new_dn else None

    def _rename_new(self, one: SpaceObject, name: str | None) -> None:
        if name is not None and name != one.dn:
            if any(other.dn.lower() == name.lower() for other in self.world.of(one.connector) if other is not one):
                raise NameTaken("sync-rule-flow-provisioning-failed")
            del self.world.spaces[one.key]
            one.dn = name
            self.world.spaces[one.key] = one

    def _name(self, mv: MetaverseObject, object_type: ObjectType, active: list[Rule]) -> str | None:
        names = [self._flow_value(f, object_type, mv.values) for r in active for f in r.flows if f.target == "dn"]
        return next((str(name) for name in names if name is not None), None)

    def _deprovision(self, one: SpaceObject) -> None:
        definition = self.project.connector(one.connector)
        assert definition is not None
        one.link = None
        if one.anchor is None:
            del self.world.spaces[one.key]
            return
        one.export_operation, one.new_dn, one.export_set, one.export_clear = None, None, {}, []
        one.state = "normal" if definition.deprovisioning == "disconnect" else "explicit"
        if definition.deprovisioning == "delete":
            one.export_operation = "delete"
