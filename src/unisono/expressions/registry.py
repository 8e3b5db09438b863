"""What a language function is, and how its family registers it.

A *function* is pure: it gets values and gives one. It is written down twice, side by side: ``evaluate`` for one
object, ``columnar`` for a whole frame. The two agree on every input (a property test compares them). Where there is
no columnar definition, or it returns None for the arguments at hand, frames are evaluated row by row.

A *form* decides itself which of its arguments are evaluated, and when: ``IIF``, ``With`` and the like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar

import polars as pl

from unisono.expressions import ast, typed
from unisono.expressions.kinds import TEXT_LIKE, WORDS, Kind
from unisono.expressions.values import Value
from unisono.model.schema import AttributeType


class Shape(Enum):
    """How many values a parameter takes at once."""

    ONE = "one"  # a multivalued argument is mapped: the function is called with each of its values
    MANY = "many"  # a list; a single value becomes a list of one
    EITHER = "either"  # as it comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. NULL for it makes the result NULL, unless it ``takes_null``."""

    name: str
    accepts: frozenset[AttributeType]
    shape: Shape = Shape.ONE
    takes_null: bool = False
    optional: bool = False
    options: tuple[str, ...] = ()  # the named constants it is one of
    # What is wrong with a value that is not NULL, or None. Asked when compiling where the value is known then.
    check: Callable[[Any], str | None] | None = None

    @property
    def wants(self) -> str:
        """What it accepts, in words."""
        if self.options:
            return " or ".join(self.options)
        if self.accepts == frozenset(AttributeType):
            return "any value"
        # A text parameter takes references too; that goes without saying.
        hidden = {AttributeType.REFERENCE} if AttributeType.STRING in self.accepts else set()
        return " or ".join(WORDS[scalar] for scalar in AttributeType if scalar in self.accepts - hidden)


def text(name: str, **more: Any) -> Parameter:
    return Parameter(name=name, accepts=TEXT_LIKE, **more)


def number(name: str, **more: Any) -> Parameter:
    return Parameter(name=name, accepts=frozenset({AttributeType.INTEGER}), **more)


def date(name: str, **more: Any) -> Parameter:
    return Parameter(name=name, accepts=frozenset({AttributeType.DATETIME}), **more)


def boolean(name: str, **more: Any) -> Parameter:
    return Parameter(name=name, accepts=frozenset({AttributeType.BOOLEAN}), **more)


def binary(name: str, **more: Any) -> Parameter:
    return Parameter(name=name, accepts=frozenset({AttributeType.BINARY}), **more)


