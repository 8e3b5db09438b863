"""An organization with its project, its store and its target, and what happens to it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bench import Run
from benchmarks.databases import Database
from benchmarks.leavers.organization import Organization
from benchmarks.leavers.target import Target
from benchmarks.measure import measure
from benchmarks.server_processes import ServerProcesses

_HERE: Final = Path(__file__).parent
_STORE: Final = "sqlite:///unisono.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """``server``: the one whose work counts too, where there is one."""

    directory: Path
    organization: Organization
    store: Database
    target: Target
    server: ServerProcesses | None = None
    timeout_s: float = 3600.0

    def write(self) -> None:
        """Write the project into the folder, which must have the sources."""
        shutil.copytree(_HERE / "project", self.directory, dirs_exist_ok=True)
        shutil.copytree(_HERE / "targets" / self.target.connector, self.directory, dirs_exist_ok=True)
        project = self.directory / "unisono.yaml"
        text = project.read_text(encoding="utf-8").replace(_STORE, self.store.url)
        project.write_text(text.replace("TARGET", self.target.connector), encoding="utf-8")
        self.target.install(self.directory)

    def cycle(self) -> Run:
        """Everybody imports, synchronizes, exports and confirms, until nothing is pending."""
        self.store.settle()
        arguments = [str(self.directory), "cycle"]
        cost = measure("benchmarks.product", arguments, timeout_s=self.timeout_s, server=self.server)
        return Run(cost=cost, runs=json.loads(cost.output))
