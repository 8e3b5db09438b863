"""Runs, errors and what is pending, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from unisono.cli.documents.runs import (
    Count,
    Cycle,
    ErrorGroup,
    Errors,
    Held,
    History,
    Pending,
    Run,
    RunSummary,
    Step,
    Tidied,
)
from unisono.cli.views.parts import (
    counted,
    disk_size,
    duration,
    heading,
    indented,
    local_time,
    next_commands,
    pairs,
    safe,
    status_text,
    table,
    text,
    titled,
)


def run_view(run: Run) -> Iterator[RenderableType]:
    title = Text.assemble(
        (safe(f"{run.connector} {run.profile}"), "bold"), "  ", status_text(run.status, run.outcome), f"  {_facts(run)}"
    )
    yield title
    says_it_all = len(run.steps) == 1 and run.profile == run.steps[0].type
    for step in run.steps:
        yield indented(_step(step, with_title=not says_it_all))
    if run.errors:
        yield titled("Errors", error_table(run.errors))
    yield from next_commands(run.next)


def _facts(run: Run) -> str:
    number = f"run {run.id}, " if run.id else ""
    return f"{number}{local_time(run.started_at)}, {duration(run.seconds)}"


def _step(step: Step, *, with_title: bool) -> Group:
    """What the step did, and why it ended."""
    said = [text(each) for each in (step.message, step.hint) if each]
    body = Group(*said, pairs([*_count_lines(step.counts), ("time", _phases(step.phases))]))
    return Group(_step_title(step), indented(body)) if with_title else body


def _step_title(step: Step) -> Text:
    title = heading(f"step {step.number}", step.type)
    return title.append("  ").append_text(status_text(step.status, step.outcome))


def _count_lines(counts: Sequence[Count]) -> Iterator[tuple[str, str]]:
    """One line per phase, and per target of the outbound one."""
    for (phase, target), group in groupby(counts, key=lambda count: (count.phase, count.target)):
        name = f"{phase} {target}" if target else phase
        yield name, ", ".join(f"{count.count:,} {count.counter}" for count in group)


def _phases(phases: dict[str, float]) -> str:
    return ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in phases.items())


def error_table(groups: Sequence[ErrorGroup]) -> Group:
    return Group(*(_error(group) for group in groups))


def _error(group: ErrorGroup) -> Group:
    cause = [
        f"{name} {value}"
        for name, value in (("rule", group.rule), ("attribute", group.attribute), ("target", group.target))
        if value
    ]
    title = Text.assemble((group.code, "red"), f"  {counted(group.count, 'object')}", safe("  " + ", ".join(cause)))
    return Group(title, indented(pairs(_example(group))))


def _example(group: ErrorGroup) -> Iterator[tuple[str, object]]:
    example = group.example
    yield "for example", example.dn or example.anchor
    yield "message", example.message
    yield "connected system", example.cd_error
    place = {"entry": example.entry, "line": example.line, "column": example.column}
    yield "place", ", ".join(f"{name} {number}" for name, number in place.items() if number is not None)
    yield "meaning", f"unisono code {group.code}"


def cycle_row(run: RunSummary, widths: tuple[int, int]) -> Text:
    """A run of a cycle in one line; ``widths`` of the connector's and the profile's name."""
    number = f"{run.id:>5}" if run.id else "     "
    names = f"{run.connector:<{widths[0]}}  {run.profile:<{widths[1]}}"
    row = Text.assemble(f"{number}  {safe(names)}  ", status_text(run.status, run.outcome))
    errors = counted(run.error_count, "object error") if run.error_count else ""
    facts = [summary_counts(run.counts), errors, safe(run.message)]
    return row.append("  ").append("; ".join(fact for fact in facts if fact))


def summary_counts(counts: Iterable[Count]) -> str:
    """Counters without their target, added up."""
    sums: dict[str, int] = {}
    for count in counts:
        sums[count.counter] = sums.get(count.counter, 0) + count.count
    return ", ".join(f"{number:,} {counter}" for counter, number in sums.items())


def cycle_end_view(cycle: Cycle) -> Iterator[RenderableType]:
    """What stands below the rows."""
    if not cycle.changed and not cycle.held:
        yield text("Nothing changed.")
    yield titled("Pending", pending_table(cycle.pending))
    if cycle.held:
        yield titled("Held by the guard", held_list(cycle.held))
    yield from next_commands(cycle.next)


def pending_table(spaces: Sequence[Pending]) -> RenderableType:
    columns = ("connector", "objects", "connectors", "disconnectors", "imports", "exports", "unconfirmed")
    rows = [
        (
            each.connector,
            each.objects,
            each.connectors,
            each.disconnectors,
            each.pending_imports,
            each.pending_exports,
            each.unconfirmed_exports,
        )
        for each in spaces
    ]
    return table(columns, rows, numbers=columns[1:])


def held_list(batches: Sequence[Held]) -> Group:
    return Group(*(_held(batch) for batch in batches))


def _held(batch: Held) -> Group:
    title = text(f"{batch.connector} {batch.profile}", f"(run {batch.run})", batch.hash)
    reasons = (indented(text(reason)) for reason in batch.reasons)
    return Group(title, *reasons, indented(Text(safe(batch.approve), style="cyan")))


def history_view(history: History) -> Iterator[RenderableType]:
    if not history.runs:
        yield text("No run yet.")
        return
    columns = ("run", "connector", "profile", "status", "started", "took", "errors")
    rows = [
        (
            run.id,
            run.connector,
            run.profile,
            status_text(run.status, run.outcome),
            local_time(run.started_at),
            duration(run.seconds),
            run.error_count or "",
        )
        for run in history.runs
    ]
    yield table(columns, rows, numbers=("run", "took", "errors"))


def errors_view(errors: Errors) -> Iterator[RenderableType]:
    of_run = f" in run {errors.run}" if errors.run else " in the latest runs of all profiles"
    if not errors.groups:
        yield text(f"No object errors{of_run}.")
        return
    yield heading(counted(errors.total, "object error") + of_run)
    for connector, groups in groupby(errors.groups, key=lambda group: (group.connector, group.run)):
        yield titled(f"{connector[0]}, run {connector[1]}", error_table(tuple(groups)))


def tidied_view(tidied: Tidied) -> Iterator[RenderableType]:
    if tidied.before is None:
        yield text("The project keeps the history for ever, so that nothing was cleared.")
    else:
        errors = f", with {counted(tidied.errors, 'object error')}" if tidied.errors else ""
        yield text(f"{counted(tidied.runs, 'run')} from before {local_time(tidied.before)} cleared{errors}.")
    was = "" if tidied.bytes_before == tidied.bytes_after else f"; it took {disk_size(tidied.bytes_before)}"
    yield text(f"The store takes {disk_size(tidied.bytes_after)} on the disk{was}.")
