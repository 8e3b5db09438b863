"""The table of error codes, statuses and counters, and how to look something up in it.

A code is unique only together with its category: ``invalid-dn`` exists for discovery and for export. Statuses have the
category ``run-step-result``, counters the category ``counter``. The spelling of a code is API: never renamed,
translated or re-cased. Other spellings that are in circulation (``also_written``) lead to the code as well.
(Engine specification §3.3, §4.14, §5.3, §5.8, §8.3 and §9.5.)
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from unisono.model.runs import Outcome

STATUS_CATEGORY = "run-step-result"
COUNTER_CATEGORY = "counter"


class Severity(StrEnum):
    INFO = "info"  # nothing to do
    WARNING = "warning"  # the result is usable; watch the trend
    ERROR = "error"  # this object or run did not do its work
    CRITICAL = "critical"  # data safety, the service or the store is at risk


class Scope(StrEnum):
    RUN = "run"  # ends or prevents a step, or describes one
    OBJECT = "object"  # concerns one object; the step goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known about a code in one category. Texts are for the administrator."""

    code: str
    category: str
    severity: Severity
    scope: Scope
    meaning: str
    likely_causes: tuple[str, ...] = ()
    remedy: str = ""
    also_written: tuple[str, ...] = ()
    outcome: Outcome | None = None  # statuses: what it means for the run
    when: str = ""  # statuses: when a step or run gets it, and what follows
    phase: str = ""  # counters: staging, inbound, outbound, export


def explain(code: str, category: str | None = None) -> tuple[Explanation, ...]:
    """All explanations of a code, in the order of the table; none for a code that is unknown.

    Case and surrounding space are forgiven. A counter that exists in two phases has two explanations.
    """
    found = _by_spelling().get(code.strip().casefold(), ())
    return tuple(each for each in found if category in (None, each.category))


def suggest(code: str, limit: int = 3) -> tuple[str, ...]:
    """Known codes nearest to an unknown one, the likeliest first: those with all its words, then those spelt alike."""
    asked = code.strip().casefold()
    words = set(re.findall(r"[a-z0-9]+", asked))
    with_all_words = [each for each in all_codes() if words and words <= set(each.casefold().split("-"))]
    by_spelling = {each.casefold(): each for each in all_codes()}
    alike = difflib.get_close_matches(asked, by_spelling, n=limit, cutoff=0.6)
    nearest = dict.fromkeys([*sorted(with_all_words, key=len), *(by_spelling[each] for each in alike)])
    return tuple(nearest)[:limit]


def all_codes() -> tuple[str, ...]:
    """Every code, status and counter once, sorted."""
    return tuple(sorted({each.code for each in all_explanations()}))


@cache
def all_explanations() -> tuple[Explanation, ...]:
    """The whole table: error codes by category, then statuses, then counters by phase."""
    return (*_error_codes(), *_statuses(), *_counters())


@cache
def _by_spelling() -> dict[str, tuple[Explanation, ...]]:
    found: dict[str, tuple[Explanation, ...]] = {}
    for each in all_explanations():
        for spelling in (each.code, *each.also_written):
            found[spelling.casefold()] = (*found.get(spelling.casefold(), ()), each)
    return found


def _error_codes() -> Iterator[Explanation]:
    for row in _rows("codes.csv"):
        yield Explanation(
            code=row["code"],
            category=row["category"],
            severity=Severity(row["severity"]),
            scope=Scope(row["scope"]),
            meaning=row["meaning"],
            likely_causes=_several(row["likely_causes"]),
            remedy=row["remedy"],
            also_written=_several(row["also_written"]),
        )


def _statuses() -> Iterator[Explanation]:
    for row in _rows("statuses.csv"):
        yield Explanation(
            code=row["code"],
            category=STATUS_CATEGORY,
            severity=Severity(row["severity"]),
            scope=Scope.RUN,
            meaning=row["meaning"],
            likely_causes=_several(row["likely_causes"]),
            remedy=row["remedy"],
            also_written=_several(row["also_written"]),
            outcome=Outcome(row["outcome"]),
            when=row["when"],
        )


def _counters() -> Iterator[Explanation]:
    for row in _rows("counters.csv"):
        yield Explanation(
            code=row["code"],
            category=COUNTER_CATEGORY,
            severity=Severity.ERROR if row["code"].endswith("-failure") else Severity.INFO,
            scope=Scope.RUN,
            meaning=row["meaning"],
            phase=row["phase"],
        )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.split("; ")) if text else ()
