"""The export step of a run: pending exports are sent page by page, each page's outcome is recorded at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation, PartialSend, Support
from unisono.connectors.runtime import Runtime, RuntimeExport
from unisono.engine.exports import entries, export_order, sent, without_references
from unisono.model.errors import StepStop
from unisono.model.guard import ChangeKind
from unisono.model.names import DnStyle, dn_key
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import Counter, RunStep, Status
from unisono.model.schema import ObjectType
from unisono.runs.ahead import ahead
from unisono.runs.apply import restore_operations
from unisono.runs.context import Context
from unisono.runs.steps import Ending, completed, hold_or_pass, stopped_by_user
from unisono.runs.tally import Record, object_errors

_COUNTERS = {"add": Counter.EXPORT_ADD, "update": Counter.EXPORT_UPDATE, "delete": Counter.EXPORT_DELETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Objects of one type and operation (``CS_OBJECT`` rows, in the order of sending) and their batch."""

    objects: pl.DataFrame
    object_type: ObjectType
    batch: ExportBatch
    final: bool = True  # False: references follow in a second pass


def run_export(
    step: RunStep, definition: ConnectorDefinition, runtime: Runtime, record: Record, run_id: int, context: Context
) -> Ending:
    """Send everything that is pending. Raises ``StepStop`` and ``StoreError``."""
    if runtime.capabilities.export not in (Support.FULL, Support.PARTIAL):
        message = f"{definition.name} cannot export"
        raise StepStop(Status.STOPPED_ENTRY_POINT_NOT_IMPLEMENTED, message)
    with context.store.read() as reader:
        index = export_order(reader.export_index(definition.name), runtime.capabilities.dn_style)
        population = reader.population(definition.name)
    if index.is_empty():
        return completed(record)
    if holding := _over_limit(index, step, definition) or _guarded(index, definition, population, context):
        return holding
    with record.phase("target"):
        session = runtime.open_export()
    try:
        return _send_all(index, step, definition, runtime, session, record, run_id, context)
    finally:
        session.close()


def _over_limit(index: pl.DataFrame, step: RunStep, definition: ConnectorDefinition) -> Ending | None:
    """The step's own limit on deletions, taken before anything is sent (engine specification §8.4)."""
    deletes = index.filter(pl.col("export_operation") == "delete").height
    if not step.deletion_limit or deletes <= step.deletion_limit:
        return None
    message = f"{deletes} deletions are pending in {definition.name}, the step's limit is {step.deletion_limit}"
    return Ending(status=Status.STOPPED_DELETION_THRESHOLD_EXCEEDED, message=message + "; nothing was sent")


def _guarded(index: pl.DataFrame, definition: ConnectorDefinition, population: int, context: Context) -> Ending | None:
    operations = index["export_operation"]
    counts = {
        ChangeKind.ADDS: int((operations == "add").sum()),
        ChangeKind.UPDATES: int((operations == "update").sum()),
        ChangeKind.DELETES: int((operations == "delete").sum()),
        ChangeKind.RENAMES: index["new_dn"].count(),
    }
    return hold_or_pass(definition.guard.judge(definition.name, counts, population), _digest(index), context)


def _digest(index: pl.DataFrame) -> str:
    """The held batch's hash: what would be sent to whom."""
    text = index.select(pl.concat_str("export_operation", "dn", pl.col("new_dn").fill_null(""), separator="\t"))
    return hashlib.sha256("\n".join(sorted(text.to_series().to_list())).encode()).hexdigest()


def _send_all(
    index: pl.DataFrame,
    step: RunStep,
    definition: ConnectorDefinition,
    runtime: Runtime,
    session: RuntimeExport,
    record: Record,
    run_id: int,
    context: Context,
) -> Ending:
    """Send page by page. Files become durable at the end, so their results are recorded then."""
    waiting: list[tuple[_Page, pl.DataFrame]] = []
    processed = 0
    later: list[pl.Series] = []
    first_pass = ahead(_pages(index, step, definition, runtime, context, later))
    second_pass = ahead(_second_pass(later, definition, runtime, context))  # begins when the first was recorded
    for page in chain(first_pass, second_pass):
        try:
            with record.phase("target"):
                results = session.send(page.batch)
        except PartialSend as partial:
            _record(page, partial.results, definition, runtime, record, run_id, context)
            raise partial.__cause__ or partial from partial
        if runtime.capabilities.durable_at_finish:
            waiting.append((page, results))
        else:
            _record(page, results, definition, runtime, record, run_id, context)
        processed += page.objects.height
        context.reporter.advance(page.objects.height, "objects exported")
        if stop := stopped_by_user(context):
            return _finished(session, waiting, definition, runtime, record, run_id, context, stop)
        if step.object_limit and processed >= step.object_limit:
            ending = Ending(status=Status.STOPPED_OBJECT_LIMIT, message=f"the limit of {step.object_limit} was reached")
            return _finished(session, waiting, definition, runtime, record, run_id, context, ending)
    return _finished(session, waiting, definition, runtime, record, run_id, context, None)


def _finished(
    session: RuntimeExport,
    waiting: list[tuple[_Page, pl.DataFrame]],
    definition: ConnectorDefinition,
    runtime: Runtime,
    record: Record,
    run_id: int,
    context: Context,
    ending: Ending | None,
) -> Ending:
    with record.phase("target"):
        session.finish()
    for page, results in waiting:
        _record(page, results, definition, runtime, record, run_id, context)
    return ending or completed(record)


