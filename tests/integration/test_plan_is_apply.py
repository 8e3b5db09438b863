"""What a plan lists is what the synchronization then does: no change more, no change less, none of them different."""

from __future__ import annotations

import gc
import json
import re
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from examples.contoso.project import make_project
from examples.contoso.scenario import DayTwo, day_two
from sqlalchemy import inspect, text
from tests.projects import ON_SQLITE, Planned, TestProject, app_project, people, sql, store_url
from tests.servers.fixtures import STORES, kept_in

from unisono.model.guard import ChangeKind
from unisono.model.plan import METAVERSE
from unisono.model.runs import Counter, RunResult, Status, StepType
from unisono.runs import plan as rehearsal
from unisono.runs import spool

#: A change as (space, object id, object type, change, attribute, before, after, rule, name).
Change = tuple[str, int, str, str, str | None, str | None, str | None, str | None, str]
Edge = tuple[int, str, int]


def rows_by_table(directory: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the store."""
    with sql(directory) as store:
        names = inspect(store).get_table_names()
        rows = {name: store.execute(text(f'SELECT * FROM "{name}"')) for name in names}  # noqa: S608 - our tables
        return {name: sorted((tuple(row) for row in found), key=repr) for name, found in rows.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The store's rows at one moment, read with SQL as an administrator would."""

    objects: Mapping[int, Mapping[str, Any]]
    metaverse: Mapping[int, Mapping[str, Any]]
    references: frozenset[Edge]
    exports: frozenset[tuple[int, str, int, str]]  # pending edges with their operation
    rules: Mapping[int, str]

    @classmethod
    def of(cls, directory: Path) -> Snapshot:
        with sql(directory) as store:
            objects = store.execute(
                text("SELECT o.*, c.name AS space FROM cs_object o JOIN connector c ON c.id = connector_id")
            ).mappings()
            metaverse = store.execute(text("SELECT * FROM mv_object")).mappings()
            edges = store.execute(text("SELECT source_id, attribute, target_id FROM mv_reference"))
            exports = store.execute(
                text("SELECT source_id, attribute, target_id, operation FROM export_reference WHERE state = 'pending'")
            )
            return cls(
                objects={row["id"]: dict(row) for row in objects},
                metaverse={row["id"]: dict(row) for row in metaverse},
                references=frozenset((source, attribute, target) for source, attribute, target in edges),
                exports=frozenset((source, attribute, target, done) for source, attribute, target, done in exports),
                rules={row.id: row.name for row in store.execute(text("SELECT id, name FROM rule"))},
            )

    def name(self, number: int) -> str | None:
        if number in self.objects:
            return str(self.objects[number]["dn"])
        if number in self.metaverse:
            return str(_document(self.metaverse[number], "attributes")["displayName"])
        return None


def _document(row: Mapping[str, Any] | None, column: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row[column]) if row and row[column] else {}
    return found


def _text(value: object) -> str | None:
    """A value of a document as people read it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return re.sub(r"\.0{6}Z$", "Z", str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What happened between two snapshots, found without the engine: by comparing rows."""

    before: Snapshot
    after: Snapshot
    connector: str  # that was synchronized

    def changes(self) -> Tally[Change]:
        found = (self._metaverse(), self._references(), self._spaces(), self._exported_references())
        return Tally(change for part in found for change in part)

    def name(self, number: int) -> str:
        return str(self.after.name(number) or self.before.name(number))

    def _metaverse(self) -> Iterator[Change]:
        for number in self.before.metaverse.keys() | self.after.metaverse.keys():
            old, new = self.before.metaverse.get(number), self.after.metaverse.get(number)
            kind, name = (new or old or {})["object_type"], self.name(number)
            if new is None:
                yield METAVERSE, number, kind, "delete", None, None, None, None, name
                continue
            had, has = _document(old, "attributes"), _document(new, "attributes")
            rules = _document(new, "lineage")["rule"]
            for a in sorted(had.keys() | has.keys()):
                if had.get(a) != has.get(a):
                    change = "update" if old else "add"
                    rule = self.after.rules.get(rules.get(a, 0))
                    yield METAVERSE, number, kind, change, a, _text(had.get(a)), _text(has.get(a)), rule, name

    def _references(self) -> Iterator[Change]:
        """References from and to an object that is deleted go with it and are no changes of their own."""
        for edge in self.before.references ^ self.after.references:
            source, attribute, target = edge
            if {source, target} <= self.after.metaverse.keys():
                kind = self.after.metaverse[source]["object_type"]
                before, after = self._ends(target, added=edge in self.after.references)
                yield METAVERSE, source, kind, "update", attribute, before, after, None, self.name(source)

    def _ends(self, target: int, *, added: bool) -> tuple[str | None, str | None]:
        return (None, self.name(target)) if added else (self.name(target), None)

    def _spaces(self) -> Iterator[Change]:
        for number in self.before.objects.keys() | self.after.objects.keys():
            old, new = self.before.objects.get(number), self.after.objects.get(number)
            yield from self._link(old, new)
            if old and new:
                yield from self._export(old, new)

    def _link(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
        row = new or old or {}
        first = row["space"], row["id"], row["object_type"]
        name = self.name(row["id"])
        was, now = old and old["mv_id"], new and new["mv_id"]
        if new and now and not was:
            change = {"projection": "project", "join": "join", "provisioning": "provision"}[new["link_kind"]]
            named = ("dn", None, new["dn"]) if change == "provision" else (None, None, None)
            yield *first, change, *named, new["link_rule"], name
        elif was and not now and row["space"] == self.connector:
            yield *first, "disconnect", None, None, None, None, name
        elif was and (new is None or (now is None and new["export_operation"] != "delete")):
            yield *first, "deprovision", None, None, "disconnect", None, name
        elif new and new["export_operation"] == "delete" and old and old["export_operation"] != "delete":
            yield *first, "delete", None, None, "delete", None, name

    def _export(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
        first = new["space"], new["id"], new["object_type"]
        if new["new_dn"] and new["new_dn"] != old["new_dn"]:
            yield *first, "rename", "dn", new["dn"], new["new_dn"], None, self.name(new["id"])
        if new["pending_export"] == old["pending_export"] or new["export_operation"] != "update":
            return
        sent, pending = _document(new, "hologram"), _document(new, "pending_export")
        for a in (*pending["clear"], *pending["set"]):
            before, after = _text(sent.get(a)), _text(pending["set"].get(a))
            yield *first, "update", a, before, after, None, self.name(new["id"])

    def _exported_references(self) -> Iterator[Change]:
        for source, attribute, target, operation in self.after.exports - self.before.exports:
            row = self.after.objects[source]
            before, after = self._ends(target, added=operation == "add")
            name = self.name(source)
            yield row["space"], source, row["object_type"], "update", attribute, before, after, None, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The second day at Contoso: planned for all connectors in their order, then really synchronized one by one."""

    who: DayTwo
    plans: tuple[Planned, ...]
    again: tuple[Planned, ...]  # planned a second time, before anything was applied
    in_pieces: tuple[Planned, ...]  # a few objects at a time, and a few changes in memory
    tables: tuple[dict[str, list[tuple[Any, ...]]], dict[str, list[tuple[Any, ...]]]]  # around both plans
    results: tuple[RunResult, ...]
    differences: tuple[Difference, ...]


@pytest.fixture(scope="module", params=STORES)
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Day:
    directory = tmp_path_factory.mktemp("contoso")
    with kept_in(request.param, request):
        make_project(directory, people=300, groups=20)
        own = directory / "unisono.yaml"
        own.write_text(own.read_text().replace(ON_SQLITE, store_url()))
        return _played(directory)


def _played(directory: Path) -> Day:
    project = TestProject(directory=directory)
    project.cycle()
    who = day_two(directory / "data")
    with project.open() as context:
        order = context.project.cycle
    for connector in order:
        project.run(connector, StepType.DELTA_IMPORT if connector == "phones" else StepType.FULL_IMPORT)
    tables = rows_by_table(directory)
    plans, again = project.plan(*order), project.plan(*order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "BLOCK_ROWS", 9)
        in_pieces = project.plan(*order, partition=7)
    after_planning = rows_by_table(directory)
    results, differences = [], []
    for connector in order:
        before = Snapshot.of(directory)
        results.append(project.run(connector, StepType.DELTA_SYNCHRONIZATION))
        differences.append(Difference(before=before, after=Snapshot.of(directory), connector=connector))
    return Day(
        who=who,
        plans=plans,
        again=again,
        in_pieces=in_pieces,
        tables=(tables, after_planning),
        results=tuple(results),
        differences=tuple(differences),
    )


def _listed(plan: Planned) -> Tally[Change]:
    columns = ["space", "object_id", "object_type", "change", "attribute", "before", "after", "rule", "name"]
    return Tally(plan.changes.select(columns).iter_rows())


def test_planning_writes_nothing(day: Day) -> None:
    before, after = day.tables
    assert [name for name in before if before[name] != after[name]] == []
    assert before.keys() == after.keys()


def test_planning_twice_gives_the_same_plan_under_the_same_hash(day: Day) -> None:
    assert [plan.hash for plan in day.plans] == [plan.hash for plan in day.again]
    assert [_listed(plan) for plan in day.plans] == [_listed(plan) for plan in day.again]


def test_a_plan_in_many_small_pieces_shows_the_same(day: Day) -> None:
    """Ids of objects that do not exist yet are given in turn, so they differ; nobody else's may."""
    existing = day.differences[0].before.objects.keys() | day.differences[0].before.metaverse.keys()

    def shown(plan: Planned) -> Tally[tuple[object, ...]]:
        return Tally((space, number if number in existing else None, *rest) for space, number, *rest in _listed(plan))

    for whole, pieces in zip(day.plans, day.in_pieces, strict=True):
        assert shown(pieces) == shown(whole)
        assert (pieces.counts, pieces.guard, pieces.objects) == (whole.counts, whole.guard, whole.objects)
        assert pieces.errors.drop("id").equals(whole.errors.drop("id"))


def test_all_that_was_planned_happened(day: Day) -> None:
    for plan, difference in zip(day.plans, day.differences, strict=True):
        assert sorted(_listed(plan) - difference.changes(), key=repr) == []


def test_nothing_happened_that_was_not_planned(day: Day) -> None:
    for plan, difference in zip(day.plans, day.differences, strict=True):
        assert sorted(difference.changes() - _listed(plan), key=repr) == []


def test_the_day_has_every_kind_of_change(day: Day) -> None:
    """What would otherwise make the comparison weak."""
    kinds = {(space, change) for plan in day.plans for space, change in plan.changes.select("space", "change").rows()}
    assert kinds >= {
        *((METAVERSE, change) for change in ("add", "update", "delete")),
        *(("hr", change) for change in ("project", "disconnect")),
        *(("directory", change) for change in ("provision", "update", "rename", "delete")),
        *(("app", change) for change in ("provision", "update", "delete")),
        ("phones", "deprovision"),
    }


def test_the_counters_of_the_runs_are_those_of_the_plans(day: Day) -> None:
    assert {result.status for result in day.results} == {Status.SUCCESS}
    assert [plan.counts for plan in day.plans] == [result.steps[0].counts for result in day.results]


def test_the_counters_are_what_the_store_shows(day: Day) -> None:
    changes = day.differences[0].changes()
    happened = Tally((space, change) for space, _, _, change, *_ in changes)
    counted = {(count.counter, count.target): count.count for count in day.results[0].steps[0].counts}
    assert counted[Counter.DISCONNECTOR_PROJECTED_FLOW, None] == happened["hr", "project"]
    assert counted[Counter.CONNECTOR_DELETE_REMOVE_MV, None] == happened[METAVERSE, "delete"]
    for target in ("directory", "app"):
        assert counted[Counter.PROVISIONED_ADD_FLOW, target] == happened[target, "provision"]
        assert counted[Counter.PROVISIONED_DISCONNECT, target] == happened[target, "delete"]
    assert counted[Counter.PROVISIONED_RENAME_FLOW, "directory"] == happened["directory", "rename"]


def test_the_guard_counts_what_the_store_shows(day: Day) -> None:
    """Whole objects by kind of change; memberships by reference."""
    for plan, difference in zip(day.plans, day.differences, strict=True):
        for space in (METAVERSE, "directory", "app"):
            judged = {kind: plan.guard.get((space, kind), 0) for kind in ChangeKind}
            assert judged == _guarded(difference, space)


def _guarded(difference: Difference, space: str) -> dict[ChangeKind, int]:
    mine = [change for change in difference.changes() if change[0] == space]
    references = {attribute for _, attribute, _ in difference.before.references}
    values = {(number, change) for _, number, _, change, attribute, *_ in mine if attribute not in references}
    events = Tally(change for _, change in values)
    removed = [c for c in mine if c[3] == "update" and c[6] is None]
    return {
        ChangeKind.ADDS: events["add"] + events["provision"],
        ChangeKind.UPDATES: _rewritten(difference) if space == METAVERSE else events["update"],
        ChangeKind.RENAMES: events["rename"],
        ChangeKind.DELETES: events["delete"],
        ChangeKind.CLEARED: sum(c[4] not in references for c in removed),
        ChangeKind.REMOVED: sum(c[4] in references for c in removed) if space != METAVERSE else 0,
    }


def _rewritten(difference: Difference) -> int:
    """Metaverse objects with another value, or with the same value from another rule."""
    before, after = difference.before.metaverse, difference.after.metaverse
    return sum(before[number] != after[number] for number in before.keys() & after.keys())


def test_who_leaves_is_exactly_who_the_plan_deletes(day: Day) -> None:
    hr = day.plans[0].changes.filter(pl.col("change") == "delete")
    before, after = day.differences[0].before, day.differences[-1].after
    assert set(_employees(before, hr, METAVERSE)) == set(day.who.leavers)
    assert before.metaverse.keys() - after.metaverse.keys() == set(hr.filter(space=METAVERSE)["object_id"])
    for space, gone in (("directory", {*day.who.leavers}), ("app", {*day.who.leavers, day.who.on_leave})):
        planned = hr.filter(space=space)["object_id"].to_list()
        assert {_employee_of_account(before, number) for number in planned} == gone
        deleted = {
            n for n, row in after.objects.items() if row["space"] == space and row["export_operation"] == "delete"
        }
        assert deleted == set(planned)
    assert day.plans[1].changes.filter(pl.col("change") == "delete").is_empty()


def _employees(snapshot: Snapshot, changes: pl.DataFrame, space: str) -> list[str]:
    numbers = changes.filter(space=space)["object_id"]
    return [str(_document(snapshot.metaverse[number], "attributes")["employeeId"]) for number in numbers]


def _employee_of_account(snapshot: Snapshot, number: int) -> str:
    owner = snapshot.metaverse[snapshot.objects[number]["mv_id"]]
    return str(_document(owner, "attributes")["employeeId"])


# --- what the guard holds --------------------------------------------------------------------------------------------

_NO_DELETES = "guard: {deletes: {absolute: 0}}\n"


@pytest.fixture
def held(tmp_path: Path) -> TestProject:
    """One person left HR, and the application lets nobody be deleted."""
    project = app_project(tmp_path).write(hr_csv=people(20))
    project.cycle()
    app = (tmp_path / "connectors" / "app.yaml").read_text()
    project.write(connectors__app_yaml=app + _NO_DELETES, hr_csv=people(19))
    assert project.run("hr", StepType.FULL_IMPORT).status is Status.SUCCESS
    return project


def test_a_plan_tells_what_the_guard_will_hold_under_the_same_hash(held: TestProject) -> None:
    (planned,) = held.plan("hr")
    result = held.run("hr", StepType.DELTA_SYNCHRONIZATION)
    assert [(one.target, one.kind, one.count, one.allowed) for one in planned.held] == [
        ("app", ChangeKind.DELETES, 1, 0)
    ]
    assert result.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
    assert result.steps[0].held_hash == planned.hash


def test_a_batch_that_the_guard_holds_writes_no_object(held: TestProject) -> None:
    before = held.metaverse(), held.space("app"), held.space("hr")
    held.run("hr", StepType.DELTA_SYNCHRONIZATION)
    after = held.metaverse(), held.space("app"), held.space("hr")
    assert all(new.equals(old) for new, old in zip(after, before, strict=True))


def test_the_hash_of_a_plan_lets_exactly_that_plan_pass(held: TestProject) -> None:
    (planned,) = held.plan("hr")
    passed = frozenset({planned.hash})
    held.write(hr_csv=people(18))
    held.run("hr", StepType.FULL_IMPORT)
    other = held.run("hr", StepType.DELTA_SYNCHRONIZATION, approved=passed)
    assert other.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
    held.write(hr_csv=people(19))
    held.run("hr", StepType.FULL_IMPORT)
    same = held.run("hr", StepType.DELTA_SYNCHRONIZATION, approved=passed)
    assert same.status is Status.SUCCESS
    assert held.metaverse().height == 19


# --- what is in memory -----------------------------------------------------------------------------------------------


def _rows_alive() -> int:
    """Changes in all frames that there are."""
    gc.collect()
    frames = (each for each in gc.get_objects() if type(each) is pl.DataFrame)
    return sum(frame.height for frame in frames if {"change", "before", "after"} <= set(frame.columns))


def test_a_plan_holds_a_block_of_changes_not_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 20)
    project = app_project(tmp_path).write(hr_csv=people(120))
    assert project.run("hr", StepType.FULL_IMPORT).status is Status.SUCCESS
    before = _rows_alive()
    with project.open() as context, rehearsal.plan(replace(context, partition_objects=10), ["hr"], full=False) as plans:
        held = _rows_alive() - before
        listed = [block.height for block in plans[0].changes.blocks()]
    assert sum(listed) == plans[0].changes.height > 700
    assert max(listed) <= 20
    assert held <= 20
