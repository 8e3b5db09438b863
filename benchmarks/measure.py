"""What a program costs: wall time, CPU time and peak memory, each time in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.server_processes import ServerCost, ServerProcesses

_REPOSITORY = Path(__file__).resolve().parent.parent


class ProgramFailed(Exception):
    """A measured program ended with a status that was not expected; carries the end of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took. ``cpu_s`` is user and system time of all its threads.

    The server's figures are of all its processes meanwhile, memory without what these share. ``others_cpu_s`` is what
    all else on the machine took.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float
    output: str  # standard output
    server_cpu_s: float = 0.0
    server_mib: float = 0.0
    others_cpu_s: float = 0.0

    @property
    def all_cpu_s(self) -> float:
        return self.cpu_s + self.server_cpu_s


def measure(
    module: str,
    arguments: Sequence[str],
    *,
    timeout_s: float,
    expected: Sequence[int] = (0,),
    server: ServerProcesses | None = None,
) -> Cost:
    """Run ``python -m module arguments`` in a fresh process.

    Raises ``ProgramFailed`` for an exit status that is not ``expected``, ``subprocess.TimeoutExpired`` after
    ``timeout_s`` (the process is killed).
    """
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-") as folder:
        report = Path(folder) / "cost.json"
        command = [sys.executable, "-m", "benchmarks.child", str(report), module, *arguments]
        busy_s, own_s = machine.busy_s(), time.process_time()
        with server.watched() if server else nullcontext(ServerCost()) as of_server:
            begun = time.perf_counter()
            process = subprocess.run(
                command, cwd=_REPOSITORY, env=_environment(), capture_output=True, text=True, timeout=timeout_s
            )
            wall_s = time.perf_counter() - begun
        busy_s, own_s = machine.busy_s() - busy_s, time.process_time() - own_s
        if process.returncode not in expected:
            said = (process.stderr or process.stdout)[-4000:]
            raise ProgramFailed(f"{module} {' '.join(arguments)} ended with status {process.returncode}:\n{said}")
        cost = json.loads(report.read_text(encoding="utf-8"))
    return Cost(
        wall_s=wall_s,
        cpu_s=cost["cpu_s"],
        peak_mib=cost["peak_mib"],
        output=process.stdout,
        server_cpu_s=of_server.cpu_s,
        server_mib=of_server.private_mib,
        others_cpu_s=max(0.0, busy_s - own_s - cost["cpu_s"] - of_server.cpu_s),
    )


def _environment() -> dict[str, str]:
    """This process's, but compiled modules are kept: an installed program does not compile itself at every start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
