"""The layer around any connector: what the engine's side calls.

A connector's author writes the protocol; this layer checks the frames that cross the boundary, brings values to their
normal form, takes out objects that no connector space could hold, turns whatever a connector raises into a status,
keeps secrets out of every text and counts the seconds spent in the connected data source. So no connector repeats it,
and nothing behind this layer has to distrust a connector.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import polars as pl

from unisono.connectors.boundary import checked_batch, checked_results
from unisono.connectors.contract import (
    Capabilities,
    Connector,
    ExportBatch,
    ExportSession,
    ImportBatch,
    ImportRequest,
    ImportSession,
    PartialSend,
)
from unisono.connectors.redaction import Redaction
from unisono.model.errors import StepStop
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import Status
from unisono.model.schema import Schema

Clock = Callable[[], float]  # seconds from any fixed point
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Runtime:
    """A connector that can be trusted: the same calls as ``Connector``, and sessions that are context managers.

    ``seconds`` is the time spent in the connector's own code since this runtime was made.
    """

    def __init__(
        self, connector: Connector, definition: ConnectorDefinition, *, clock: Clock = time.perf_counter
    ) -> None:
        self.capabilities: Capabilities = connector.capabilities
        self._connector = connector
        self._schema = definition.schema
        self._watch = _Watch(definition.name, Redaction.of_settings(definition.settings), clock)

    @property
    def seconds(self) -> float:
        return self._watch.seconds

    def discover_schema(self) -> Schema:
        """What the connected data source offers now. Raises ``StepStop``."""
        return self._watch.call(self._connector.discover_schema)

    def open_import(self, request: ImportRequest) -> RuntimeImport:
        """Connect for reading. Raises ``StepStop`` with a ``no-start-*`` status for what the connector expects."""
        session = self._watch.call(self._connector.open_import, request)
        return RuntimeImport(session, self._schema, self.capabilities, self._watch)

    def open_export(self) -> RuntimeExport:
        """Connect for writing. Raises ``StepStop`` with a ``no-start-*`` status for what the connector expects."""
        session = self._watch.call(self._connector.open_export)
        return RuntimeExport(session, self._watch)


class _Session:
    """What import and export sessions share: an end that comes exactly once."""

    def __init__(self, session: ImportSession | ExportSession, watch: _Watch) -> None:
        self._to_close: ImportSession | ExportSession | None = session
        self._watch = watch

    def close(self) -> None:
        if self._to_close is not None:
            session, self._to_close = self._to_close, None
            self._watch.call(session.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RuntimeImport(_Session):
    """One reading, its batches checked and in normal form."""

    def __init__(self, session: ImportSession, schema: Schema, capabilities: Capabilities, watch: _Watch) -> None:
        super().__init__(session, watch)
        self._session = session
        self._schema = schema
        self._dn_style = capabilities.dn_style

    def batches(self) -> Iterator[ImportBatch]:
        """The batches, once. Objects that no connector space can hold are among ``errors``. Raises ``StepStop``."""
        batches = iter(self._watch.call(self._session.batches))
        while (batch := self._watch.call(next, batches, None)) is not None:
            yield self._watch.guarded(self._checked, batch)

    @property
    def watermark(self) -> str | None:
        return self._watch.call(lambda: self._session.watermark)

    def _checked(self, batch: ImportBatch) -> ImportBatch:
        return checked_batch(batch, self._schema, self._dn_style, self._watch.redaction)


class RuntimeExport(_Session):
    """One writing, with exactly one result per entry."""

    def __init__(self, session: ExportSession, watch: _Watch) -> None:
        super().__init__(session, watch)
        self._session = session

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        """A frame of ``EXPORT_RESULTS``, one row per entry in the entries' order.

        An entry that the connector forgot failed with ``unexpected-error``. Raises ``StepStop``, and ``PartialSend``
        with the results of the entries whose outcome is known.
        """
        ids, partial = batch.entries["id"], None
        try:
            results = self._watch.call(self._session.send, batch)
        except PartialSend as broken:
            results, partial = broken.results, broken
        known = self._watch.guarded(self._checked, results, ids, partial is None)
        if partial is None:
            return known
        told = PartialSend(known)
        told.__cause__ = self._watch.stop_of(partial.__cause__ or partial)
        raise told

    def finish(self) -> None:
        self._watch.call(self._session.finish)

    def _checked(self, results: pl.DataFrame, ids: pl.Series, complete: bool) -> pl.DataFrame:  # noqa: FBT001 - by call
        return checked_results(results, ids, self._watch.redaction, complete=complete)


class _Watch:
    """Guards and times every call into a connector's code."""

    def __init__(self, name: str, redaction: Redaction, clock: Clock) -> None:
        self.seconds = 0.0
        self.redaction = redaction
        self._name = name
        self._clock = clock

    def call(self, function: Callable[_Arguments, _Result], *args: _Arguments.args, **kw: _Arguments.kwargs) -> _Result:
        """The result of a connector's function, whose time counts."""
        started = self._clock()
        try:
            return self.guarded(function, *args, **kw)
        finally:
            self.seconds += self._clock() - started

    def guarded(
        self, function: Callable[_Arguments, _Result], *args: _Arguments.args, **kw: _Arguments.kwargs
    ) -> _Result:
        """The function's result. Only ``PartialSend`` and ``StepStop`` come out of it."""
        try:
            return function(*args, **kw)
        except PartialSend:
            raise
        except Exception as error:  # noqa: BLE001 - whatever an author's code raises must end the step with a status
            failure = error
        # Raised here, not in the handler: there the original would hang on as the context, with secrets in its text.
        raise self.stop_of(failure)

    def stop_of(self, error: BaseException) -> StepStop:
        """The stop that an exception means: its own, or that of an unknown one; without secrets, with its stack."""
        clean = self.redaction.text
        if isinstance(error, StepStop):
            stop = StepStop(error.status, clean(error.message), hint=clean(error.hint), connection=error.connection)
        else:
            stop = StepStop(
                Status.STOPPED_EXTENSION_DLL_EXCEPTION,
                clean(f"the connector {self._name} failed: {type(error).__name__}: {error}"),
                hint="This is a fault of the connector, not of the data; its call stack is with the error.",
            )
        stop.add_note(clean("".join(traceback.format_exception(error))))
        return stop
