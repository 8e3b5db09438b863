"""Runs a module as the main program and reports its cost: ``python -m benchmarks.child REPORT MODULE ARGUMENTS``.

A process knows its own peak memory exactly (``VmHWM``); whoever waits for it from outside sees a figure that includes
the memory of the process it was forked from.
"""

from __future__ import annotations

import json
import resource
import runpy
import sys
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> float:
    """The largest resident memory of this process so far."""
    if _STATUS.exists():
        fields = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024  # macOS: bytes


def main() -> None:
    report, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        cost = {"cpu_s": time.process_time(), "peak_mib": peak_mib()}
        Path(report).write_text(json.dumps(cost), encoding="utf-8")


if __name__ == "__main__":
    main()
