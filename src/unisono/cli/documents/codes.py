"""Explanations of a code, one for each category that has it."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.diagnosis import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """``category`` tells apart codes of the same spelling; ``outcome`` and ``when`` are of statuses."""

    category: str
    severity: str  # info, warning, error, critical
    scope: str  # run, object
    meaning: str
    likely_causes: tuple[str, ...]
    remedy: str
    also_written: tuple[str, ...]
    outcome: str | None
    when: str
    phase: str  # of counters: staging, inbound, outbound, export


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    code: str
    meanings: tuple[Meaning, ...]


def code_of(explanations: tuple[Explanation, ...]) -> Code:
    return Code(code=explanations[0].code, meanings=tuple(map(_meaning, explanations)))


def _meaning(explanation: Explanation) -> Meaning:
    return Meaning(
        category=explanation.category,
        severity=explanation.severity.value,
        scope=explanation.scope.value,
        meaning=explanation.meaning,
        likely_causes=explanation.likely_causes,
        remedy=explanation.remedy,
        also_written=explanation.also_written,
        outcome=explanation.outcome.value if explanation.outcome else None,
        when=explanation.when,
        phase=explanation.phase,
    )
