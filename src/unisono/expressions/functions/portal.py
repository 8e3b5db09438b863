"""Words of the MIM portal that are no operators there. The others are aliases of functions of the other families."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from unisono.expressions import ast, typed
from unisono.expressions.functions.text import CASED, mid, mid_columns
from unisono.expressions.kinds import BOOLEAN, NOTHING, NUMBER, TEXT
from unisono.expressions.registry import Checker, Family, Operand, number, text

PORTAL = Family(title="Functions of the MIM portal")

#: The comparisons: the operator that each is, and an example.
COMPARISONS = {
    "Eq": ("=", 'Eq([employeeType], "Intern") => True'),
    "NotEquals": ("<>", 'NotEquals([employeeType], "Intern") => False'),
    "LessThan": ("<", "LessThan(1, 2) => True"),
    "LessThanOrEquals": ("<=", "LessThanOrEquals(2, 2) => True"),
    "GreaterThan": (">", "GreaterThan(2, 2) => False"),
    "GreaterThanOrEquals": (">=", "GreaterThanOrEquals(2, 2) => True"),
}


def _operation(call: ast.Call, operator: str) -> ast.Operation:
    """The call as the operator would be written, its arguments in parentheses."""
    operands = tuple(replace(a, parenthesized=True) if isinstance(a, ast.Operation) else a for a in call.arguments)
    return ast.Operation(position=call.position, operator=operator, operands=operands, parenthesized=True)


def _register(name: str, operator: str, example: str) -> None:
    def compare(checker: Checker, call: ast.Call) -> typed.Node:
        return checker.value(_operation(call, operator))

    compare.__doc__ = f"The comparison ``{operator}``."
    PORTAL.form(f"{name}(left, right)", fewest=2, most=2, gives="a boolean", examples=(example,))(compare)


for _name, (_operator, _example) in COMPARISONS.items():
    _register(_name, _operator, _example)


@PORTAL.form(
    "And(condition1, condition2 …)", fewest=2, most=None, gives="a boolean", examples=("And(True, False) => False",)
)
def and_(checker: Checker, call: ast.Call) -> typed.Node:
    """Whether all conditions hold."""
    return checker.value(_operation(call, "&&"))


@PORTAL.form(
    "Or(condition1, condition2 …)", fewest=2, most=None, gives="a boolean", examples=("Or(True, False) => True",)
)
def or_(checker: Checker, call: ast.Call) -> typed.Node:
    """Whether one of the conditions holds."""
    return checker.value(_operation(call, "||"))


@PORTAL.form("Not(condition)", fewest=1, most=1, gives="a boolean", examples=("Not(IsPresent([mail])) => True",))
def not_(checker: Checker, call: ast.Call) -> typed.Node:
    """Whether the condition does not hold; NULL does not."""
    yes, no = (typed.Constant(kind=BOOLEAN, value=value) for value in (True, False))
    held = checker.condition(call.arguments[0])
    return typed.Choose(kind=BOOLEAN, cases=((held, no),), otherwise=yes)


@PORTAL.form(
    "Concatenate(part1, part2 …)", fewest=1, most=None, gives="text", examples=('Concatenate("a", "b", 3) => "ab3"',)
)
def concatenate(checker: Checker, call: ast.Call) -> typed.Node:
    """All parts joined to one text; NULL counts as empty."""
    return checker.value(_operation(call, "&"))


@PORTAL.form("CRLF()", fewest=0, most=0, gives="text", examples=("Len(CRLF()) => 2",))
def crlf(_: Checker, __: ast.Call) -> typed.Node:
    """Carriage return and line feed."""
    return typed.Constant(kind=TEXT, value="\r\n")


@PORTAL.form("Null()", fewest=0, most=0, gives="NULL", examples=("IsNull(Null()) => True",))
def null(_: Checker, __: ast.Call) -> typed.Node:
    """No value."""
    return typed.Constant(kind=NOTHING, value=None)


@PORTAL.form(
    "DateTimeFormat(text, format)",
    fewest=2,
    most=2,
    gives="text",
    examples=('DateTimeFormat("12/25/2007", "yyyy-MM-dd") => "2007-12-25"',),
)
def date_time_format(checker: Checker, call: ast.Call) -> typed.Node:
    """The date that a text names, in another format: ``FormatDateTime(CDate(text), format)``."""
    written, form = call.arguments
    date = ast.Call(position=written.position, name="CDate", arguments=(written,))
    return checker.value(ast.Call(position=call.position, name="FormatDateTime", arguments=(date, form)))


@PORTAL.function(
    "BitNot",
    number("value"),
    gives=NUMBER,
    columnar=lambda value: -value.expr - 1,
    examples=("BitAnd(BitNot(2), 514) => 512",),
)
def bit_not(value: int) -> int:
    """The bits that are not set."""
    return ~value


def _mid_or_empty(s: Operand, start: Operand, n: Operand) -> pl.Expr:
    known = start.expr.is_not_null() & n.expr.is_not_null()
    return pl.when(known & (n.expr < 0)).then(pl.lit("")).otherwise(mid_columns(s, start, n))


@PORTAL.function(
    "MidOrEmpty",
    text("s", takes_null=True),
    number("start"),
    number("n"),
    gives=TEXT,
    columnar=_mid_or_empty,
    mentions=6,
    examples=('MidOrEmpty("Blue Sky", 3, 2) => "ue"', 'MidOrEmpty("Blue Sky", 3, -1) => ""'),
)
def mid_or_empty(s: str | None, start: int, n: int) -> str:
    """What the portal's Mid does: the same as Mid, but the empty text for a negative n."""
    return "" if n < 0 else mid(s, start, n)


_WORD = re.compile(r"[^ ]+")


#: In such texts only a space begins a word, for Polars too.
_EASY_WORDS = rf"\A(?:[{CASED}]+[0-9]*(?: |\z)|[0-9]+(?: |\z)| )*\z"


@PORTAL.function(
    "ProperCase",
    text("s"),
    gives=TEXT,
    common=lambda s: pl.when(s.expr.str.contains(_EASY_WORDS)).then(s.expr.str.to_titlecase()),
    mentions=2,
    examples=('ProperCase("robin EXAMPLE") => "Robin Example"', 'ProperCase("$TEsT") => "$Test"'),
)
def proper_case(s: str) -> str:
    """The first letter of each word in upper case, all others in lower case; only spaces separate words."""
    return _WORD.sub(lambda match: _proper(match.group()), s)


_LETTER = re.compile(r"[^\W\d_]")


def _proper(word: str) -> str:
    """The first letter need not be the first character."""
    found = _LETTER.search(word)
    if found is None:
        return word.lower()
    start = found.start()
    return word[:start] + word[start].title() + word[start + 1 :].lower()
