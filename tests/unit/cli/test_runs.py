"""Runs are told step by step, and the command to type next follows from what is pending."""

from __future__ import annotations

import pytest
from tests.projects import APP, HR, TestProject, people
from tests.unit.cli.calls import Unisono, check_golden


def test_a_run_profile_of_the_connector_runs_all_of_its_steps(company: TestProject, unisono: Unisono) -> None:
    company.write(connectors__hr_yaml=HR + "run-profiles:\n  all: [full-import, full-synchronization]\n")
    call = unisono("run", "hr", "all")
    assert call.status == 0
    check_golden("run-profile.txt", call.out)
    check_golden("run-profile.json", unisono("history", "--run", "1", "--json").out)


def test_a_profile_of_the_connector_counts_more_than_a_step_of_its_name(company: TestProject, unisono: Unisono) -> None:
    company.write(connectors__hr_yaml=HR + "run-profiles:\n  export: [full-import]\n")
    assert unisono("run", "hr", "export", "--json").document["steps"][0]["type"] == "full-import"


@pytest.mark.parametrize(
    ("runs", "following"),
    [
        pytest.param(
            [("hr", "full-import")],
            ["unisono plan hr", "unisono run hr delta-synchronization"],
            id="import-is-planned-and-synchronized",
        ),
        pytest.param(
            [("hr", "full-import"), ("hr", "delta-synchronization")],
            ["unisono run app export"],
            id="synchronization-is-exported",
        ),
        pytest.param(
            [("hr", "full-import"), ("hr", "delta-synchronization"), ("app", "export")],
            ["unisono run app full-import"],
            id="export-is-confirmed",
        ),
        pytest.param(
            [("hr", "full-import"), ("hr", "delta-synchronization"), ("app", "export"), ("app", "full-import")],
            ["unisono plan app", "unisono run app delta-synchronization"],
            id="confirming-import-is-synchronized",
        ),
    ],
)
def test_what_follows_from_a_run(
    runs: list[tuple[str, str]], following: list[str], company: TestProject, unisono: Unisono
) -> None:
    for words in runs:
        call = unisono("run", *words, "--json")
    assert call.document["next"] == following


def test_nothing_follows_when_nothing_is_pending(settled: TestProject, unisono: Unisono) -> None:
    assert unisono("run", "hr", "full-import", "--json").document["next"] == []


def test_a_cycle_tells_each_run_and_what_is_pending(company: TestProject, unisono: Unisono) -> None:
    call = unisono("cycle")
    assert call.status == 1  # the application was empty: a warning
    check_golden("first-cycle.txt", call.out)


def test_a_cycle_tells_what_the_guard_holds_and_how_it_is_approved(settled: TestProject, unisono: Unisono) -> None:
    settled.write(hr_csv=people(40))
    unisono("cycle")
    settled.write(hr_csv=people(20))
    held = unisono("cycle", "--json")
    assert held.status == 4
    (batch,) = held.document["held"]
    assert batch["reasons"] == ["20 deletes in hr; allowed: 10 of 40"]
    assert batch["approve"] == f"unisono run hr full-import --approve {batch['hash']}"
    assert unisono(*batch["approve"].split()[1:]).status == 0


def test_what_was_held_is_forgotten_when_the_source_is_repaired(settled: TestProject, unisono: Unisono) -> None:
    settled.write(hr_csv=people(40))
    unisono("cycle")
    settled.write(hr_csv=people(20))
    assert unisono("cycle").status == 4
    settled.write(hr_csv=people(40))
    after = unisono("cycle", "--json")
    assert (after.status, after.document["held"]) == (0, [])
    with settled.open() as context, context.store.read() as reader:
        assert reader.held() == ()


def test_errors_are_grouped_by_code_and_cause(company: TestProject, unisono: Unisono) -> None:
    broken = people(8).replace("2020-01-02", "soon").replace("2020-01-03", "later") + people(2).splitlines()[1] + "\n"
    company.write(hr_csv=broken)
    unisono("run", "hr", "full-import")
    call = unisono("errors")
    assert call.status == 0
    check_golden("errors-grouped.txt", call.out)
    document = unisono("errors", "--run", "1", "--json").document
    assert [(group["code"], group["count"]) for group in document["groups"]] == [
        ("invalid-attribute-value", 2),
        ("duplicate-object", 1),
    ]
    assert document["total"] == 3


def test_an_export_that_is_refused_leads_to_its_error(company: TestProject, unisono: Unisono) -> None:
    company.write(connectors__app_yaml=APP.replace("export_file: app.csv", "export_file: nowhere/app.csv"))
    unisono("run", "hr", "full-import")
    unisono("run", "hr", "delta-synchronization")
    call = unisono("run", "app", "export", "--json")
    assert call.status == 3
    assert call.document["next"] == [f"unisono code {call.document['status']}"]


def test_history_is_newest_first_and_of_one_connector_when_asked(settled: TestProject, unisono: Unisono) -> None:
    numbers = [run["id"] for run in unisono("history", "--json").document["runs"]]
    assert numbers == sorted(numbers, reverse=True)
    of_app = unisono("history", "app", "--limit", "2", "--json").document["runs"]
    assert [run["connector"] for run in of_app] == ["app", "app"]


@pytest.mark.parametrize("number", [1, 5, 11])
def test_any_run_of_the_history_is_found_by_its_number(number: int, settled: TestProject, unisono: Unisono) -> None:
    assert unisono("history", "--run", str(number), "--json").document["id"] == number


def test_a_history_without_runs_says_so(company: TestProject, unisono: Unisono) -> None:
    assert unisono("history").out == "No run yet.\n"
    assert "there was no run yet" in unisono("history", "--run", "1").err
