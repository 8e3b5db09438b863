"""Hints: what was probably meant, and how to get there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches

from unisono.expressions import typed
from unisono.model.schema import AttributeType

#: How to get from what is given (second) to what is wanted (first).
_CONVERSIONS = {
    (AttributeType.INTEGER, AttributeType.STRING): "CNum(…) makes a number of a text, and & joins texts",
    (AttributeType.INTEGER, AttributeType.DATETIME): "NumFromDate(…) makes a number of a date",
    (AttributeType.STRING, AttributeType.INTEGER): "CStr(…) makes a text of a number",
    (AttributeType.STRING, AttributeType.BOOLEAN): "CStr(…) makes a text of a boolean",
    (AttributeType.STRING, AttributeType.DATETIME): "FormatDateTime(…) makes a text of a date",
    (AttributeType.STRING, AttributeType.BINARY): "ConvertToBase64(…) makes a text of a binary",
    (AttributeType.DATETIME, AttributeType.STRING): "CDate(…) makes a date of a text",
    (AttributeType.DATETIME, AttributeType.INTEGER): "DateFromNum(…) makes a date of a file time",
    (AttributeType.BOOLEAN, AttributeType.INTEGER): "compare it, as in … > 0, or use CBool(…)",
    (AttributeType.BOOLEAN, AttributeType.STRING): 'compare it, as in … = "True", or use CBool(…)',
}


def conversion(wanted: Collection[AttributeType], given: AttributeType | None) -> str:
    """The function that makes what is wanted of what is given, or nothing."""
    hints = (_CONVERSIONS.get((scalar, given), "") for scalar in sorted(wanted) if given)
    return next(filter(None, hints), "")


def suggestion(name: str, known: Iterable[str], form: str = "{}") -> str:
    """A hint with the known name that looks most like ``name``, or nothing. Names that differ in case come first."""
    candidates = sorted(known)
    same = [candidate for candidate in candidates if candidate.lower() == name.lower()]
    close = same or get_close_matches(name, candidates, n=1)
    return f"did you mean {form.format(close[0])}?" if close else ""


_CASES: dict[str, tuple[Callable[[str], str], str]] = {
    "LCase": (str.lower, "lower"),
    "LowerCase": (str.lower, "lower"),
    "UCase": (str.upper, "upper"),
    "UpperCase": (str.upper, "upper"),
}


def wrong_case(operands: Sequence[typed.Node]) -> str:
    """Why two operands can never be equal: a text in one case beside a constant in another; or nothing."""
    for computed, constant in (operands, operands[::-1]):
        if not (isinstance(computed, typed.Call) and isinstance(constant, typed.Constant)):
            continue
        convert, case = _CASES.get(computed.function.name, (None, ""))
        if convert and isinstance(constant.value, str) and convert(constant.value) != constant.value:
            return f"{computed.function.name}(…) is in {case} case, the text beside it is not: they are never equal"
    return ""
