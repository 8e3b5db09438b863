"""Figures that tests print at the end of a session, whether they passed or failed: how much was tried, and the seed."""

from __future__ import annotations

import pytest

FIGURES = "figures"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tests record a line with ``record_property``; it comes from parallel processes, too."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [str(line) for report in reports for name, line in _properties(report) if name == FIGURES]
    for line in lines:
        terminalreporter.write_line(line)


def _properties(report: pytest.TestReport) -> list[tuple[str, object]]:
    return getattr(report, "user_properties", [])
