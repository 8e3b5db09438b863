"""Where an import reads from: the connected data source or a drop file; and the drop file that it may write.

What a step that only writes a file does is here too, as it stages nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from unisono.connectors.contract import ImportRequest, ImportSession, Support
from unisono.connectors.runtime import Runtime
from unisono.model.errors import StepStop
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunStep, Status, StepType
from unisono.runs.context import Context
from unisono.runs.dropfiles.importing import Resumed, Written
from unisono.runs.dropfiles.opening import open_writer, origin_of, place_of
from unisono.runs.steps import Ending, completed, stopped_by_user
from unisono.runs.tally import Record, object_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The reading, and what is to be told of the drop file, if there is one."""

    session: ImportSession
    note: Callable[[], str] = str

    def told(self, ending: Ending) -> Ending:
        """The ending with the note."""
        return replace(ending, message="; ".join(text for text in (ending.message, self.note()) if text))


@contextmanager
def open_source(step: RunStep, definition: ConnectorDefinition, runtime: Runtime, context: Context) -> Iterator[Source]:
    """The reading, checked; from or through a drop file where the step has one. Raises ``StepStop``."""
    if step.only_reads_file:
        resumed = Resumed(place_of(step.resume_from_file, context), step, definition)
        with closing(runtime.checking(resumed)) as session:
            yield Source(session=session, note=lambda: origin_of(resumed.header, step, context))
        return
    request = _request(step, definition, runtime, context)
    if not step.to_file:
        with closing(runtime.open_import(request)) as session:
            yield Source(session=session)
        return
    with open_writer(step, definition, context) as writer, closing(runtime.open_import(request)) as session:
        written = Written(session, writer, definition)
        yield Source(session=written, note=lambda: _destination(written, step))


def write_only(
    step: RunStep, definition: ConnectorDefinition, runtime: Runtime, record: Record, context: Context
) -> Ending:
    """Read everything into the drop file, and stage nothing. Raises ``StepStop`` and ``StoreError``."""
    delivered = 0
    with open_source(step, definition, runtime, context) as source:
        for batch in source.session.batches():
            delivered += batch.objects.height
            record.add_errors(object_errors(batch.errors, "discovery"))
            record.check_limit()
            context.reporter.advance(batch.objects.height, "objects read")
            if stop := stopped_by_user(context):
                return stop
            if step.object_limit and delivered >= step.object_limit:
                message = f"the step's limit of {step.object_limit} objects was reached, so that no file was written"
                return Ending(status=Status.STOPPED_OBJECT_LIMIT, message=message, hint="A drop file is always whole.")
    return completed(record, f"{delivered} objects were written to {step.to_file}; nothing was staged")


def _destination(written: Written, step: RunStep) -> str:
    if written.is_whole:
        return f"what was read is in {step.to_file}, too"
    return f"{step.to_file} was not written: the step ended before everything was read"


def _request(step: RunStep, definition: ConnectorDefinition, runtime: Runtime, context: Context) -> ImportRequest:
    full = step.type is StepType.FULL_IMPORT
    with context.store.read() as reader:
        watermark = reader.watermark(definition.name)
    if not full:
        _check_delta(watermark, runtime, definition)
    return ImportRequest(full=full, watermark=watermark, page_objects=step.page_objects, timeout_s=step.timeout_s)


def _check_delta(watermark: str | None, runtime: Runtime, definition: ConnectorDefinition) -> None:
    if runtime.capabilities.delta_import not in (Support.FULL, Support.PARTIAL):
        message = f"{definition.name} cannot import changes only"
        raise StepStop(Status.NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED, message, hint="Use a full import.")
    if watermark is None:
        message = f"{definition.name} was not fully imported yet, so there is no point to import changes from"
        raise StepStop(Status.NO_START_FULL_IMPORT_REQUIRED, message, hint="Run a full import first.")
