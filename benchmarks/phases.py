"""The pieces of work of the table, in the order in which they happen to a population."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.application import memberships
from benchmarks.bench import CHANGED_PEOPLE, OBJECT_TABLES, Bench, Run
from benchmarks.databases import Database
from benchmarks.leavers.phase import leavers, leavers_in_ldap
from benchmarks.measure import Cost, measure
from benchmarks.population import Size, add_member
from benchmarks.results import NO_BUDGET, Budget, Result

SOURCES = ("hr", "phones", "crm")
_IMPORTS = [f"{connector}:import" for connector in SOURCES]
_SYNCHRONIZATIONS = [f"{connector}:sync" for connector in SOURCES]
_CONFIRMATIONS = ["directory:confirm", "app:confirm"]
_SMALLEST = 1_000


def import_first(bench: Bench) -> Iterator[Result]:
    floor = bench.floor("import")
    with bench.store.rows_written() as rows:
        run = bench.run(*_IMPORTS)
    yield _result("full import, first time", run, Budget(floors=2.5), floor=floor, rows=rows)


def import_unchanged(bench: Bench) -> Iterator[Result]:
    floor = bench.floor("import-unchanged", database=bench.store)
    with bench.store.rows_written() as rows:
        run = bench.run(*_IMPORTS)
    yield _result("full import, nothing changed", run, Budget(floors=2), floor=floor, rows=rows, allows_rows=False)


def synchronize_first(bench: Bench) -> Iterator[Result]:
    floor = bench.floor(*(f"synchronize-{connector}" for connector in SOURCES))
    bench.floor_store.drop()
    with bench.store.rows_written() as rows:
        run = bench.run(*_SYNCHRONIZATIONS)
    yield _result("full synchronization, first time", run, Budget(floors=2.5), floor=floor, rows=rows)


def export(bench: Bench) -> Iterator[Result]:
    with _copied(bench.app) as app:
        floor = bench.floor("export", database=app)
    with bench.store.rows_written() as rows:
        run = bench.run("app:export")
    yield _result(f"export to SQL ({bench.app.kind})", run, Budget(floors=1.25), floor=floor, rows=rows)
    yield _result("export to LDIF", bench.run("directory:export"))


def confirm(bench: Bench) -> Iterator[Result]:
    with bench.store.rows_written() as rows:
        run = bench.run(*_CONFIRMATIONS)
    yield _result("confirming import and synchronization, two targets", run, rows=rows)


def synchronize_unchanged(bench: Bench) -> Iterator[Result]:
    floor = bench.floor("synchronize-unchanged", database=bench.store)
    with bench.store.rows_written() as rows:
        run = bench.run("hr:sync")
    yield _result(
        "full synchronization, nothing to change",
        run,
        Budget(floors=3),
        floor=floor,
        rows=rows,
        allows_rows=False,
    )


def plan(bench: Bench) -> Iterator[Result]:
    """Beside the synchronization that does what was planned, in a copy of the store."""
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=bench.directory) as folder:
        project = Path(folder) / "changed"
        with _copied(bench.store) as copy:
            changed = bench.with_store(copy, project)
            _change_a_rule(project)
            done = changed.run("hr:sync")
        planned = bench.plan(project, "hr")
    yield _result("plan of a rule change", planned, Budget(floors=1), floor=done.cost)


def _change_a_rule(project: Path) -> None:
    """Everybody gets another display name."""
    rule = project / "rules" / "hr-inbound.yaml"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text.replace('[givenName] & " " & [sn]', '[sn] & ", " & [givenName]'), encoding="utf-8")


def delta(bench: Bench) -> Iterator[Result]:
    with bench.store.rows_written() as rows:
        run = bench.run("hr:delta")
    yield _delta_result(bench, run, rows)


def delta_growth(bench: Bench) -> Iterator[Result]:
    """The same delta in populations of a hundredth and of a tenth."""
    for part in (100, 10):
        people = bench.size.people // part
        if people < _SMALLEST:
            continue
        with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=bench.directory) as folder:
            small = Bench.prepare(Path(folder), Size(people=people), bench.setup)
            small.run(*_IMPORTS, *_SYNCHRONIZATIONS)
            yield _delta_result(small, small.run("hr:delta"), None)
            small.drop()


def one_member(bench: Bench) -> Iterator[Result]:
    bench.run("app:export")  # what waits from before
    before = memberships(bench.app)
    members = add_member(bench.directory)
    run = bench.run("crm:delta")
    sent = bench.run("app:export")
    yield Result(
        work=f"one member added to a group of {members - 1:,}: synchronization step",
        unisono_s=run.step_seconds("delta-synchronization"),
        budget=Budget(seconds=0.05),
        cost=run.cost,
        details={"runs": run.runs, "export": sent.runs, "values_sent": memberships(bench.app) - before},
    )


def export_to_ldap(bench: Bench) -> Iterator[Result]:
    if find_spec("ldap") is None:
        yield Result(work="export to LDAP: skipped, python-ldap is not installed", unisono_s=0.0)
        return
    from benchmarks.ldap_export import export_to_ldap as export_to_server

    yield from export_to_server(bench)


def help_text(bench: Bench) -> Iterator[Result]:
    cost = measure("unisono.cli", ["--help"], timeout_s=bench.setup.timeout_s)
    yield Result(work="unisono --help", unisono_s=cost.wall_s, cost=cost, budget=Budget(seconds=0.3))


Phase = Callable[[Bench], Iterator[Result]]

#: In order; each builds upon the ``WRITING`` ones before it, unless it is one of ``ALONE``.
PHASES: dict[str, Phase] = {
    "import": import_first,
    "import-unchanged": import_unchanged,
    "synchronize": synchronize_first,
    "export": export,
    "confirm": confirm,
    "synchronize-unchanged": synchronize_unchanged,
    "plan": plan,
    "delta": delta,
    "member": one_member,
    "delta-growth": delta_growth,
    "ldap": export_to_ldap,
    "leavers": leavers,
    "leavers-ldap": leavers_in_ldap,
    "help": help_text,
}

#: Those that leave something behind.
WRITING = frozenset({"import", "synchronize", "export", "confirm", "delta", "member"})
#: Those with a population of their own, or none.
ALONE = frozenset({"delta-growth", "ldap", "leavers", "leavers-ldap", "help"})


def needed(wanted: Collection[str]) -> list[str]:
    """The wanted phases and what they build upon, in order."""
    names = list(PHASES)
    last = max((names.index(name) for name in wanted if name not in ALONE), default=0)
    return [name for place, name in enumerate(names) if name in wanted or (place < last and name in WRITING)]


def _result(
    work: str,
    run: Run,
    budget: Budget = NO_BUDGET,
    *,
    floor: Cost | None = None,
    rows: dict[str, int] | None = None,
    allows_rows: bool = True,
) -> Result:
    return Result(
        work=work,
        unisono_s=run.cost.wall_s,
        cost=run.cost,
        budget=budget,
        floor=floor,
        rows_written=None if rows is None else {table: n for table, n in rows.items() if table in OBJECT_TABLES},
        allows_rows=allows_rows,
        details={"runs": run.runs},
    )


def _delta_result(bench: Bench, run: Run, rows: dict[str, int] | None) -> Result:
    """By the clock of the run itself: a service that is running has no program to start."""
    work = f"delta import and synchronization of {CHANGED_PEOPLE} changes in {bench.size.people:,}"
    result = _result(work, run, Budget(seconds=1), rows=rows)
    details = {**result.details, "process_s": run.cost.wall_s}
    return replace(result, unisono_s=run.step_seconds("delta-import", "delta-synchronization"), details=details)


@contextmanager
def _copied(database: Database) -> Iterator[Database]:
    copy = database.copy()
    try:
        yield copy
    finally:
        copy.drop()
