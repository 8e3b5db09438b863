"""Drop files of imports and exports (engine specification §15, S26 and S90)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.company import Company, CsObject, counters

from unisono.model.runs import Status

FILE = "hr.jsonl"


def lines(company: Company, name: str = FILE) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (company.project.directory / name).read_text().split("\n")[:-1]]


def staged(company: Company, connector: str = "hr") -> list[CsObject]:
    """What an import leaves, whatever ids it gave."""
    found = [replace(one, id=0) for one in company.cs_objects(connector)]
    return sorted(found, key=lambda one: (str(one.anchor), one.dn))


@pytest.fixture
def people(company: Company) -> Company:
    """Three people and their group, imported and synchronized; then one left, one changed, and one is new."""
    company.employ("1", "2", "3", mails=["a@x", "b@x"], manager="1").group("g", "1", "2").full_import()
    company.full_sync()
    company.employ("4", name='Zoë "Z" \\ \n\u2028 <&>').hr.remove("2")
    company.hr.change("3", title="Director", mails=[])
    company.group("g", "1", "4")
    return company


# --- imports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["full_import", "delta_import"])
def test_s26_a_file_is_written_and_staged_later_without_the_system(people: Company, kind: str) -> None:
    before, watermark = staged(people), people.watermark()
    written = getattr(people, kind)(to_file=FILE)
    assert (written.status, counters(written)) == (Status.SUCCESS, {})
    assert (staged(people), people.watermark()) == (before, watermark)
    readings = people.hr.readings
    resumed = getattr(people, kind)(resume_from_file=FILE)
    after = staged(people)
    assert (resumed.status, people.hr.readings, people.watermark()) == (Status.SUCCESS, readings, watermark)
    assert {one.anchor: one.import_operation for one in after} == {
        "1": None,
        "2": "delete",
        "3": "update",
        "4": "add",
        "g": "update",
    }
    direct = getattr(people, kind)()
    assert (staged(people), people.watermark() == watermark) == (after, False)
    assert counters(direct) == {"stage-no-change": 4 if kind == "full_import" else 3}


def test_s26_a_file_that_is_written_on_the_way_changes_nothing_else(people: Company) -> None:
    step = people.full_import(to_file=FILE, resume_from_file=FILE)
    through = staged(people)
    assert counters(step) == {"stage-no-change": 1, "stage-add": 1, "stage-update": 2, "stage-delete": 1}
    again = people.full_import(resume_from_file=FILE)
    assert (again.status, staged(people)) == (Status.SUCCESS, through)
    assert people.watermark() == people.hr.watermark


def test_a_drop_file_is_lines_of_json_that_people_can_read(people: Company) -> None:
    people.full_import(to_file=FILE)
    header, section, first, *_ = lines(people)
    assert {name: header[name] for name in ("format", "connector", "step")} == {
        "format": "unisono-drop-file-1",
        "connector": "hr",
        "step": "full-import",
    }
    assert header["fingerprint"] == people.context.project.fingerprint
    assert header["types"]["person"]["mails"] == "string[]"
    assert section == {"section": "objects", "type": "person", "lines": 3}
    assert first == {
        "anchor": "1",
        "dn": "1",
        "values": {"id": "1", "mails": ["a@x", "b@x"], "manager": "1", "name": "Name 1"},
    }
    end = lines(people)[-1]
    assert (end["end"], end["lines"]) == ("unisono-drop-file-1", {"objects": 4})


def test_discovery_errors_are_in_the_file_and_come_back_out_of_it(people: Company) -> None:
    people.hr.broken["3"] = "invalid-attribute-value"
    written = people.full_import(to_file=FILE)
    assert (written.status, people.errors()) == (
        Status.COMPLETED_DISCOVERY_ERRORS,
        [("invalid-attribute-value", "3")],
    )
    resumed = people.full_import(resume_from_file=FILE)
    assert (resumed.status, people.errors()) == (
        Status.COMPLETED_DISCOVERY_ERRORS,
        [("invalid-attribute-value", "3")],
    )
    assert "stage-delete" not in counters(resumed)


def test_a_reading_that_ends_early_leaves_no_file(people: Company) -> None:
    folder = people.project.directory
    endings: list[dict[str, Any]] = [{"object_limit": 1}, {"stop_after": 1}]
    for options in endings:
        step = people.full_import(to_file=FILE, page_objects=1, **options)
        assert step.status in (Status.STOPPED_OBJECT_LIMIT, Status.STOPPED_USER_TERMINATION)
        assert [path.name for path in folder.iterdir() if "hr.jsonl" in path.name] == []


def test_the_guard_looks_at_what_comes_from_a_file(people: Company) -> None:
    people.full_import(to_file=FILE)
    text = (people.project.directory / "connectors" / "hr.yaml").read_text()
    people.write(connectors__hr_yaml=text.replace("deletes: none", "deletes: {absolute: 0}"))
    held = people.full_import(resume_from_file=FILE)
    assert (held.status, held.held_hash is None) == (Status.STOPPED_DELETION_THRESHOLD_EXCEEDED, False)
    assert "the project has changed since" in held.message


def test_the_profile_of_a_project_names_the_file(people: Company) -> None:
    text = (people.project.directory / "connectors" / "hr.yaml").read_text()
    profiles = """\
