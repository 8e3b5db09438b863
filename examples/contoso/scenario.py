"""What happens at Contoso after the first day: each step changes the files of the connected systems, as people would.

By hand: ``python -m examples.contoso.scenario STEP DIRECTORY``, where the files are in the directory.
``day_two`` comes after the first cycle; ``bad_file`` and ``truncated_file`` whenever you like, with a ``repaired_file``
behind them.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from .names import DEPARTMENTS
from .people import COLUMNS, make_people

_JOINERS, _MOVERS, _LEAVERS = 12, 8, 9
_SEED = 2
_DAY_TWO = "2025-01-07 06:00:00"
_NEW_SURNAME = "Núñez-O'Brien"
_NEW_PHONE = "+353 555 0199"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTwo:
    """Who is concerned: employee numbers."""

    joiners: tuple[str, ...]
    movers: tuple[str, ...]
    leavers: tuple[str, ...]  # gone from HR
    renamed: str  # another surname: another account name, e-mail address and DN
    on_leave: str  # no longer active: the account of the application goes
    without_title: str  # HR has no title any more: the telephone database's appears
    contested: str  # the telephone database has another title: HR's stays
    another_phone: str


def day_two(directory: Path) -> DayTwo:
    """The changes of an ordinary day, in ``hr.csv`` and ``phones.db`` under ``directory``."""
    before = _read_hr(directory)
    with closing(sqlite3.connect(directory / "phones.db")) as phones, phones:
        day = _who(before, _subscribers(phones))
        _change_phones(phones, day)
    staying = before.filter(~pl.col("employeeId").is_in(day.leavers))
    _write_hr(directory, pl.concat([staying, _joiners(before, day)]).with_columns(_changed(day)))
    return day


def bad_file(directory: Path) -> tuple[str, str]:
    """HR writes a date that does not exist for one person, and another person twice; gives their employee numbers."""
    people_now = _read_hr(directory)
    _keep(directory)
    wrong, twice = people_now["employeeId"][-20], people_now["employeeId"][-30]
    date = pl.when(pl.col("employeeId") == wrong).then(pl.lit("2024-02-30")).otherwise("startDate")
    repeated = people_now.filter(pl.col("employeeId") == twice)
    _write_hr(directory, pl.concat([people_now.with_columns(startDate=date), repeated]))
    return wrong, twice


def truncated_file(directory: Path) -> int:
    """HR's transfer breaks in the middle; gives how many people are missing."""
    people_now = _read_hr(directory)
    _keep(directory)
    _write_hr(directory, people_now.head(people_now.height // 2))
    return people_now.height - people_now.height // 2


def repaired_file(directory: Path) -> None:
    """HR sends the file again, whole and right."""
    shutil.move(_kept(directory), directory / "hr.csv")


def _who(people_now: pl.DataFrame, subscribers: list[str]) -> DayTwo:
    """Picks people for one change each: active employees with a title and a telephone, to whom nobody reports."""
    plain = people_now.filter(
        pl.col("employeeId").is_in(subscribers),
        ~pl.col("employeeId").is_in(people_now["manager"].drop_nulls().unique().implode()),
        pl.col("title").is_not_null(),
        employeeType="employee",
        active="true",
    )
    names = iter(plain["employeeId"].gather_every(max(1, plain.height // 30)).to_list())
    last = int(str(people_now["employeeId"].max()))
    return DayTwo(
        joiners=tuple(str(last + 1 + n) for n in range(_JOINERS)),
        movers=tuple(next(names) for _ in range(_MOVERS)),
        leavers=tuple(next(names) for _ in range(_LEAVERS)),
        renamed=next(names),
        on_leave=next(names),
        without_title=next(names),
        contested=next(names),
        another_phone=next(names),
    )


def _joiners(before: pl.DataFrame, day: DayTwo) -> pl.DataFrame:
    """New people: employees without an e-mail address yet, under managers who stay."""
    heads = before["employeeId"].head(len(DEPARTMENTS)).to_list()
    joiners = make_people(_JOINERS, seed=_SEED, first=int(day.joiners[0]), managers=heads)
    return joiners.with_columns(
        email=pl.lit(None, pl.String),
        employeeType=pl.lit("employee"),
        startDate=pl.lit("2025-01-07"),
        active=pl.lit("true"),
    ).select(COLUMNS)


def _changed(day: DayTwo) -> list[pl.Expr]:
    person = pl.col("employeeId")
    departments = list(DEPARTMENTS)
    following = dict(zip(departments, departments[1:] + departments[:1], strict=True))
    department = pl.col("department").replace_strict(following)
    title = department.replace_strict({name: titles[0] for name, titles in DEPARTMENTS.items()})
    moves = person.is_in(day.movers)
    return [
        pl.when(moves).then(department).otherwise("department").alias("department"),
        pl.when(moves).then(title).when(person != day.without_title).then("title").alias("title"),
        pl.when(person == day.renamed).then(pl.lit(_NEW_SURNAME)).otherwise("sn").alias("sn"),
        pl.when(person == day.on_leave).then(pl.lit("false")).otherwise("active").alias("active"),
    ]


def _change_phones(phones: sqlite3.Connection, day: DayTwo) -> None:
    update = "UPDATE subscriber SET {} = ?, changed_at = ? WHERE employee_number = ?"
    phones.execute(update.format("extension"), (_NEW_PHONE, _DAY_TWO, day.another_phone))
    phones.execute(update.format("job_title"), ("Wizard of Light Bulbs", _DAY_TWO, day.contested))
    phones.execute(update.format("job_title"), ("Keeper of the Keys", _DAY_TWO, day.without_title))


def _subscribers(phones: sqlite3.Connection) -> list[str]:
    return [number for (number,) in phones.execute("SELECT employee_number FROM subscriber")]


def _read_hr(directory: Path) -> pl.DataFrame:
    return pl.read_csv(directory / "hr.csv", infer_schema=False)


def _write_hr(directory: Path, people_now: pl.DataFrame) -> None:
    people_now.write_csv(directory / "hr.csv")


def _kept(directory: Path) -> Path:
    return directory / "hr.kept.csv"


def _keep(directory: Path) -> None:
    if not _kept(directory).exists():  # else today's file is broken already
        shutil.copy(directory / "hr.csv", _kept(directory))


STEPS: dict[str, Callable[[Path], object]] = {
    "day-two": day_two,
    "bad-file": bad_file,
    "truncated-file": truncated_file,
    "repaired-file": repaired_file,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="scenario", description="Let something happen at Contoso.")
    parser.add_argument("step", choices=list(STEPS))
    parser.add_argument("directory", type=Path, help="where the files of the connected systems are")
    chosen = parser.parse_args(arguments)
    result = STEPS[chosen.step](chosen.directory)
    if isinstance(result, DayTwo):
        for who, numbers in asdict(result).items():
            print(f"{who}: {numbers if isinstance(numbers, str) else ', '.join(numbers)}")
    elif result is not None:
        print(result)


if __name__ == "__main__":
    main()
