"""The story of Contoso: what happens on its first days, and what Unisono made of it, read from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unisono.cli.actions.runs import ALL_ERRORS, profile_named
from unisono.cli.documents.runs import error_groups, is_change, summary_of
from unisono.cli.documents.start import Chapter
from unisono.cli.example import DayTwo, Scenario
from unisono.cli.finding import metaverse_object
from unisono.cli.session import Session, connector_named
from unisono.diagnosis import explain
from unisono.model.runs import Counter, RunResult
from unisono.runs.context import Context
from unisono.runs.cycle import run_cycle
from unisono.runs.execute import run_profile
from unisono.runs.explain import why_value
from unisono.runs.naming import titles
from unisono.store.contract import Reader, Selection

_EVERYBODY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the story is played. ``data``: the folder with the files of the connected systems."""

    context: Context
    scenario: Scenario
    data: Path
    session: Session

    def cycle(self) -> list[RunResult]:
        results = []
        for result in run_cycle(self.context):
            results.append(result)
            if self.context.stop.requested:
                break
        return results

    def import_hr(self) -> RunResult:
        definition = connector_named("hr", self.context.project)
        return run_profile(definition.name, profile_named("full-import", definition), self.context)


def tell_story(stage: Stage) -> Iterator[Chapter]:
    """Chapter by chapter, each when its runs ended."""
    for chapter in (_first_day, _second_day, _bad_file, _truncated_file, _settled):
        if stage.context.stop.requested:
            return
        yield chapter(stage)


def _chapter(title: str, text: Iterator[str], results: Sequence[RunResult]) -> Chapter:
    return Chapter(title=title, text=tuple(text), runs=tuple(map(summary_of, results)))


# --- the first day ---------------------------------------------------------------------------------------------------


def _first_day(stage: Stage) -> Chapter:
    results = stage.cycle()
    with stage.context.store.read() as reader:
        return _chapter("The first day: four systems meet", _first_facts(results, reader, stage.session), results)


def _first_facts(results: Sequence[RunResult], reader: Reader, session: Session) -> Iterator[str]:
    spaces = {space.connector: space for space in reader.statistics()}
    filtered = _total(results, "hr", Counter.DISCONNECTOR_FILTERED)
    yield (
        f"Filter: {filtered} of the {spaces['hr'].objects:,} people in HR are externals, whom the connector filter "
        f"keeps out. The other {spaces['hr'].connectors:,} were projected: they are identities now."
    )
    accounts = reader.selection("directory", Selection.FULL, None, _EVERYBODY).filter(object_type="person")
    joined, made = accounts.filter(link_kind="join"), accounts.filter(link_kind="provisioning")
    yield (
        f"Join: {joined.height} accounts were in the directory before and found their person; {made.height} people had "
        f"none, and one was provisioned for each.{_for_example(joined, reader, session)}"
    )
    strangers = accounts.filter(pl.col("mv_id").is_null())
    yield f"Disconnectors: {strangers.height} accounts in the directory belong to nobody. They stay as they are."
    yield f"Provisioning: the application was empty, and has {spaces['app'].connectors:,} accounts and groups now."


def _for_example(joined: pl.DataFrame, reader: Reader, session: Session) -> str:
    if joined.is_empty():
        return ""
    one = joined.row(0, named=True)
    name = titles(reader.metaverse(pl.Series("id", [one["mv_id"]])))["title"][0]
    return f" For example {name}: {session.command('why', 'id:' + str(one['id']))}"


def _total(results: Sequence[RunResult], connector: str, counter: Counter) -> int:
    """An inbound counter of the connector's runs."""
    steps = (step for result in results if result.connector == connector for step in result.steps)
    counts = (count for step in steps for count in step.counts)
    return sum(count.count for count in counts if count.counter is counter and count.target is None)


# --- the second day --------------------------------------------------------------------------------------------------


