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
from pathlib import Path
from types import FrameType

from benchmarks.bench import Bench
from benchmarks.phases import PHASES
from benchmarks.population import Size
from benchmarks.results import Budget, Result, Verdict, table

_PEAK = Budget(mib=1536)


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)  # also then nothing stays behind
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=chosen.directory) as folder:
        begun = time.perf_counter()
        bench = Bench.prepare(Path(folder), Size(people=chosen.people), timeout_s=chosen.timeout)
        _say(f"population of {chosen.people:,} written in {time.perf_counter() - begun:.1f} s")
        results = list(_measured(bench, chosen.phases))
    results.append(_peak(results))
    print(table(results))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(_document(chosen.people, results), indent=2) + "\n", encoding="utf-8")
    return int(any(result.verdict is Verdict.OVER for result in results))


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="size of the population (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything measured as JSON")
    parser.add_argument(
        "--phases",
        nargs="+",
        choices=list(PHASES),
        default=list(PHASES),
        metavar="PHASE",
        help=f"what to show, of: {', '.join(PHASES)}; what it builds upon is done too (default: all)",
    )
    parser.add_argument("--directory", type=Path, help="where to work (default: the system's place for such files)")
    parser.add_argument("--timeout", type=float, default=3600, metavar="S", help="limit of each process in seconds")
    return parser


def _measured(bench: Bench, wanted: Sequence[str]) -> Iterator[Result]:
    """The wanted phases' results; phases before the last wanted one run too, because they build upon each other."""
    names = list(PHASES)
    for name in names[: max(names.index(each) for each in wanted) + 1]:
        for result in PHASES[name](bench):
            _say(f"{result.work}: {result.unisono_s:.2f} s")
            if name in wanted:
                yield result


def _peak(results: Sequence[Result]) -> Result:
    peak = max((result.peak_mib for result in results), default=0.0)
    return Result(work="peak memory of all", unisono_s=0.0, budget=_PEAK, peak_mib=peak)


def _document(people: int, results: Sequence[Result]) -> dict[str, object]:
    machine = {"system": platform.platform(), "processor": platform.processor(), "python": platform.python_version()}
    return {"people": people, "machine": machine, "results": [result.document() for result in results]}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
