"""Two hundred cycles in one process: nothing grows that should not, and everybody has an account at the end.

A small company changes before every cycle: people join, leave and get other titles, now and then a file has a row that
cannot be read. Between two cycles an hour passes, so that most of the history is older than it is kept.
"""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.projects import HEADER, TestProject, app_project, sql

from unisono.model.runs import Status
from unisono.runs.context import Context
from unisono.runs.cycle import run_cycle

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("any_store")]

CYCLES = 200
WARM_UP = 50  # cycles: caches are full, and the oldest runs are being cleared
LOOK_EVERY = 5  # cycles
KEEP_DAYS = 2
PEOPLE = 300

#: Growth from the cycles after the warm-up to the last ones. Allocators keep some room for themselves.
MOST_MEMORY = 16_000_000
MOST_OBJECTS = 1.02
#: PostgreSQL cleans up once a minute, whatever was done in it: here the work of weeks.
MOST_STORE = {"sqlite": 1.1, "postgresql": 1.5}


@dataclass
class Company:
    """Its people by number, with the title of each."""

    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - made-up people
    titles: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PEOPLE), 0))
    joined: int = PEOPLE

    def change(self, cycle: int) -> None:
        """Five people leave, five join, ten get another title. The one who manages all others stays."""
        for number in self.chance.sample(sorted(self.titles)[1:], 5):
            del self.titles[number]
        for number in range(self.joined, self.joined + 5):
            self.titles[number] = cycle
        self.joined += 5
        for number in self.chance.sample(sorted(self.titles), 10):
            self.titles[number] = cycle

    def file(self, *, faulty: bool) -> str:
        rows = (
            f"E{n:05},Given{n},Family{n},Title {title},2020-01-01,{'E00000' if n else ''}\n"
            for n, title in self.titles.items()
        )
        return HEADER + "".join(rows) + ("E99999,No,Date,Clerk,2020-13-45,\n" if faulty else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the process and its store take after a cycle."""

    memory: int  # bytes, resident
    objects: int  # of Python
    files: int  # open, connections to a server included
    threads: int
    store: int  # bytes
    runs: int  # in the history

    @classmethod
    def now(cls, context: Context) -> Figures:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        with context.store.read() as reader:
            runs = len(reader.runs(limit=1_000_000))
        return cls(
            memory=pages * 4096,
            objects=len(gc.get_objects()),
            files=sum(1 for _ in Path("/proc/self/fd").iterdir()),
            threads=threading.active_count(),
            store=context.store.size(),
            runs=runs,
        )

    def __str__(self) -> str:
        return (
            f"{self.memory / 1e6:6.1f} MB resident, {self.objects:,} objects, {self.files} files, "
            f"{self.threads} threads, store {self.store / 1e6:.2f} MB, {self.runs} runs"
        )


def test_nothing_grows_from_cycle_to_cycle(tmp_path: Path, any_store: str, capsys: pytest.CaptureFixture[str]) -> None:
    project, company, figures = app_project(tmp_path), Company(), list[Figures]()
    own = (tmp_path / "unisono.yaml").read_text(encoding="utf-8")
    project.write(unisono_yaml=own + f"history: {{keep-days: {KEEP_DAYS}}}\n")
    with project.open() as opened:
        for cycle in range(CYCLES):
            company.change(cycle)
            faulty = cycle % 10 == 5
            project.write(hr_csv=company.file(faulty=faulty))
            _one_cycle(replace(opened, clock=_clock(cycle)), faulty=faulty)
            if (cycle + 1) % LOOK_EVERY == 0:
                figures.append(Figures.now(opened))
            if (cycle + 1) % WARM_UP == 0:
                with capsys.disabled():
                    print(f"\n{any_store} after {cycle + 1:3} cycles: {figures[-1]}", end="", flush=True)  # noqa: T201
        if any_store == "postgresql":
            assert _connections(project) <= 10
    _check_people(project, company)
    looks = WARM_UP // LOOK_EVERY
    warm, settled = figures[looks : 2 * looks], figures[-looks:]
    assert _most(settled, "memory") <= _most(warm, "memory") + MOST_MEMORY
    assert _most(settled, "objects") <= _most(warm, "objects") * MOST_OBJECTS
    assert _most(settled, "store") <= _most(warm, "store") * MOST_STORE[any_store]
    assert _most(settled, "runs") <= _most(warm, "runs") * MOST_OBJECTS
    assert _most(settled, "files") <= _most(warm, "files")
    assert _most(settled, "threads") <= _most(warm, "threads")


def _clock(cycle: int) -> Callable[[], datetime]:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=cycle)
    return lambda: now


def _one_cycle(context: Context, *, faulty: bool) -> None:
    results = list(run_cycle(context))
    assert (results[0].status is Status.COMPLETED_DISCOVERY_ERRORS) is faulty
    assert {result.status for result in results[1:]} <= {Status.SUCCESS, Status.COMPLETED_NO_OBJECTS}
    with context.store.read() as reader:
        assert [(s.pending_imports, s.pending_exports, s.unconfirmed_exports) for s in reader.statistics()] == [
            (0, 0, 0),
            (0, 0, 0),
        ]


def _check_people(project: TestProject, company: Company) -> None:
    wanted = {f"E{number:05}": f"Title {title}" for number, title in company.titles.items()}
    rows = (project.directory / "app.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {login: job for login, _, job, _ in (row.split(",") for row in rows)} == wanted


def _connections(project: TestProject) -> int:
    mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'unisono'"
    with sql(project.directory) as connection:
        return int(connection.execute(text(mine)).scalar_one())


def _most(figures: list[Figures], name: str) -> int:
    return max(int(getattr(each, name)) for each in figures)
