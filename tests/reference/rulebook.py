"""The rules of a project, evaluated for one object: the ground that the obvious engine stands on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tests.reference.objects import Image, SpaceObject, Value, World
from unisono.expressions import Environment, compile_expression
from unisono.model.project import Project
from unisono.model.rules import Direction, Expression, Flow, Rule
from unisono.model.schema import Attribute, AttributeType, ObjectType

ENVIRONMENT = Environment(now=datetime(2026, 1, 1, tzinfo=UTC))
DN = Attribute(name="dn", type=AttributeType.REFERENCE)


class Failure(Exception):
    """The object cannot be synchronized; everything it caused is undone."""


class NameTaken(Failure):
    """Somebody else has the name, unless this comes of values that go in the same transaction."""


class Rulebook:
    """A project and the state of its world."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.world = World()

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

    def _rules(self, direction: Direction, connector: str | None = None) -> list[Rule]:
        chosen = [r for r in self.project.rules if r.direction is direction and connector in (None, r.connector)]
        return sorted(chosen, key=lambda rule: rule.precedence)

    def _in_scope(self, rule: Rule, object_type: ObjectType, row: Mapping[str, Value | None]) -> bool:
        return rule.scope is None or self._true(rule.scope, object_type, row)

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
