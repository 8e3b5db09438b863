"""How many rows a second every function of the rule language does, slowest first."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# One thread, so that CPU times are those of the work alone; before Polars is loaded.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

from benchmarks import machine
from benchmarks.expressions.measure import Measured, measured
from benchmarks.expressions.people import people, with_imported
from benchmarks.expressions.typical import expressions

_LONGEST = 58


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.expressions", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="number of people (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything measured as JSON")
    chosen = parser.parse_args(arguments)
    load = machine.load()
    print(load, file=sys.stderr)
    frame = with_imported(people(chosen.rows))
    results = sorted((measured(name, text, frame) for name, text in expressions()), key=lambda each: -each.columns_s)
    print(table(results))
    if chosen.json is not None:
        document = {"rows": chosen.rows, "load": load, "results": [result.document() for result in results]}
        chosen.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def table(results: Sequence[Measured]) -> str:
    """Rows a second in thousands, and how many times as long as a copy of the columns an expression takes."""
    lines = [
        "| function | expression | way | thousand rows/s | row by row | × copy |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    for each in results:
        shown = each.expression if len(each.expression) <= _LONGEST else each.expression[: _LONGEST - 1] + "…"
        by_columns, by_rows = 1e-3 / each.columns_s, 1e-3 / each.rows_s
        code = shown.replace("|", "\\|")
        name = each.name.replace("|", "\\|")
        lines.append(f"| {name} | `{code}` | {each.way} | {by_columns:,.0f} | {by_rows:,.0f} | {each.ratio:,.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
