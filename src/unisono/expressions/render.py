"""A checked expression as text again, in the language that it was written in.

The text of a tree that was not folded gives the same tree: that is how a step of an evaluation names itself. Words that
the checker replaced stand as what they became (``Eq(a, b)`` as ``a = b``, a ``Switch`` of one case as it was), and
parentheses stand where the order of operators is not plain to see. What the checker added has no text of its own: a
single value where a list is wanted, a function that is called with each value of its argument.

Values have the form that the documentation gives them: ``written_value``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from unisono.expressions import typed
from unisono.expressions.check import MARKERS
from unisono.expressions.functions.portal import COMPARISONS as PORTAL_COMPARISONS
from unisono.expressions.grammar import quoted
from unisono.expressions.operators import ARITHMETIC, AS_LIST, COMPARISONS, JOIN
from unisono.expressions.values import Value, text_of
from unisono.model.rules import Language

_NAMES_OF_MARKERS = {marker: name for name, marker in MARKERS.items()}
_PORTAL_NAMES = {operator: name for name, (operator, _) in PORTAL_COMPARISONS.items()} | {"&&": "And", "||": "Or"}

# How tightly a text holds together: parts of a looser one need parentheses.
_LOGIC, _COMPARISON, _COMBINATION, _WHOLE = range(4)
_LEVELS = {
    **dict.fromkeys(("&&", "||"), _LOGIC),
    **dict.fromkeys(COMPARISONS, _COMPARISON),
    **dict.fromkeys((*ARITHMETIC, JOIN.name), _COMBINATION),
}


@dataclass(frozen=True, slots=True)
class _Written:
    text: str
    operator: str = ""

    @property
    def level(self) -> int:
        return _LEVELS.get(self.operator, _WHOLE)


class Renderer:
    """Knows the text of every node of one tree."""

    def __init__(self, root: typed.Node, language: Language = Language.ENTRA) -> None:
        self._portal = language is Language.MIM
        self._known: dict[typed.Node, _Written] = {}
        # A value that the text has no name for stands as that of which it is one.
        self._unnamed = {
            node.slot: node.values for node in typed.walk(root) if isinstance(node, typed.Each) and not is_named(node)
        }
        for node in reversed(list(typed.walk(root))):  # parts first, so that a deep tree needs no deep recursion
            self._written(node)

    def text(self, node: typed.Node) -> str:
        return self._written(node).text

    def variable(self, binder: typed.Let | typed.Each | typed.Filter) -> str:
        """What stands for the value that the node binds."""
        if isinstance(binder, typed.Each) and not is_named(binder):
            return self.text(binder.values)
        return f"${binder.name}"

    def _written(self, node: typed.Node) -> _Written:
        node = without_list(node)
        if node not in self._known:
            self._known[node] = self._write(node)
        return self._known[node]

    def _write(self, node: typed.Node) -> _Written:
        match node:
            case typed.Constant():
                return _Written(self._constant(node))
            case typed.Mark(marker=marker):
                return _Written(_NAMES_OF_MARKERS[marker])
            case typed.Read(attribute=attribute):
                return _Written(attribute if self._portal else f"[{attribute}]")
            case typed.Imported(attribute=attribute):
                return _Written(f"ImportedValue({quoted(attribute)})")
            case typed.Variable(slot=slot) if slot in self._unnamed:
                return self._written(self._unnamed[slot])
            case typed.Variable(name=name):
                return _Written(f"${name}")
            case typed.Identity():
                return _Written("")  # stands only in front of a seed
            case typed.Each() if not is_named(node):
                return self._written(node.body)
            case _:
                return self._composed(node)

    def _composed(self, node: typed.Node) -> _Written:
        match node:
            case typed.Call():
                return self._call(node)
            case typed.Logic(every=every, operands=operands):
                return self._operation("&&" if every else "||", operands)
            case typed.Choose() if is_switch(node):
                return self._called("Switch", (part for case in node.cases for part in case))
            case typed.Choose():
                return self._called("IIF", (*node.cases[0], node.otherwise))
            case typed.Fail(message=message):
                return self._called("Error", (message,))
            case typed.Let(bound=bound, body=body):
                return self._called("With", (bound, body), f"${node.name}")
            case typed.Each(values=values, body=body):
                return self._called("Select", (values, body), f"${node.name}")
            case typed.Filter(values=values, condition=condition):
                return self._called("Where", (values, condition), f"${node.name}")
            case _:
                raise TypeError(f"{type(node).__name__} has no parts")

    def _constant(self, constant: typed.Constant) -> str:
        if constant.written:
            return constant.written
        if constant.value == "\r\n":
            return "CRLF()" if self._portal else "CRLF"
        if self._portal and constant.value is None:
            return "Null()"
        if self._portal and isinstance(constant.value, str):
            return f'"{constant.value}"'
        return written_value(constant.value)

    def _call(self, call: typed.Call) -> _Written:
        name, arguments = call.function.name, call.arguments
        if arguments and isinstance(arguments[0], typed.Identity):
            return self._called(name, arguments[2:])  # without object and seed, which no text names
        if name not in _LEVELS:
            return self._called(name, arguments)
        return self._operation(name, arguments) if len(arguments) > 1 else self._called("Concatenate", arguments)

    def _called(self, name: str, arguments: Iterable[typed.Node], *first: str) -> _Written:
        return _Written(f"{name}({', '.join([*first, *map(self.text, arguments)])})")

    def _operation(self, operator: str, operands: tuple[typed.Node, ...]) -> _Written:
        if self._portal and operator in _PORTAL_NAMES:
            return self._called(_PORTAL_NAMES[operator], operands)
        parts = [self._operand(operator, place, operand) for place, operand in enumerate(operands)]
        sign = "+" if self._portal and operator == JOIN.name else operator
        return _Written(f" {sign} ".join(parts), operator)

    def _operand(self, operator: str, place: int, operand: typed.Node) -> str:
        """Operators of one level bind from left to right, which only a row of the same one says by itself."""
        part = self._written(operand)
        goes_on = place == 0 and part.operator == operator and operator not in COMPARISONS
        return part.text if part.level > _LEVELS[operator] or goes_on else f"({part.text})"


def written_value(value: Value) -> str:
    """A value as the documentation writes it: ``"text"``, ``42``, ``True``, ``0xFF``, ``["a", "b"]``, ``NULL``."""
    match value:
        case None:
            return "NULL"
        case str():
            return quoted(value)
        case bytes():
            return f"0x{value.hex().upper()}"
        case bool() | int() | datetime():
            return text_of(value)
        case _:
            return f"[{', '.join(map(written_value, value))}]"


def without_list(node: typed.Node) -> typed.Node:
    """The single value that the checker made a list of."""
    while isinstance(node, typed.Call) and node.function is AS_LIST:
        (node,) = node.arguments
    return node


def is_named(binder: typed.Each) -> bool:
    """Whether the text says ``Select($name, …)``, and does not just treat several values as if they were one."""
    return binder.name.isidentifier()


def is_switch(node: typed.Choose) -> bool:
    """Whether it comes of a Switch, which gives NULL when no condition is true and does not write it."""
    last = without_list(node.otherwise)
    return len(node.cases) > 1 or (
        isinstance(last, typed.Constant) and last.value is None and last.kind.scalar is not None
    )
