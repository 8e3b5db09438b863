"""What the store's statements need from a database. Each kind of database implements it once; all else is shared.

Statements are SQLAlchemy Core and run as they are. What moves many rows has a name of its own here, because every
database has another fastest way for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import polars as pl
from sqlalchemy import ColumnElement, Executable, Table

from unisono.model.frames import Frame

#: Names of columns and what they are set to: constants, and expressions of the row's columns.
Values = tuple[tuple[str, ColumnElement[Any]], ...]  # Any: columns have several types
NO_VALUES: Final[Values] = ()


class Transaction(Protocol):
    """One open transaction. Every method raises ``StoreError`` when the database fails."""

    def stream(self, query: Executable, frame: Frame, **parameters: object) -> Iterator[pl.DataFrame]:
        """The rows of a query whose columns are those of ``frame``, in order, in parts. Nothing else may be asked until
        all have come."""
        ...

    def fetch(self, query: Executable, frame: Frame, **parameters: object) -> pl.DataFrame:
        """The rows of ``stream`` at once."""
        ...

    def rows(self, query: Executable, **parameters: object) -> Sequence[tuple[Any, ...]]:
        """The rows of a query that gives few."""
        ...

    def execute(self, statement: Executable, **parameters: object) -> int:
        """Run a statement; how many rows it changed."""
        ...

    def stage(self, table: Table, frame: pl.DataFrame) -> None:
        """Fill a temporary table of ``tables.staging`` anew, with distinct rows."""
        ...

    def insert(self, table: Table, frame: pl.DataFrame) -> None:
        """New rows. Columns that the frame lacks take their defaults."""
        ...

    def upsert(self, table: Table, frame: pl.DataFrame) -> None:
        """New rows, which replace those with the same primary key."""
        ...

    def update(self, table: Table, frame: pl.DataFrame, also: Values = NO_VALUES) -> None:
        """Set the frame's columns in the rows with its ``id``, and ``also`` what follows from the rows themselves."""
        ...

    def delete(self, table: Table, frame: pl.DataFrame) -> None:
        """Remove the rows that equal a row of the frame, in the frame's columns."""
        ...

    def lowered(self, column: ColumnElement[str], text: str) -> ColumnElement[str]:
        """The column in lower case, at least for the letters in ``text``."""
        ...

    def commit(self) -> None: ...


class Database(Protocol):
    """One database of one kind."""

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A transaction that is rolled back at the end, unless it was committed.

        One that writes waits until no other one does. One that reads sees the state of its beginning.
        """
        ...

    def lock(self, name: str) -> AbstractContextManager[bool]:
        """See ``Store.lock``."""
        ...

    def size(self) -> int:
        """See ``Store.size``."""
        ...

    def compact(self) -> None:
        """See ``Store.compact``."""
        ...

    def close(self) -> None: ...
