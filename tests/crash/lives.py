"""Lives of a process that runs cycles, and their deaths, as a seed decides them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.points import STATEMENT, Order
from tests.projects import environment
from tests.servers.postgres import PostgresDatabase

_KILLED = -9


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """At a point, or after some time."""

    order: Order | None = None
    after_s: float | None = None

    def __str__(self) -> str:
        return f"{self.order.point} ({self.order.passage})" if self.order else f"after {self.after_s:.3f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How a life ended. What it told is there only where it came to its end."""

    killed: bool
    seconds: float
    passages: Mapping[str, int] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


class Worker:
    """The process that all lives are forked from."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def cycle(self, directory: Path, death: Death | None = None) -> Life:
        """Live one cycle of a project. Raises ``AssertionError`` where it ends in a way that nobody ordered."""
        death = death or Death()
        request = {
            "directory": str(directory),
            "environ": environment(),
            "order": asdict(death.order) if death.order else None,
            "after_s": death.after_s,
        }
        started = time.perf_counter()
        answer = self._ask(request)
        seconds = time.perf_counter() - started
        if answer["code"] == _KILLED:
            return Life(killed=True, seconds=seconds)
        assert answer["code"] == 0, f"the process ended with {answer['code']}; its words are among the captured output"
        told = answer["told"]
        return Life(
            killed=False,
            seconds=seconds,
            passages=told["passages"],
            stopped=tuple(told["stopped"]),
            statuses=tuple(told["statuses"]),
        )

    def _ask(self, request: Mapping[str, object]) -> Any:  # Any: JSON
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def worker() -> Iterator[Worker]:
    environ = {**os.environ, "POLARS_MAX_THREADS": "1"}  # lives are short: threads would cost more than they give
    command = [sys.executable, "-m", "tests.crash.worker"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ, cwd=root
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


class Fate:
    """Decides how lives end. ``passages`` and ``seconds``: of an undisturbed life in the same situation."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self.deaths: Counter[str] = Counter()

    def again(self) -> bool:
        """Whether one who died dies once more."""
        return self._random.random() < 0.8

    def death(self, passages: Mapping[str, int], seconds: float) -> Death:
        """At a named point half of the time, else at any statement, or at any time."""
        kind = self._random.choices(("point", "statement", "time"), weights=(60, 25, 15))[0]
        if kind == "time":
            return Death(after_s=self._random.uniform(0, seconds))
        named = sorted(name for name, count in passages.items() if count and name != STATEMENT)
        point = STATEMENT if kind == "statement" else self._random.choice(named)
        order = Order(
            point=point, passage=self._random.randint(1, passages[point]), delay_s=self._random.uniform(0, 0.003)
        )
        return Death(order=order)

    def happened(self, death: Death) -> None:
        self.deaths[death.order.point if death.order else "any time"] += 1


def settle(database: PostgresDatabase | None) -> None:
    """Wait until the server has noticed that the dead process is gone, and let go of its locks."""
    if database is None:
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with database.server.connect() as connection:
        deadline = time.monotonic() + 30
        while connection.execute(others, [database.name]).fetchone() != (0,):
            assert time.monotonic() < deadline, "the server keeps connections of a dead process"
            time.sleep(0.002)
