"""What a step sends to the store does not grow with the objects: neither with those it is about, nor with others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool
from tests.integration.large_groups import Company
from tests.projects import TestProject, app_project, people
from tests.store.given import statements

from unisono.model.runs import Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")

FEW, MANY = 10, 2_000
PAGE = 1_000  # objects that an export step sends at a time

Counts = dict[str, int]


@contextmanager
def sent_to_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Statements to the store inside the block, and what is copied to PostgreSQL or from there.

    Without the looks at tables that grew, after which PostgreSQL plans better: there is one per doubling.
    """
    copied: list[str] = []
    copy = psycopg.ClientCursor.copy

    def counting(cursor: psycopg.ClientCursor[Any], statement: Any, *arguments: Any, **options: Any) -> Any:
        copied.append(str(statement))
        return copy(cursor, statement, *arguments, **options)

    found: list[str] = []
    with monkeypatch.context() as patched, statements() as sent:
        patched.setattr(psycopg.ClientCursor, "copy", counting)
        yield found
    found += copied + [one.text for one in sent if not one.text.startswith(("ANALYZE", "SELECT reltuples"))]


def _steps(project: TestProject, monkeypatch: pytest.MonkeyPatch, *steps: tuple[str, StepType]) -> Counts:
    """How many statements each of the steps sends, each in a run of its own."""
    counts: Counts = {}
    for connector, step in steps:
        with sent_to_store(monkeypatch) as sent:
            result = project.run(connector, step)
        assert result.status is Status.SUCCESS
        counts[f"{connector} {step.value}"] = len(sent)
    return counts


JOB = (
    ("hr", StepType.FULL_IMPORT),
    ("hr", StepType.DELTA_SYNCHRONIZATION),
    ("app", StepType.EXPORT),
    ("app", StepType.FULL_IMPORT),
    ("app", StepType.DELTA_SYNCHRONIZATION),
)


def test_a_page_or_partition_of_new_objects_costs_as_many_statements_as_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Provisioned into a target, sent there, and confirmed. Before, others are there: the store is no new one."""
    project = app_project(tmp_path).write(hr_csv=people(2))
    project.cycle()
    few = _steps(project.write(hr_csv=people(2 + FEW)), monkeypatch, *JOB)
    many = _steps(project.write(hr_csv=people(2 + FEW + PAGE)), monkeypatch, *JOB)
    assert many == few


def test_one_changed_object_costs_the_same_among_few_and_among_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = app_project(tmp_path)
    counts = []
    for population in (FEW, MANY):
        project.write(hr_csv=people(population))
        project.cycle()
        project.write(hr_csv=people(population).replace("Given1,Family1,Clerk", "Given1,Family1,Director"))
        counts.append(_steps(project, monkeypatch, *JOB))
    assert counts[0] == counts[1]


def test_one_member_more_costs_the_same_in_a_small_and_in_a_large_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = Company(tmp_path)
    counts = []
    for members in (FEW, MANY):
        everybody = [f"p{number:04}" for number in range(members + 1)]
        company.shows(everybody, everybody[:-1])
        company.project.run("hr", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)
        company.exported()
        company.shows(everybody, everybody)
        job = (*JOB[:2], ("directory", StepType.EXPORT))
        counts.append(_steps(company.project, monkeypatch, *job))
        company.exported()
        assert company.team() == everybody
    assert counts[0] == counts[1]


def test_a_cycle_has_a_bounded_number_of_connections_to_the_store(tmp_path: Path) -> None:
    """A transaction, and on PostgreSQL two locks: of the connector's run, and of the one synchronization at a time."""
    taken: list[int] = []
    now: list[object] = []

    def take(_: object, record: object, _proxy: object) -> None:
        now.append(record)
        taken.append(len(now))

    def give_back(_: object, record: object) -> None:
        now.remove(record)

    project = app_project(tmp_path).write(hr_csv=people(FEW))
    event.listen(Pool, "checkout", take)
    event.listen(Pool, "checkin", give_back)
    try:
        project.cycle()
    finally:
        event.remove(Pool, "checkout", take)
        event.remove(Pool, "checkin", give_back)
    assert now == []
    assert max(taken) <= 3
