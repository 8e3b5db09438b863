"""The demonstration: the first minute with Unisono."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_FIRST_MINUTE_S = 60


def unisono(*words: str, within_s: int = _FIRST_MINUTE_S) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own as a person starts it."""
    return subprocess.run(
        [sys.executable, "-m", "unisono", *words], capture_output=True, text=True, timeout=within_s, check=False
    )


def test_the_demonstration_succeeds_within_a_minute_and_leaves_nothing_to_do(tmp_path: Path) -> None:
    directory = tmp_path / "contoso"
    demo = unisono("demo", str(directory))
    assert (demo.returncode, demo.stderr.count("Traceback")) == (0, 0)
    cycle = unisono("--project", str(directory), "cycle", "--json")
    assert cycle.returncode == 0
    told = json.loads(cycle.stdout)
    assert told["changed"] is False
    assert told["held"] == []
    pending = [(one["connector"], one["pending_imports"], one["pending_exports"]) for one in told["pending"]]
    assert [one for one in pending if one[1:] != (0, 0)] == []