def anything(name: str, **more: Any) -> Parameter:
    return Parameter(name=name, accepts=frozenset(AttributeType), **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """An argument as a columnar definition sees it: an expression, and the value where it is the same in each row."""

    kind: Kind
    expr: pl.Expr
    constant: bool = False
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A columnar result that can fail: where ``failed`` is true, ``message`` says why and ``value`` says nothing."""

    value: pl.Expr
    failed: pl.Expr
    message: str
    null_if_failed: bool = True  # whether ``value`` is null there by itself


Columnar: TypeAlias = Callable[..., pl.Expr | Outcome | None]
Gives: TypeAlias = Kind | Callable[[Sequence[Kind]], Kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A language function.

    ``columnar`` gets one ``Operand`` per argument. Its expression is null wherever an argument that does not take
    NULL is null, has the length of the frame when one operand is not constant, and never raises for any value.
    """

    name: str
    parameters: tuple[Parameter, ...]
    gives: Gives
    evaluate: Callable[..., Value]
    columnar: Columnar | None = None
    # For functions that are evaluated row by row: the value of the usual arguments, null for all others. With it only
    # those others are evaluated row by row. Where the first parameter takes NULL, NULL is one of the usual arguments.
    common: Callable[..., pl.Expr | None] | None = None
    fails: bool = False  # whether ``evaluate`` may raise ``Failure``
    grows: bool = False  # whether a result can be longer than the arguments together; then its length is checked
    mentions: int = 1  # how often the columnar definition repeats an operand
    aliases: tuple[str, ...] = ()  # what the function is called elsewhere
    summary: str = ""
    examples: tuple[str, ...] = ()

    @property
    def fewest(self) -> int:
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        return len(self.parameters)

    def result(self, kinds: Sequence[Kind]) -> Kind:
        """The kind of the result for arguments of ``kinds``."""
        return self.gives if isinstance(self.gives, Kind) else self.gives(kinds)

    @property
    def signature(self) -> str:
        return f"{self.name}({_listed([(p.name, p.optional) for p in self.parameters])})"


class Checker(Protocol):
    """What a form needs of the type checker. Every method records mistakes and goes on."""

    def value(self, expression: ast.Expression) -> typed.Node:
        """The expression where a value is wanted, so not a marker."""
        ...

    def condition(self, expression: ast.Expression) -> typed.Node:
        """The expression where True or False is wanted."""
        ...

    def inner(self, expression: ast.Expression) -> typed.Node:
        """The expression in the place of the form itself: a marker is fine if the form may be one."""
        ...

    def many(self, node: typed.Node) -> typed.Node:
        """A single value as a list of one."""
        ...

    def together(self, nodes: Sequence[typed.Node], position: ast.Position) -> tuple[tuple[typed.Node, ...], Kind]:
        """The nodes as values of one kind."""
        ...

    def bound(self, name: ast.Expression, kind: Kind, body: Callable[[], typed.Node]) -> tuple[int, typed.Node]:
        """A new variable's slot, and the body in which it is known."""
        ...

    def mistake(self, check: str, message: str, position: ast.Position, hint: str = "") -> typed.Node:
        """Records a mistake; the node stands for the part that has it and fits everywhere."""
        ...

    def slot(self) -> int:
        """The number of a new variable."""
        ...

    def folded(self, node: typed.Node, position: ast.Position) -> typed.Node:
        """The node, or the constant that it always gives."""
        ...

    def now(self, position: ast.Position) -> typed.Node:
        """The environment's time."""
        ...

    def drawn(self, call: ast.Call, function: Function) -> typed.Node:
        """The function called with the object's identity, a seed of this place in the rules, and the arguments."""
        ...

    def imported(self, attribute: str, position: ast.Position) -> typed.Node:
        """What was last imported from the target object."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A function that is known to the type checker. ``most`` None: any number of arguments."""

    name: str
    fewest: int
    most: int | None
    check: Callable[[Checker, ast.Call], typed.Node]
    signature: str
    gives: str  # in words
    deterministic: bool = True  # whether it gives the same at every run
    aliases: tuple[str, ...] = ()
    summary: str = ""
    examples: tuple[str, ...] = ()


_Evaluate = TypeVar("_Evaluate", bound=Callable[..., Value])
_Check = TypeVar("_Check", bound=Callable[[Checker, ast.Call], typed.Node])


@dataclass(slots=True, kw_only=True)
class Family:
    """Functions that belong together; a name may occur twice when its argument types decide what it does."""

    title: str
    members: list[Function | Form] = field(default_factory=list)

    def function(
        self, name: str, *parameters: Parameter, gives: Gives, examples: tuple[str, ...], **more: Any
    ) -> Callable[[_Evaluate], _Evaluate]:
        """Registers the function below it; the first line of its docstring is what the documentation says."""

        def register(evaluate: _Evaluate) -> _Evaluate:
            summary = _first_line(evaluate.__doc__)
            self.members.append(
                Function(
                    name=name,
                    parameters=parameters,
                    gives=gives,
                    evaluate=evaluate,
                    summary=summary,
                    examples=examples,
                    **more,
                )
            )
            return evaluate

        return register

    def form(
        self, signature: str, *, fewest: int, most: int | None, gives: str, examples: tuple[str, ...], **more: Any
    ) -> Callable[[_Check], _Check]:
        """Registers the form below it."""

        def register(check: _Check) -> _Check:
            name, summary = signature.partition("(")[0], _first_line(check.__doc__)
            self.members.append(
                Form(
                    name=name,
                    fewest=fewest,
                    most=most,
                    check=check,
                    signature=signature,
                    gives=gives,
                    summary=summary,
                    examples=examples,
                    **more,
                )
            )
            return check

        return register


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n\n")[0].replace("\n", " ").strip()


def _listed(parameters: Sequence[tuple[str, bool]]) -> str:
    """``s, m[, start[, compare]]``"""
    text, closing = "", ""
    for name, optional in parameters:
        separator = ", " if text else ""
        text += f"[{separator}{name}" if optional else f"{separator}{name}"
        closing += "]" if optional else ""
    return text + closing
