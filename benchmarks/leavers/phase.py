"""Leavers as a piece of work: from their leaving at the sources until nothing of them is left anywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from tests.servers.process import NotInstalled

from benchmarks.bench import OBJECT_TABLES, Bench, Run
from benchmarks.leavers.checks import Expected, Fact, too_much, wrong
from benchmarks.leavers.company import Company
from benchmarks.leavers.organization import Organization, leave, write_sources
from benchmarks.leavers.target import Application, Received
from benchmarks.results import Budget, Result
from benchmarks.server_processes import ServerProcesses

_MINUTES = Budget(seconds=300)  # "in minutes"


class WrongResult(Exception):
    """The work was done, and not right; ``str()`` says what is wrong."""


def leavers(bench: Bench) -> Iterator[Result]:
    """As many people as the benchmark has; the target is a database."""
    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=bench.directory) as name, ExitStack() as stack:
        folder, organization = Path(name), Organization.of(bench.size.people)
        write_sources(folder, organization)
        store, app = bench.setup.stores.new(folder, "unisono"), bench.setup.targets.new(folder, "app")
        for database in (store, app):
            stack.callback(database.drop)
        company = Company(
            directory=folder,
            organization=organization,
            store=store,
            target=Application(database=app),
            server=bench.setup.stores.server or bench.setup.targets.server,
            timeout_s=bench.setup.timeout_s,
        )
        yield from _measured(company)


def leavers_in_ldap(bench: Bench) -> Iterator[Result]:
    """The same with a directory; nobody where OpenLDAP or python-ldap is not installed."""
    if find_spec("ldap") is None:
        yield Result(work="leavers in LDAP: skipped, python-ldap is not installed", unisono_s=0.0)
        return
    from benchmarks.leavers import directory

    with tempfile.TemporaryDirectory(prefix="unisono-benchmark-", dir=bench.directory) as name, ExitStack() as stack:
        folder, organization = Path(name), Organization.of(bench.size.people)
        write_sources(folder, organization)
        try:
            target = stack.enter_context(directory.started(folder, organization))
        except NotInstalled as missing:
            yield Result(work=f"leavers in LDAP: skipped, {missing}", unisono_s=0.0)
            return
        store = bench.setup.stores.new(folder, "unisono")
        stack.callback(store.drop)
        company = Company(
            directory=folder,
            organization=organization,
            store=store,
            target=target,
            server=bench.setup.stores.server or ServerProcesses(pid=target.server.pid),
            timeout_s=bench.setup.timeout_s,
        )
        yield from _measured(company)


def _measured(company: Company) -> Iterator[Result]:
    """The first cycle for information, then that of the leavers; raises ``WrongResult``."""
    organization, target, store = company.organization, company.target, company.store
    company.write()
    before = Expected.before(organization)
    first = company.cycle()
    _require(wrong(target, store, before))
    size = f"{organization.people:,} people in {organization.groups:,} groups ({target.kind})"
    yield Result(
        work=f"first cycle, {size}", unisono_s=first.cost.wall_s, cost=first.cost, details={"runs": first.runs}
    )

    gone = organization.leavers()
    after = before.without(gone)
    leave(company.directory, organization)
    with target.received() as received, store.rows_written() as rows:
        run = company.cycle()
    removed = before.memberships.height - after.memberships.height
    _require([*wrong(target, store, after), *too_much(received, removed, gone.len())])
    yield Result(
        work=f"{gone.len():,} leavers of {size}, {removed:,} of {before.memberships.height:,} memberships",
        unisono_s=run.cost.wall_s,
        cost=run.cost,
        budget=_MINUTES,
        rows_written={table: n for table, n in rows.items() if table in OBJECT_TABLES},
        details={"runs": run.runs, "memberships": before.memberships.height, **_told(received)},
    )
    yield from _steps(run)


def _steps(run: Run) -> Iterator[Result]:
    """What each step took, in the order of the cycle."""
    for one in run.runs:
        for step in one["steps"]:
            yield Result(work=f"  {one['connector']}: {step['type']}", unisono_s=step["seconds"])


def _told(received: Received) -> dict[str, int]:
    return {
        "accounts_deleted": received.accounts_deleted,
        "members_removed": received.members_removed,
        "members_added": received.members_added,
    }


def _require(facts: list[Fact]) -> None:
    if facts:
        raise WrongResult("; ".join(map(str, facts)))
