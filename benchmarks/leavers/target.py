"""What accounts and groups are exported to, asked by itself: what it has, and what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import polars as pl

from benchmarks import application
from benchmarks.databases import Database
from benchmarks.leavers.organization import MEMBERSHIP

ACCOUNT = ("employee_id", "manager")

_MEMBERS_NOT_THERE = """
SELECT count(*) FROM membership m
LEFT JOIN account a ON a.employee_id = m.employee_id LEFT JOIN access_group g ON g.team_id = m.team_id
WHERE a.employee_id IS NULL OR g.team_id IS NULL
"""


@dataclass(slots=True, kw_only=True)
class Received:
    """What a target was sent meanwhile; filled in at the end."""

    accounts_deleted: int = 0
    members_added: int = 0
    members_removed: int = 0


class Target(Protocol):
    """``connector`` is its name in the project and that of its folder in ``targets``."""

    @property
    def connector(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def install(self, project: Path) -> None:
        """Point the project's connector to it."""
        ...

    def accounts(self) -> pl.DataFrame:
        """One row per account, columns ``ACCOUNT``: whose it is, and whose the account is that it names as manager."""
        ...

    def memberships(self) -> pl.DataFrame:
        """One row per ``MEMBERSHIP``."""
        ...

    def dangling(self) -> int:
        """Memberships of somebody who is not there, as the target itself finds them."""
        ...

    def received(self) -> AbstractContextManager[Received]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Tables of a database, without foreign keys: it takes whatever it is sent."""

    database: Database
    connector: ClassVar[str] = "app"

    @property
    def kind(self) -> str:
        return self.database.kind

    def install(self, project: Path) -> None:
        application.install(project, self.database)

    def accounts(self) -> pl.DataFrame:
        return _texts(self.database, "SELECT employee_id, manager FROM account", ACCOUNT)

    def memberships(self) -> pl.DataFrame:
        return _texts(self.database, "SELECT team_id, employee_id FROM membership", MEMBERSHIP)

    def dangling(self) -> int:
        return self.database.value(_MEMBERS_NOT_THERE)

    @contextmanager
    def received(self) -> Iterator[Received]:
        """By the rows that triggers see come and go."""
        received = Received()
        self.database.execute(_counting(self.database))
        yield received
        counts = dict(self.database.rows("SELECT what, count(*) FROM received GROUP BY what"))
        received.accounts_deleted = counts.get("account deleted", 0)
        received.members_added = counts.get("member added", 0)
        received.members_removed = counts.get("member removed", 0)


def _counting(database: Database) -> str:
    """Statements that make the database count, row by row: also what is deleted and inserted again shows."""
    seen = (("account", "DELETE", "account deleted"), ("membership", "INSERT", "member added"))
    triggers = "".join(
        _trigger(database, *one, number)
        for number, one in enumerate((*seen, ("membership", "DELETE", "member removed")))
    )
    return f"CREATE TABLE received (what TEXT NOT NULL);{triggers}"


def _trigger(database: Database, table: str, event: str, what: str, number: int) -> str:
    statement = f"INSERT INTO received VALUES ('{what}')"  # noqa: S608
    if database.url.startswith("sqlite:"):
        return f"CREATE TRIGGER received_{number} AFTER {event} ON {table} BEGIN {statement}; END;"
    return (
        f"CREATE FUNCTION received_{number}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {statement}; RETURN NULL; END $$;"
        f"CREATE TRIGGER received_{number} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION received_{number}();"
    )


def _texts(database: Database, query: str, columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(database.rows(query), schema=dict.fromkeys(columns, pl.String), orient="row")
