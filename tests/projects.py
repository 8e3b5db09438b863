"""Small real projects for tests: a folder with YAML files, run through the same door as the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, create_engine

from unisono.bootstrap import open_project
from unisono.config import load_project
from unisono.model.guard import ChangeKind, Held
from unisono.model.runs import Counter, RunProfile, RunResult, RunStep, StepCount, StepType
from unisono.runs.context import Context
from unisono.runs.cycle import run_cycle
from unisono.runs.execute import run_profile
from unisono.runs.plan import ConnectorPlan, plan
from unisono.store.contract import Reader

ON_SQLITE = "sqlite:///unisono.db"
_store = [ON_SQLITE]  # the store's URL in projects that are made now
_environ: dict[str, str] = {}  # what the URL refers to
METAVERSE = """\
types:
  person:
    attributes:
      employeeId: string
      displayName: string
      mail: string
      title: string
      startDate: datetime
      manager: reference
    deletion: {any-of: [hr]}
"""
HR = """\
kind: delimited-text
settings: {file: hr.csv, anchor: [employeeId]}
types:
  person:
    attributes:
      employeeId: {type: string, required: true}
      givenName: string
      sn: string
      title: string
      startDate: datetime
      manager: reference
"""
HR_RULE = """\
name: HR person
direction: inbound
connector: hr
types: {connector: person, metaverse: person}
precedence: 100
link: project
join:
  - {employeeId: '[employeeId]'}
flows:
  employeeId: employeeId
  displayName: '[givenName] & " " & [sn]'
  title: title
  startDate: startDate
  manager: manager
"""
APP = """\
kind: delimited-text
settings: {file: app.csv, export_file: app.csv, anchor: [login]}
deprovisioning: delete
types:
  account:
    attributes:
      login: {type: string, required: true}
      fullName: string
      job: string
      boss: reference
"""
APP_RULE = """\
name: App account
direction: outbound
connector: app
types: {connector: account, metaverse: person}
precedence: 200
link: provision
flows:
  login: employeeId
  fullName: displayName
  job: title
  boss: manager
"""
HEADER = "employeeId,givenName,sn,title,startDate,manager\n"
APP_HEADER = "login,fullName,job,boss\n"


def people(count: int, *, title: str = "Clerk") -> str:
    """An HR file of so many people, the first of whom manages all others."""
    rows = (
        f"E{n:05},Given{n},Family{n},{title},2020-01-{n % 28 + 1:02},{'' if n == 0 else 'E00000'}\n"
        for n in range(count)
    )
    return HEADER + "".join(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A connector's plan with its lists in memory: what tests plan is small."""

    hash: str
    objects: int
    counts: tuple[StepCount, ...]
    guard: Mapping[tuple[str, ChangeKind], int]
    held: tuple[Held, ...]
    changes: pl.DataFrame
    errors: pl.DataFrame

    @classmethod
    def of(cls, plan: ConnectorPlan) -> Planned:
        return cls(
            hash=plan.hash,
            objects=plan.objects,
            counts=plan.counts,
            guard=plan.guard,
            held=plan.held,
            changes=pl.concat(plan.changes.blocks()),
            errors=pl.concat(plan.errors.blocks()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestProject:
    """A project folder. ``files`` written later replace earlier ones."""

    __test__ = False  # for pytest: this is a builder, not a test
    directory: Path

    def write(self, **files: str) -> TestProject:
        """Write files; two underscores in a name stand for a slash, the last single one for the dot."""
        for name, text in files.items():
            stem, _, suffix = name.replace("__", "/").rpartition("_")
            path = self.directory / f"{stem}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def open(self, *, approved: frozenset[str] = frozenset()) -> AbstractContextManager[Context]:
        return open_project(self.directory, environ=_environ, approved=approved)

    def run(self, connector: str, *steps: StepType, approved: frozenset[str] = frozenset()) -> RunResult:
        profile = RunProfile(name="test", steps=tuple(RunStep(type=step) for step in steps))
        with self.open(approved=approved) as context:
            return run_profile(connector, profile, context)

    def cycle(self) -> list[RunResult]:
        with self.open() as context:
            return list(run_cycle(context))

    def plan(self, *connectors: str, full: bool = False, partition: int | None = None) -> tuple[Planned, ...]:
        """``partition``: objects that are planned at a time, where it matters."""
        with self.open() as context:
            sized = context if partition is None else replace(context, partition_objects=partition)
            with plan(sized, connectors, full=full) as plans:
                return tuple(map(Planned.of, plans))

    def space(self, connector: str) -> pl.DataFrame:
        """``CS_OBJECT`` of everything in a connector space, by anchor."""
        with self.open() as context, context.store.read() as reader:
            return reader.objects(whole_space(reader, connector)["id"]).sort("anchor")

    def metaverse(self) -> pl.DataFrame:
        with self.open() as context, context.store.read() as reader:
            return reader.find_metaverse("", 1_000_000).sort("id")


@contextmanager
def stored_at(url: str, password: str) -> Iterator[None]:
    """Projects that are made and opened in the block have their store there; the URL says ``PASSWORD`` in its place."""
    before, _store[0] = _store[0], url.replace("PASSWORD", "${env:STORE_PASSWORD}")
    _environ["STORE_PASSWORD"] = password
    try:
        yield
    finally:
        _store[0] = before
        del _environ["STORE_PASSWORD"]


def store_url() -> str:
    return _store[0]


@contextmanager
def sql(directory: Path) -> Iterator[Connection]:
    """The store of a project as an administrator sees it, who asks the database."""
    url = load_project(directory, environ=_environ).store.reveal()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def environment() -> dict[str, str]:
    """What a process needs that opens a project made here."""
    return {**os.environ, **_environ}


def settings(*cycle: str) -> str:
    """A project's own file."""
    return f"name: test\nstore: {store_url()}\ncycle: [{', '.join(cycle)}]\n"


def hr_project(directory: Path) -> TestProject:
    """HR projects people into the metaverse; nothing else."""
    return TestProject(directory=directory).write(
        unisono_yaml=settings("hr"),
        metaverse_yaml=METAVERSE,
        connectors__hr_yaml=HR,
        rules__hr_yaml=HR_RULE,
    )


def app_project(directory: Path) -> TestProject:
    """HR projects people; each gets an account in an application's file, with the manager as a reference."""
    return (
        hr_project(directory)
        .write(unisono_yaml=settings("hr", "app"), connectors__app_yaml=APP, rules__app_yaml=APP_RULE)
        .write(app_csv=APP_HEADER)
    )


def counts(result: RunResult, step: int = 0) -> dict[Counter, int]:
    """The step's counters without target."""
    return {count.counter: count.count for count in result.steps[step].counts if count.target is None}


def whole_space(reader: Reader, connector: str) -> pl.DataFrame:
    """``CS_INDEX`` of a whole connector space, placeholders included, by id."""
    ids = [part["id"] for part in reader.connector_outline(connector)]
    return reader.index_of(pl.concat([pl.Series("id", [], dtype=pl.Int64), *ids])).sort("id")
