"""The steps of one evaluation: each part of an expression with what it gave, or that it was not asked.

This is the plain evaluator over again, one node at a time, with the same results (a test compares them for every
example). It is for a person who wants to see them, so it may be slow; the evaluators know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from unisono.expressions import typed
from unisono.expressions.check import Surroundings, check
from unisono.expressions.compiled import Environment
from unisono.expressions.kinds import Kind
from unisono.expressions.mistakes import ExpressionMistake
from unisono.expressions.parse import parse
from unisono.expressions.render import Renderer, is_switch, without_list
from unisono.expressions.rowwise import UNNAMED_ERROR, Scope, applied, evaluator, outcome
from unisono.expressions.values import IDENTITY, Result, Scalar, Value, listed
from unisono.model.rules import Language
from unisono.model.schema import Attribute

#: Of many values with steps of their own so many are listed, and so many of all lists within each other.
MOST_VALUES = 10
MOST_VALUES_TOGETHER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of an expression. ``result`` None: it was not evaluated, because it could not matter any more.

    ``parts`` are the steps inside, in the order of the text; literals and variables that are arguments are none.
    ``values`` are those over which the last part was evaluated one by one, ``unlisted`` is how many there are beside.
    ``variable`` is what the result is called afterwards, in ``With``.
    """

    text: str
    kind: Kind
    result: Result | None = None
    variable: str = ""
    parts: tuple[Step, ...] = ()
    values: tuple[ValueStep, ...] = ()
    unlisted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStep:
    """What was evaluated for one of several values; ``name`` stands for the value in the text of ``step``."""

    name: str
    value: Scalar
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """An expression's evaluation for one object. ``root`` is the whole expression, its result that of the object."""

    root: Step
    warnings: tuple[ExpressionMistake, ...]

    @property
    def result(self) -> Result:
        return _result(self.root)


def trace_expression(
    text: str,
    row: Mapping[str, object],
    attributes: Mapping[str, Attribute],
    environment: Environment,
    *,
    imported: Mapping[str, Attribute] | None = None,
    several: bool = False,
    language: Language = Language.ENTRA,
    identity: int = 0,
) -> Trace:
    """Check ``text`` and evaluate it on ``row``, step by step; parameters as for ``compile_expression``.

    Raises ``ExpressionMistakes`` as that does: the text is checked as for a run first, then taken as it stands, for
    else what is the same for every object would be no step.
    """
    surroundings = Surroundings(
        attributes=attributes,
        imported=imported,
        parameters=environment.parameters,
        now=environment.now,
        seed=environment.seed,
        several=several,
    )
    tree = parse(text, language)
    _, warnings = check(tree, surroundings)
    node, _ = check(tree, replace(surroundings, fold=False))
    return Trace(root=trace(node, {**row, IDENTITY: identity}, language), warnings=warnings)


def trace(node: typed.Node, scope: Mapping[Any, Any], language: Language = Language.ENTRA) -> Step:
    """The steps of a checked tree; ``scope`` as for its evaluator."""
    return _Tracer(Renderer(node, language)).step(node, scope)


