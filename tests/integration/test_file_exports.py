"""Exporting a file takes as much memory however large it is, says when temporary files lack space, and leaves none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = pytest.mark.parametrize("kind", ["ldif", "delimited-text"])


def command(kind: str, directory: Path, people: int, letters: int) -> Sequence[str]:
    program = [sys.executable, "-m", "tests.integration.file_exports"]
    return [*program, kind, str(directory), str(people), str(letters)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **more}


def peak_mib(kind: str, directory: Path, people: int) -> int:
    """Of adding, changing, renaming and importing so many people of 5,000 letters each, in a fresh process."""
    directory.mkdir()
    arguments = command(kind, directory, people, 5_000)
    done = subprocess.run(arguments, env=environment(), check=True, capture_output=True, text=True, timeout=120)
    return int(done.stdout)


@KINDS
def test_three_times_the_people_take_no_more_memory(tmp_path: Path, kind: str) -> None:
    # 100 MB more text. Kept in memory it would show: frames of it take several times as much.
    growth = peak_mib(kind, tmp_path / "many", 30_000) - peak_mib(kind, tmp_path / "few", 10_000)
    assert growth < 70


# In a namespace of its own there is a disk of its own, which is gone when the script ends.
_SMALL_DISK = 'mount -t tmpfs -o size=8m tmpfs "$TMPDIR" && exec "$@"'


@KINDS
def test_a_full_disk_for_temporary_files_stops_the_export_and_leaves_the_old_file(tmp_path: Path, kind: str) -> None:
    drop, temporary = tmp_path / "drop", tmp_path / "temporary"
    drop.mkdir()
    temporary.mkdir()
    subprocess.run(command(kind, drop, 10, 1), env=environment(), check=True, capture_output=True, timeout=60)
    before = (drop / "people").read_bytes()
    namespace = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    script = ["sh", "-c", _SMALL_DISK, "sh", *command(kind, drop, 1_000, 100_000)]
    done = subprocess.run(
        [*namespace, *script],
        env=environment(TMPDIR=str(temporary)),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("stopped-disk-full: ")
    assert str(drop / "people") in done.stdout
    assert "TMPDIR" in done.stdout
    assert (drop / "people").read_bytes() == before
    assert list(drop.iterdir()) == [drop / "people"]


@KINDS
def test_a_killed_export_leaves_no_temporary_file(tmp_path: Path, kind: str) -> None:
    drop, temporary = tmp_path / "drop", tmp_path / "temporary"
    drop.mkdir()
    temporary.mkdir()
    arguments = [*command(kind, drop, 2_000, 100_000), "pause"]
    with subprocess.Popen(
        arguments, env=environment(TMPDIR=str(temporary)), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on disk\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert [*drop.iterdir(), *temporary.iterdir()] == []
