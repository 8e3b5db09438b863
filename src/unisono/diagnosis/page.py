"""The reference page of all codes, made from the table; a test keeps the page in the documentation equal to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from unisono.diagnosis.codes import COUNTER_CATEGORY, STATUS_CATEGORY, Explanation, all_explanations

INTRODUCTION = """\
# Codes, statuses and counters

Every code that a run can show, with its meaning, its likely causes and the remedy. `unisono code CODE` says the same in
the terminal. A code means something only together with its category, and its spelling never changes. The names are
those that administrators know from the Microsoft Identity Manager Synchronization Service. Some belong to kinds of
connectors or features that this version does not have; they stand here so that imported histories can be read.

Severities: *info*, nothing to do; *warning*, the result is usable but watch the trend; *error*, this object or run did
not do its work; *critical*, data safety, the service or the store is at risk. Scope *object* means that one object is
concerned and the step goes on; scope *run*, that the step ended or did not start.
"""

HEADINGS = {
    "connection": "Connection results",
    "discovery": "Discovery errors (import)",
    "synchronization": "Synchronization errors",
    "export": "Export errors",
    "connector-api": "What a connector may ask for",
    "web-services": "Web services",
    "password": "Passwords",
    "entra-export": "Export to Entra ID",
    STATUS_CATEGORY: "Statuses of steps and runs",
    COUNTER_CATEGORY: "Counters of a step",
}


def codes_page() -> str:
    """The page as Markdown, one section per category in the order of the table."""
    sections = [_section(category, list(group)) for category, group in groupby(all_explanations(), _category)]
    return "\n".join([INTRODUCTION, *sections])


def _category(explanation: Explanation) -> str:
    return explanation.category


def _section(category: str, explanations: list[Explanation]) -> str:
    entries = _counter_table(explanations) if category == COUNTER_CATEGORY else map(_entry, explanations)
    return "\n".join([f"## {HEADINGS[category]}\n", *entries])


def _entry(explanation: Explanation) -> str:
    return f"### `{explanation.code}`\n\n" + "\n".join(f"- {line}" for line in _lines(explanation)) + "\n"


def _lines(explanation: Explanation) -> Iterator[str]:
    kind = f"outcome *{explanation.outcome}*" if explanation.outcome else f"scope *{explanation.scope}*"
    yield f"{explanation.meaning}. Severity *{explanation.severity}*, {kind}."
    if explanation.when:
        yield f"When: {explanation.when}."
    if explanation.likely_causes:
        yield f"Likely causes: {'; '.join(explanation.likely_causes)}."
    if explanation.remedy:
        yield f"Remedy: {explanation.remedy}."
    if explanation.also_written:
        yield f"Also written: {', '.join(f'`{each}`' for each in explanation.also_written)}."


def _counter_table(explanations: list[Explanation]) -> Iterator[str]:
    yield "| counter | phase | counts |\n| --- | --- | --- |"
    for each in explanations:
        yield f"| `{each.code}` | {each.phase} | {each.meaning} |"
    yield ""