def _pages(
    index: pl.DataFrame,
    step: RunStep,
    definition: ConnectorDefinition,
    runtime: Runtime,
    context: Context,
    later: list[pl.Series],
) -> Iterator[_Page]:
    """Pages of one operation, type and depth of name, so that no child can overtake its parent.

    ``later`` gets the ids of objects whose references follow in the second pass.
    """
    size = step.page_objects or runtime.capabilities.export_page_objects
    for group in index.partition_by("export_operation", "object_type", "level", maintain_order=True):
        split = runtime.capabilities.references_in_second_pass and group["export_operation"][0] == "add"
        for page_index in group.iter_slices(size):
            if split and page_index["references"].sum():
                later.append(page_index.filter(pl.col("references") > 0)["id"])
            yield _page(page_index["id"], definition, runtime, context, first_pass=split)


def _second_pass(
    later: list[pl.Series], definition: ConnectorDefinition, runtime: Runtime, context: Context
) -> Iterator[_Page]:
    """References of objects that were added without them."""
    for ids in later:
        page = _page(ids, definition, runtime, context, first_pass=False)
        if page.objects.height:
            yield page


def _page(
    ids: pl.Series, definition: ConnectorDefinition, runtime: Runtime, context: Context, *, first_pass: bool
) -> _Page:
    """Read what is pending for the objects, in the order of the ids."""
    with context.store.read() as reader:
        objects = ids.to_frame("id").join(reader.objects(ids), on="id", maintain_order="left")
        objects = objects.filter(pl.col("export_operation").is_not_null())
        pending = reader.export_edges_of(ids)
        whole = _complete(reader.edges_of(ids), pending) if runtime.capabilities.complete_references else None
        targets = [pending["target_id"], *([whole["target_id"]] if whole is not None else [])]
        names = reader.names_of(pl.concat(targets).unique().alias("id"))
    object_type = (
        definition.schema[str(objects["object_type"][0])] if objects.height else definition.schema.object_types[0]
    )
    edges = pending.filter(pl.col("state") == "pending")
    rows = entries(objects, object_type, edges, names, all_edges=whole)
    operation = ExportOperation(objects["export_operation"][0]) if objects.height else ExportOperation.UPDATE
    if first_pass:
        rows = without_references(rows, object_type)
    batch = ExportBatch(object_type=object_type.name, operation=operation, entries=rows)
    return _Page(objects=objects, object_type=object_type, batch=batch, final=not first_pass)


def _complete(stored: pl.DataFrame, exported: pl.DataFrame) -> pl.DataFrame:
    """(source_id, attribute, target_id) as they will be when everything pending is done."""
    key = ["source_id", "attribute", "target_id"]
    present = stored.filter(pl.col("layer") != "delete").select(key)
    gone = exported.filter(pl.col("operation") == "delete")
    new = exported.filter(pl.col("operation") == "add").select(key)
    return pl.concat([present.join(gone, on=key, how="anti"), new]).unique()


def _record(
    page: _Page,
    results: pl.DataFrame,
    definition: ConnectorDefinition,
    runtime: Runtime,
    record: Record,
    run_id: int,
    context: Context,
) -> None:
    """Write the outcome of a page: accepted changes await confirmation, refused ones stay pending with their error."""
    accepted = results.filter(pl.col("code").is_null())
    refused = results.filter(pl.col("code").is_not_null())
    with record.phase("store"), context.store.begin() as unit:
        objects = page.objects.filter(pl.col("id").is_in(accepted["id"].implode()))
        if page.batch.operation is ExportOperation.DELETE:
            unit.delete_objects(objects["id"])
        elif objects.height:
            unit.update_objects(_accepted(objects, accepted, page.object_type, runtime.capabilities.dn_style))
            if page.final:
                unit.confirm_sent_edges(objects["id"])
            else:
                restore_operations(objects["id"], unit)
        if refused.height:
            unit.update_objects(
                refused.select("id", export_error="code", export_error_run=pl.lit(run_id, dtype=pl.Int64))
            )
    record.add({(counter, None): number for counter, number in _counts(page, accepted, refused).items()})
    named = refused.drop("anchor", "dn").join(page.objects.select("id", "anchor", "dn"), on="id", maintain_order="left")
    record.add_errors(object_errors(named.rename({"id": "cs_id"}), "export", target=definition.name))


def _accepted(objects: pl.DataFrame, results: pl.DataFrame, object_type: ObjectType, style: DnStyle) -> pl.DataFrame:
    """Columns to set on objects whose export was accepted; the connected data source's word on names counts."""
    nothing = pl.lit(None, dtype=pl.String)
    told = results.select("id", told_anchor="anchor", told_dn="dn")
    rows = objects.join(told, on="id", maintain_order="left").join(sent(objects, object_type), on="id", suffix="_sent")
    return (
        rows.select(
            "id",
            anchor=pl.coalesce("told_anchor", "anchor"),
            dn=pl.coalesce("told_dn", "new_dn", "dn"),
            export_operation=nothing,
            new_dn=nothing,
            pending_export=nothing,
            unconfirmed_operation=pl.coalesce("unconfirmed_operation_sent", "unconfirmed_operation"),
            unconfirmed_export=pl.coalesce("unconfirmed_export_sent", "unconfirmed_export"),
            export_error=nothing,
        )
        .with_columns(dn_key=dn_key("dn", style))
        .sort("id")
    )


def _counts(page: _Page, accepted: pl.DataFrame, refused: pl.DataFrame) -> dict[Counter, int]:
    renamed = page.objects.filter(pl.col("new_dn").is_not_null() & pl.col("id").is_in(accepted["id"].implode())).height
    operation = _COUNTERS[page.batch.operation.value]
    return {
        operation: accepted.height - renamed,
        Counter.EXPORT_RENAME: renamed,
        Counter.EXPORT_FAILURE: refused.height,
    }
