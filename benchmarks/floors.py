"""The floors: the reading and writing of a run done by hand, without an engine.

``python -m benchmarks.floors POPULATION URL NAME …`` does some of them, one after the other, in that database:

- ``import``: read the three sources, write every object and reference into an empty store;
- ``import-unchanged``: read the three sources and what the store keeps to recognize them; compare;
- ``synchronize-hr``, ``-phones``, ``-crm``: in the store that ``import`` made, read and decode the objects that such a
  run reads, and write the rows that it writes: metaverse objects, join keys, links, pending exports, references;
- ``synchronize-unchanged``: read and decode all objects and references on both sides;
- ``export``: send the rows to the application's database in a bare loop, one object at a time.

Values are made by the cheapest expression that gives rows of the right size. There are no rules, no precedence and no
lineage to speak of, no errors, no guard, no counters.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.floor_store import FloorStore, opened
from benchmarks.floors_export import export_app
from benchmarks.floors_import import import_first, import_unchanged
from benchmarks.floors_synchronize import (
    synchronize_crm,
    synchronize_hr,
    synchronize_phones,
    synchronize_unchanged,
)

FLOORS: dict[str, Callable[[Path, FloorStore], None]] = {
    "import": import_first,
    "import-unchanged": import_unchanged,
    "synchronize-hr": synchronize_hr,
    "synchronize-phones": synchronize_phones,
    "synchronize-crm": synchronize_crm,
    "synchronize-unchanged": synchronize_unchanged,
    "export": export_app,
}


def main() -> None:
    population, url, *names = sys.argv[1:]
    for name in names:
        FLOORS[name](Path(population), opened(url))


if __name__ == "__main__":
    main()
