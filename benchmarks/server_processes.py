"""What the processes of a server cost while something else is measured: CPU time and private memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")
_LOOKED_S = 0.2
_PARENT, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 11, 12, 13, 14  # places in stat, behind the program's name


@dataclass(slots=True)
class ServerCost:
    """``private_mib``: the most that all processes together had for themselves, without what they share."""

    cpu_s: float = 0.0
    private_mib: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProcesses:
    """A process and its children, which it waits for when they end."""

    pid: int

    @contextmanager
    def watched(self) -> Iterator[ServerCost]:
        """The cost is filled in when the block has ended. Memory is looked at five times a second."""
        cost, ended = ServerCost(), threading.Event()

        def look() -> None:
            while not ended.wait(_LOOKED_S):
                cost.private_mib = max(cost.private_mib, self._private_mib())

        begun = self._cpu_s()
        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield cost
        finally:
            ended.set()
            watcher.join()
            cost.cpu_s = self._cpu_s() - begun
            cost.private_mib = max(cost.private_mib, self._private_mib())

    def _cpu_s(self) -> float:
        """Of those that run and those that have ended."""
        ticks = 0
        for stat in self._family():
            ticks += int(stat[_USER]) + int(stat[_SYSTEM])
            if stat[_PARENT] != str(self.pid):
                ticks += int(stat[_ENDED_USER]) + int(stat[_ENDED_SYSTEM])
        return ticks * _TICKS_S

    def _private_mib(self) -> float:
        return sum(_private_kib(process) for process in self._children()) / 1024

    def _family(self) -> Iterator[list[str]]:
        for process in self._children():
            if stat := _stat(process):
                yield stat

    def _children(self) -> list[Path]:
        own = _PROC / str(self.pid)
        children = [p for p in _PROC.glob("[0-9]*") if (stat := _stat(p)) and stat[_PARENT] == str(self.pid)]
        return [own, *children]


def _stat(process: Path) -> list[str]:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return []


def _private_kib(process: Path) -> int:
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)
