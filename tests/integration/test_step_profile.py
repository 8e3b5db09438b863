"""Every step says where its time went, and the history keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects import app_project, people

from unisono.model.runs import StepResult, StepType

pytestmark = pytest.mark.usefixtures("any_store")

PHASES = {
    StepType.FULL_IMPORT: ["source", "decode", "rules", "store"],
    StepType.FULL_SYNCHRONIZATION: ["decode", "rules", "store"],
    StepType.EXPORT: ["decode", "rules", "store", "target"],
}


def test_the_phases_of_a_step_add_up_to_its_time(tmp_path: Path) -> None:
    project = app_project(tmp_path).write(hr_csv=people(300))
    steps = [
        *project.run("hr", StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION).steps,
        *project.run("app", StepType.EXPORT).steps,
    ]
    for step in steps:
        assert [phase for phase, _ in step.phase_s] == PHASES[step.step.type]
        assert all(seconds > 0 for _, seconds in step.phase_s)
        assert _counted(step) == pytest.approx((step.ended_at - step.started_at).total_seconds(), abs=0.1)
    with project.open() as context, context.store.read() as reader:
        assert [step.phase_s for run in reversed(reader.runs()) for step in run.steps] == [s.phase_s for s in steps]


def _counted(step: StepResult) -> float:
    return sum(seconds for _, seconds in step.phase_s)
