"""A benchmark project with its population in a folder of its own, and what can be done with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks import application
from benchmarks.databases import Database, Databases
from benchmarks.measure import Cost, measure
from benchmarks.population import Size, write_changes, write_population

CHANGED_PEOPLE: Final = 100

#: Tables of the store whose rows are objects and what belongs to them; the others hold history.
OBJECT_TABLES: Final = frozenset(
    {"cs_object", "cs_reference", "export_reference", "mv_object", "mv_join_key", "mv_reference"}
)

_PROJECT: Final = Path(__file__).parent / "project"
_STORE: Final = "sqlite:///unisono.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A process that ran profiles: its cost, and per run the document that ``product`` prints."""

    cost: Cost
    runs: list[dict[str, Any]]

    def step_seconds(self, *types: str) -> float:
        """How long the steps of these types took by the store's history."""
        return sum((float(step["seconds"]) for run in self.runs for step in run["steps"] if step["type"] in types), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What holds for every population of a benchmark: where stores and targets are, and what is done at all."""

    stores: Databases
    targets: Databases
    has_floors: bool = True
    timeout_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    directory: Path
    size: Size
    setup: Setup
    store: Database
    floor_store: Database
    app: Database

    @classmethod
    def prepare(cls, directory: Path, size: Size, setup: Setup) -> Bench:
        """Write the project and its population into ``directory``, which must exist."""
        bench = cls(
            directory=directory,
            size=size,
            setup=setup,
            store=setup.stores.new(directory, "unisono"),
            floor_store=setup.stores.new(directory, "floor"),
            app=setup.targets.new(directory, "app"),
        )
        bench._write_project(directory)
        write_population(directory, size)
        write_changes(directory / "hr-delta.csv", size.people, CHANGED_PEOPLE)
        application.install(directory, bench.app)
        return bench

    def drop(self) -> None:
        """The databases, where they are not in the folder."""
        for database in (self.store, self.floor_store, self.app):
            database.drop()

    def with_store(self, store: Database, directory: Path) -> Bench:
        """The project, without its population, in another folder and with another store."""
        other = replace(self, directory=directory, store=store)
        other._write_project(directory)
        return other

    def _write_project(self, directory: Path) -> None:
        shutil.copytree(_PROJECT, directory, dirs_exist_ok=True)
        project = directory / "unisono.yaml"
        project.write_text(project.read_text(encoding="utf-8").replace(_STORE, self.store.url), encoding="utf-8")

    def floor(self, *names: str, database: Database | None = None) -> Cost | None:
        """What floors cost in the floor's store, or in another database; None where there are to be no floors."""
        if not self.setup.has_floors:
            return None
        used = database or self.floor_store
        used.settle()
        return self._measured("benchmarks.floors", str(self.directory), used.url, *names)

    def run(self, *profiles: str) -> Run:
        """Run ``connector:profile`` one after the other in one process."""
        return self._product("run", profiles)

    def plan(self, changed: Path, *connectors: str) -> Run:
        return self._product("plan", [str(changed), *connectors])

    def _product(self, command: str, arguments: Sequence[str]) -> Run:
        self.store.settle()
        cost = self._measured("benchmarks.product", str(self.directory), command, *arguments)
        return Run(cost=cost, runs=json.loads(cost.output))

    def _measured(self, module: str, *arguments: str) -> Cost:
        server = self.setup.stores.server or self.setup.targets.server
        return measure(module, arguments, timeout_s=self.setup.timeout_s, server=server)
