"""What stands on the screen: for people on a terminal, for programs off it, and harmless in both."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rich.console import RenderableType
from rich.text import Text
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono

from unisono.cli import output
from unisono.cli.views.parts import counted, duration, safe, table

_COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)(?:;\d+)*m")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, "", id="nothing"),
        pytest.param("García", "García", id="letters"),
        pytest.param(12345, "12,345", id="number"),
        pytest.param(True, "true", id="boolean"),
        pytest.param(["a", "b"], "a; b", id="several"),
        pytest.param("a\x1b[2Jb", "a\\x1b[2Jb", id="terminal-control"),
        pytest.param("two\nlines", "two\\nlines", id="line-break"),
        pytest.param("zero\u200bwidth", "zero\\u200bwidth", id="invisible"),
        pytest.param("right\u202eleft", "right\\u202eleft", id="direction"),
        pytest.param("[bold]x[/]", "[bold]x[/]", id="markup"),
    ],
)
def test_a_value_is_shown_as_it_is_and_what_is_invisible_is_escaped(value: object, expected: str) -> None:
    assert safe(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0.034, "0.03 s", id="parts-of-a-second"),
        pytest.param(12.34, "12.3 s", id="seconds"),
        pytest.param(200, "3 min 20 s", id="minutes"),
        pytest.param(7500, "2 h 05 min", id="hours"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_one_thing_is_no_plural() -> None:
    assert (counted(1, "object"), counted(2000, "object")) == ("1 object", "2,000 objects")


def test_off_a_terminal_nothing_is_cut_coloured_or_padded() -> None:
    stream = io.StringIO()
    output.show([table(("a", "b"), [("x" * 300, Text("y", style="red"))]), "end"], stream)
    lines = stream.getvalue().splitlines()
    assert any("x" * 300 + "   y" in line for line in lines)
    assert [line for line in lines if line != line.rstrip() or "\x1b" in line] == []


def test_parts_are_separated_by_an_empty_line() -> None:
    def parts() -> Iterator[RenderableType]:
        yield "one"
        yield "two"

    stream = io.StringIO()
    output.show(parts(), stream)
    assert stream.getvalue() == "one\n\ntwo\n"


def on_a_terminal(*words: str, **environment: str) -> str:
    """The command's output on a terminal of its own."""
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "unisono", *words]
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment}
    process = subprocess.Popen(command, stdout=terminal, stderr=terminal, stdin=terminal, env=variables)
    os.close(terminal)
    said = b""
    while chunk := _read(master):
        said += chunk
    process.wait()
    os.close(master)
    return said.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # how Linux tells that the other side of a terminal is closed
        return b""


def test_a_terminal_has_colour_unless_it_is_refused(settled: TestProject) -> None:
    assert _COLOUR.search(on_a_terminal("history"))
    assert not _COLOUR.search(on_a_terminal("history", NO_COLOR="1"))


def test_a_quick_run_on_a_terminal_leaves_no_trace_of_progress(settled: TestProject) -> None:
    said = on_a_terminal("run", "hr", "full-import", NO_COLOR="1")
    assert "/s" not in said
    assert "4 stage-no-change" in said


def test_json_is_one_document_and_progress_is_no_part_of_it(settled: TestProject, unisono: Unisono) -> None:
    call = unisono("cycle", "--json")
    assert call.err == ""
    assert set(json.loads(call.out)) == {"runs", "pending", "held", "changed", "next"}


@pytest.mark.parametrize("words", [("--json", "history"), ("history", "--json")], ids=" ".join)
def test_shared_options_stand_before_or_behind_the_command(
    words: tuple[str, ...], settled: TestProject, unisono: Unisono
) -> None:
    assert unisono(*words).document["runs"]


def test_the_project_is_named_by_option_variable_or_place(
    settled: TestProject, monkeypatch: pytest.MonkeyPatch, unisono: Unisono
) -> None:
    assert unisono("history").status == 0
    monkeypatch.chdir("/")
    assert unisono("history").status == 2
    assert unisono("history", "--project", str(settled.directory)).status == 0
    monkeypatch.setenv("UNISONO_PROJECT", str(settled.directory))
    assert unisono("history").status == 0


def test_commands_to_type_next_name_the_project_again(company: TestProject, unisono: Unisono) -> None:
    folder = str(company.directory)
    following = unisono("--project", folder, "run", "hr", "full-import", "--json").document["next"]
    assert following[0] == f"unisono --project {folder} plan hr"


def test_history_counts_times_in_utc(settled: TestProject, unisono: Unisono) -> None:
    for run in unisono("history", "--json").document["runs"]:
        started = datetime.fromisoformat(run["started_at"])
        assert started.tzinfo is UTC
        assert started <= datetime.fromisoformat(run["ended_at"])
