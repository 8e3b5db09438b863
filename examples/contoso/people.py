"""Who works at Contoso: one frame of people, the same for the same seed.

Everything that the connected systems hold is derived from this frame (``systems``), each with gaps and opinions of its
own.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import polars as pl

from .names import ASCII, DEPARTMENTS, REGIONS

DOMAIN = "contoso.example"
FIRST_EMPLOYEE = 100_001

#: Columns of the frame of people, in the order of the HR file.
COLUMNS = (
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

_EMPLOYEE_TYPES = {"employee": 80, "contractor": 12, "intern": 5, "external": 3}
_TITLE_WEIGHTS = (6, 4, 2)  # the last title of a department belongs to its head alone
_MOVED_AWAY = 0.2  # works in another region's office
_WITHOUT_EMAIL = 0.08
_WITHOUT_TITLE = 0.03
_ON_LEAVE = 0.02
_FIRST_YEAR, _YEARS = 1995, 30


def make_people(count: int, *, seed: int, first: int = FIRST_EMPLOYEE, managers: Sequence[str] = ()) -> pl.DataFrame:
    """``count`` people with the columns ``COLUMNS``, all text; what is missing is null.

    Employee numbers count up from ``first``. The managers are ``managers``; without them the first person leads the
    company, the first of each department leads it, and the first tenth of all people lead the others.
    """
    rng = random.Random(seed)  # noqa: S311 - made-up people keep no secret
    rows = [_person(rng, number, first, managers) for number in range(count)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return frame.with_columns(email=_unique_email())


def ascii_name(column: str) -> pl.Expr:
    """A surname as it stands in account names: lower-case ASCII, blanks as hyphens. ``O'Brien`` gives ``obrien``."""
    plain = pl.col(column).str.replace_all(",", "").str.replace_all(" ", "-", literal=True).str.to_lowercase()
    return plain.str.replace_many(list(ASCII), list(ASCII.values()))


def account_name() -> pl.Expr:
    """The account name of a person of the frame, as the rules of the project build it."""
    return pl.concat_str(ascii_name("sn"), pl.lit("."), pl.col("employeeId"))


def _person(rng: random.Random, number: int, first: int, managers: Sequence[str]) -> tuple[str | None, ...]:
    leads = not managers and number < len(DEPARTMENTS)
    region = rng.choice(REGIONS)
    city, country = rng.choice((rng.choice(REGIONS) if rng.random() < _MOVED_AWAY else region).offices)
    department = list(DEPARTMENTS)[number] if leads else rng.choice(list(DEPARTMENTS))
    title = DEPARTMENTS[department][-1] if leads else _title(rng, department)
    employee_type = "employee" if leads else rng.choices(*_weighted(_EMPLOYEE_TYPES))[0]
    return (
        str(first + number),
        rng.choice(region.given),
        rng.choice(region.surnames),
        "yes" if rng.random() >= _WITHOUT_EMAIL or leads else None,
        department,
        title,
        city,
        country,
        employee_type,
        _start_date(rng),
        _manager(rng, number, first, managers),
        "true" if leads or rng.random() >= _ON_LEAVE else "false",
    )


def _title(rng: random.Random, department: str) -> str | None:
    if rng.random() < _WITHOUT_TITLE:
        return None
    return rng.choices(DEPARTMENTS[department][:-1], _TITLE_WEIGHTS)[0]


def _start_date(rng: random.Random) -> str:
    return f"{_FIRST_YEAR + rng.randrange(_YEARS)}-{1 + rng.randrange(12):02}-{1 + rng.randrange(28):02}"


def _manager(rng: random.Random, number: int, first: int, managers: Sequence[str]) -> str | None:
    if managers:
        return rng.choice(managers)
    if number == 0:
        return None
    if number < len(DEPARTMENTS):
        return str(first)
    return str(first + rng.randrange(max(1, min(number, number // 10 + len(DEPARTMENTS)))))


def _weighted(weights: dict[str, int]) -> tuple[list[str], list[int]]:
    return list(weights), list(weights.values())


def _unique_email() -> pl.Expr:
    """``given.surname@…`` for those who have an e-mail address, with the employee number behind names in use."""
    given = ascii_name("givenName")
    name = pl.concat_str(given, pl.lit("."), ascii_name("sn"))
    taken = pl.col("employeeId").cum_count().over(name) > 1
    unique = pl.when(taken).then(pl.concat_str(name, pl.lit("."), pl.col("employeeId"))).otherwise(name)
    return pl.when(pl.col("email").is_not_null()).then(pl.concat_str(unique, pl.lit(f"@{DOMAIN}")))
