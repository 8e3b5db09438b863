"""Names resolved and types checked: from the syntax tree to the typed tree, with every mistake on the way.

A part with a mistake becomes a node that fits everywhere, so that one mistake is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from itertools import count

from unisono.expressions import ast, typed
from unisono.expressions.advice import conversion, suggestion, wrong_case
from unisono.expressions.calls import MULTIVALUED, built, function_call
from unisono.expressions.folding import folded
from unisono.expressions.functions import FUNCTIONS
from unisono.expressions.grammar import MOST_DEPTH, TOO_DEEP
from unisono.expressions.kinds import BINARY, BOOLEAN, DATE, NOTHING, NUMBER, TEXT, Kind, common
from unisono.expressions.mistakes import ExpressionMistake, ExpressionMistakes
from unisono.expressions.operators import ARITHMETIC, AS_LIST, COMPARISONS, JOIN, JOIN_BINARY
from unisono.expressions.per_value import for_each_value
from unisono.expressions.registry import Form, Function
from unisono.expressions.values import Failure, Marker, Scalar
from unisono.model.schema import Attribute, AttributeType

MARKERS = {"AuthoritativeNull": Marker.AUTHORITATIVE_NULL, "IgnoreThisFlow": Marker.IGNORE}

#: The warning that a result will be another one at the next run.
NOT_DETERMINISTIC = "not-deterministic"
_CLOCK = "Now() gives another result at every run"

_MOST_SUGGESTIONS = 20

_BOOLEANS = {"true": True, "false": False}

_BROKEN = typed.Constant(kind=NOTHING, value=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an expression may read, and what it knows beside the object."""

    attributes: Mapping[str, Attribute]
    imported: Mapping[str, Attribute] | None  # of the target object; None: the object itself was imported
    parameters: Mapping[str, str]
    now: datetime
    seed: bytes = field(repr=False)  # of the run and the place of the expression in it
    several: bool = False  # whether what the result goes to takes several values
    fold: bool = True  # whether what is the same for every object is evaluated; without, the tree is that of the text


def check(tree: ast.Expression, given: Surroundings) -> tuple[typed.Node, tuple[ExpressionMistake, ...]]:
    """The typed tree, and warnings. Raises ``ExpressionMistakes`` with all mistakes."""
    checker = _Checker(given)
    node = checker.check(tree, result=True)
    if not checker.mistakes:
        return node, _in_order(checker.warnings)
    if given.several and any(mistake.check == MULTIVALUED for mistake in checker.mistakes):
        mapped = for_each_value(tree, given.attributes)
        second = _Checker(given)
        if mapped is not None:
            node = second.check(mapped, result=True)
            if not second.mistakes:
                return node, _in_order(second.warnings)
    raise ExpressionMistakes(_in_order(checker.mistakes))


def _in_order(mistakes: Sequence[ExpressionMistake]) -> tuple[ExpressionMistake, ...]:
    return tuple(sorted(mistakes, key=lambda m: (m.line, m.column)))


