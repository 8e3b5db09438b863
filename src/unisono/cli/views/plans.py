"""Plans for people: what the guard says, counts, then the changes from the worst to the harmless."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from unisono.cli.documents.plans import KINDS, ConnectorPlan, KindCount, Plan, PlannedChange, PlannedError
from unisono.cli.documents.streamed import Streamed
from unisono.cli.views.parts import counted, indented, next_commands, safe, table, text, titled

SHOWN_ERRORS = 20

_STYLES = {"delete": "bold red", "deprovision": "red", "disconnect": "red", "rename": "yellow", "clear": "yellow"}


def plan_view(plan: Plan) -> Iterator[RenderableType]:
    yield connector_table(plan.connectors)
    for each in plan.connectors:
        if each.held:
            yield held_part(each)
        if each.errors.total:
            yield titled(f"Errors in {each.connector}", _first_errors(each.errors))
    if not plan.kinds:
        yield text("Nothing would change.")
        return
    yield titled("Changes", kind_table(plan.kinds))
    yield from change_parts(plan.changes.first, plan.matching)
    yield from next_commands(plan.next)


def connector_table(plans: Sequence[ConnectorPlan]) -> RenderableType:
    rows = [
        (each.connector, each.step, each.objects, _guard(each), each.errors.total or "", each.hash) for each in plans
    ]
    return table(("connector", "step", "objects", "guard", "errors", "hash"), rows, numbers=("objects", "errors"))


def _guard(plan: ConnectorPlan) -> Text:
    return Text("holds it", style="bold red") if plan.held else Text("passes", style="green")


def held_part(plan: ConnectorPlan) -> RenderableType:
    """Which limits are exceeded, and how exactly this batch is approved."""
    lines = [
        text(f"{one.count:,} {one.kind} in {one.space}; allowed: {one.allowed:,} of {one.population:,}")
        for one in plan.held
    ]
    if plan.approve:
        lines.append(Text.assemble("If that is right: ", (safe(plan.approve), "cyan")))
    return titled(f"The guard would hold {plan.connector}", Group(*lines))


def kind_table(kinds: Sequence[KindCount]) -> RenderableType:
    """Objects by kind of change and space."""
    spaces = list(dict.fromkeys(each.space for each in sorted(kinds, key=lambda each: each.space)))
    spaces.sort(key=lambda space: space != "metaverse")
    found = {(each.kind, each.space): each.objects for each in kinds}
    present = [kind for kind in KINDS if any(kind == each.kind for each in kinds)]
    rows = [(_kind(kind), *(found.get((kind, space), "") for space in spaces)) for kind in present]
    return table(("objects", *spaces), rows, numbers=spaces)


def _kind(kind: str) -> Text:
    return Text(kind, style=_STYLES.get(kind, ""))


def change_parts(planned: Sequence[PlannedChange], matching: Sequence[KindCount]) -> Iterator[RenderableType]:
    """One table per kind, worst first, and how many objects are not listed."""
    if not planned:
        yield text("No change passes the filters.")
    objects: dict[str, int] = {}
    for each in matching:
        objects[each.kind] = objects.get(each.kind, 0) + each.objects
    for kind, group in groupby(planned, key=lambda change: change.kind):
        changes = tuple(group)
        listed = len({(change.space, change.object_id) for change in changes})
        parts = [change_table(changes)]
        if listed < objects[kind]:
            parts.append(indented(text(f"and {counted(objects[kind] - listed, 'more object')}: --limit 0 lists all")))
        yield titled(f"{kind}: {counted(objects[kind], 'object')}", Group(*parts))


_COLUMNS = ("space", "object", "attribute", "before", "after", "rule")


def change_table(changes: Sequence[PlannedChange]) -> RenderableType:
    """Changes row by row, without columns that are empty; of several added objects how many values they get."""
    objects = {(change.space, change.object_id) for change in changes}
    adding = changes[0].kind == "add" and len(objects) > 1
    rows = list(_added(changes) if adding else map(_row, changes))
    used = [column for column in range(len(_COLUMNS)) if any(row[column] not in (None, "") for row in rows)]
    return table([_COLUMNS[column] for column in used], [[row[column] for column in used] for row in rows])


def _row(change: PlannedChange) -> Sequence[object]:
    return change.space, change.name, change.attribute, change.before, change.after, change.rule


def _added(changes: Sequence[PlannedChange]) -> Iterator[Sequence[object]]:
    for _, group in groupby(changes, key=lambda change: (change.space, change.object_id)):
        values = tuple(group)
        yield values[0].space, values[0].name, counted(len(values), "value"), "", "", ""


def _first_errors(errors: Streamed[PlannedError]) -> Group:
    shown: list[RenderableType] = [error_table(errors.first)]
    if more := errors.total - len(errors.first):
        shown.append(text(f"and {counted(more, 'more error')}: --json has all"))
    return Group(*shown)


def error_table(errors: Sequence[PlannedError]) -> RenderableType:
    rows = [
        (each.dn or each.anchor or f"id:{each.id}", each.code, each.target, each.rule, each.attribute, each.message)
        for each in errors
    ]
    return table(("object", "code", "target", "rule", "attribute", "message"), rows)