def _second_day(stage: Stage) -> Chapter:
    day = stage.scenario.day_two(stage.data)
    with stage.context.store.read() as reader:
        leaver, former = _title(day.leavers[0], reader), _account(day.renamed, reader)
    results = stage.cycle()
    with stage.context.store.read() as reader:
        facts = [
            f"HR and the telephone database changed: {len(day.joiners)} people came, {len(day.leavers)} left.",
            f"Joiner: {_title(day.joiners[0], reader)} is new, and has the account {_account(day.joiners[0], reader)}.",
            f"Leaver: {leaver} left HR. The identity went, and with it the accounts in the directory and application.",
            f"Rename: a new surname made {former} to {_account(day.renamed, reader)}. It is still the same account.",
            f"Scope: {_title(day.on_leave, reader)} is on leave. The account in the application went, no other.",
            *_precedence(day, stage, reader),
        ]
    return _chapter("The second day: people come, go and change", iter(facts), results)


def _precedence(day: DayTwo, stage: Stage, reader: Reader) -> Iterator[str]:
    """Two opinions on a title, and one that shows because the stronger source has none."""
    fought, filled = (_offers(number, stage, reader) for number in (day.contested, day.without_title))
    winner, loser = fought.row(0, named=True), fought.row(1, named=True)
    yield (
        f"Precedence: on the title of {_title(day.contested, reader)}, {winner['rule']} ({winner['precedence']}) says "
        f"{winner['value']!r} and beats {loser['rule']} ({loser['precedence']}), which says {loser['value']!r}: "
        f"{stage.session.command('why', day.contested, 'title')}"
    )
    shown = filled.filter(verdict="wins").row(0, named=True)
    yield (
        f"HR has no title for {_title(day.without_title, reader)} any more, so that {shown['rule']} shows through: "
        f"{shown['value']!r}."
    )


def _offers(number: str, stage: Stage, reader: Reader) -> pl.DataFrame:
    """Who offers a title to the person, strongest first."""
    return why_value(_person(number, reader), stage.context, reader).offers.filter(attribute="title")


def _person(number: str, reader: Reader) -> pl.DataFrame:
    found = metaverse_object(f"employeeId={number}", reader)
    if found is None:
        raise LookupError(f"nobody has the employee number {number}")
    return found


def _title(number: str, reader: Reader) -> str:
    return str(titles(_person(number, reader))["title"][0])


def _account(number: str, reader: Reader) -> str:
    """The name of the person's account in the directory."""
    accounts = reader.connectors_of(_person(number, reader)["id"]).filter(connector="directory")
    return str(accounts["dn"][0]).partition(",")[0]


# --- bad days --------------------------------------------------------------------------------------------------------


def _bad_file(stage: Stage) -> Chapter:
    stage.scenario.bad_file(stage.data)
    result = stage.import_hr()
    with stage.context.store.read() as reader:
        groups = error_groups(reader.errors(run_id=result.id, limit=ALL_ERRORS))
    facts = [
        "HR sends a file with a date that does not exist, and one person twice.",
        *(
            f"{group.code}: {explain(group.code, group.category)[0].meaning}. Here: {group.example.message}"
            for group in groups
        ),
        "Everybody else was read. Nobody is deleted while a source has errors, and no further step of the run starts.",
    ]
    stage.scenario.repaired_file(stage.data)
    return _chapter("A bad file: errors that explain themselves", iter(facts), [result])


def _truncated_file(stage: Stage) -> Chapter:
    missing = stage.scenario.truncated_file(stage.data)
    result = stage.import_hr()
    step = result.steps[-1]
    facts = [
        f"The transfer breaks in the middle, and {missing} people are missing from HR's file.",
        f"Guard: {step.message}.",
        f"Nobody was deleted. Had it been right, --approve {step.held_hash} would let exactly this batch through.",
    ]
    stage.scenario.repaired_file(stage.data)
    return _chapter("A truncated file: the guard holds it", iter(facts), [result])


def _settled(stage: Stage) -> Chapter:
    results = stage.cycle()
    changes = [count for result in results for count in summary_of(result).counts if is_change(count)]
    fact = "nothing had to change." if not changes else "what was left over was done."
    return _chapter("HR sends the whole file again", iter([f"A last cycle, and {fact}"]), results)
