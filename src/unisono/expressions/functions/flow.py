"""Flow: which value counts."""

from __future__ import annotations

from unisono.expressions import ast, typed
from unisono.expressions.kinds import NOTHING, TEXT_LIKE
from unisono.expressions.registry import Checker, Family
from unisono.expressions.typed import Choose, Constant, Fail

FLOW = Family(title="Flow")


@FLOW.form(
    "IIF(condition, then, otherwise)",
    fewest=3,
    most=3,
    gives="one of the results",
    examples=(
        'IIF([employeeType] = "Intern", "t-" & [accountName], [accountName]) => "t-rexample"',
        'IIF(IsPresent([mail]), "yes", "no") => "no"',
    ),
)
def iif(checker: Checker, call: ast.Call) -> typed.Node:
    """One of two results; only the chosen one counts, and a NULL condition is False."""
    condition, then, otherwise = call.arguments
    held = checker.condition(condition)
    results = (checker.inner(then), checker.inner(otherwise))
    (first, second), kind = checker.together(results, call.position)
    return Choose(kind=kind, cases=((held, first),), otherwise=second)


@FLOW.form(
    "Switch(condition1, result1[, condition2, result2 …])",
    fewest=2,
    most=None,
    gives="one of the results",
    examples=('Switch([city] = "London", "English", [city] = "Rome", "Italian") => "Italian"',),
)
def switch(checker: Checker, call: ast.Call) -> typed.Node:
    """The result of the first true condition, NULL if there is none; all conditions are evaluated."""
    conditions = [checker.condition(argument) for argument in call.arguments[::2]]
    results = [checker.inner(argument) for argument in call.arguments[1::2]]
    if len(conditions) != len(results):
        message = f"Switch takes pairs of a condition and a result, not {len(call.arguments)} arguments"
        return checker.mistake("wrong-arity", message, call.position)
    values, kind = checker.together(results, call.position)
    cases = tuple(zip(conditions, values, strict=True))
    return Choose(kind=kind, cases=cases, otherwise=Constant(kind=kind, value=None))


@FLOW.form(
    "Error(text)",
    fewest=1,
    most=1,
    gives="no value",
    examples=('IIF(IsPresent([mail]), [mail], Error("mail is missing")) => !error "mail is missing"',),
)
def error(checker: Checker, call: ast.Call) -> typed.Node:
    """Ends the evaluation of the object with an error that says the text."""
    message = checker.value(call.arguments[0])
    fits = message.kind == NOTHING or message.kind.scalar in TEXT_LIKE
    if not fits or message.kind.multivalued:
        return checker.mistake("wrong-type", f"Error: text must be text, not {message.kind}", call.position)
    return Fail(message=message)