class _Checker:
    """Implements ``registry.Checker`` for the forms."""

    def __init__(self, given: Surroundings) -> None:
        self.mistakes: list[ExpressionMistake] = []
        self.warnings: list[ExpressionMistake] = []
        self._given = given
        self._variables: dict[str, tuple[int, Kind]] = {}
        self._slots = count()
        self._draws = count()
        self._depth = 0
        self._result = True  # whether the form at hand decides the result of the whole expression

    def check(self, expression: ast.Expression, *, result: bool) -> typed.Node:
        """The typed node; ``result``: the place decides what the whole expression gives, so a marker may stand here."""
        # The parser counted the levels of the text; a form that stands for several calls makes more of them.
        if self._depth == MOST_DEPTH:
            return self.mistake("expression-too-deep", TOO_DEEP, expression.position)
        self._depth += 1
        try:
            return self._checked(expression, result=result)
        finally:
            self._depth -= 1

    def _checked(self, expression: ast.Expression, *, result: bool) -> typed.Node:
        match expression:
            case ast.Literal(value=value):
                return typed.Constant(kind=_kind_of(value), value=value)
            case ast.Name():
                return self._name(expression, result=result)
            case ast.Word():
                return self._word(expression)
            case ast.AttributeRead():
                return self._attribute(expression)
            case ast.ParameterRead():
                return self._parameter(expression)
            case ast.VariableRead():
                return self._variable(expression)
            case ast.Call():
                return self._call(expression, result=result)
            case ast.Operation():
                return self._operation(expression)

    # --- names ------------------------------------------------------------------------------------------------------

    def _name(self, name: ast.Name, *, result: bool) -> typed.Node:
        if name.name not in MARKERS:
            message = f"unknown name {name.name}"
            attribute = f"an attribute is written [{name.name}]" if name.name in self._given.attributes else ""
            known = (*MARKERS, "True", "False", "NULL", "CRLF")
            return self.mistake("unknown-name", message, name.position, attribute or self._suggestion(name.name, known))
        if not result:
            message = f"{name.name} may only be a result, not an argument or operand"
            return self.mistake("misplaced-marker", message, name.position)
        return typed.Mark(marker=MARKERS[name.name])

    def _word(self, word: ast.Word) -> typed.Node:
        attributes, parameters = self._given.attributes, self._given.parameters
        if word.name not in attributes:
            if word.name.lower() in _BOOLEANS:
                return typed.Constant(kind=BOOLEAN, value=_BOOLEANS[word.name.lower()])
            if word.name in parameters:
                return typed.Constant(kind=TEXT, value=parameters[word.name], written=word.name)
            return self._unknown(word, word.name, self._suggestion(word.name, (*attributes, *parameters)))
        return self._attribute(ast.AttributeRead(position=word.position, name=word.name))

    def _attribute(self, read: ast.AttributeRead) -> typed.Node:
        attribute = self._given.attributes.get(read.name)
        if attribute is None:
            return self._unknown(read, f"[{read.name}]", self._suggestion(read.name, self._given.attributes, "[{}]"))
        return typed.Read(kind=Kind(attribute.type, attribute.multivalued), attribute=read.name)

    def _unknown(self, read: ast.Word | ast.AttributeRead, shown: str, hint: str) -> typed.Node:
        made = _mistake("unknown-attribute", f"unknown attribute {shown}", read.position, hint)
        self.mistakes.append(replace(made, attribute=read.name))
        return _BROKEN

    def _parameter(self, read: ast.ParameterRead) -> typed.Node:
        if read.name not in self._given.parameters:
            hint = self._suggestion(read.name, self._given.parameters, "%{}%")
            return self.mistake("unknown-parameter", f"unknown parameter %{read.name}%", read.position, hint)
        return typed.Constant(kind=TEXT, value=self._given.parameters[read.name], written=f"%{read.name}%")

    def _variable(self, read: ast.VariableRead) -> typed.Node:
        if read.name not in self._variables:
            hint = self._suggestion(read.name, self._variables, "${}") or "Select, Where and With name variables"
            return self.mistake("unknown-variable", f"unknown variable ${read.name}", read.position, hint)
        slot, kind = self._variables[read.name]
        return typed.Variable(kind=kind, slot=slot, name=read.name)

    # --- calls ------------------------------------------------------------------------------------------------------

    def _call(self, call: ast.Call, *, result: bool) -> typed.Node:
        overloads = FUNCTIONS.get(call.name)
        if overloads is None:
            return self._no_function(call)
        first = overloads[0]
        given = len(call.arguments)
        if given < first.fewest or (first.most is not None and given > first.most):
            self._check_all(call.arguments)
            message = f"{call.name} takes {_arity(first)}, not {given}"
            return self.mistake("wrong-arity", message, call.position, first.signature)
        if isinstance(first, Form):
            with self._deciding(result=result):
                return self.folded(first.check(self, call), call.position)
        # Errors name the function as it is written here, which may be an alias.
        name = call.written or call.name
        functions = [replace(function, name=name) for function in overloads if isinstance(function, Function)]
        return function_call(self, functions, call)

    def _no_function(self, call: ast.Call) -> typed.Node:
        self._check_all(call.arguments)
        hint = self._suggestion(call.name, FUNCTIONS, "{}")
        return self.mistake("unknown-function", f"unknown function {call.name}", call.position, hint)

    def _check_all(self, expressions: Sequence[ast.Expression]) -> None:
        """Mistakes inside the arguments of a call that is itself one; words and variables may belong to it."""
        before = self._variables
        names = {e.name: (next(self._slots), NOTHING) for e in expressions if isinstance(e, ast.VariableRead)}
        self._variables = {**before, **names}
        for expression in expressions:
            if not isinstance(expression, ast.Name):
                self.check(expression, result=True)
        self._variables = before

    # --- operators --------------------------------------------------------------------------------------------------

    def _operation(self, operation: ast.Operation) -> typed.Node:
        if operation.operator in ("&&", "||"):
            return self._logic(operation)
        if operation.operator in COMPARISONS:
            return self._comparison(operation)
        nodes = [self.value(operand) for operand in operation.operands]
        positions = [operand.position for operand in operation.operands]
        if operation.operator in ARITHMETIC:
            return built(self, ARITHMETIC[operation.operator], nodes, positions, operation.position)
        scalars = {node.kind.scalar for node in nodes} - {None}
        if AttributeType.BINARY in scalars and len(scalars) > 1:
            hint = conversion({AttributeType.STRING}, AttributeType.BINARY)
            return self.mistake("wrong-type", "&: a binary is joined only with a binary", operation.position, hint)
        join = JOIN_BINARY if AttributeType.BINARY in scalars else JOIN
        return built(self, join, nodes, positions, operation.position)

    def _logic(self, operation: ast.Operation) -> typed.Node:
        for operand in operation.operands:
            if isinstance(operand, ast.Operation) and operand.operator in ("&&", "||") and not operand.parenthesized:
                message = "&& and || without parentheses are evaluated from left to right"
                self._warning("mixed-operators", message, operation.position, "write parentheses")
        operands = tuple(self.condition(operand) for operand in operation.operands)
        node = typed.Logic(every=operation.operator == "&&", operands=operands)
        return self.folded(node, operation.position)

    def _comparison(self, operation: ast.Operation) -> typed.Node:
        name, position, before = operation.operator, operation.position, len(self.warnings)
        nodes = [self.value(operand) for operand in operation.operands]
        # To compare with Now() is what it is good for.
        told = [warning for warning in self.warnings[before:] if warning.message != _CLOCK]
        self.warnings[before:] = told
        kinds = [node.kind for node in nodes]
        if any(kind.multivalued for kind in kinds):
            hint = "Contains(…) > 0 asks for a value, Item(…, 1) takes one"
            return self.mistake(MULTIVALUED, f"{name}: a multivalued operand cannot be compared", position, hint)
        kind = common(kinds)
        if kind is None:
            message = f"{name}: {kinds[0]} cannot be compared with {kinds[1]}"
            return self.mistake("wrong-type", message, position, "CStr(…), CNum(…) and CDate(…) convert")
        if kind == BINARY and name not in ("=", "<>"):
            return self.mistake("wrong-type", f"{name}: binaries have no order", position)
        if name in ("=", "<>") and (wrong := wrong_case(nodes)):
            self._warning("wrong-case", wrong, position, "write the text in that case")
        call = typed.Call(kind=BOOLEAN, function=COMPARISONS[name], arguments=tuple(nodes))
        return self.folded(call, position)

    # --- for forms --------------------------------------------------------------------------------------------------

    def value(self, expression: ast.Expression) -> typed.Node:
        return self.check(expression, result=False)

    def inner(self, expression: ast.Expression) -> typed.Node:
        return self.check(expression, result=self._result)

    def condition(self, expression: ast.Expression) -> typed.Node:
        node = self.value(expression)
        if node.kind.scalar not in (None, AttributeType.BOOLEAN):
            hint = conversion({AttributeType.BOOLEAN}, node.kind.scalar)
            message = f"a condition must be True or False, not {node.kind}"
            return self.mistake("wrong-type", message, expression.position, hint)
        if node.kind.multivalued:
            hint = "Contains(…) > 0 or Count(…) > 0 ask about several values"
            return self.mistake(MULTIVALUED, "a condition must be one value", expression.position, hint)
        return node

    def many(self, node: typed.Node) -> typed.Node:
        if node.kind.multivalued or node.kind.scalar is None:
            return node
        kind = node.kind.several
        match node:  # into the branches, since only there a marker may be left alone
            case typed.Choose():
                cases = tuple((condition, self.many(value)) for condition, value in node.cases)
                return replace(node, kind=kind, cases=cases, otherwise=self.many(node.otherwise))
            case typed.Let():
                return replace(node, kind=kind, body=self.many(node.body))
            case _:
                return self._folded(typed.Call(kind=kind, function=AS_LIST, arguments=(node,)))

    def together(self, nodes: Sequence[typed.Node], position: ast.Position) -> tuple[tuple[typed.Node, ...], Kind]:
        kind = common(node.kind for node in nodes)
        if kind is None:
            names = " and ".join(dict.fromkeys(str(node.kind) for node in nodes if node.kind.scalar))
            hint = "convert with CStr(…), CNum(…) or CBool(…)"
            self.mistake("wrong-type", f"the results have different types: {names}", position, hint)
            return tuple(nodes), NOTHING
        return (tuple(map(self.many, nodes)) if kind.multivalued else tuple(nodes)), kind

    def bound(self, name: ast.Expression, kind: Kind, body: Callable[[], typed.Node]) -> tuple[int, typed.Node]:
        slot = self.slot()
        if not isinstance(name, ast.VariableRead):
            self.mistake("unknown-variable", "the first argument names a variable, as in $v", name.position)
            return slot, body()
        before = self._variables
        self._variables = {**before, name.name: (slot, kind)}
        try:
            return slot, body()
        finally:
            self._variables = before

    def mistake(self, check: str, message: str, position: ast.Position, hint: str = "") -> typed.Node:
        self.mistakes.append(_mistake(check, message, position, hint))
        return _BROKEN

    def now(self, position: ast.Position) -> typed.Node:
        self._warning(NOT_DETERMINISTIC, _CLOCK, position, "let the flow apply once, or compare with it")
        return typed.Constant(kind=DATE, value=self._given.now, written="Now()", varies=True)

    def drawn(self, call: ast.Call, function: Function) -> typed.Node:
        message = f"{call.name}() gives another result at every run"
        self._warning(NOT_DETERMINISTIC, message, call.position, "let the flow apply once")
        seed = blake2b(self._given.seed + f"/{next(self._draws)}".encode(), digest_size=32).digest()
        drawn: list[typed.Node] = [typed.Identity(), typed.Constant(kind=BINARY, value=seed)]
        nodes = [*drawn, *map(self.value, call.arguments)]
        positions = [call.position] * len(drawn) + [argument.position for argument in call.arguments]
        return built(self, function, nodes, positions, call.position)

    def imported(self, attribute: str, position: ast.Position) -> typed.Node:
        if self._given.imported is None:  # the object itself is what was imported
            return self._attribute(ast.AttributeRead(position=position, name=attribute))
        if not self._given.imported:
            message = "ImportedValue has nothing to read here: a metaverse object was not imported"
            return self.mistake("misplaced-imported-value", message, position)
        found = self._given.imported.get(attribute)
        if found is None:
            hint = self._suggestion(attribute, self._given.imported)
            return self.mistake("unknown-attribute", f"unknown attribute {attribute} of the target", position, hint)
        return typed.Imported(kind=Kind(found.type, found.multivalued), attribute=attribute)

    def slot(self) -> int:
        return next(self._slots)

    def folded(self, node: typed.Node, position: ast.Position) -> typed.Node:
        try:
            return self._folded(node)
        except Failure as failure:
            return self.mistake("expression-too-large", str(failure), position, "let it be shorter")

    def _folded(self, node: typed.Node) -> typed.Node:
        # What has a mistake cannot be evaluated.
        return folded(node) if self._given.fold and not self.mistakes else node

    def _suggestion(self, name: str, known: Iterable[str], form: str = "{}") -> str:
        # Of thousands of mistakes nobody reads each hint, and to look for it takes its time.
        return suggestion(name, known, form) if len(self.mistakes) < _MOST_SUGGESTIONS else ""

    def _warning(self, check: str, message: str, position: ast.Position, hint: str) -> None:
        self.warnings.append(_mistake(check, message, position, hint))

    @contextmanager
    def _deciding(self, *, result: bool) -> Iterator[None]:
        before, self._result = self._result, result
        try:
            yield
        finally:
            self._result = before


def _mistake(check: str, message: str, position: ast.Position, hint: str) -> ExpressionMistake:
    return ExpressionMistake(message=message, line=position.line, column=position.column, hint=hint, check=check)


def _kind_of(value: Scalar | None) -> Kind:
    match value:
        case None:
            return NOTHING
        case bool():
            return BOOLEAN
        case int():
            return NUMBER
        case _:
            return TEXT


def _arity(function: Function | Form) -> str:
    if function.most is None:
        return f"at least {function.fewest} arguments"
    if function.fewest == function.most:
        return f"{function.most} argument{'s' if function.most != 1 else ''}"
    return f"{function.fewest} to {function.most} arguments"
