"""``python -m benchmarks --people 100000``: the product beside its floors, on this machine, now."""

from __future__ import annotations

import argparse
import json
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from benchmarks import disk, machine
from benchmarks.bench import Bench, Setup
from benchmarks.databases import Databases
from benchmarks.measure import Cost
from benchmarks.phases import PHASES, needed
from benchmarks.population import Size
from benchmarks.results import Budget, Result, Verdict, table
from benchmarks.sqlite_databases import SqliteDatabases

_PEAK = Budget(mib=1536)
_KINDS = ("sqlite", "postgresql")


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)  # also then nothing stays behind
    load = machine.load()
    _say(load)
    results: list[Result] = []
    try:
        with ExitStack() as stack:
            bench = _prepared(chosen, stack)
            for result in _measured(bench, chosen.phases):
                results.append(result)  # noqa: PERF402 - what was measured stays when the next phase fails
    finally:
        _show(chosen, load, [*results, _peak(results)])
    return int(any(result.verdict is Verdict.OVER for result in [*results, _peak(results)]))


def _prepared(chosen: argparse.Namespace, stack: ExitStack) -> Bench:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=chosen.folder)))
    setup = _setup(chosen, stack)
    begun = time.perf_counter()
    bench = Bench.prepare(folder, Size(people=chosen.people), setup)
    _say(f"population of {chosen.people:,} written in {time.perf_counter() - begun:.1f} s; {disk.told(bench)}")
    if warning := disk.warning(bench, chosen.phases):
        _say(warning)
    return bench


def _show(chosen: argparse.Namespace, load: str, results: Sequence[Result]) -> None:
    print(table(results))
    if chosen.json is not None:
        written = json.dumps(_document(chosen, load, results), indent=2)
        chosen.json.write_text(written + "\n", encoding="utf-8")


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="size of the population (default: %(default)s)")
    parser.add_argument("--store", choices=_KINDS, default=_KINDS[0], help="where stores are (default: %(default)s)")
    parser.add_argument("--target", choices=_KINDS, help="what is exported to (default: the same)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything measured as JSON")
    parser.add_argument(
        "--phases",
        nargs="+",
        choices=list(PHASES),
        default=list(PHASES),
        metavar="PHASE",
        help=f"what to show, of: {', '.join(PHASES)}; what it builds upon is done too (default: all)",
    )
    parser.add_argument("--no-floor", action="store_true", help="measure the product alone")
    parser.add_argument(
        "--folder", type=Path, help="where to work, servers included (default: the system's place for such files)"
    )
    parser.add_argument("--timeout", type=float, default=3600, metavar="S", help="limit of each process in seconds")
    return parser


def _setup(chosen: argparse.Namespace, stack: ExitStack) -> Setup:
    """One server for all that is to be in PostgreSQL; it is started only where something is."""
    kinds: dict[str, Databases] = {"sqlite": SqliteDatabases()}
    target = chosen.target or chosen.store
    if "postgresql" in (chosen.store, target):
        from benchmarks.postgresql_databases import started

        kinds["postgresql"] = stack.enter_context(started(chosen.folder))
    return Setup(
        stores=kinds[chosen.store], targets=kinds[target], has_floors=not chosen.no_floor, timeout_s=chosen.timeout
    )


def _measured(bench: Bench, wanted: Sequence[str]) -> Iterator[Result]:
    """The wanted phases' results."""
    for name in needed(wanted):
        for result in PHASES[name](bench):
            _say(f"{result.work}: {result.unisono_s:.2f} s; {disk.told(bench)}")
            if result.is_disturbed:
                _say("WARNING: other programs were at work meanwhile")
            if name in wanted:
                yield result


def _peak(results: Sequence[Result]) -> Result:
    peak_mib = max((result.cost.peak_mib for result in results if result.cost), default=0.0)
    cost = Cost(wall_s=0.0, cpu_s=0.0, peak_mib=peak_mib, output="")
    return Result(work="peak memory of all", unisono_s=0.0, budget=_PEAK, cost=cost)


def _document(chosen: argparse.Namespace, load: str, results: Sequence[Result]) -> dict[str, object]:
    system = {"system": platform.platform(), "processor": platform.processor(), "python": platform.python_version()}
    return {
        "people": chosen.people,
        "store": chosen.store,
        "target": chosen.target or chosen.store,
        "machine": {**system, "load": load},
        "results": [result.document() for result in results],
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
