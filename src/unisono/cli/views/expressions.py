"""An evaluation for people: the result, warnings, and the tree of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from unisono.cli.documents.expressions import EvaluatedStep, EvaluatedValue, Evaluation
from unisono.cli.views.failures import marked_mistakes
from unisono.cli.views.parts import counted, pairs, safe, table
from unisono.expressions import written_value
from unisono.expressions.kinds import Kind
from unisono.model.schema import AttributeType

# Of a step; the result itself is never cut.
_MOST_CHARACTERS_OF_TEXT = 100
_MOST_CHARACTERS_OF_VALUE = 200
_MOST_CHARACTERS_OF_NAME = 40

_MARKERS = {"authoritative-null": "AuthoritativeNull", "ignore": "IgnoreThisFlow"}
_MEANINGS = {
    "authoritative-null": "no value, and no weaker rule may contribute one",
    "ignore": "as if the rule were absent; the present value stays",
}

_Row = tuple[str, str, Text]


def evaluation_view(evaluation: Evaluation) -> Iterator[RenderableType]:
    yield pairs((_result(evaluation), ("type", _type(evaluation))))
    if evaluation.warnings:
        yield marked_mistakes(evaluation.expression, evaluation.warnings)
    yield table(("expression", "type", "gives"), _rows(evaluation.steps, _text(evaluation.steps)))


def _result(evaluation: Evaluation) -> tuple[str, object]:
    match evaluation.outcome:
        case "value":
            return "result", Text(safe(written_value(evaluation.value)), style="bold")
        case "error":
            return "error", Text(safe(evaluation.error), style="red")
        case marker:
            return "result", Text.assemble((_MARKERS[marker], "bold"), f": {_MEANINGS[marker]}")


def _type(given: Evaluation | EvaluatedStep) -> str:
    if given.type is None:
        return "–"
    return str(Kind(AttributeType(given.type), given.multivalued)).removeprefix("a ")


def _rows(step: EvaluatedStep, text: str, first: str = "", others: str = "") -> Iterator[_Row]:
    """The step and those below it; ``first`` and ``others`` are what stands before the first line and the others."""
    yield first + text, _type(step), _gives(step)
    below: list[tuple[EvaluatedStep, str]] = [(part, _text(part)) for part in step.parts]
    below += [(each.step, _for_value(each)) for each in step.values]
    for place, (part, text_of_part) in enumerate(below, start=1):
        is_last = place == len(below) and not step.unlisted
        branch, beside = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield from _rows(part, text_of_part, others + branch, others + beside)
    if step.unlisted:
        yield f"{others}└─ … {counted(step.unlisted, 'more value')}", "", Text()


def _text(step: EvaluatedStep) -> str:
    name = f"{step.variable} = " if step.variable else ""
    return _cut(name + step.expression, _MOST_CHARACTERS_OF_TEXT)


def _for_value(each: EvaluatedValue) -> str:
    """The value stands for the text, which the line above has already."""
    return f"{_cut(each.name, _MOST_CHARACTERS_OF_NAME)} = {_cut(written_value(each.value), _MOST_CHARACTERS_OF_TEXT)}"


def _gives(step: EvaluatedStep) -> Text:
    match step.outcome:
        case "not-evaluated":
            return Text("not evaluated", style="dim")
        case "error":
            return Text(_cut(f"error: {step.error}", _MOST_CHARACTERS_OF_VALUE), style="red")
        case "value":
            return Text(_cut(written_value(step.value), _MOST_CHARACTERS_OF_VALUE))
        case marker:
            return Text(_MARKERS[marker])


def _cut(text: Sequence[str], most: int) -> str:
    shown = "".join(text[: most + 1])
    return safe(shown if len(shown) <= most else shown[: most - 1] + "…")
