"""Every mistake has a check, a place and, where one can guess, a hint.

A folder in ``broken`` is named for its fault. Its files are laid over the project in ``sound``; ``expected.txt``
lists all that must be found, in order: place, severity and check.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unisono.config import load_project
from unisono.config.checks import Check
from unisono.model.errors import ConfigurationError, Mistake

HERE = Path(__file__).parent
FAULTS = sorted(folder.name for folder in (HERE / "broken").iterdir())
ENVIRON = {"SET": "correct horse battery staple", "EMPTY": ""}

#: Shown elsewhere: faults that no folder can hold.
ELSEWHERE = {Check.BAD_PATH, Check.MISSING_LIBRARY}


def laid_over(fault: str, directory: Path) -> Path:
    """The sound project with the fault in it."""
    shutil.copytree(HERE / "sound", directory, dirs_exist_ok=True)
    shutil.copytree(HERE / "broken" / fault, directory, dirs_exist_ok=True)
    (directory / "expected.txt").unlink()
    return directory


def mistakes_in(directory: Path) -> tuple[Mistake, ...]:
    try:
        return load_project(directory, environ=ENVIRON).warnings
    except ConfigurationError as error:
        return error.mistakes


def expected(fault: str) -> list[str]:
    return (HERE / "broken" / fault / "expected.txt").read_text(encoding="utf-8").splitlines()


def test_the_sound_project_has_no_mistakes() -> None:
    assert mistakes_in(HERE / "sound") == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_project_tells_every_mistake_with_its_place(fault: str, tmp_path: Path) -> None:
    found = mistakes_in(laid_over(fault, tmp_path))
    assert [f"{mistake.place} {mistake.severity} {mistake.check}" for mistake in found] == expected(fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_message_shows_a_secret(fault: str, tmp_path: Path) -> None:
    text = " ".join(f"{m!r} {m.message} {m.hint}" for m in mistakes_in(laid_over(fault, tmp_path)))
    assert "horse" not in text
    assert "0123456789" not in text


def test_every_check_has_a_broken_project() -> None:
    shown = {line.split()[-1] for fault in FAULTS for line in expected(fault)}
    assert set(Check) - shown == ELSEWHERE
