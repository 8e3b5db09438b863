"""The layer around any connector: what the engine's side calls.

A connector's author writes the protocol; this layer checks the frames that cross the boundary, brings values to their
normal form, takes out objects that no connector space could hold, turns whatever a connector raises into a status,
keeps secrets out of every text and says whose time it is. So no connector repeats it, and nothing behind this layer has
to distrust a connector.
"""

from __future__ import annotations

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
from unisono.connectors.portions import portions
from unisono.connectors.redaction import Redaction
from unisono.model.errors import StepStop
from unisono.model.phases import Phase, within
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import Status
from unisono.model.schema import Schema

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Runtime:
    """A connector that can be trusted: the same calls as ``Connector``, and sessions that are context managers."""

    def __init__(self, connector: Connector, definition: ConnectorDefinition) -> None:
        self.capabilities: Capabilities = connector.capabilities
        self._connector = connector
        self._schema = definition.schema
        redaction = Redaction.of_settings(definition.settings)
        self._source = _Calls(definition.name, redaction, Phase.SOURCE)
        self._target = _Calls(definition.name, redaction, Phase.TARGET)

    def discover_schema(self) -> Schema:
        """What the connected data source offers now. Raises ``StepStop``."""
        return self._source.call(self._connector.discover_schema)

    def open_import(self, request: ImportRequest) -> RuntimeImport:
        """Connect for reading. Raises ``StepStop`` with a ``no-start-*`` status for what the connector expects."""
        session = self._source.call(self._connector.open_import, request)
        return RuntimeImport(session, self._schema, self.capabilities, self._source)

    def checking(self, session: ImportSession) -> RuntimeImport:
        """A reading that does not come from the connector, such as that of a file: checked like one that does."""
        return RuntimeImport(session, self._schema, self.capabilities, self._source)

    def open_export(self) -> RuntimeExport:
        """Connect for writing. Raises ``StepStop`` with a ``no-start-*`` status for what the connector expects."""
        session = self._target.call(self._connector.open_export)
        return RuntimeExport(session, self._target)


class _Session:
    """What import and export sessions share: an end that comes exactly once."""

    def __init__(self, session: ImportSession | ExportSession, calls: _Calls) -> None:
        self._to_close: ImportSession | ExportSession | None = session
        self._calls = calls

    def close(self) -> None:
        if self._to_close is not None:
            session, self._to_close = self._to_close, None
            self._calls.call(session.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RuntimeImport(_Session):
    """One reading, its batches checked and in normal form."""

    def __init__(self, session: ImportSession, schema: Schema, capabilities: Capabilities, calls: _Calls) -> None:
        super().__init__(session, calls)
        self._session = session
        self._schema = schema
        self._dn_style = capabilities.dn_style

    def batches(self) -> Iterator[ImportBatch]:
        """The batches, once, in parts where they are large.

        Objects that no connector space can hold are among ``errors``. Raises ``StepStop``.
        """
        batches = iter(self._calls.call(self._session.batches))
        while (batch := self._calls.call(next, batches, None)) is not None:
            checked = self._calls.guarded(self._checked, batch)
            yield from portions(checked, self._schema[checked.object_type])

    @property
    def watermark(self) -> str | None:
        return self._calls.call(lambda: self._session.watermark)

    def _checked(self, batch: ImportBatch) -> ImportBatch:
        return checked_batch(batch, self._schema, self._dn_style, self._calls.redaction)


class RuntimeExport(_Session):
    """One writing, with exactly one result per entry."""

    def __init__(self, session: ExportSession, calls: _Calls) -> None:
        super().__init__(session, calls)
        self._session = session

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        """A frame of ``EXPORT_RESULTS``, one row per entry in the entries' order.

        An entry that the connector forgot failed with ``unexpected-error``. Raises ``StepStop``, and ``PartialSend``
        with the results of the entries whose outcome is known.
        """
        ids, partial = batch.entries["id"], None
        try:
            results = self._calls.call(self._session.send, batch)
        except PartialSend as broken:
            results, partial = broken.results, broken
        known = self._calls.guarded(self._checked, results, ids, partial is None)
        if partial is None:
            return known
        told = PartialSend(known)
        told.__cause__ = self._calls.stop_of(partial.__cause__ or partial)
        raise told

    def finish(self) -> None:
        self._calls.call(self._session.finish)

    def _checked(self, results: pl.DataFrame, ids: pl.Series, complete: bool) -> pl.DataFrame:  # noqa: FBT001 - by call
        return checked_results(results, ids, self._calls.redaction, complete=complete)


class _Calls:
    """Every call into a connector's code: guarded, and said to be the time of its phase."""

    def __init__(self, name: str, redaction: Redaction, phase: Phase) -> None:
        self.redaction = redaction
        self._name = name
        self._phase = phase

    def call(self, function: Callable[_Arguments, _Result], *args: _Arguments.args, **kw: _Arguments.kwargs) -> _Result:
        """The result of a connector's function."""
        with within(self._phase):
            return self.guarded(function, *args, **kw)

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
