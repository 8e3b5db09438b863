"""An organization of any size whose people are in groups, and what happens when some of them leave.

``hr.csv`` has the people with their managers, ``teams.db`` the groups with their members. As in real organizations a
few groups are huge and most are small. Everything is made from numbers alone, so it is the same for everyone.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.population import employee, hr_people

HR_FILE, TEAMS_FILE = "hr.csv", "teams.db"

#: Person and group of a membership; also what it is compared by.
MEMBERSHIP = ("team_id", "employee_id")

# Sizes fall with rank as in Zipf's law, flattened at the top: of 10,000 groups of 200,000 people the largest has
# 48,000 members, twelve have more than 20,000, and half have fewer than 32.
_EXPONENT, _FLATTENED = 1.2, 10
_LEAVING_TEAM = 5  # members of a group that only leavers are in
# A group is every so-manieth person, round and round; a step that has no factor in common with the number of people
# meets nobody twice.
_STEPS = (104_729, 611_953, 1_299_709, 15_485_863)

_TABLES = """
CREATE TABLE team_user (employee_id TEXT PRIMARY KEY);
CREATE TABLE team (team_id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE team_member (
  team_id TEXT NOT NULL, employee_id TEXT NOT NULL, PRIMARY KEY (team_id, employee_id)
) WITHOUT ROWID;
CREATE INDEX team_member_employee ON team_member (employee_id);
"""
_LEAVE_TEAMS = (
    "DELETE FROM team_member WHERE employee_id = ?",
    "DELETE FROM team_user WHERE employee_id = ?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """``people`` in ``groups``, about ten memberships each; one in ``leaves`` people leaves."""

    people: int
    groups: int
    leaves: int = 100
    each: int = 10

    @classmethod
    def of(cls, people: int) -> Organization:
        """In proportion to 200,000 people in 10,000 groups, of whom 2,000 leave."""
        return cls(people=people, groups=max(1, people // 20))

    def persons(self) -> pl.DataFrame:
        """One row per person, by number: ``number``, ``employee_id``, ``leaves``."""
        number = pl.col("number")
        return pl.select(number=pl.int_range(self.people, dtype=pl.Int64)).select(
            number, employee_id=employee(number), leaves=number % self.leaves == self.leaves // 2
        )

    def leavers(self) -> pl.Series:
        """Their employee ids."""
        return self.persons().filter("leaves")["employee_id"]

    def teams(self) -> pl.DataFrame:
        """One row per group, the largest first: ``rank``, ``team_id``, ``name``, ``size``."""
        rank = pl.col("rank")
        share = (rank + 1 + _FLATTENED).cast(pl.Float64).pow(-_EXPONENT)
        size = (share / share.sum() * (self.people * self.each)).cast(pl.Int64).clip(1, self.people)
        leaving = min(_LEAVING_TEAM, self.leavers().len())
        return pl.select(rank=pl.int_range(self.groups, dtype=pl.Int64)).select(
            rank,
            team_id=pl.lit("T") + rank.cast(pl.String).str.zfill(7),
            name=pl.lit("Team ") + rank.cast(pl.String),
            size=pl.when(self._is_leaving_team).then(leaving).otherwise(size),
        )

    def memberships(self) -> pl.DataFrame:
        """One row per ``MEMBERSHIP``, in no order."""
        rank, steps = pl.col("rank"), [step for step in _STEPS if self.people % step]
        number = (pl.col("start") + pl.col("position") * pl.col("step")) % self.people
        placed = self.teams().with_columns(
            start=pl.when(self._is_leaving_team).then(self.leaves // 2).otherwise(rank * 7919 % self.people),
            step=pl.when(self._is_leaving_team)
            .then(self.leaves)
            .otherwise(pl.lit(pl.Series(steps)).gather(rank % len(steps))),
            position=pl.int_ranges("size"),
        )
        return placed.explode("position").select("team_id", employee(number).alias("employee_id"))

    @property
    def _is_leaving_team(self) -> pl.Expr:
        return pl.col("rank") >= self.groups - max(1, self.groups // 1000)


def write_sources(directory: Path, organization: Organization) -> None:
    """Write both sources into ``directory``, which must exist."""
    persons = organization.persons()
    hr_people(persons.select("number")).write_csv(directory / HR_FILE)
    with closing(sqlite3.connect(directory / TEAMS_FILE)) as teams, teams:
        teams.executescript(_TABLES)
        teams.executemany("INSERT INTO team_user VALUES (?)", persons.select("employee_id").rows())
        teams.executemany("INSERT INTO team VALUES (?, ?)", organization.teams().select("team_id", "name").rows())
        teams.executemany(
            "INSERT INTO team_member VALUES (?, ?)", organization.memberships().sort(MEMBERSHIP).iter_rows()
        )


def leave(directory: Path, organization: Organization) -> None:
    """The leavers go from HR, which still names them as managers.

    Every second one has gone from the groups' source, too; of the others it knows nothing yet, and shows them as
    members.
    """
    hr = pl.read_csv(directory / HR_FILE, infer_schema=False)
    gone = organization.leavers()
    hr.filter(~pl.col("employeeId").is_in(gone.implode())).write_csv(directory / HR_FILE)
    with closing(sqlite3.connect(directory / TEAMS_FILE)) as teams, teams:
        for statement in _LEAVE_TEAMS:
            teams.executemany(statement, gone.gather_every(2).to_frame().rows())