class _Tracer:
    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._may_list = MOST_VALUES_TOGETHER

    def step(self, node: typed.Node, scope: Scope) -> Step:
        single = without_list(node)
        if single is not node:
            made = self.step(single, scope)
            return replace(made, kind=node.kind, result=_in_list(_result(made)))
        match node:
            case typed.Call():
                return self._call(node, scope)
            case typed.Logic():
                return self._logic(node, scope)
            case typed.Choose():
                return self._choose(node, scope)
            case typed.Fail():
                return self._fail(node, scope)
            case typed.Let():
                return self._let(node, scope)
            case typed.Each():
                return self._over_values(node, node.body, scope)
            case typed.Filter():
                return self._over_values(node, node.condition, scope)
            case _:
                evaluate = evaluator(node)
                return self._made(node, outcome(lambda: evaluate(scope)))

    def _made(self, node: typed.Node, result: Result | None, parts: Iterable[Step] = ()) -> Step:
        return Step(text=self._renderer.text(node), kind=node.kind, result=result, parts=tuple(parts))

    def _skipped(self, node: typed.Node) -> Step:
        return self._made(node, None)

    def _in_turn(self, nodes: Sequence[typed.Node], scope: Scope) -> tuple[list[Step], Result | None]:
        """The steps up to the first error, and that error; what comes behind it is not evaluated."""
        steps: list[Step] = []
        failed: Result | None = None
        for node in nodes:
            made = self._skipped(node) if failed else self.step(node, scope)
            failed = failed or _error(made)
            steps.append(made)
        return steps, failed

    def _call(self, node: typed.Call, scope: Scope) -> Step:
        steps, failed = self._in_turn(node.arguments, scope)
        result = failed or outcome(lambda: applied(node.function)(*map(_value, steps)))
        shown = (made for argument, made in zip(node.arguments, steps, strict=True) if _is_step(argument))
        return self._made(node, result, shown)

    def _logic(self, node: typed.Logic, scope: Scope) -> Step:
        steps: list[Step] = []
        decided: Result | None = None
        for operand in node.operands:
            made = self._skipped(operand) if decided else self.step(operand, scope)
            if not decided:
                decides = bool(_value(made)) is not node.every
                decided = _error(made) or (Result(value=not node.every) if decides else None)
            steps.append(made)
        return self._made(node, decided or Result(value=node.every), steps)

    def _choose(self, node: typed.Choose, scope: Scope) -> Step:
        conditions, failed = self._in_turn([condition for condition, _ in node.cases], scope)
        results = [*(result for _, result in node.cases), node.otherwise]
        holding = (place for place, condition in enumerate(conditions) if _value(condition))
        chosen = None if failed else next(holding, len(node.cases))
        values = [self.step(r, scope) if place == chosen else self._skipped(r) for place, r in enumerate(results)]
        parts = [part for pair in zip(conditions, values, strict=False) for part in pair]
        parts += () if is_switch(node) else values[-1:]
        return self._made(node, failed if chosen is None else _result(values[chosen]), parts)

    def _fail(self, node: typed.Fail, scope: Scope) -> Step:
        message = self.step(node.message, scope)
        result = _error(message) or Result(error=str(_value(message) or UNNAMED_ERROR))
        return self._made(node, result, [message] if _is_step(node.message) else ())

    def _let(self, node: typed.Let, scope: Scope) -> Step:
        bound = replace(self.step(node.bound, scope), variable=self._renderer.variable(node))
        if failed := _error(bound):
            return self._made(node, failed, (bound, self._skipped(node.body)))
        body = self.step(node.body, {**scope, node.slot: _value(bound)})
        return self._made(node, body.result, (bound, body))

    def _over_values(self, node: typed.Each | typed.Filter, body: typed.Node, scope: Scope) -> Step:
        values = self.step(node.values, scope)
        members = cast("Sequence[Scalar] | None", _value(values))
        if not members:
            result = _error(values) or Result(value=None if members is None else [])
            return self._made(node, result, (values, self._skipped(body)))
        shown, results = self._for_each(members, node, body, scope)
        failed = next((result for result in results if result.error is not None), None)
        given = [cast("Scalar | None", result.value) for result in results]
        if isinstance(node, typed.Filter):
            given = [m for m, holds in zip(members, given, strict=False) if holds]
        made = self._made(node, failed or Result(value=listed(given)), (values,))
        return replace(made, values=shown, unlisted=len(members) - len(shown))

    def _for_each(
        self, members: Sequence[Scalar], node: typed.Each | typed.Filter, body: typed.Node, scope: Scope
    ) -> tuple[tuple[ValueStep, ...], list[Result]]:
        """The first values with their steps, the one that fails among them; and the results up to that one."""
        evaluate, name = evaluator(body), self._renderer.variable(node)
        shown: list[ValueStep] = []
        results: list[Result] = []
        for number, member in enumerate(members):
            inside = {**scope, node.slot: member}
            result = None
            if number >= MOST_VALUES or self._may_list <= 0:
                result = outcome(lambda inside=inside: evaluate(inside))  # type: ignore[misc]  # a loop's own value
            if result is None or result.error is not None:
                self._may_list -= 1
                step = self.step(body, inside)
                shown.append(ValueStep(name=name, value=member, step=step))
                result = _result(step)
            results.append(result)
            if result.error is not None:
                break
        return tuple(shown), results


def _result(step: Step) -> Result:
    return step.result or Result()


def _value(step: Step) -> Value:
    return _result(step).value


def _error(step: Step) -> Result | None:
    """The result where it is an error."""
    return step.result if step.result and step.result.error is not None else None


def _in_list(result: Result) -> Result:
    return result if result.value is None else replace(result, value=cast("Value", [result.value]))


def _is_step(argument: typed.Node) -> bool:
    """Whether the argument says more than it does in the text of the call."""
    plain = without_list(argument)
    is_literal = isinstance(plain, typed.Constant) and plain.written in ("", plain.value)
    return not is_literal and not isinstance(plain, typed.Variable | typed.Identity)
