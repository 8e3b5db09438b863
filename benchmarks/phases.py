"""The pieces of work of the table, in the order in which they happen to a population."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.bench import CHANGED_PEOPLE, OBJECT_TABLES, PROJECT, Bench, Run
from benchmarks.measure import Cost, measure, rows_written
from benchmarks.population import Size, add_member, memberships
from benchmarks.results import NO_BUDGET, Budget, Result

SOURCES = ("hr", "phones", "crm")
_IMPORTS = [f"{connector}:import" for connector in SOURCES]
_SYNCHRONIZATIONS = [f"{connector}:sync" for connector in SOURCES]
_CONFIRMATIONS = ["directory:confirm", "app:confirm"]
_SMALLEST = 1_000


def import_first(bench: Bench) -> Iterator[Result]:
    floor = bench.floor("import")
    with rows_written(bench.store) as rows:
        run = bench.run(*_IMPORTS)
    yield _result("full import, first time", run, Budget(floors=2.5), floor=floor, rows=rows)


def import_unchanged(bench: Bench) -> Iterator[Result]:
    floor = bench.floor("import-unchanged", store=bench.store)
    with rows_written(bench.store) as rows:
        run = bench.run(*_IMPORTS)
    yield _result("full import, nothing changed", run, Budget(floors=2), floor=floor, rows=rows, allows_rows=False)


def synchronize_first(bench: Bench) -> Iterator[Result]:
    floor = bench.floor(*(f"synchronize-{connector}" for connector in SOURCES))
    bench.floor_store.unlink()
    with rows_written(bench.store) as rows:
        run = bench.run(*_SYNCHRONIZATIONS)
    yield _result("full synchronization, first time", run, Budget(floors=2.5), floor=floor, rows=rows)


def export(bench: Bench) -> Iterator[Result]:
    with _copied(bench.directory / "app.db") as app:
        floor = bench.floor("export", store=app)
    with rows_written(bench.store) as rows:
        run = bench.run("app:export")
    yield _result("export to SQL", run, Budget(floors=1.25), floor=floor, rows=rows)
    yield _result("export to LDIF", bench.run("directory:export"))


def confirm(bench: Bench) -> Iterator[Result]:
    with rows_written(bench.store) as rows:
        run = bench.run(*_CONFIRMATIONS)
    yield _result("confirming import and synchronization, two targets", run, rows=rows)


def synchronize_unchanged(bench: Bench) -> Iterator[Result]:
    floor = bench.floor("synchronize-unchanged", store=bench.store)
    with rows_written(bench.store) as rows:
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
        changed = replace(bench, directory=Path(folder) / "changed")
        shutil.copytree(PROJECT, changed.directory)
        _change_a_rule(changed.directory)
        planned = bench.plan(changed.directory, "hr")
        shutil.copyfile(bench.store, changed.store)
        done = changed.run("hr:sync")
    yield _result("plan of a rule change", planned, Budget(floors=1), floor=done.cost)


def _change_a_rule(project: Path) -> None:
    """Everybody gets another display name."""
    rule = project / "rules" / "hr-inbound.yaml"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text.replace('[givenName] & " " & [sn]', '[sn] & ", " & [givenName]'), encoding="utf-8")


def delta(bench: Bench) -> Iterator[Result]:
    with rows_written(bench.store) as rows:
        run = bench.run("hr:delta")
    yield _delta_result(bench, run, rows)


def delta_growth(bench: Bench) -> Iterator[Result]:
    """The same delta in populations of a hundredth and of a tenth."""
    for part in (100, 10):
        people = bench.size.people // part
        if people < _SMALLEST:
            continue
        with tempfile.TemporaryDirectory(prefix="unisono-benchmark-") as folder:
            small = Bench.prepare(Path(folder), Size(people=people), timeout_s=bench.timeout_s)
            small.run(*_IMPORTS, *_SYNCHRONIZATIONS)
            yield _delta_result(small, small.run("hr:delta"), None)


def one_member(bench: Bench) -> Iterator[Result]:
    bench.run("app:export")  # what waits from before
    before = memberships(bench.directory)
    members = add_member(bench.directory)
    run = bench.run("crm:delta")
    sent = bench.run("app:export")
    yield Result(
        work=f"one member added to a group of {members - 1:,}: synchronization step",
        unisono_s=run.step_seconds("delta-synchronization"),
        budget=Budget(seconds=0.05),
        cpu_s=run.cost.cpu_s,
        peak_mib=run.cost.peak_mib,
        details={"runs": run.runs, "export": sent.runs, "values_sent": memberships(bench.directory) - before},
    )


def export_to_ldap(bench: Bench) -> Iterator[Result]:
    if find_spec("ldap") is None:
        yield Result(work="export to LDAP: skipped, python-ldap is not installed", unisono_s=0.0)
        return
    from benchmarks.ldap_export import export_to_ldap as export_to_server

    yield from export_to_server(bench)


def help_text(bench: Bench) -> Iterator[Result]:
    cost = measure("unisono.cli", ["--help"], timeout_s=bench.timeout_s)
    yield Result(
        work="unisono --help",
        unisono_s=cost.wall_s,
        budget=Budget(seconds=0.3),
        cpu_s=cost.cpu_s,
        peak_mib=cost.peak_mib,
    )


Phase = Callable[[Bench], Iterator[Result]]

#: In order; each needs those before it, but for the last three.
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
    "help": help_text,
}


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
        budget=budget,
        floor_s=floor.wall_s if floor else None,
        floor_cpu_s=floor.cpu_s if floor else None,
        rows_written=None if rows is None else {table: n for table, n in rows.items() if table in OBJECT_TABLES},
        allows_rows=allows_rows,
        cpu_s=run.cost.cpu_s,
        peak_mib=run.cost.peak_mib,
        details={"runs": run.runs},
    )


def _delta_result(bench: Bench, run: Run, rows: dict[str, int] | None) -> Result:
    """By the clock of the run itself: a service that is running has no program to start."""
    work = f"delta import and synchronization of {CHANGED_PEOPLE} changes in {bench.size.people:,}"
    result = _result(work, run, Budget(seconds=1), rows=rows)
    details = {**result.details, "process_s": run.cost.wall_s}
    return replace(result, unisono_s=run.step_seconds("delta-import", "delta-synchronization"), details=details)


@contextmanager
def _copied(file: Path) -> Iterator[Path]:
    copy = file.with_name(f"floor-{file.name}")
    shutil.copyfile(file, copy)
    try:
        yield copy
    finally:
        copy.unlink()
