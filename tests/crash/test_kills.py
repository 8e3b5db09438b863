"""A process that is killed anywhere, any number of times, and started again: everything ends as if nobody had died.

Day by day the sources of a small company change, and a cycle brings all systems into agreement. In one history nobody
disturbs it. In the others the process is killed by SIGKILL, at named points or at any statement or time, and started
again, until a cycle came to its end; then store and target systems must be what they are in the undisturbed history
after the same day (``state`` says what is compared, and what may differ).

A seed decides all of it but the deaths by time, which depend on the machine. It is new each time, unless CI or
UNISONO_CRASH_SEED says otherwise; UNISONO_KILLS is how many deaths there are at least.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.company import company, history, show
from tests.crash.figures import FIGURES
from tests.crash.lives import Fate, Life, Worker, settle, worker
from tests.crash.state import State, differences, interrupted_runs, state_of
from tests.projects import TestProject
from tests.servers.fixtures import STORES, kept_in
from tests.servers.postgres import PostgresDatabase

_DAYS = history()
_SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How an undisturbed day went, and what was there in the evening."""

    life: Life
    state: State


@dataclass(slots=True, kw_only=True)
class Histories:
    """Histories of the company on one kind of store; each has a folder and a store of its own."""

    kind: str
    folder: Path
    lives: Worker
    request: pytest.FixtureRequest
    count: int = 0

    def undisturbed(self) -> list[Day]:
        days = []
        with kept_in(self.kind, self.request):
            project = self._company()
            for day in _DAYS:
                show(day, project)
                life = self.lives.cycle(project.directory)
                days.append(Day(life=life, state=state_of(project)))
            assert interrupted_runs(project) == []
        never = [point for point in days[0].life.passages if not any(day.life.passages[point] for day in days)]
        assert never == [], "nobody dies at a point that nobody passes"
        return days

    def disturbed(self, expected: Sequence[Day], fate: Fate) -> list[str]:
        """What differs from the expected days."""
        with kept_in(self.kind, self.request) as database:
            project = self._company()
            runs = 0
            for number, (day, should) in enumerate(zip(_DAYS, expected, strict=True), 1):
                show(day, project)
                deaths = self._cycle(project, database, should, fate)
                found = differences(state_of(project), should.state)
                runs += len(deaths)
                if found:
                    return [f"history {self.count}, day {number}, after {', '.join(deaths)}", *found]
            assert len(interrupted_runs(project)) <= runs
            return self._quiet(project, expected[-1])

    def _company(self) -> TestProject:
        self.count += 1
        directory = self.folder / str(self.count)
        directory.mkdir()
        return company(directory)

    def _cycle(self, project: TestProject, database: PostgresDatabase | None, should: Day, fate: Fate) -> list[str]:
        """Cycles until one comes to its end; where the others did not."""
        deaths: list[str] = []
        while True:
            death = fate.death(should.life.passages, should.life.seconds) if not deaths or fate.again() else None
            life = self.lives.cycle(project.directory, death)
            if not life.killed:
                assert life.stopped == (), f"after {', '.join(deaths)}"
                return deaths
            assert death
            fate.happened(death)
            deaths.append(str(death))
            settle(database)

    def _quiet(self, project: TestProject, last: Day) -> list[str]:
        """A further cycle, which has nothing to do."""
        life = self.lives.cycle(project.directory)
        assert life.statuses == ("success",)
        found = differences(state_of(project), last.state)
        return [f"history {self.count}, by a further cycle", *found] if found else []


@pytest.fixture(scope="module")
def lives() -> Iterator[Worker]:
    with worker() as started:
        yield started


@pytest.fixture(params=STORES)
def histories(request: pytest.FixtureRequest, lives: Worker, tmp_path: Path) -> Histories:
    return Histories(kind=request.param, folder=tmp_path, lives=lives, request=request)


def _seed() -> int:
    given = os.environ.get("UNISONO_CRASH_SEED")
    if given:
        return int(given)
    return 1 if os.environ.get("CI") else random.SystemRandom().randrange(1_000_000)


Record = Callable[[str, object], None]


def test_nothing_is_lost_or_done_twice_wherever_the_process_is_killed(
    histories: Histories, record_property: Record
) -> None:
    kills = int(os.environ.get("UNISONO_KILLS", "40"))
    seed = _seed()
    fate = Fate(seed)
    expected = histories.undisturbed()
    started = time.perf_counter()
    found: list[str] = []
    while fate.deaths.total() < kills:
        found += histories.disturbed(expected, fate)
    figures = (
        f"{fate.deaths.total()} kills on {histories.kind} at {len(fate.deaths)} kinds of points"
        f" in {time.perf_counter() - started:.0f} s: {sum(line[0] in '+-' for line in found)} differences"
        f" (UNISONO_CRASH_SEED={seed})"
    )
    record_property(FIGURES, figures)
    assert not found, figures + "\n" + "\n".join(found[:_SHOWN])
