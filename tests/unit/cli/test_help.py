"""Help is quick, complete, and the same as the reference page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.cli.calls import Unisono

from unisono.cli.app import COMMANDS
from unisono.cli.page import DOCUMENTS, EXIT, STATUSES, cli_page
from unisono.cli.status import ExitStatus

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "cli.md"
NAMES = [command.name for command in COMMANDS]

#: What no call for help may load.
HEAVY = {"alembic", "lark", "ldap", "msgspec", "polars", "psycopg", "pydantic", "rich", "ruamel", "sqlalchemy"}
#: Typer itself reads the values of options with it.
BY_TYPER = {"pydantic"}


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        pytest.param(["--help"], HEAVY, id="of-all"),
        pytest.param(["plan", "--help"], HEAVY - BY_TYPER, id="of-a-command"),
    ],
)
def test_help_loads_nothing_heavy(words: list[str], refused: set[str]) -> None:
    script = f"import sys; from unisono.cli import main; assert main({words!r}) == 0; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {module.partition(".")[0] for module in done.stdout.splitlines()[-1].split()}
    assert loaded & refused == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_command_explains_itself_with_examples(name: str, unisono: Unisono) -> None:
    call = unisono(name, "--help")
    assert call.status == 0
    _, _, examples = call.out.partition("Examples:\n")
    lines = [line.strip() for line in examples.strip().splitlines()]
    assert lines
    assert all(f"unisono {name}" in line or f" {name}" in line for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_commands_does_not_cut_what_they_do(name: str, unisono: Unisono) -> None:
    (line,) = [line for line in unisono("--help").out.splitlines() if line.startswith(f"  {name} ")]
    assert not line.endswith("...")


def test_the_page_in_the_documentation_is_the_one_that_the_commands_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == cli_page(), "docs/reference/cli.md is old; `make reference` writes it"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_stands_on_the_page(name: str, unisono: Unisono) -> None:
    page = cli_page()
    options = re.findall(r"^  (--[a-z]+)", unisono(name, "--help").out, re.MULTILINE)
    assert f"### `unisono {name}`" in page
    assert [option for option in options if f"`{option}" not in page] == []


def test_every_exit_status_stands_on_the_page_and_every_command_has_some() -> None:
    assert set(STATUSES) == set(ExitStatus)
    assert set(EXIT) == set(DOCUMENTS) == set(NAMES)


@pytest.mark.parametrize("module", ["unisono", "unisono.cli"])
def test_the_command_runs_as_a_module(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("unisono ")


def test_a_reader_who_goes_away_ends_the_command_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "unisono", "code", "success"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def commands_in_guides() -> list[str]:
    """Every call that the guides and the read-me show."""
    guides = [*sorted((ROOT / "docs" / "how-to").glob("*.md")), ROOT / "README.md"]
    text = "\n".join(guide.read_text(encoding="utf-8") for guide in guides)
    return sorted(set(re.findall(r"^ *(?:\.venv/bin/)?(unisono [^#\n`]+)", text, re.MULTILINE)))


@pytest.mark.parametrize("line", commands_in_guides())
def test_guides_show_commands_and_options_that_exist(line: str, unisono: Unisono) -> None:
    _, *words = shlex.split(line)
    if words[0] == "--project":
        words = words[2:]
    name, options = words[0], {word for word in words[1:] if word.startswith("--")}
    known = unisono(name, "--help")
    assert known.status == 0
    assert [option for option in options if f"  {option} " not in known.out] == []
