"""The room that a benchmark takes on disk: a server that finds none stops in the middle, and so does its neighbour."""

from __future__ import annotations

import shutil
from collections.abc import Collection

from benchmarks.bench import Bench

_GIB = 2**30
# A little more than was measured. A plan works on a copy of the store; PostgreSQL keeps old rows for a while.
_ALL_KIB, _STORE_KIB = 30, 13  # per person
_SERVER_GIB = 10  # log and system tables
_OF_STORE_ALONE = frozenset({"import", "import-unchanged", "synchronize"})


def told(bench: Bench) -> str:
    return f"store {bench.store.size_mib:,.0f} MiB, free on disk {_free_gib(bench):,.1f} GiB"


def warning(bench: Bench, phases: Collection[str]) -> str:
    """Where there may be too little; else nothing."""
    needed, free = needed_gib(bench, phases), _free_gib(bench)
    return f"WARNING: this may take {needed:,.0f} GiB, and {free:,.0f} are free" if needed > free else ""


def needed_gib(bench: Bench, phases: Collection[str]) -> float:
    store_alone = _OF_STORE_ALONE.issuperset(phases) and not bench.setup.has_floors
    server_gib = _SERVER_GIB if bench.setup.stores.server else 0
    return bench.size.people * (_STORE_KIB if store_alone else _ALL_KIB) * 1024 / _GIB + server_gib


def _free_gib(bench: Bench) -> float:
    return shutil.disk_usage(bench.directory).free / _GIB
