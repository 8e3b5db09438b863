"""What else the machine is doing: figures that were taken beside other work are no figures."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STAT = Path("/proc/stat")
_WATCHED_S = 1.0
_QUIET_SHARE = 0.1  # of one core
_ALWAYS_S = 0.3  # what a short measurement meets by chance
_WARNING = "WARNING: the machine is doing other work, wall times will say little"
_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def busy_s() -> float:
    """CPU seconds of everything on all cores since the machine started; 0 where the system does not tell."""
    if not _STAT.exists():
        return 0.0
    words = _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    times = dict(zip(_FIELDS, map(int, words[: len(_FIELDS)]), strict=True))
    return sum(times[name] for name in _BUSY) / os.sysconf("SC_CLK_TCK")


def is_loud(others_cpu_s: float, wall_s: float) -> bool:
    """Whether other programs took so much CPU time beside a measurement that it means little."""
    return others_cpu_s > _QUIET_SHARE * wall_s + _ALWAYS_S


def load() -> str:
    """Cores, load, and what is running right now; takes a second. With a warning where that is much."""
    begun = busy_s()
    time.sleep(_WATCHED_S)
    in_use = (busy_s() - begun) / _WATCHED_S
    averages = " ".join(f"{average:.2f}" for average in os.getloadavg())
    told = f"{os.cpu_count()} cores, load {averages}, {in_use:.2f} cores in use"
    return f"{told}\n{_WARNING}" if in_use > 2 * _QUIET_SHARE else told
