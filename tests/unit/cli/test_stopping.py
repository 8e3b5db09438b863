"""Ctrl-C: the first one asks for a clean stop, the second one ends at once."""

from __future__ import annotations

import signal

import pytest
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono

from unisono.cli.progress import Progress
from unisono.cli.stopping import stoppable


def test_the_first_one_asks_for_a_stop_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with stoppable() as stop:
        signal.raise_signal(signal.SIGINT)
    assert stop.requested
    assert "Ctrl-C again ends at once" in capsys.readouterr().err


def test_the_second_one_ends_at_once() -> None:
    with stoppable():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_afterwards_it_means_what_it_meant_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_that_is_asked_to_stop_ends_between_batches_and_deletes_nobody(
    settled: TestProject, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    settled.write(hr_csv="employeeId,givenName,sn,title,startDate,manager\nE1,Robin,Smith,Director,2020-01-01,\n")
    _interrupt_when_objects_arrive(monkeypatch)
    call = unisono("run", "hr", "full-import")
    assert call.status == 3
    assert "stopped-user-termination-from-wmi-or-ui" in call.out
    assert unisono("search", "", "--connector", "hr", "--json").document["objects"][1]["import_operation"] is None


def test_a_cycle_that_is_asked_to_stop_starts_no_further_run(
    settled: TestProject, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    _interrupt_when_objects_arrive(monkeypatch)
    call = unisono("cycle", "--json")
    assert (call.status, len(call.document["runs"])) == (3, 1)


def _interrupt_when_objects_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody presses Ctrl-C when the first batch is told to the reporter, on a terminal."""
    monkeypatch.setattr(Progress, "step", lambda *_: None)
    monkeypatch.setattr(Progress, "advance", lambda *_: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_a_command_that_is_ended_at_once_says_so_without_a_traceback(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    def interrupted(_code: str) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("unisono.cli.actions.codes.explain", interrupted)
    call = unisono("code", "success", *words)
    assert call.status == 130
    assert "ended at once" in call.out + call.err
    assert "Traceback" not in call.err
