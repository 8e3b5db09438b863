"""What an operator of a filter means in MIM and in Entra Connect, in plain Python and without the rule language.

Values are a list: empty for an absent attribute, one value for an attribute that has just one. ``wanted`` is the text
that the administrator typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

One: TypeAlias = str | int | bool
Test: TypeAlias = Callable[[One, str], bool]

_DECIMAL = re.compile(r" *[+-]?[0-9]{1,18} *")


def equal(value: One, wanted: str) -> bool:
    if isinstance(value, bool):
        return value is (wanted.lower() == "true")
    return value == number(wanted) if isinstance(value, int) else value.lower() == wanted.lower()


def starts(value: One, wanted: str) -> bool:
    return isinstance(value, str) and value.lower().startswith(wanted.lower())


def ends(value: One, wanted: str) -> bool:
    return isinstance(value, str) and value.lower().endswith(wanted.lower())


def contains(value: One, wanted: str) -> bool:
    return isinstance(value, str) and wanted.lower() in value.lower()


def number(value: One) -> int | None:
    if isinstance(value, int):
        return value
    if value.startswith("0x"):
        return int(value, 16)
    return int(value) if _DECIMAL.fullmatch(value) else None


def numeric(compare: Callable[[int, int], bool]) -> Test:
    """What is no number has no place in an order, and no bits."""

    def holds(value: One, wanted: str) -> bool:
        left, right = number(value), number(wanted)
        return left is not None and right is not None and compare(left, right)

    return holds


less, less_or_equal = numeric(lambda a, b: a < b), numeric(lambda a, b: a <= b)
greater, greater_or_equal = numeric(lambda a, b: a > b), numeric(lambda a, b: a >= b)
any_bit = numeric(lambda a, b: any(a >> place & b >> place & 1 for place in range(64)))
all_bits = numeric(lambda a, b: all(a >> place & 1 for place in range(64) if b >> place & 1))
no_bits = numeric(lambda a, b: not any(a >> place & b >> place & 1 for place in range(64)))


def no(test: Test) -> Test:
    return lambda value, wanted: not test(value, wanted)


# --- connector filters of MIM ----------------------------------------------------------------------------------------

_OF_ONE_VALUE: dict[str, Test] = {
    "equality": equal,
    "inequality": no(equal),
    "substring-start": starts,
    "substring-end": ends,
    "substring-any": contains,
    "not-substring-start": no(starts),
    "not-substring-end": no(ends),
    "not-substring-any": no(contains),
    "less": less,
    "less-or-equal": less_or_equal,
    "greater": greater,
    "greater-or-equal": greater_or_equal,
    "bit-on": all_bits,
    "bit-off": no_bits,
}
CLASSIC = {*_OF_ONE_VALUE, "present", "not-present"}


def classic(operator: str, values: list[One], wanted: str) -> bool:
    """A condition holds if it holds for one value; without a value only two operators hold."""
    if operator in ("present", "not-present"):
        return bool(values) is (operator == "present")
    if not values:
        return operator == "inequality"
    return any(_OF_ONE_VALUE[operator](value, wanted) for value in values)


# --- scoping filters -------------------------------------------------------------------------------------------------


def is_in(value: One, wanted: str) -> bool:
    return any(equal(value, each) for each in wanted.split(";"))


_POSITIVE: dict[str, Test] = {
    "EQUAL": equal,
    "LESSTHAN": less,
    "LESSTHAN_OR_EQUAL": less_or_equal,
    "GREATERTHAN": greater,
    "GREATERTHAN_OR_EQUAL": greater_or_equal,
    "STARTSWITH": starts,
    "ENDSWITH": ends,
    "CONTAINS": contains,
    "ISIN": is_in,
    "ISBITSET": any_bit,
}
_NEGATIVE = {
    "NOTEQUAL": "EQUAL",
    "NOTSTARTSWITH": "STARTSWITH",
    "NOTENDSWITH": "ENDSWITH",
    "NOTCONTAINS": "CONTAINS",
    "ISNOTIN": "ISIN",
    "ISBITNOTSET": "ISBITSET",
    "ISNOTBITSET": "ISBITSET",
}
SCOPING = {*_POSITIVE, *_NEGATIVE, "ISNULL", "ISNOTNULL"}
PORTAL = SCOPING - {"ISNULL", "ISNOTNULL", "ISIN", "ISNOTIN", "ISBITSET", "ISBITNOTSET", "ISNOTBITSET"}


def scoping(operator: str, values: list[One], wanted: str) -> bool:
    """One value that fulfils it is enough; a negative operator holds where the positive one does not."""
    if operator == "NOTEQUAL" and not wanted:  # how the portal's administrators say that there is something
        operator = "ISNOTNULL"
    if operator in ("ISNULL", "ISNOTNULL"):
        return all(value == "" for value in values) is (operator == "ISNULL")
    if operator in _NEGATIVE:
        return not scoping(_NEGATIVE[operator], values, wanted)
    return any(_POSITIVE[operator](value, wanted) for value in values)
