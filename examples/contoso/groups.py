"""The groups of Contoso: one per department, one per office, and those that people made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import polars as pl

from .names import DEPARTMENTS, TOPICS

_LARGEST_TOPIC, _TOPIC_PART = 40, 25  # members, and at most a twenty-fifth of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """``members`` are employee numbers, in order."""

    name: str
    description: str
    members: tuple[str, ...]


def make_groups(wanted: int, people: pl.DataFrame, *, seed: int) -> list[Group]:
    """The first ``wanted`` groups over the people of the frame (``employeeId``, ``department``, ``city``)."""
    return list(islice(_endless(people, random.Random(seed)), wanted))  # noqa: S311 - made-up groups keep no secret


def _endless(people: pl.DataFrame, rng: random.Random) -> Iterator[Group]:
    for department in DEPARTMENTS:
        members = _employees(people.filter(pl.col("department") == department))
        yield Group(name=f"All {department}", description=f"Everybody in {department}", members=members)
    for topic in TOPICS:
        yield Group(name=topic, description=f"{topic}: open to everybody", members=_some(people, rng))
    for city in sorted(people["city"].unique()):
        members = _employees(people.filter(pl.col("city") == city))
        yield Group(name=f"Office {city}", description=f"Everybody in {city}", members=members)
    for number in count(1):
        yield Group(name=f"Team {number}", description=f"Project team {number}", members=_some(people, rng))


def _some(people: pl.DataFrame, rng: random.Random) -> tuple[str, ...]:
    everybody = people["employeeId"].to_list()
    size = rng.randint(3, max(4, min(_LARGEST_TOPIC, len(everybody) // _TOPIC_PART)))
    return tuple(sorted(rng.sample(everybody, size)))


def _employees(people: pl.DataFrame) -> tuple[str, ...]:
    return tuple(people["employeeId"].sort())
