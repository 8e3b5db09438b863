"""Plans and previews: the real synchronization in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.explain import CONTRIBUTIONS, contributions_of, filtered, trials_of
from unisono.engine.planning import plan_synchronization
from unisono.model.frames import CS_OBJECT, MV_OBJECT
from unisono.model.guard import ChangeKind, Held
from unisono.model.runs import StepCount, StepType
from unisono.runs.apply import apply_synchronization
from unisono.runs.context import Context
from unisono.runs.synchronize import Synchronized, compile_for, judge, populations, synchronize
from unisono.runs.tally import step_counts
from unisono.store.contract import Reader, UnitOfWork

#: A run id that lineage in a plan refers to: the run that did not happen.
NO_RUN = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPlan:
    """What synchronizing one connector would do.

    ``changes``: ``CHANGES`` with ``name`` (a DN, or what the metaverse object is called); ``errors``: ``SYNC_ERRORS``
    with ``anchor`` and ``dn``; ``guard``: what the guard counts; ``held``: the limits exceeded; ``hash``
    identifies the batch.
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
    with context.store.rehearse() as unit, context.store.read() as before:
        for connector in connectors:
            population = populations(unit, context)
            rules = compile_for(context, unit)
            done = synchronize(unit, connector, full=full, rules=rules, run_id=NO_RUN, context=context, detail=True)
            held = judge(done.guard, connector, population, context)
            plans.append(_connector_plan(connector, full=full, done=done, held=held, unit=unit, before=before))
    return tuple(plans)


def _connector_plan(
    connector: str, *, full: bool, done: Synchronized, held: tuple[Held, ...], unit: UnitOfWork, before: Reader
) -> ConnectorPlan:
    errors = done.all_errors()
    names = unit.names_of(errors["id"].unique()).drop("object_type")
    return ConnectorPlan(
        connector=connector,
        step=StepType.FULL_SYNCHRONIZATION if full else StepType.DELTA_SYNCHRONIZATION,
        counts=step_counts(done.counts),
        changes=with_names(done.all_changes(), unit, before),
        errors=errors.join(names, on="id", how="left", maintain_order="left"),
        guard=dict(done.guard),
        held=held,
        hash=done.digest[:16],
        objects=done.objects,
    )


def with_names(changes: pl.DataFrame, after: Reader, before: Reader) -> pl.DataFrame:
    """Add ``name``; references are shown by the names of their targets. Who is deleted is known ``before`` only."""
    edge = pl.col("object_type") == ""  # rows of references: without a type, with ids such as ``#42`` as values
    targets = changes.filter(edge).select(pl.coalesce("before", "after").str.strip_prefix("#").cast(pl.Int64))
    ids = pl.concat([changes["object_id"], targets.to_series()]).unique().alias("id")
    known = _known(ids, (after, before))
    own = known.select(object_id="id", name="title", own_type="known_type")
    named = changes.join(own, on="object_id", how="left", maintain_order="left")
    referred = known.select(reference=pl.format("#{}", "id"), target="title")
    for column in ("before", "after"):
        named = named.join(referred, left_on=column, right_on="reference", how="left", maintain_order="left")
        target = pl.when(edge).then(pl.coalesce("target", column)).otherwise(pl.col(column))
        named = named.with_columns(target.alias(column)).drop("target")
    return named.with_columns(
        name=pl.coalesce("name", pl.format("#{}", "object_id")),
        object_type=pl.when(edge).then(pl.coalesce("own_type", "object_type")).otherwise(pl.col("object_type")),
    ).drop("own_type")


def _known(ids: pl.Series, readers: Sequence[Reader]) -> pl.DataFrame:
    """(id, title, known_type) of objects in any space, from the first reader that knows them."""
    parts = []
    for reader in readers:
        metaverse = reader.metaverse(ids)
        parts.append(reader.names_of(ids).select("id", title="dn", known_type="object_type"))
        parts.append(titles(metaverse).with_columns(known_type=metaverse["object_type"]))
        ids = ids.filter(~ids.is_in(pl.concat(parts)["id"].implode()))
    return pl.concat(parts)


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
    with context.store.rehearse() as unit, context.store.read() as before:
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
            changes=with_names(one.changes, unit, before),
            errors=one.errors,
            counts=step_counts(one.counts),
        )


def _contributions(selected: pl.DataFrame, rules: CompiledRules, unit: UnitOfWork) -> pl.DataFrame:
    now = unit.objects(selected["id"])
    mv_ids = now["mv_id"].drop_nulls() if now.height else pl.Series("mv_id", [], dtype=pl.Int64)
    metaverse = unit.metaverse(mv_ids.alias("id"))
    if metaverse.is_empty():
        return CONTRIBUTIONS.empty()
    return contributions_of(int(metaverse["id"][0]), str(metaverse["object_type"][0]), rules, unit)
