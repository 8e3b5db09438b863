"""For any expression and any object: its steps end in what the evaluator gives, and so does its text."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.test_expressions import ATTRIBUTES, ENVIRONMENT, KINDS, compiled_or_rejected, expressions, rows

from unisono.expressions import Result, Step, compile_expression, trace_expression


def _steps(step: Step) -> list[Step]:
    inner = [*step.parts, *(each.step for each in step.values)]
    return [step, *(found for part in inner for found in _steps(part))]


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_steps_and_text_of_an_expression_agree_with_its_evaluation(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(KINDS).flatmap(expressions), label="expression")
    compiled = compiled_or_rejected(text)
    for row in data.draw(rows(compiled.attributes), label="objects"):
        expected = compiled.evaluate(row)
        trace = trace_expression(text, row, ATTRIBUTES, ENVIRONMENT)
        assert (trace.result, trace.root.kind) == (expected, compiled.kind)
        again = compile_expression(trace.root.text, ATTRIBUTES, ENVIRONMENT)
        assert (again.evaluate(row), again.kind) == (expected, compiled.kind)
        failed = [step for step in _steps(trace.root) if step.result and step.result.error is not None]
        assert expected.error is not None or failed == []
        assert expected.error is None or {step.result for step in failed} == {Result(error=expected.error)}
