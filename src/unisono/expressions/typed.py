"""An expression after checking: every name resolved, every kind known, few kinds of node.

Operators and functions are calls; a function mapped over a multivalued argument is an ``Each``. Both evaluators walk
this tree. Variables are numbered slots, so shadowed names need no care.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from unisono.expressions.kinds import BOOLEAN, NOTHING, NUMBER, TEXT, Kind
from unisono.expressions.values import Marker, Value
from unisono.model.schema import AttributeType

if TYPE_CHECKING:
    from unisono.expressions.registry import Function


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constant:
    """``written``: how it stands in the text where that is not its value, as of a parameter.

    ``varies``: it follows from the time, so another run has another value.
    """

    kind: Kind
    value: Value
    written: str = ""
    varies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """An attribute of the object."""

    kind: Kind
    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported:
    """An attribute of the object that the expression's result goes to, as it was last imported."""

    kind: Kind
    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """The number that no other object has."""

    kind: Kind = NUMBER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variable:
    """``name`` is what the text calls it, here and below; a text has no name for what it does not write."""

    kind: Kind
    slot: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    kind: Kind
    function: Function
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logic:
    """``&&`` (``every``) or ``||`` from left to right; what follows the deciding operand is not evaluated."""

    every: bool
    operands: tuple[Node, ...]
    kind: Kind = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choose:
    """The value of the first case whose condition is true. All conditions are evaluated, of the values only one."""

    kind: Kind
    cases: tuple[tuple[Node, Node], ...]
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fail:
    """Ends the evaluation of the object with the message."""

    message: Node
    kind: Kind = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """Stands only where the result of the whole expression is decided."""

    marker: Marker
    kind: Kind = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Let:
    """``body`` with ``bound`` in the slot."""

    kind: Kind
    slot: int
    bound: Node
    body: Node
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Each:
    """``body`` for each of ``values``, without those that are NULL."""

    kind: Kind
    slot: int
    values: Node
    body: Node
    name: str = ""


def each(*, slot: int, values: Node, body: Node, name: str = "") -> Each:
    """An ``Each`` of the right kind. A body that never gives a value makes empty lists, and those have a type."""
    element = TEXT if body.kind.scalar is None else body.kind
    return Each(kind=element.several, slot=slot, values=values, body=body, name=name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filter:
    """Those of ``values`` for which the condition is true."""

    kind: Kind
    slot: int
    values: Node
    condition: Node
    name: str = ""


Leaf: TypeAlias = Constant | Read | Imported | Identity | Variable | Mark
Node: TypeAlias = Leaf | Call | Logic | Choose | Fail | Let | Each | Filter


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Call():
            return node.arguments
        case Logic():
            return node.operands
        case Choose():
            return (*(part for case in node.cases for part in case), node.otherwise)
        case Fail():
            return (node.message,)
        case Let():
            return (node.bound, node.body)
        case Each():
            return (node.values, node.body)
        case Filter():
            return (node.values, node.condition)
        case Constant() | Read() | Imported() | Identity() | Variable() | Mark():
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(children(current))


def attributes(node: Node) -> frozenset[str]:
    """The attributes that the node reads."""
    return frozenset(part.attribute for part in walk(node) if isinstance(part, Read))


def imported(node: Node) -> frozenset[str]:
    """The attributes of the target object that the node reads."""
    return frozenset(part.attribute for part in walk(node) if isinstance(part, Imported))


def depends_on_object(node: Node) -> bool:
    return any(isinstance(part, Read | Imported | Identity) for part in walk(node))


def free_slots(node: Node) -> frozenset[int]:
    """Slots that the node reads and that are bound outside it."""
    parts = list(walk(node))
    bound = {part.slot for part in parts if isinstance(part, Let | Each | Filter)}
    return frozenset(part.slot for part in parts if isinstance(part, Variable)) - bound


def can_fail(node: Node) -> bool:
    return any(_fails(part) for part in walk(node))


def _fails(part: Node) -> bool:
    match part:
        case Fail():
            return True
        case Call():
            return can_fail_itself(part)
        case Each():
            return can_outgrow(part) or _has_list(part.body)
        case Filter():
            return _has_list(part.condition)
        case _:
            return False


def _has_list(body: Node) -> bool:
    return any(isinstance(part, Each | Filter) for part in walk(body))


def can_outgrow(node: Each) -> bool:
    """Whether the results can be much longer together than the values: not where each is a part of its own value."""
    if node.body.kind.scalar not in _WITH_LENGTH:
        return False
    return any(_lengthens(part, node.slot) for part in walk(node.body))


_WITH_LENGTH = (AttributeType.STRING, AttributeType.REFERENCE, AttributeType.BINARY)
_SHORT = 100  # characters or bytes


def _lengthens(part: Node, slot: int) -> bool:
    match part:
        case Call(function=function):
            return function.grows
        case Constant(value=str() | bytes() as value):
            return len(value) > _SHORT
        case Read() | Imported():
            return True
        case Variable(slot=other):
            return other != slot
        case _:
            return False


def can_mark(node: Node) -> bool:
    return any(isinstance(part, Mark) for part in walk(node))


def can_fail_itself(call: Call) -> bool:
    """Whether the call can fail although its arguments do not."""
    function = call.function
    checked = (parameter.check is not None for parameter in function.parameters)
    computed = (not isinstance(argument, Constant) or argument.varies for argument in call.arguments)
    return function.fails or function.grows or any(a and b for a, b in zip(checked, computed, strict=False))
