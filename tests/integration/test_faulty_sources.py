"""Sources that are empty, cut, unreadable or dirty: the exact status and code, nobody deleted, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects import HEADER, TestProject, counts, hr_project, people

from unisono.model.runs import Counter, RunResult, Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")


@pytest.fixture
def project(tmp_path: Path) -> TestProject:
    """Thirty people, imported and synchronized."""
    made = hr_project(tmp_path).write(hr_csv=people(30))
    assert made.run("hr", StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION).status is Status.SUCCESS
    return made


def imported(project: TestProject) -> RunResult:
    return project.run("hr", StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)


def codes(project: TestProject) -> list[str]:
    with project.open() as context, context.store.read() as reader:
        latest = reader.runs(limit=1)[0].id
        return reader.errors(run_id=latest)["code"].to_list()


def assert_nobody_deleted(project: TestProject) -> None:
    space = project.space("hr")
    assert space.height >= 30
    assert (space["import_operation"] == "delete").sum() == 0
    assert project.metaverse().height == 30


def test_an_emptied_file_with_its_header_deletes_nobody(project: TestProject) -> None:
    result = imported(project.write(hr_csv=HEADER))
    assert result.steps[0].status is Status.COMPLETED_NO_OBJECTS
    assert_nobody_deleted(project)


def test_a_file_of_no_bytes_does_not_start(project: TestProject) -> None:
    result = imported(project.write(hr_csv=""))
    assert [step.status for step in result.steps] == [Status.NO_START_HEADER_ROW_MISMATCH]
    assert_nobody_deleted(project)


def test_a_file_cut_inside_a_row_has_a_parse_error_and_deletes_nobody(project: TestProject) -> None:
    text = people(30)
    result = imported(project.write(hr_csv=text[: text.index("E00020") + 12]))
    assert [step.status for step in result.steps] == [Status.COMPLETED_DISCOVERY_ERRORS]
    assert codes(project) == ["parse-error"]
    assert_nobody_deleted(project)


def test_a_file_cut_between_rows_is_held_by_the_guard(project: TestProject) -> None:
    lines = people(30).splitlines(keepends=True)
    result = imported(project.write(hr_csv="".join(lines[:11])))
    assert result.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
    assert result.steps[0].held_hash
    assert_nobody_deleted(project)


def test_what_the_guard_holds_passes_when_exactly_it_is_approved(project: TestProject) -> None:
    lines = people(30).splitlines(keepends=True)
    held = imported(project.write(hr_csv="".join(lines[:11]))).steps[0].held_hash
    assert held is not None
    other = project.write(hr_csv="".join(lines[:10])).run("hr", StepType.FULL_IMPORT, approved=frozenset({held}))
    assert other.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
    same = project.write(hr_csv="".join(lines[:11])).run("hr", StepType.FULL_IMPORT, approved=frozenset({held}))
    assert same.status is Status.SUCCESS
    assert counts(same)[Counter.STAGE_DELETE] == 20


def test_an_unreadable_file_does_not_start(project: TestProject) -> None:
    path = project.directory / "hr.csv"
    path.unlink()
    path.mkdir()  # unreadable for everybody, root too
    result = imported(project)
    assert [step.status for step in result.steps] == [Status.NO_START_FILE_OPEN]
    assert_nobody_deleted(project)


def test_a_missing_file_does_not_start(project: TestProject) -> None:
    (project.directory / "hr.csv").unlink()
    result = imported(project)
    assert [step.status for step in result.steps] == [Status.NO_START_FILE_NOT_FOUND]
    assert_nobody_deleted(project)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param("Given7,Family7,Clerk", "Given7,Family7,Clerk,extra", "parse-error", id="too many columns"),
        pytest.param("2020-01-08", "2020-13-45", "invalid-attribute-value", id="a bad date"),
        pytest.param("E00007,", "E00006,", "duplicate-object", id="a duplicate anchor"),
        pytest.param("E00007,", ",", "missing-anchor-component", id="no anchor"),
    ],
)
def test_one_dirty_row_is_one_error_and_deletes_nobody(project: TestProject, old: str, new: str, code: str) -> None:
    text = people(30)
    head, tail = text[: text.index("E00007")], text[text.index("E00007") :]
    result = imported(project.write(hr_csv=head + tail.replace(old, new, 1)))
    assert [step.status for step in result.steps] == [Status.COMPLETED_DISCOVERY_ERRORS]
    assert codes(project) == [code]
    assert counts(result)[Counter.STAGE_FAILURE] == 1
    assert_nobody_deleted(project)


def test_other_rows_are_staged_beside_a_dirty_one(project: TestProject) -> None:
    text = people(30).replace("2020-01-08", "never", 1).replace("Family3,Clerk", "Family3,Director")
    imported(project.write(hr_csv=text))
    staged = project.space("hr").drop_nulls("import_operation")
    assert staged["anchor"].to_list() == ["E00003"]
