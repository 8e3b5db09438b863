"""PostgreSQL's planner knows what a large transaction has written, while the transaction goes on."""

from __future__ import annotations

from contextlib import closing

import polars as pl
import pytest
from sqlalchemy import text

from tests.servers.postgres import PostgresDatabase
from unisono.store.postgresql import PostgresqlDatabase
from unisono.store.postgresql_statistics import Growth, WrittenRows
from unisono.store.tables import mv_object

_ROWS = "SELECT reltuples FROM pg_class WHERE relname = 'mv_object'"
_TYPES = "SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'mv_object' AND attname = 'object_type'"


class _Looks:
    """Takes down after how many thousands of rows somebody looked at the table."""

    def __init__(self, size: int) -> None:
        self.after: list[int] = []
        self._thousands = 0
        self.rows = WrittenRows(look=lambda _: self.after.append(self._thousands), size=lambda _: size)

    def write(self, thousands: int) -> None:
        for _ in range(thousands):
            self._thousands += 1
            self.rows.wrote("t", 1000)


@pytest.mark.parametrize(
    ("size", "written", "after"),
    [
        pytest.param(0, 29, [], id="little"),
        pytest.param(0, 250, [30, 60, 120, 240], id="each time it has doubled"),
        pytest.param(2_000_000, 250, [100, 200], id="first when it shows in a sample of a large table"),
    ],
)
def test_a_transaction_looks_again_when_it_has_written_much(size: int, written: int, after: list[int]) -> None:
    looks = _Looks(size)
    looks.write(written)
    assert looks.after == after
    assert looks.rows.unseen == {"t": (written - max(after, default=0)) * 1000}


def test_small_transactions_add_up_until_the_table_is_half_as_large_again() -> None:
    growth = Growth()
    due = [thousands for thousands in range(4, 81, 4) if growth.due({"t": 4000})]
    assert due == [12, 24, 36, 56]


def test_the_planner_knows_rows_that_are_not_committed(postgres_database: PostgresDatabase) -> None:
    database = PostgresqlDatabase(postgres_database.url_with_password.replace("+psycopg", ""), create=True)
    rows = pl.select(id=pl.int_range(40_000, dtype=pl.Int64)).with_columns(
        object_type=pl.lit("person"), attributes=pl.lit("{}"), lineage=pl.lit("{}")
    )
    with closing(database), database.transaction(write=True) as transaction:
        transaction.insert(mv_object, rows.head(10_000))
        assert transaction.rows(text(_ROWS)) == [(-1,)]  # nobody has looked yet
        transaction.insert(mv_object, rows.tail(30_000))
        assert transaction.rows(text(_ROWS)) == [(40_000,)]
        transaction.update(mv_object, rows.with_columns(object_type=pl.lit("group")))
        seen = text(
            "SELECT most_common_vals::text FROM pg_stats WHERE (tablename, attname) = ('mv_object', 'object_type')"
        )
        assert transaction.rows(seen) == [("{group}",)]
