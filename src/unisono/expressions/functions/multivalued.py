"""Several values. A single value counts as a list of one; lists never hold NULL and keep their order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from unisono.expressions import ast, typed
from unisono.expressions.functions.text import one_character
from unisono.expressions.kinds import NOTHING, NUMBER, TEXT, Kind
from unisono.expressions.registry import (
    Checker,
    Family,
    Operand,
    Outcome,
    Parameter,
    Shape,
    anything,
    number,
    text,
)
from unisono.expressions.values import Failure, Scalar, expect_length
from unisono.model.schema import AttributeType

MULTIVALUED = Family(title="Several values")

_VALUES = anything("values", shape=Shape.MANY)
_VALUES_OR_NULL = anything("values", shape=Shape.MANY, takes_null=True)
_CASE = text("case", optional=True, options=("CaseSensitive", "CaseInsensitive"))
_NO_SUCH_VALUE = "index out of bounds"


def _element(kinds: Sequence[Kind]) -> Kind:
    return kinds[0].element


#: In lower case the last sigma of a word differs from all others, which is no matter of case.
_FINAL_SIGMA, _SIGMA = "ς", "σ"


def _cased(text: str, case: str) -> str:
    return text.lower().replace(_FINAL_SIGMA, _SIGMA) if case == "CaseInsensitive" else text


def _first_true(flags: pl.Expr) -> pl.Expr:
    """The position of the first true value of lists, 0 if there is none or no list."""
    return pl.when(flags.list.any()).then(flags.list.arg_max().cast(pl.Int64) + 1).otherwise(0)


def _lowered(element: pl.Expr, wanted: Operand, case: Operand | None) -> tuple[pl.Expr, str]:
    if case is None or case.value == "CaseSensitive":
        return element, wanted.value
    lowered = element.str.to_lowercase().str.replace_all(_FINAL_SIGMA, _SIGMA, literal=True)
    return lowered, _cased(wanted.value, case.value)


def _contains_reference(values: Operand, wanted: Operand, case: Operand | None = None) -> pl.Expr | None:
    if not wanted.constant:
        return None
    element, text = _lowered(pl.element(), wanted, case)
    return _first_true(values.expr.list.eval(element == text))


@MULTIVALUED.function(
    "Contains",
    Parameter(name="values", accepts=frozenset({AttributeType.REFERENCE}), shape=Shape.MANY, takes_null=True),
    text("wanted"),
    _CASE,
    gives=NUMBER,
    columnar=_contains_reference,
    mentions=2,
    examples=('Contains([member], "CN=B,DC=corp,DC=example,DC=org") => 2',),
)
def contains_reference(values: list[str] | None, wanted: str, case: str = "CaseSensitive") -> int:
    """Of references: the position of the first that is the wanted one, 0 if there is none."""
    wanted = _cased(wanted, case)
    return next((i for i, value in enumerate(values or (), 1) if _cased(value, case) == wanted), 0)


def _contains(values: Operand, wanted: Operand, case: Operand | None = None) -> pl.Expr | None:
    if not wanted.constant:
        return None
    element, text = _lowered(pl.element(), wanted, case)
    return _first_true(values.expr.list.eval(element.str.contains(text, literal=True)))


@MULTIVALUED.function(
    "Contains",
    text("values", shape=Shape.MANY, takes_null=True),
    text("wanted"),
    _CASE,
    gives=NUMBER,
    columnar=_contains,
    mentions=2,
    examples=(
        'Contains([proxyAddresses], "smtp:") => 2',
        'Contains([proxyAddresses], "X500:", CaseInsensitive) => 3',
    ),
)
def contains(values: list[str] | None, wanted: str, case: str = "CaseSensitive") -> int:
    """Of texts: the position of the first that contains the wanted text, 0 if there is none; test it with > 0."""
    wanted = _cased(wanted, case)
    return next((i for i, value in enumerate(values or (), 1) if wanted in _cased(value, case)), 0)


@MULTIVALUED.function(
    "Count",
    _VALUES_OR_NULL,
    gives=NUMBER,
    columnar=lambda values: values.expr.list.len().cast(pl.Int64).fill_null(0),
    examples=("Count([otherPhone]) => 2",),
)
def count(values: list[Scalar] | None) -> int:
    """The number of values; 0 for NULL."""
    return len(values or ())


def _quoted_name(checker: Checker, call: ast.Call) -> str | None:
    """The attribute that the only argument names in quotes; None, and a mistake, where it does not."""
    (argument,) = call.arguments
    if isinstance(argument, ast.Literal) and isinstance(argument.value, str):
        return argument.value
    hint = f'{call.name}("{argument.name}")' if isinstance(argument, ast.AttributeRead) else ""
    checker.mistake("wrong-option", f"{call.name} takes the name of an attribute in quotes", argument.position, hint)
    return None


@MULTIVALUED.form(
    'ValueCount("attribute")', fewest=1, most=1, gives="a number", examples=('ValueCount("otherPhone") => 2',)
)
def value_count(checker: Checker, call: ast.Call) -> typed.Node:
    """The number of values of the attribute of this name; the same as Count([attribute])."""
    name, position = _quoted_name(checker, call), call.arguments[0].position
    if name is None:
        return typed.Constant(kind=NOTHING, value=None)
    read = ast.AttributeRead(position=position, name=name)
    return checker.value(ast.Call(position=call.position, name="Count", arguments=(read,)))


@MULTIVALUED.form(
    'ImportedValue("attribute")',
    fewest=1,
    most=1,
    gives="what the attribute holds",
    examples=('ImportedValue("mailNickname") => "robin"',),
)
def imported_value(checker: Checker, call: ast.Call) -> typed.Node:
    """What was last imported from the connected data source: outbound, what is known to be in the target object.

    Inbound it is the attribute itself.
    """
    name = _quoted_name(checker, call)
    if name is None:
        return typed.Constant(kind=NOTHING, value=None)
    return checker.imported(name, call.arguments[0].position)


def _item_or_null(values: Operand, n: Operand) -> pl.Expr:
    index = pl.when(n.expr.is_between(1, _MOST_VALUES)).then(n.expr - 1)
    return values.expr.list.get(index, null_on_oob=True)


_MOST_VALUES = 1 << 31


def _item(values: Operand, n: Operand) -> Outcome:
    value = _item_or_null(values, n)
    return Outcome(value=value, failed=n.expr.is_not_null() & value.is_null(), message=_NO_SUCH_VALUE)


@MULTIVALUED.function(
    "Item",
    _VALUES_OR_NULL,
    number("n"),
    gives=_element,
    columnar=_item,
    fails=True,
    mentions=2,
    examples=('Item([tags], 2) => "blue"', 'Item([tags], 9) => !error "index out of bounds"'),
)
def item(values: list[Scalar] | None, n: int) -> Scalar:
    """The n-th value; an error if there is none."""
    if not 1 <= n <= len(values or ()):
        raise Failure(_NO_SUCH_VALUE)
    return (values or [])[n - 1]


@MULTIVALUED.function(
    "ItemOrNull",
    _VALUES,
    number("n"),
    gives=_element,
    columnar=_item_or_null,
    mentions=2,
    examples=('ItemOrNull([tags], 2) => "blue"', "ItemOrNull([tags], 9) => NULL"),
)
def item_or_null(values: list[Scalar], n: int) -> Scalar | None:
    """The n-th value; NULL if there is none."""
    return values[n - 1] if 1 <= n <= len(values) else None


_MOST_DELIMITER = 16  # bytes, which each value takes already; a longer one could make much of many empty values


def _join(values: Operand, delimiter: Operand | None = None) -> pl.Expr | None:
    between = delimiter.value if delimiter and delimiter.constant else " " if delimiter is None else None
    if between is None or len(between.encode()) > _MOST_DELIMITER:
        return None
    return values.expr.list.join(between)


@MULTIVALUED.function(
    "Join",
    text("values", shape=Shape.MANY),
    text("delimiter", optional=True),
    gives=TEXT,
    columnar=_join,
    grows=True,
    examples=('Join([tags], ",") => "red,blue"', 'Join([tags]) => "red blue"'),
)
def join(values: list[str], delimiter: str = " ") -> str:
    """All values in one text, with the delimiter (one space if left out) between them."""
    expect_length(sum(map(len, values)) + len(delimiter) * max(len(values) - 1, 0))
    return delimiter.join(values)


@MULTIVALUED.function(
    "RemoveDuplicates",
    _VALUES,
    gives=lambda kinds: kinds[0].several,
    columnar=lambda values: values.expr.list.unique(maintain_order=True),
    examples=('RemoveDuplicates(Split("a,b,a", ",")) => ["a", "b"]',),
)
def remove_duplicates(values: list[Scalar]) -> list[Scalar]:
    """Equal values once, the first of them stays; case counts."""
    return list(dict.fromkeys(values))


def _wrong_limit(limit: int) -> str | None:
    return None if limit >= 1 else "the limit must be at least 1"


def _split(s: Operand, delimiter: Operand, limit: Operand | None = None) -> pl.Expr | None:
    return s.expr.str.split(delimiter.value) if delimiter.constant and limit is None else None


@MULTIVALUED.function(
    "Split",
    text("s"),
    text("delimiter", check=one_character),
    number("limit", optional=True, check=_wrong_limit),
    gives=TEXT.several,
    columnar=_split,
    examples=('Split("a,b,c", ",") => ["a", "b", "c"]',),
)
def split(s: str, delimiter: str, limit: int = 0) -> list[str]:
    """The pieces between a delimiter of one character; with a limit, the rest stays in the last piece."""
    return s.split(delimiter, limit - 1)


@MULTIVALUED.form(
    "Select($v, values, result)",
    fewest=3,
    most=3,
    gives="the results",
    examples=('Select($item, [otherPhone], Replace($item, "-", "")) => ["+3310001", "+3310002"]',),
)
def select(checker: Checker, call: ast.Call) -> typed.Node:
    """The result for every value, which stands there under the name $v."""
    values = checker.many(checker.value(call.arguments[1]))
    slot, body = checker.bound(call.arguments[0], values.kind.element, lambda: checker.value(call.arguments[2]))
    if body.kind.multivalued:
        hint = "Item(…, 1) takes one value"
        message = "Select: the result for one value must be one value"
        return checker.mistake("multivalued", message, call.arguments[2].position, hint)
    return typed.each(slot=slot, values=values, body=body, name=ast.variable(call.arguments[0]))


@MULTIVALUED.form(
    "Where($v, values, condition)",
    fewest=3,
    most=3,
    gives="some of the values",
    examples=('Where($p, [proxyAddresses], Left($p, 5) = "SMTP:") => ["SMTP:robin@example.org"]',),
)
def where(checker: Checker, call: ast.Call) -> typed.Node:
    """The values for which the condition is true; the value stands there under the name $v."""
    values = checker.many(checker.value(call.arguments[1]))
    slot, condition = checker.bound(
        call.arguments[0], values.kind.element, lambda: checker.condition(call.arguments[2])
    )
    name = ast.variable(call.arguments[0])
    return typed.Filter(kind=values.kind.several, slot=slot, values=values, condition=condition, name=name)


@MULTIVALUED.form(
    "With($v, value, result)",
    fewest=3,
    most=3,
    gives="the result",
    examples=('With($n, Trim(" Robin "), $n & "-" & $n) => "Robin-Robin"',),
)
def with_(checker: Checker, call: ast.Call) -> typed.Node:
    """The result, in which the value stands under the name $v."""
    value = checker.value(call.arguments[1])
    slot, body = checker.bound(call.arguments[0], value.kind, lambda: checker.inner(call.arguments[2]))
    name = ast.variable(call.arguments[0])
    return typed.Let(kind=body.kind, slot=slot, bound=value, body=body, name=name)
