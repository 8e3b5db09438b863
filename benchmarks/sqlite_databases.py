"""Databases in files of SQLite."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.server_processes import ServerProcesses


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    file: Path
    kind: ClassVar[str] = "SQLite"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def execute(self, statements: str) -> None:
        with closing(sqlite3.connect(self.file)) as database:
            database.executescript(statements)

    def value(self, query: str) -> int:
        with closing(sqlite3.connect(self.file)) as database:
            return int(database.execute(query).fetchone()[0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file)) as database:
            return database.execute(query).fetchall()

    @contextmanager
    def rows_written(self) -> Iterator[dict[str, int]]:
        """Works on a copy of the file from before, which takes time and space of its own."""
        written: dict[str, int] = {}
        with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=self.file.parent) as folder:
            earlier = Path(folder) / "earlier.db"
            if self.file.exists():
                shutil.copyfile(self.file, earlier)
            yield written
            with closing(sqlite3.connect(self.file)) as database:
                database.execute("ATTACH ? AS earlier", (str(earlier),))
                known = set(_tables(database, "earlier"))
                counts = {
                    t: _difference(database, t) if t in known else _count(database, t)
                    for t in _tables(database, "main")
                }
        written.update({table: count for table, count in counts.items() if count})

    def settle(self) -> None:
        pass

    def copy(self) -> SqliteFile:
        copy = SqliteFile(file=self.file.with_name(f"copy-of-{self.file.name}"))
        shutil.copyfile(self.file, copy.file)
        return copy

    def drop(self) -> None:
        self.file.unlink(missing_ok=True)

    @property
    def size_mib(self) -> float:
        return self.file.stat().st_size / 2**20 if self.file.exists() else 0.0


class SqliteDatabases:
    server: ServerProcesses | None = None  # it works in the product's process

    def new(self, directory: Path, name: str) -> SqliteFile:
        return SqliteFile(file=directory / f"{name}.db")


def _tables(database: sqlite3.Connection, schema: str) -> list[str]:
    query = f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"  # noqa: S608
    return [name for (name,) in database.execute(query)]


def _count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f'SELECT count(*) FROM main."{table}"').fetchone()[0])  # noqa: S608


def _difference(database: sqlite3.Connection, table: str) -> int:
    columns = database.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (table,)).fetchall()
    key = [name for name, position in columns if position] or ["rowid"]
    same_key = " AND ".join(f'a."{name}" = b."{name}"' for name in key)
    changed = " OR ".join([f'b."{key[0]}" IS NULL', *(f'a."{name}" IS NOT b."{name}"' for name, _ in columns)])
    appeared = f'SELECT count(*) FROM main."{table}" a LEFT JOIN earlier."{table}" b ON {same_key} WHERE {changed}'  # noqa: S608
    vanished = (
        f'SELECT count(*) FROM earlier."{table}" b LEFT JOIN main."{table}" a ON {same_key} WHERE a."{key[0]}" IS NULL'  # noqa: S608
    )
    return sum(int(database.execute(query).fetchone()[0]) for query in (appeared, vanished))
