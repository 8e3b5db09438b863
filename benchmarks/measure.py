"""What a program costs: wall time, CPU time and peak memory, each time in a fresh process; and what a run wrote."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parent.parent


class ProgramFailed(Exception):
    """A measured program ended with a status that was not expected; carries the end of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took. ``cpu_s`` is user and system time of all its threads."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    output: str  # standard output


def measure(module: str, arguments: Sequence[str], *, timeout_s: float, expected: Sequence[int] = (0,)) -> Cost:
    """Run ``python -m module arguments`` in a fresh process.

    Raises ``ProgramFailed`` for an exit status that is not ``expected``, ``subprocess.TimeoutExpired`` after
    ``timeout_s`` (the process is killed).
    """
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-") as folder:
        report = Path(folder) / "cost.json"
        command = [sys.executable, "-m", "benchmarks.child", str(report), module, *arguments]
        begun = time.perf_counter()
        process = subprocess.run(
            command, cwd=_REPOSITORY, env=_environment(), capture_output=True, text=True, timeout=timeout_s
        )
        wall_s = time.perf_counter() - begun
        if process.returncode not in expected:
            said = (process.stderr or process.stdout)[-4000:]
            raise ProgramFailed(f"{module} {' '.join(arguments)} ended with status {process.returncode}:\n{said}")
        cost = json.loads(report.read_text(encoding="utf-8"))
    return Cost(wall_s=wall_s, cpu_s=cost["cpu_s"], peak_mib=cost["peak_mib"], output=process.stdout)


def _environment() -> dict[str, str]:
    """This process's, but compiled modules are kept: an installed program does not compile itself at every start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def rows_written(store: Path, *, counted: bool = True) -> Iterator[dict[str, int]]:
    """Counts what the block writes into a store's file: table → rows inserted, changed or deleted; filled at the end.

    Works on a copy of the file from before, which costs time and space of its own; without ``counted`` nothing is done.
    The store must not be in use when the block begins and ends.
    """
    written: dict[str, int] = {}
    if not counted:
        yield written
        return
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=store.parent) as folder:
        earlier = Path(folder) / "earlier.db"
        if store.exists():
            shutil.copyfile(store, earlier)
        yield written
        with closing(sqlite3.connect(store)) as database:
            database.execute("ATTACH ? AS earlier", (str(earlier),))
            known = set(_tables(database, "earlier"))
            counts = {
                t: _difference(database, t) if t in known else _count(database, t) for t in _tables(database, "main")
            }
    written.update({table: count for table, count in counts.items() if count})


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
