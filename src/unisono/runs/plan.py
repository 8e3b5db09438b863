"""Plans and previews: the real synchronization in a transaction that is rolled back."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.explain import CONTRIBUTIONS, contributions_of, filtered, trials_of
from unisono.engine.planning import plan_synchronization
from unisono.model.frames import CS_OBJECT, MV_OBJECT
from unisono.model.guard import ChangeKind, Held
from unisono.model.plan import METAVERSE
from unisono.model.runs import StepCount, StepType
from unisono.runs.apply import apply_synchronization
from unisono.runs.context import Context
from unisono.runs.synchronize import Synchronized, compile_for, judge, populations, synchronize
from unisono.runs.tally import Record
from unisono.store.contract import Reader, UnitOfWork

#: A run id that lineage in a plan refers to: the run that did not happen.
NO_RUN = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPlan:
    """What synchronizing one connector would do.

    ``changes``: ``CHANGES`` with ``name`` (a DN, or what the metaverse object is called); ``errors``: ``SYNC_ERRORS``
    with ``anchor`` and ``dn``; ``guard``: what the guard counts; ``held``: the limits exceeded; ``hash`` identifies the batch.
    """

    connector: str
    step: StepType
    counts: tuple[StepCount, ...]
    changes: pl.DataFrame
    errors: pl.DataFrame
    guard: dict[tuple[str, ChangeKind], int]
    held: tuple[Held, ...]
    hash: str
    objects: int


def plan(context: Context, connectors: Sequence[str], *, full: bool) -> tuple[ConnectorPlan, ...]:
    """What synchronizing the connectors one after the other would do; each sees what those before it would do."""
    plans = []
    with context.store.rehearse() as unit:
        for connector in connectors:
            population = populations(unit, context)
            rules = compile_for(context, unit)
            done = synchronize(unit, connector, full=full, rules=rules, run_id=NO_RUN, context=context, detail=True)
            held = judge(done.guard, connector, population, context)
            plans.append(_connector_plan(connector, full=full, done=done, held=held, unit=unit))
    return tuple(plans)


def _connector_plan(
    connector: str, *, full: bool, done: Synchronized, held: tuple[Held, ...], unit: UnitOfWork
) -> ConnectorPlan:
    record = Record(counts=Tally(done.counts))
    errors = done.all_errors()
    names = unit.names_of(errors["id"].unique()).drop("object_type")
    return ConnectorPlan(
        connector=connector,
        step=StepType.FULL_SYNCHRONIZATION if full else StepType.DELTA_SYNCHRONIZATION,
        counts=record.step_counts(),
        changes=with_names(done.all_changes(), unit),
        errors=errors.join(names, on="id", how="left", maintain_order="left"),
        guard=dict(done.guard),
        held=held,
        hash=done.digest[:16],
        objects=done.objects,
    )


def with_names(changes: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Add ``name``; references are shown by the names of their targets."""
    own = changes.filter(pl.col("space") != METAVERSE)["object_id"].unique()
    spaces = reader.names_of(own).select(object_id="id", cs_name="dn")
    ids = changes.filter(pl.col("space") == METAVERSE)["object_id"].unique()
    metaverse = titles(reader.metaverse(ids)).select(object_id="id", mv_name="title")
    named = changes.join(spaces, on="object_id", how="left", maintain_order="left").join(
        metaverse, on="object_id", how="left", maintain_order="left"
    )
    return named.with_columns(
        name=pl.coalesce("cs_name", "mv_name", pl.format("#{}", "object_id")),
    ).drop("cs_name", "mv_name")


_TITLES = ("displayName", "cn", "name", "mail", "employeeId", "uid", "accountName")


def titles(objects: pl.DataFrame) -> pl.DataFrame:
    """(id, title): what a metaverse object is called: its displayName, or the next best attribute that it has."""
    found = pl.coalesce(pl.col("attributes").str.json_path_match(f"$.{name}") for name in _TITLES)
    return MV_OBJECT.check(objects).select("id", title=pl.coalesce(found, pl.format("#{}", "id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What synchronizing one object would do, step by step. ``trials``: join groups tried; ``contributions``: what all
    connectors of its metaverse object would offer afterwards; ``changes``: as in a plan."""

    object: pl.DataFrame  # CS_OBJECT, one row
    filtered: bool
    trials: pl.DataFrame
    contributions: pl.DataFrame
    changes: pl.DataFrame
    errors: pl.DataFrame
    counts: tuple[StepCount, ...]


def preview(context: Context, cs_id: int, *, full: bool) -> Preview:
    """The synchronization of one connector-space object, rehearsed. Raises ``KeyError`` when it does not exist."""
    with context.store.rehearse() as unit:
        selected = unit.objects(pl.Series("id", [cs_id], dtype=pl.Int64))
        if selected.is_empty():
            raise KeyError(cs_id)
        rules = compile_for(context, unit)
        trials = trials_of(selected, rules, unit)
        matches = filtered(selected, rules)
        one = plan_synchronization(
            selected, full=full, rules=rules, facts=unit, ids=unit.allocate, run_id=NO_RUN, detail=True
        )
        apply_synchronization(one, unit, NO_RUN)
        return Preview(
            object=CS_OBJECT.check(selected),
            filtered=matches,
            trials=trials,
            contributions=_contributions(selected, rules, unit),
            changes=with_names(one.changes, unit),
            errors=one.errors,
            counts=Record(counts=Tally(one.counts)).step_counts(),
        )


def _contributions(selected: pl.DataFrame, rules: CompiledRules, unit: UnitOfWork) -> pl.DataFrame:
    now = unit.objects(selected["id"])
    mv_ids = now["mv_id"].drop_nulls() if now.height else pl.Series("mv_id", [], dtype=pl.Int64)
    metaverse = unit.metaverse(mv_ids.alias("id"))
    if metaverse.is_empty():
        return CONTRIBUTIONS.empty()
    return contributions_of(int(metaverse["id"][0]), str(metaverse["object_type"][0]), rules, unit)
