"""A benchmark project with its population in a folder of its own, and what can be done with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, measure
from benchmarks.population import Size, write_changes, write_population

PROJECT = Path(__file__).parent / "project"
CHANGED_PEOPLE = 100

#: Tables of the store whose rows are objects and what belongs to them; the others hold history.
OBJECT_TABLES = frozenset({"cs_object", "cs_reference", "export_reference", "mv_object", "mv_join_key", "mv_reference"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A process that ran profiles: its cost, and per run the document that ``product`` prints."""

    cost: Cost
    runs: list[dict[str, Any]]

    def step_seconds(self, *types: str) -> float:
        """How long the steps of these types took by the store's history."""
        return sum((float(step["seconds"]) for run in self.runs for step in run["steps"] if step["type"] in types), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    directory: Path
    size: Size
    timeout_s: float

    @classmethod
    def prepare(cls, directory: Path, size: Size, *, timeout_s: float) -> Bench:
        """Write the project and its population into ``directory``, which must exist."""
        shutil.copytree(PROJECT, directory, dirs_exist_ok=True)
        write_population(directory, size)
        write_changes(directory / "hr-delta.csv", size.people, CHANGED_PEOPLE)
        return cls(directory=directory, size=size, timeout_s=timeout_s)

    @property
    def store(self) -> Path:
        return self.directory / "unisono.db"

    @property
    def floor_store(self) -> Path:
        return self.directory / "floor.db"

    def floor(self, *names: str, store: Path | None = None) -> Cost:
        arguments = [str(self.directory), str(store or self.floor_store), *names]
        return measure("benchmarks.floors", arguments, timeout_s=self.timeout_s)

    def run(self, *profiles: str) -> Run:
        """Run ``connector:profile`` one after the other in one process."""
        return self._product("run", profiles)

    def plan(self, changed: Path, *connectors: str) -> Run:
        return self._product("plan", [str(changed), *connectors])

    def _product(self, command: str, arguments: Sequence[str]) -> Run:
        cost = measure("benchmarks.product", [str(self.directory), command, *arguments], timeout_s=self.timeout_s)
        return Run(cost=cost, runs=json.loads(cost.output))
