"""The profile of a step: every second is counted once, to the phase that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest

from unisono.model.phases import Phase, belongs_to, within
from unisono.runs.ahead import ahead
from unisono.runs.measured import MeasuredStore
from unisono.runs.profile import Profile


@dataclass
class Hands:
    """A clock that goes when a test says so."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def profile(clock: Hands) -> Profile:
    return Profile(clock)


def test_a_phase_within_another_one_interrupts_it(profile: Profile, clock: Hands) -> None:
    with profile.kept():
        clock.pass_by(1)
        with within(Phase.STORE):
            clock.pass_by(2)
            with within(Phase.DECODE):
                clock.pass_by(4)
            clock.pass_by(8)
        clock.pass_by(16)
    clock.pass_by(32)  # nobody's
    assert profile.seconds == {Phase.DECODE: 4, Phase.RULES: 17, Phase.STORE: 10}


def test_phases_are_shown_in_their_order(profile: Profile) -> None:
    with profile.kept():
        for phase in reversed(Phase):
            with within(phase):
                pass
    assert list(profile.seconds) == list(Phase)


def test_a_failure_ends_its_phase(profile: Profile, clock: Hands) -> None:
    @belongs_to(Phase.TARGET)
    def failing() -> None:
        clock.pass_by(2)
        raise KeyError

    with profile.kept():
        with pytest.raises(KeyError):
            failing()
        clock.pass_by(1)
    assert profile.seconds == {Phase.RULES: 1, Phase.TARGET: 2}


def test_without_a_profile_nothing_is_counted() -> None:
    with within(Phase.STORE):
        assert belongs_to(Phase.DECODE)(len)("abc") == 3


def test_another_thread_takes_none_of_the_steps_time(profile: Profile, clock: Hands) -> None:
    def other() -> None:
        with within(Phase.TARGET):
            clock.pass_by(7)

    with profile.kept():
        thread = Thread(target=other)
        thread.start()
        thread.join()
    assert profile.seconds == {Phase.RULES: 7}


def test_waiting_for_another_thread_is_divided_as_its_time_is(profile: Profile, clock: Hands) -> None:
    other = Profile(clock)
    with other.kept(Phase.DECODE):
        clock.pass_by(1)
        with within(Phase.STORE):
            clock.pass_by(3)
    with profile.kept():
        clock.pass_by(5)
        with profile.waiting(other):
            clock.pass_by(2)
    assert profile.seconds == {Phase.DECODE: 0.5, Phase.RULES: 5, Phase.STORE: 1.5}


def test_a_page_that_is_read_ahead_costs_the_waiting_only() -> None:
    profile, sent = Profile(), Event()

    def pages() -> Iterator[int]:
        with within(Phase.STORE):
            first = 1
        yield first
        sent.wait(10)  # the second page needs as long as the first one is under way
        yield 2

    with profile.kept():
        for page in ahead(pages(), profile):
            with within(Phase.TARGET):
                if page == 1:
                    sent.set()
    assert set(profile.seconds) == {Phase.DECODE, Phase.RULES, Phase.STORE, Phase.TARGET}
    assert max(profile.seconds.values()) < 10


@dataclass
class Unit:
    """A fake unit of work; a second passes at everything that is done to it."""

    clock: Hands
    done: list[str] = field(default_factory=list)

    def allocate(self, count: int) -> int:
        self.clock.pass_by(1)
        return count

    @property
    def hash_seed(self) -> int:
        self.clock.pass_by(1)
        return 7


@dataclass
class OneUnitStore:
    unit: Unit

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        self.unit.clock.pass_by(10)
        try:
            yield self.unit
            self.unit.done.append("committed")
        finally:
            self.unit.clock.pass_by(20)


def test_the_time_of_a_unit_of_work_is_told_from_that_of_who_uses_it(profile: Profile, clock: Hands) -> None:
    store = OneUnitStore(Unit(clock))
    with profile.kept(), MeasuredStore(store).begin() as unit:  # type: ignore[arg-type]
        clock.pass_by(100)
        assert (unit.allocate(3), unit.hash_seed) == (3, 7)
    assert profile.seconds == {Phase.RULES: 100, Phase.STORE: 32}
    assert store.unit.done == ["committed"]


def test_what_is_raised_in_a_measured_unit_of_work_rolls_it_back(profile: Profile, clock: Hands) -> None:
    store = OneUnitStore(Unit(clock))
    with pytest.raises(KeyError), profile.kept(), MeasuredStore(store).begin():  # type: ignore[arg-type]
        raise KeyError
    assert store.unit.done == []
    assert profile.seconds == {Phase.RULES: 0, Phase.STORE: 30}
