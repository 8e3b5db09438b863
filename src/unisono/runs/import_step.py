"""The import step of a run: batches are staged and committed one by one, deletions and the watermark at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

import polars as pl

from unisono.connectors.contract import ImportBatch, ImportSession
from unisono.connectors.runtime import Runtime
from unisono.engine.adopting import adopt, named_anew
from unisono.engine.confirm import NOT_REIMPORTED
from unisono.engine.lost_answers import lost_answers, with_answers
from unisono.engine.space_index import SpaceIndex
from unisono.engine.staging import Space, StagePlan, imaged, stage, stage_deletions
from unisono.model.frames import CS_INDEX
from unisono.model.guard import ChangeKind
from unisono.model.names import dn_key
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import Counter, RunStep, Status, StepType
from unisono.model.schema import ObjectType
from unisono.runs.ahead import ahead
from unisono.runs.apply import (
    apply_adoption,
    apply_answers,
    apply_deletions,
    apply_staging,
    compare_referrers,
    provision_again,
)
from unisono.runs.context import Context
from unisono.runs.import_source import open_source, write_only
from unisono.runs.steps import Ending, completed, hold_or_pass, stopped_by_user
from unisono.runs.tally import Record, object_errors
from unisono.store.contract import Reader, UnitOfWork

_NO_IDS = pl.Series("id", [], dtype=pl.Int64)
_NAMED = 5  # of many objects a message names so many


@dataclass(slots=True, kw_only=True)
class _Progress:
    """What one import has met so far. ``index`` is of the whole connector space in a full import, else None."""

    index: SpaceIndex | None
    population: int
    deletions: list[pl.DataFrame] = field(default_factory=list)
    delivered: int = 0
    passed_over: list[str] = field(default_factory=list)  # anchors, the first ones, for people
    passed_over_number: int = 0

    def pass_over(self, anchors: pl.Series) -> None:
        self.passed_over_number += anchors.len()
        self.passed_over += anchors.head(_NAMED - len(self.passed_over)).to_list()


def run_import(
    step: RunStep, definition: ConnectorDefinition, runtime: Runtime, record: Record, run_id: int, context: Context
) -> Ending:
    """Import, stage, and at the end delete what is gone. Raises ``StepStop`` and ``StoreError``."""
    if step.only_writes_file:
        return write_only(step, definition, runtime, record, context)
    full = step.type is StepType.FULL_IMPORT
    with context.store.read() as reader:
        progress = _Progress(
            index=SpaceIndex(reader.connector_outline(definition.name)) if full else None,
            population=reader.population(definition.name),
        )
        seed = reader.hash_seed
    style = runtime.capabilities.dn_style
    space = Space(connector=definition.name, style=style, hash_seed=seed, full=full, verify=step.verify)
    with open_source(step, definition, runtime, context) as source:
        ending = _stage_all(source.session, step, definition, space, progress, record, context)
        ending = ending or _finish(source.session, step, definition, space, progress, record, run_id, context)
    return source.told(ending)


def _stage_all(
    session: ImportSession,
    step: RunStep,
    definition: ConnectorDefinition,
    space: Space,
    progress: _Progress,
    record: Record,
    context: Context,
) -> Ending | None:
    """Stage batch by batch, while the next one is read; an ending when the step must end before the source does."""
    with closing(ahead(_imaged(session, definition, space), record.profile)) as batches:
        return _stage_each(batches, step, definition, space, progress, record, context)


def _imaged(
    session: ImportSession, definition: ConnectorDefinition, space: Space
) -> Iterator[tuple[ImportBatch, pl.DataFrame]]:
    for batch in session.batches():
        yield batch, imaged(batch.objects, definition.schema[batch.object_type], space)


def _stage_each(
    batches: Iterator[tuple[ImportBatch, pl.DataFrame]],
    step: RunStep,
    definition: ConnectorDefinition,
    space: Space,
    progress: _Progress,
    record: Record,
    context: Context,
) -> Ending | None:
    for batch, images in batches:
        record.counts[Counter.STAGE_FAILURE, None] += batch.errors.height
        record.add_errors(object_errors(batch.errors, "discovery"))
        record.check_limit()
        progress.deletions.append(batch.deletions)
        _stage_batch(batch, images, definition.schema[batch.object_type], space, progress, record)
        record.check_limit()
        context.reporter.advance(batch.objects.height, "objects imported")
        if stop := stopped_by_user(context):
            return stop
        if step.object_limit and progress.delivered >= step.object_limit:
            message = f"the step's limit of {step.object_limit} objects was reached"
            return Ending(status=Status.STOPPED_OBJECT_LIMIT, message=message)
    return None


def _stage_batch(
    batch: ImportBatch,
    images: pl.DataFrame,
    object_type: ObjectType,
    space: Space,
    progress: _Progress,
    record: Record,
) -> None:
    progress.delivered += batch.objects.height
    if batch.objects.is_empty():
        return
    with record.unit() as unit:
        objects = batch.objects
        if progress.index is not None and not space.verify:
            same = progress.index.pass_over(images)
            images, objects = images.filter(~same), objects.filter(~same)
            record.add({(Counter.STAGE_NO_CHANGE, None): int(same.sum())})
        if images.height:
            _stage_changes(images, objects, object_type, space, progress, record, unit)


def _stage_changes(
    images: pl.DataFrame,
    objects: pl.DataFrame,
    object_type: ObjectType,
    space: Space,
    progress: _Progress,
    record: Record,
    unit: UnitOfWork,
) -> None:
    """Stage objects that may differ from what the store has; ``images`` are the same ``objects`` as staged."""
    asked = images["anchor"], _names(objects, object_type, space)
    known, seen = progress.index, _NO_IDS
    if known is not None:
        seen, asked = known.seen(images["anchor"]), known.known(*asked)
    index = unit.connector_index_of(space.connector, *asked)
    answers = lost_answers(objects, object_type, index, space.style, unit)
    if answers.height:
        apply_answers(answers, object_type, space.style, unit)
        index = with_answers(index, answers)
    named = named_anew(objects, index, space.style)
    if named.height:
        apply_adoption(adopt(named, unit), unit)
        index = index.filter(~pl.col("id").is_in(named["former"].implode()))
    plan = stage(images, object_type, index, seen, space, unit, unit.allocate)
    apply_staging(plan, unit)
    if plan.displaced.height:
        provision_again(plan.displaced["former"], unit)
        apply_adoption(adopt(plan.displaced, unit), unit)
    referrers = compare_referrers(plan.renamed, unit) if plan.renamed.len() else _NO_IDS
    _count(plan, record)
    progress.pass_over(plan.passed_over)
    if known is not None:
        _grow(known, plan)
        known.forget(referrers)


def _count(plan: StagePlan, record: Record) -> None:
    record.add({(counter, None): number for counter, number in plan.counts.items()})
    record.add_errors(object_errors(plan.errors, "discovery"))
    unconfirmed = plan.confirmation.errors.rename({"id": "cs_id"}).with_columns(code=pl.lit(NOT_REIMPORTED))
    record.add_errors(object_errors(unconfirmed, "synchronization", algorithm_step="staging"))


def _names(objects: pl.DataFrame, object_type: ObjectType, space: Space) -> pl.Series:
    """The names of the objects and of what they refer to, as keys."""
    names = [objects["dn"]]
    for attribute in object_type.references:
        values = objects[attribute.name].drop_nulls()
        names.append(values.explode().drop_nulls() if attribute.multivalued else values)
    keys = pl.concat([name.alias("dn") for name in names]).to_frame().select(key=dn_key("dn", space.style))
    return keys["key"].unique()


def _grow(index: SpaceIndex, plan: StagePlan) -> None:
    """Later batches meet what this one wrote, under its present names."""
    index.see(plan.seen)
    named = pl.concat([plan.added, plan.updated]).filter(pl.col("dn_key") != pl.col("anchor"))
    index.name(pl.concat([named["dn_key"], plan.references.placeholders["dn_key"]]).unique())


def _finish(
    session: ImportSession,
    step: RunStep,
    definition: ConnectorDefinition,
    space: Space,
    progress: _Progress,
    record: Record,
    run_id: int,
    context: Context,
) -> Ending:
    """Deletions, judged by the guard, and the watermark, in one transaction (engine specification §3.7, §3.8)."""
    status = record.status()
    if space.full and progress.delivered == 0 and not record.errors:
        message = f"the source of {definition.name} is empty; nobody was deleted for it"
        return Ending(status=Status.COMPLETED_NO_OBJECTS, message=message if progress.population else "")
    gone, reported = _gone(progress, space, status, context)
    plan = stage_deletions(gone, reported)
    number = plan.deleted.len() + plan.vanished.len()
    if step.deletion_limit and number > step.deletion_limit:
        message = f"{number} deletions, and the step's limit is {step.deletion_limit}; none was staged"
        return Ending(status=Status.STOPPED_DELETION_THRESHOLD_EXCEEDED, message=message)
    held = definition.guard.judge(definition.name, {ChangeKind.DELETES: number}, progress.population)
    if holding := hold_or_pass(held, _digest(definition.name, gone), context):
        return holding
    with record.unit() as unit:
        apply_deletions(plan, unit, obsolete=space.full)
        if not status.ends_run and not step.only_reads_file:
            unit.set_watermark(definition.name, session.watermark, run_id)
        record.add({(Counter.STAGE_DELETE, None): number, (Counter.FILTERED_DELETIONS, None): plan.unknown})
    return _verified(completed(record), progress)


def _verified(ending: Ending, progress: _Progress) -> Ending:
    """The ending, with a word about objects that an import which goes by hashes would have passed over."""
    if not progress.passed_over_number:
        return ending
    names = ", ".join(progress.passed_over)
    others = progress.passed_over_number - len(progress.passed_over)
    return replace(
        ending,
        status=Status.COMPLETED_WARNINGS if ending.status is Status.SUCCESS else ending.status,
        message=f"hashes say that nothing changed, and yet these objects differ: {names}"
        + (f" and {others} more" if others else ""),
        hint="They are staged now. Something else than Unisono has written to the store, or it is damaged.",
    )


def _gone(progress: _Progress, space: Space, status: Status, context: Context) -> tuple[pl.DataFrame, int]:
    """``CS_INDEX`` rows of objects that are gone, and how many deletions the source reported."""
    if progress.index is not None:
        if not status.allows_obsoletion:
            return CS_INDEX.empty(), 0
        with context.store.read() as reader:
            return reader.index_of(progress.index.unseen()), 0
    reported = pl.concat(progress.deletions) if progress.deletions else pl.DataFrame()
    if reported.is_empty():
        return CS_INDEX.empty(), 0
    with context.store.read() as reader:
        return _reported_gone(reported, space, reader), reported.height


def _reported_gone(reported: pl.DataFrame, space: Space, reader: Reader) -> pl.DataFrame:
    keys = reported.select(key=dn_key("dn", space.style))["key"].drop_nulls()
    index = reader.connector_index_of(space.connector, reported["anchor"].drop_nulls(), keys)
    by_anchor = pl.col("anchor").is_in(reported["anchor"].drop_nulls().implode())
    nameless = reported.filter(pl.col("anchor").is_null()).select(key=dn_key("dn", space.style))["key"]
    by_name = pl.col("dn_key").is_in(nameless.implode())
    return index.filter(pl.col("object_type").is_not_null() & (by_anchor | by_name))


def _digest(connector: str, gone: pl.DataFrame) -> str:
    """The held batch's hash: who would be deleted."""
    names = gone["anchor"].fill_null("").sort().str.join("\n")
    return hashlib.sha256(f"{connector}\n{names[0] if names.len() else ''}".encode()).hexdigest()
