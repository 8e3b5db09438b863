"""A population of any size in the connected systems of the benchmark project.

Three sources: ``hr.csv`` (who works here, with managers), ``phones.csv`` (numbers, joined by employee number) and
``crm.db`` (an SQLite database; people joined by e-mail address, teams with their members). Two targets, empty:
``directory.ldif``, and the application's database (``application``).

Made column by column from the person's number alone, a chunk at a time: the same for everyone, and memory does not grow
with the population.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from examples.contoso.names import DEPARTMENTS, REGIONS

_CHUNK = 100_000
_FIRST_EMPLOYEE = 10_000_000
_TEAM_MEMBERS = 50
_DAY = pl.date(2000, 1, 1)

HR_COLUMNS = (
    "employeeId",
    "givenName",
    "sn",
    "email",
    "department",
    "title",
    "city",
    "country",
    "employeeType",
    "startDate",
    "manager",
    "active",
)
PHONE_COLUMNS = ("employeeId", "telephoneNumber", "mobile", "room", "title")
CHANGE_TYPE = "changeType"

_CRM_TABLES = """
CREATE TABLE crm_user (
  user_id TEXT PRIMARY KEY, mail TEXT NOT NULL, territory TEXT, segment TEXT, language TEXT, version INTEGER NOT NULL
);
CREATE TABLE team (team_id TEXT PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE team_member (
  team_id TEXT NOT NULL, user_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (team_id, user_id)
) WITHOUT ROWID;
CREATE INDEX crm_user_version ON crm_user (version);
CREATE INDEX team_version ON team (version);
CREATE INDEX team_member_version ON team_member (version);
"""

EVERYBODY = "T-everybody"
_ADD_MEMBER = """
INSERT INTO team_member
SELECT ?, min(user_id), 2 FROM crm_user
WHERE user_id > (SELECT max(user_id) FROM team_member WHERE team_id = ?)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people; each is in one team of 50, and the first of them in the team of everybody."""

    people: int
    everybody: int = 500_000

    @property
    def teams(self) -> int:
        """Without the team of everybody."""
        return max(1, self.people // _TEAM_MEMBERS)


def write_population(directory: Path, size: Size) -> None:
    """Write the sources and the empty directory into ``directory``, which must exist."""
    _write_csv(directory / "hr.csv", HR_COLUMNS, (hr_people(chunk) for chunk in _chunks(size.people)))
    _write_csv(directory / "phones.csv", PHONE_COLUMNS, (_phones(chunk) for chunk in _chunks(size.people)))
    _write_crm(directory / "crm.db", size)
    (directory / "directory.ldif").write_text("version: 1\n", encoding="utf-8")


def write_changes(file: Path, population: int, changed: int) -> None:
    """A delta of the HR system: ``changed`` people, spread over the population, with another title and department."""
    step = max(1, population // changed)
    numbers = pl.select(number=pl.int_range(0, min(population, step * changed), step, dtype=pl.Int64))
    people = hr_people(numbers).with_columns(
        pl.lit("Modify").alias(CHANGE_TYPE), title=pl.col("title") + " (acting)", department=pl.lit("Project Office")
    )
    people.write_csv(file)


def add_member(directory: Path) -> int:
    """One more member in the team of everybody: the first user outside it. How many it has then."""
    with closing(sqlite3.connect(directory / "crm.db")) as crm, crm:
        crm.execute(_ADD_MEMBER, (EVERYBODY, EVERYBODY))
        crm.execute("UPDATE team SET version = 2 WHERE team_id = ?", (EVERYBODY,))
        counted = crm.execute("SELECT count(*) FROM team_member WHERE team_id = ?", (EVERYBODY,)).fetchone()
    return int(counted[0])


def hr_people(numbers: pl.DataFrame) -> pl.DataFrame:
    """People as the HR system has them (``HR_COLUMNS``); one row per row of ``numbers`` (column ``number``)."""
    number = pl.col("number")
    people = numbers.select(
        number,
        employeeId=employee(number),
        givenName=_choice(_GIVEN, number),
        sn=_choice(_SURNAMES, number // len(_GIVEN)),
        department=_choice(tuple(DEPARTMENTS), number // 7),
        title=_choice(_TITLES, number // 11),
        city=_choice(_CITIES, number // 3),
        country=_choice(_COUNTRIES, number // 3),
        employeeType=pl.when(number % 9 == 0).then(pl.lit("contractor")).otherwise(pl.lit("employee")),
        startDate=(_DAY + pl.duration(days=number % 9000)).dt.to_string("%Y-%m-%d"),
        manager=pl.when(number > 0).then(employee(number // 10)),
        active=pl.when(number % 100 == 99).then(pl.lit("false")).otherwise(pl.lit("true")),
    )
    return people.with_columns(email=_mail(number)).select(HR_COLUMNS)


def _phones(numbers: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("number")
    digits = number.cast(pl.String).str.zfill(8)
    return numbers.filter(number % 20 != 19).select(
        employeeId=employee(number),
        telephoneNumber=pl.lit("+49 221 ") + digits,
        mobile=pl.when(number % 3 > 0).then(pl.lit("+49 170 ") + digits),
        room=pl.concat_str(pl.lit("R"), number % 40, pl.lit("."), number % 300),
        title=_choice(_TITLES, number // 11 + number % 10 // 9),
    )


def _crm_users(numbers: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("number")
    return numbers.filter(number % 10 != 8).select(
        user_id=_user(number),
        mail=_mail(number),
        territory=_choice(_COUNTRIES, number // 5),
        segment=_choice(("Retail", "Public", "Industry", "Partner"), number // 2),
        language=_choice(("de", "en", "fr", "pl", "pt"), number // 13),
        version=1,
    )


def _teams(size: Size) -> pl.DataFrame:
    everybody = pl.DataFrame({"team_id": [EVERYBODY], "name": ["Everybody"], "version": [1]})
    numbers = pl.select(number=pl.int_range(size.teams, dtype=pl.Int64))
    name = pl.lit("Team ") + pl.col("number").cast(pl.String)
    return pl.concat(
        [numbers.select(team_id=_team(pl.col("number")), name=name, version=pl.lit(1, pl.Int64)), everybody]
    )


def _team_members(numbers: pl.DataFrame, size: Size) -> pl.DataFrame:
    """Memberships of the people with these numbers. The last user is never in the team of everybody."""
    number = pl.col("number")
    users = numbers.filter(number % 10 != 8).with_columns(user_id=_user(number), version=pl.lit(1))
    teams = users.select(_team(number // _TEAM_MEMBERS % size.teams).alias("team_id"), "user_id", "version")
    included = users.filter(number < min(size.everybody, size.people - 10))
    return pl.concat([teams, included.select(pl.lit(EVERYBODY).alias("team_id"), "user_id", "version")])


def _write_csv(file: Path, columns: Sequence[str], chunks: Iterator[pl.DataFrame]) -> None:
    with file.open("wb") as stream:
        for position, chunk in enumerate(chunks):
            chunk.select(columns).write_csv(stream, include_header=position == 0)


def _write_crm(file: Path, size: Size) -> None:
    with closing(sqlite3.connect(file)) as crm, crm:
        crm.executescript(_CRM_TABLES)
        crm.executemany("INSERT INTO team VALUES (?, ?, ?)", _teams(size).rows())
        for numbers in _chunks(size.people):
            crm.executemany("INSERT INTO crm_user VALUES (?, ?, ?, ?, ?, ?)", _crm_users(numbers).rows())
            crm.executemany("INSERT INTO team_member VALUES (?, ?, ?)", _team_members(numbers, size).rows())


def _chunks(people: int) -> Iterator[pl.DataFrame]:
    for start in range(0, people, _CHUNK):
        yield pl.select(number=pl.int_range(start, min(start + _CHUNK, people), dtype=pl.Int64))


def _choice(values: Sequence[str], number: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(values)).gather(number % len(values))


def employee(number: pl.Expr) -> pl.Expr:
    """The HR system's key of the person with this number."""
    return (number + _FIRST_EMPLOYEE).cast(pl.String)


def _user(number: pl.Expr) -> pl.Expr:
    return pl.lit("U") + number.cast(pl.String).str.zfill(9)


def _team(number: pl.Expr) -> pl.Expr:
    return pl.lit("T") + number.cast(pl.String).str.zfill(7)


def _mail(number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("Person."), number, pl.lit("@Contoso.example"))


_GIVEN = tuple(name for region in REGIONS for name in region.given)
_SURNAMES = tuple(name for region in REGIONS for name in region.surnames)
_TITLES = tuple(title for titles in DEPARTMENTS.values() for title in titles)
_CITIES = tuple(city for region in REGIONS for city, _ in region.offices)
_COUNTRIES = tuple(country for region in REGIONS for _, country in region.offices)
