"""Old history is cleared by hand, and what is gone is told as gone."""

from __future__ import annotations

from tests.projects import TestProject
from tests.unit.cli.calls import Unisono


def test_the_history_of_a_young_project_stays(settled: TestProject, unisono: Unisono) -> None:
    runs = unisono("history", "--json").out
    call = unisono("tidy")
    assert call.status == 0
    first, second = (line for line in call.out.splitlines() if line)
    assert first.startswith("0 runs from before ")
    assert second.startswith("The store takes ")
    assert unisono("history", "--json").out == runs


def test_runs_older_than_some_days_are_cleared_but_the_last_of_each_profile(
    settled: TestProject, unisono: Unisono
) -> None:
    before = unisono("history", "--json").document["runs"]
    last = {(run["connector"], run["profile"]): run["id"] for run in reversed(before)}
    document = unisono("tidy", "--keep-days", "0", "--json").document
    after = [run["id"] for run in unisono("history", "--json").document["runs"]]
    assert sorted(after) == sorted(last.values())
    assert document["runs"] == len(before) - len(after) > 0
    assert 0 < document["bytes_after"] <= document["bytes_before"]


def test_a_run_that_was_cleared_is_told_as_such(settled: TestProject, unisono: Unisono) -> None:
    unisono("tidy", "--keep-days", "0")
    left = {run["id"] for run in unisono("history", "--json").document["runs"]}
    gone = min(set(range(1, max(left))) - left)
    for words in (("history", "--run", str(gone)), ("errors", "--run", str(gone))):
        call = unisono(*words)
        assert call.status == 2
        assert f"run {gone} is not in the history any more" in call.err
        assert "keep-days" in call.err


def test_a_project_that_keeps_its_history_for_ever_clears_nothing(settled: TestProject, unisono: Unisono) -> None:
    text = (settled.directory / "unisono.yaml").read_text(encoding="utf-8")
    settled.write(unisono_yaml=text + "history: {keep-days: none}\n")
    assert unisono("tidy", "--json").document["before"] is None
    assert "for ever" in unisono("tidy").out


def test_a_number_of_days_that_is_none_is_a_mistake(settled: TestProject, unisono: Unisono) -> None:
    assert unisono("tidy", "--keep-days", "-1").status == 2
