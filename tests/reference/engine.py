"""Import and synchronization, object by object (engine specification §2–§5, written down as plainly as possible)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.reference.objects import (
    ExportEdge,
    Image,
    Key,
    Links,
    MetaverseObject,
    Reference,
    SpaceObject,
    Value,
    World,
    as_list,
    exported,
    first_value,
    join_keys,
)
from unisono.expressions import Environment, compile_expression
from unisono.model.project import DeletionRule, Project
from unisono.model.rules import Direction, Expression, Flow, LinkBehavior, MergeType, Rule
from unisono.model.schema import Attribute, AttributeType, ObjectType

ENVIRONMENT = Environment(now=datetime(2026, 1, 1, tzinfo=UTC))
DN = Attribute(name="dn", type=AttributeType.REFERENCE)


class Failure(Exception):
    """The object cannot be synchronized; everything it caused is undone."""


class NameTaken(Failure):
    """Somebody else has the name, unless this comes of values that go in the same transaction."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    rule: Rule
    flow: Flow
    value: Value | None
    marker: str | None


class ObviousEngine:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.world = World()

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

    def _filtered(self, one: SpaceObject) -> bool:
        definition = self.project.connector(one.connector)
        assert definition is not None
        expression = definition.filters.get(one.object_type)
        return expression is not None and self._true(expression, self._source_type(one), self._row(one))

    def _source_type(self, one: SpaceObject) -> ObjectType:
        definition = self.project.connector(one.connector)
        assert definition is not None
        return definition.schema[one.object_type]

    def _row(self, one: SpaceObject, *, image: Image | None = None) -> dict[str, Value | None]:
        values = one.imported if image is None else image
        return {**(values or {}), "dn": one.dn}

    # --- evaluation ---

    def _evaluate(self, text: str, object_type: ObjectType, row: Mapping[str, Value | None]) -> Value | None:
        return self._result(text, object_type, row)[0]

    def _result(
        self, text: str, object_type: ObjectType, row: Mapping[str, Value | None]
    ) -> tuple[Value | None, str | None]:
        """Value and marker of an expression; both None: NULL."""
        attributes = {a.name: a for a in (*object_type.values, DN)}
        compiled = compile_expression(text, attributes, ENVIRONMENT)
        result = compiled.evaluate({name: row.get(name) for name in attributes})
        if result.error is not None:
            raise Failure("extension-unexpected-attribute-value")
        return result.value, result.marker  # type: ignore[return-value]  # worlds have text only

    def _true(self, expression: Expression, object_type: ObjectType, row: Mapping[str, Value | None]) -> bool:
        return bool(self._evaluate(expression.text, object_type, row))

    def _flow_value(self, flow: Flow, object_type: ObjectType, row: Mapping[str, Value | None]) -> Value | None:
        return self._flow_result(flow, object_type, row)[0]

    def _flow_result(
        self, flow: Flow, object_type: ObjectType, row: Mapping[str, Value | None]
    ) -> tuple[Value | None, str | None]:
        if flow.source is not None:
            return row.get(flow.source), None
        if flow.expression is not None:
            return self._result(flow.expression.text, object_type, row)
        return str(flow.constant), None

    # --- links ---

    def _rules(self, direction: Direction, connector: str | None = None) -> list[Rule]:
        chosen = [r for r in self.project.rules if r.direction is direction and connector in (None, r.connector)]
        return sorted(chosen, key=lambda rule: rule.precedence)

    def _in_scope(self, rule: Rule, object_type: ObjectType, row: Mapping[str, Value | None]) -> bool:
        return rule.scope is None or self._true(rule.scope, object_type, row)

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

    # --- inbound flow ---

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

    # --- outbound ---

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

    # --- references: all of them, from scratch (§7) ---

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
