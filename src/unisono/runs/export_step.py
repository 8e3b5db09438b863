"""The export step of a run: the guard looks at what is pending, then it is sent page by page."""

from __future__ import annotations

import hashlib
from itertools import chain

import polars as pl

from unisono.connectors.contract import Support
from unisono.connectors.runtime import Runtime
from unisono.engine.exports import export_order
from unisono.model.errors import StepStop
from unisono.model.guard import ChangeKind
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep, Status
from unisono.runs.ahead import ahead
from unisono.runs.context import Context
from unisono.runs.export_pages import Pages
from unisono.runs.outcomes import Outcomes
from unisono.runs.sending import Sending
from unisono.runs.steps import Ending, completed, hold_or_pass, stopped_by_user
from unisono.runs.tally import Record


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
    pages = Pages(
        definition=definition,
        capabilities=runtime.capabilities,
        store=context.store,
        page_objects=step.page_objects or runtime.capabilities.export_page_objects,
    )
    with runtime.open_export() as session, Outcomes() as waiting:
        sending = Sending(
            session=session,
            target=definition.name,
            capabilities=runtime.capabilities,
            run_id=run_id,
            record=record,
            waiting=waiting,
        )
        stopped = _send_all(index, step, pages, sending, context)
        sending.finish()
    return stopped or completed(record)


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


def _send_all(index: pl.DataFrame, step: RunStep, pages: Pages, sending: Sending, context: Context) -> Ending | None:
    """Send page by page; the ending where it comes before the last page."""
    processed = 0
    profile = sending.record.profile
    for page in chain(ahead(pages.first_pass(index), profile), ahead(pages.second_pass(), profile)):
        sending.send(page)
        processed += page.objects.height
        context.reporter.advance(page.objects.height, "objects exported")
        if stop := stopped_by_user(context):
            return stop
        if step.object_limit and processed >= step.object_limit:
            return Ending(status=Status.STOPPED_OBJECT_LIMIT, message=f"the limit of {step.object_limit} was reached")
    return None
