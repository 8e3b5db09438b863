"""The rule language: text to a checked, typed expression that is evaluated on one object or on a whole frame.

    compiled = compile_expression('LCase([givenName]) & "@contoso.com"', attributes, environment)
    frame.lazy().with_columns(compiled.value.alias("mail")).collect()

Nothing here reads, writes, asks the time or draws random numbers. Parsing and checking raise ``ExpressionMistakes``
with every mistake; evaluation never raises: a value that cannot be computed is that object's error.
"""

from unisono.expressions.check import NOT_DETERMINISTIC
from unisono.expressions.compiled import (
    Compiled,
    Environment,
    check_assignable,
    check_condition,
    compile_expression,
    conditional,
)
from unisono.expressions.mistakes import ExpressionMistake, ExpressionMistakes
from unisono.expressions.render import written_value
from unisono.expressions.trace import Step, Trace, ValueStep, trace_expression
from unisono.expressions.values import Marker, Result, imported_name

__all__ = [
    "NOT_DETERMINISTIC",
    "Compiled",
    "Environment",
    "ExpressionMistake",
    "ExpressionMistakes",
    "Marker",
    "Result",
    "Step",
    "Trace",
    "ValueStep",
    "check_assignable",
    "check_condition",
    "compile_expression",
    "conditional",
    "imported_name",
    "trace_expression",
    "written_value",
]
