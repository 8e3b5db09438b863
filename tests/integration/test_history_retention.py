"""The history of runs is kept as long as the project says, and clearing it takes nothing else away."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.projects import TestProject, hr_project, people

from unisono.model.errors import StoreError
from unisono.model.runs import RunProfile, RunStep, Status, StepType
from unisono.runs.context import Context
from unisono.runs.execute import run_profile
from unisono.runs.explain import why_value
from unisono.runs.measured import MeasuredStore
from unisono.runs.retention import PIECES, clear_some_history
from unisono.store.contract import UnitOfWork
from unisono.store.writes.clearing import PIECE_RUNS

pytestmark = pytest.mark.usefixtures("any_store")

TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> TestProject:
    return hr_project(tmp_path).write(hr_csv=people(3))


def run(context: Context, days_ago: int, *steps: StepType, profile: str = "p") -> int:
    """A run of that day; its number."""
    then = replace(context, clock=lambda: TODAY - timedelta(days=days_ago))
    steps = steps or (StepType.FULL_IMPORT,)
    return run_profile("hr", RunProfile(name=profile, steps=tuple(map(_step, steps))), then).id


def _step(kind: StepType) -> RunStep:
    return RunStep(type=kind)


def kept(context: Context) -> list[int]:
    with context.store.read() as reader:
        return [run.id for run in reversed(reader.runs(limit=100_000))]


def test_a_run_clears_those_that_are_too_old_but_the_last_of_each_profile(project: TestProject) -> None:
    with project.open() as context:
        numbers = [run(context, days_ago) for days_ago in (200, 91, 89, 1)]
        other = run(context, 0, profile="q")
        assert kept(context) == [*numbers[2:], other]


def test_the_project_says_how_long_runs_are_kept(project: TestProject) -> None:
    text = (project.directory / "unisono.yaml").read_text(encoding="utf-8")
    project.write(unisono_yaml=text + "history: {keep-days: 2}\n")
    with project.open() as context:
        numbers = [run(context, days_ago) for days_ago in (4, 3, 1, 0)]
        assert kept(context) == numbers[2:]
    project.write(unisono_yaml=text + "history: {keep-days: none}\n")
    with project.open() as context:
        numbers = [*numbers[2:], run(context, -100_000)]
        assert kept(context) == numbers


def test_lineage_outlives_the_run_that_it_names(project: TestProject) -> None:
    with project.open() as context:
        wrote = run(context, 300, StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION)
        run(context, 0, StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION)
        assert wrote not in kept(context)
        with context.store.read() as reader:
            person = reader.find_metaverse("Given1", 1)
            assert f'"title":{wrote}' in person["lineage"][0]
            offers = why_value(person, context, reader).offers.filter(attribute="title")
    assert offers["verdict"].to_list() == ["wins"]


def test_one_run_clears_a_bounded_part_only(project: TestProject) -> None:
    many = PIECES * PIECE_RUNS + 3
    with project.open() as context:
        with context.store.begin() as unit:
            _record(unit, many)
        run(context, 0)
        assert len(kept(context)) == 3 + 1
        run(context, 0)
        assert len(kept(context)) == 2


def _record(unit: UnitOfWork, runs: int) -> None:
    for _ in range(runs):
        number = unit.start_run("hr", "p", "f", TODAY - timedelta(days=400))
        unit.finish_run(number, Status.SUCCESS, TODAY - timedelta(days=400))


class FailingStore(MeasuredStore):
    """A fake: nobody can write."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        raise StoreError(Status.STOPPED_DATABASE_DISK_FULL, "the disk of the store is full", hint="")


def test_a_run_that_ended_is_not_worse_for_a_failure_to_clear(project: TestProject) -> None:
    with project.open() as context:
        clear_some_history(replace(context, store=FailingStore(context.store)))
