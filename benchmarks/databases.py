"""Databases of a benchmark: the product's store, the floor's, and the application that is exported to.

``sqlite_databases`` and ``postgresql_databases`` are the two kinds.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from benchmarks.server_processes import ServerProcesses


class Database(Protocol):
    """One database, which nobody uses while its methods run."""

    @property
    def url(self) -> str:
        """For the product and for the floors; without a password."""
        ...

    @property
    def kind(self) -> str: ...

    def execute(self, statements: str) -> None:
        """Run statements, in a transaction that is committed."""
        ...

    def value(self, query: str) -> int: ...

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...

    def rows_written(self) -> AbstractContextManager[dict[str, int]]:
        """Counts the rows that the block inserts, changes or deletes: table → rows; filled at the end."""
        ...

    def settle(self) -> None:
        """Finish what the server does later, so that it does not do it during the next measurement."""
        ...

    def copy(self) -> Database: ...

    def drop(self) -> None:
        """Also one that was never used."""
        ...

    @property
    def size_mib(self) -> float:
        """What it takes on disk."""
        ...


class Databases(Protocol):
    """Where databases are made. ``server``: the processes whose work counts too, where there is one."""

    @property
    def server(self) -> ServerProcesses | None: ...

    def new(self, directory: Path, name: str) -> Database:
        """An empty database; ``directory`` is that of the population that it belongs to."""
        ...