run-profiles:
  look: [{type: full-import, to-file: hr.jsonl}]
  go-on: [{type: full-import, resume-from-file: hr.jsonl}, delta-synchronization]
"""
    people.write(connectors__hr_yaml=text + profiles)
    assert people.run_configured("hr", "look").status is Status.SUCCESS
    assert people.run_configured("hr", "go-on").status is Status.SUCCESS
    assert people.mv_object(id="4") is not None


# --- files that are not right ----------------------------------------------------------------------------------------


def test_a_file_that_was_cut_anywhere_is_refused(people: Company) -> None:
    people.full_import(to_file=FILE)
    before = staged(people)
    file = people.project.directory / FILE
    whole = file.read_bytes()
    places = [0, 1, len(whole) // 2, len(whole) - 1, *(i + 1 for i, byte in enumerate(whole[:-1]) if byte == ord("\n"))]
    for place in places:
        file.write_bytes(whole[:place])
        assert people.full_import(resume_from_file=FILE).status is Status.STOPPED_PARSING_ERRORS
    assert staged(people) == before


def test_a_file_that_was_changed_is_refused(people: Company) -> None:
    people.full_import(to_file=FILE)
    file = people.project.directory / FILE
    file.write_text(file.read_text().replace("Director", "Boss"))
    step = people.full_import(resume_from_file=FILE)
    assert (step.status, "checksum" in step.message) == (Status.STOPPED_PARSING_ERRORS, True)


def test_a_file_of_another_step_or_connector_is_refused(people: Company) -> None:
    people.full_import(to_file=FILE)
    wrong = Status.NO_START_FILE_CONTAINS_INCORRECT_STEP_TYPE
    assert people.delta_import(resume_from_file=FILE).status is wrong
    assert people.full_import("directory", resume_from_file=FILE).status is wrong


def test_a_file_of_other_object_types_is_refused(people: Company) -> None:
    people.full_import(to_file=FILE)
    text = (people.project.directory / "connectors" / "hr.yaml").read_text()
    people.write(connectors__hr_yaml=text.replace("title: string", "title: string\n      grade: integer"))
    assert people.full_import(resume_from_file=FILE).status is Status.NO_START_HEADER_ROW_MISMATCH


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("nothing.jsonl", Status.NO_START_FILE_NOT_FOUND, id="missing"),
        pytest.param("rules", Status.NO_START_FILE_OPEN, id="a-folder"),
        pytest.param("unisono.yaml", Status.STOPPED_PARSING_ERRORS, id="something-else"),
    ],
)
def test_what_is_no_drop_file_is_refused(people: Company, path: str, status: Status) -> None:
    assert people.full_import(resume_from_file=path).status is status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("missing/hr.jsonl", Status.NO_START_FILE_NOT_FOUND, id="no-folder"),
        pytest.param("rules", Status.NO_START_FILE_OPEN, id="a-folder"),
        pytest.param("unisono.yaml", Status.NO_START_BAD_MA_CONFIGURATION, id="something-else"),
    ],
)
def test_a_file_is_not_written_over_something_else(people: Company, path: str, status: Status) -> None:
    before = (people.project.directory / "unisono.yaml").read_text()
    step = people.full_import(to_file=path)
    assert (step.status, people.hr.readings) == (status, 1)
    assert (people.project.directory / "unisono.yaml").read_text() == before


def test_only_its_owner_reads_a_drop_file(people: Company) -> None:
    people.full_import(to_file=FILE)
    assert (people.project.directory / FILE).stat().st_mode & 0o777 == 0o600
    people.full_import(to_file=FILE)  # one drop file replaces another
    assert _leftovers(people.project.directory) == []


def _leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".draft")]


def test_a_line_that_no_import_writes_is_refused_even_with_a_checksum(people: Company) -> None:
    """Whoever makes such a file by hand is told what is wrong, and sees no traceback."""
    people.full_import(to_file=FILE)
    file = people.project.directory / FILE
    for old, new in (('"lines":3', '"lines":9'), ('{"anchor":"1"', '["anchor","1"'), ('"objects"', '"entries"')):
        _forge(file, old, new)
        assert people.full_import(resume_from_file=FILE).status is Status.STOPPED_PARSING_ERRORS
        people.full_import(to_file=FILE)


def _forge(file: Path, old: str, new: str) -> None:
    *body, end = file.read_text().splitlines(keepends=True)
    text = "".join(body).replace(old, new, 1)
    digest = hashlib.sha256(text.encode()).hexdigest()
    file.write_text(text + json.dumps({**json.loads(end), "sha256": digest}) + "\n")
