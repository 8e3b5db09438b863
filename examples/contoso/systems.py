"""Three of the connected systems of Contoso, written from one frame of people.

- ``hr.csv``: who works here. The only system that knows everybody.
- ``phones.db``: telephones and rooms, with an opinion of its own on titles and departments.
- ``app.db``: an application that has its tables and no rows yet.

The fourth is the ``directory``.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import polars as pl

from .names import CALLING_CODES, DEPARTMENTS

CHANGED_AT = "2025-01-06 06:00:00"

_PHONES_TABLE = """
CREATE TABLE subscriber (
  employee_number TEXT PRIMARY KEY,
  extension TEXT,
  mobile TEXT,
  room TEXT,
  job_title TEXT,
  department TEXT,
  changed_at TEXT NOT NULL
)
"""
_APP_TABLES = """
CREATE TABLE account (
  employee_id TEXT PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  mail TEXT,
  title TEXT,
  department TEXT,
  phone TEXT,
  language TEXT,
  manager TEXT
);
CREATE TABLE access_group (
  name TEXT PRIMARY KEY,
  description TEXT
);
CREATE TABLE membership (
  group_name TEXT NOT NULL,
  employee_id TEXT NOT NULL,
  PRIMARY KEY (group_name, employee_id)
);
"""

_WITHOUT_PHONE = 0.04
_OTHER_OPINION = 0.12  # the telephone database names another title or department than HR
_FORMER_SUBSCRIBERS = 5


def write_hr(file: Path, people: pl.DataFrame) -> None:
    """The HR system's extract; a missing value is an empty field."""
    people.write_csv(file, quote_style="necessary")


def write_phones(file: Path, people: pl.DataFrame, *, seed: int) -> None:
    """Subscribers: most people, and a few that HR has forgotten."""
    rng = random.Random(seed)  # noqa: S311 - made-up numbers keep no secret
    rows = [_subscriber(rng, person) for person in people.iter_rows(named=True) if rng.random() >= _WITHOUT_PHONE]
    former = [
        (str(99_001 + n), f"+49 221 555 9{n:02}", None, "Archive", None, None, CHANGED_AT)
        for n in range(_FORMER_SUBSCRIBERS)
    ]
    with closing(sqlite3.connect(file)) as phones, phones:
        phones.execute(_PHONES_TABLE)
        phones.executemany("INSERT INTO subscriber VALUES (?, ?, ?, ?, ?, ?, ?)", [*rows, *former])


def write_app(file: Path) -> None:
    with closing(sqlite3.connect(file)) as app:
        app.executescript(_APP_TABLES)


def _subscriber(rng: random.Random, person: Mapping[str, str | None]) -> tuple[str | None, ...]:
    code = CALLING_CODES[str(person["country"])]
    department = str(person["department"])
    if rng.random() < _OTHER_OPINION:
        department = rng.choice(list(DEPARTMENTS))
    title = person["title"] or DEPARTMENTS[department][0]
    if rng.random() < _OTHER_OPINION:
        title = f"{title} (phone book)"
    return (
        person["employeeId"],
        f"+{code} 555 {rng.randrange(10_000):04}",
        f"+{code} 700 {rng.randrange(1_000_000):06}" if rng.random() < 0.6 else None,
        f"{rng.choice('ABCDE')}{rng.randrange(1, 6)}.{rng.randrange(1, 40):02}",
        title,
        department,
        CHANGED_AT,
    )
