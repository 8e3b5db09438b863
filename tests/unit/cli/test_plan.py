"""A plan counts and lists what would change, the worst first, and what is filtered is what was asked for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono, check_golden

from unisono.cli import output
from unisono.cli.actions import listing
from unisono.cli.actions import plans as actions
from unisono.runs import ordering, spool


@pytest.fixture
def busy(settled: TestProject, unisono: Unisono) -> TestProject:
    """Something of every kind waits: a leaver, a joiner, another title, a name, no title, no manager."""
    settled.write(
        hr_csv="employeeId,givenName,sn,title,startDate,manager\n"
        "E1,Robin,Smith,,2020-01-01,\n"
        "E2,Kim,Lee,Boss,2021-02-03,\n"
        "E3,Ana,García,,2022-03-04,E1\n"
        "E5,Zoë,New,Clerk,2024-05-06,E1\n"
    )
    unisono("run", "hr", "full-import")
    return settled


def changes(document: Any) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["space"], each["name"]) for each in document["changes"]]


def test_a_plan_of_a_busy_day(busy: TestProject, unisono: Unisono) -> None:
    call = unisono("plan")
    assert call.status == 0
    check_golden("plan-busy.txt", call.out)
    check_golden("plan-busy.json", unisono("plan", "--json").out)


def test_the_worst_changes_come_first(busy: TestProject, unisono: Unisono) -> None:
    kinds = [each["kind"] for each in unisono("plan", "--json").document["changes"]]
    assert list(dict.fromkeys(kinds)) == [
        "delete",
        "disconnect",
        "clear",
        "remove",
        "update",
        "add",
        "provision",
        "project",
    ]


def test_who_is_deleted_has_a_name(busy: TestProject, unisono: Unisono) -> None:
    document = unisono("plan", "--change", "delete", "--json").document
    assert changes(document) == [("delete", "metaverse", "Kim Novak"), ("delete", "app", "E4")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("--space", "app"), {"space": {"app"}}, id="space"),
        pytest.param(("--change", "update"), {"kind": {"update"}}, id="kind"),
        pytest.param(("--attribute", "title"), {"attribute": {"title"}}, id="attribute"),
        pytest.param(("--object", "ROBIN"), {"name": {"Robin Smith"}}, id="name-in-any-case"),
        pytest.param(("--object", "id:10"), {"object_id": {10}}, id="id"),
        pytest.param(("--space", "hr", "--change", "disconnect"), {"name": {"E4"}}, id="both"),
    ],
)
def test_filters_choose_what_is_listed(
    words: tuple[str, ...], expected: dict[str, set[object]], busy: TestProject, unisono: Unisono
) -> None:
    document = unisono("plan", *words, "--json").document
    for field, values in expected.items():
        assert {each[field] for each in document["changes"]} == values
    assert sum(each["changes"] for each in document["matching"]) == len(document["changes"])
    assert document["kinds"] == unisono("plan", "--json").document["kinds"]


def test_a_limit_is_of_objects_and_what_it_leaves_out_is_counted(busy: TestProject, unisono: Unisono) -> None:
    words = ("plan", "--change", "update", "--space", "metaverse")
    assert "--limit 0 lists all" not in unisono(*words).out
    assert "and 1 more object: --limit 0 lists all" in unisono(*words, "--limit", "1").out
    listed = unisono(*words, "--limit", "1", "--json").document["changes"]
    assert [(each["name"], each["attribute"]) for each in listed] == [("Kim Lee", "displayName"), ("Kim Lee", "title")]


def test_a_filter_that_nothing_passes_is_said(busy: TestProject, unisono: Unisono) -> None:
    assert "No change passes the filters." in unisono("plan", "--object", "nobody").out


def test_a_changed_project_is_tried_on_everybody_without_touching_the_first(
    settled: TestProject, tmp_path_factory: pytest.TempPathFactory, unisono: Unisono
) -> None:
    changed = _copy(settled.directory, tmp_path_factory.mktemp("changed"))
    rule = (changed / "rules" / "hr.yaml").read_text(encoding="utf-8")
    (changed / "rules" / "hr.yaml").write_text(rule.replace('" " & [sn]', '" " & UCase([sn])'), encoding="utf-8")
    document = unisono("plan", "--with", str(changed), "--attribute", "displayName", "--json").document
    assert document["full"] is True
    assert [(each["before"], each["after"]) for each in document["changes"]] == [
        ("Ana García", "Ana GARCÍA"),
        ("Kim Li", "Kim LI"),
        ("Kim Novak", "Kim NOVAK"),
        ("Robin Smith", "Robin SMITH"),
    ]
    assert document["next"] == []
    assert "Nothing would change." in unisono("plan", "--full").out


def _copy(project: Path, target: Path) -> Path:
    shutil.copytree(project, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("unisono.db*"))
    return target


def test_a_project_in_which_nobody_takes_part_has_an_empty_plan(company: TestProject, unisono: Unisono) -> None:
    company.write(unisono_yaml="name: company\nstore: sqlite:///unisono.db\ncycle: []\n")
    call = unisono("plan")
    assert (call.status, call.out.splitlines()[-1]) == (0, "Nothing would change.")
    assert unisono("cycle").status == 0


def test_what_is_planned_is_what_the_run_does(busy: TestProject, unisono: Unisono) -> None:
    planned = unisono("plan", "hr", "--json").document["connectors"][0]["counts"]
    ran = unisono("run", "hr", "delta-synchronization", "--json").document["steps"][0]["counts"]
    assert sorted(map(str, planned)) == sorted(map(str, ran))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="text"),
        pytest.param(("--limit", "1"), id="text-of-first-objects"),
        pytest.param(("--limit", "0"), id="text-of-all"),
        pytest.param(("--json",), id="json"),
        pytest.param(("--json", "--limit", "1"), id="json-of-first-objects"),
        pytest.param(("--json", "--space", "metaverse", "--change", "update"), id="json-filtered"),
    ],
)
def test_a_plan_that_is_kept_in_small_blocks_is_told_the_same(
    words: tuple[str, ...], busy: TestProject, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    whole = unisono("plan", *words)
    small_blocks(monkeypatch)
    monkeypatch.setattr(listing, "_TOLD_APART", 3)
    monkeypatch.setattr(listing, "_JSON_ROWS", 2)
    assert unisono("plan", *words) == whole


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 4)
    monkeypatch.setattr(ordering, "PIECE_ROWS", 2)
    monkeypatch.setattr(ordering, "RANGE_ROWS", 4)


def test_a_long_document_is_the_same_as_a_short_one_but_for_line_breaks(
    busy: TestProject, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    short = unisono("plan", "--json")
    monkeypatch.setattr(output, "READABLE_BYTES", 100)
    long = unisono("plan", "--json")
    assert long.out.count("\n") == 1
    assert long.document == short.document


def test_all_errors_are_in_json_and_the_first_ones_in_the_table(
    settled: TestProject, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    failing = (settled.directory / "rules" / "hr.yaml").read_text(encoding="utf-8")
    settled.write(rules__hr_yaml=failing.replace("  title: title\n", "  title: 'CStr(CNum([sn]))'\n"))
    whole = unisono("plan", "hr", "--full", "--json")
    small_blocks(monkeypatch)
    monkeypatch.setattr(spool, "BLOCK_ROWS", 1)
    assert unisono("plan", "hr", "--full", "--json") == whole
    (planned,) = whole.document["connectors"]
    assert [each["anchor"] for each in planned["errors"]] == ["E1", "E2", "E3", "E4"]
    monkeypatch.setattr(actions, "SHOWN_ERRORS", 3)
    monkeypatch.setattr(spool, "BLOCK_ROWS", 100)
    text = unisono("plan", "hr", "--full")
    assert text.status == whole.status == 1
    assert "and 1 more error: --json has all" in text.out
