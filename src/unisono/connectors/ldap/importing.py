"""Opening an import, and the full one: everything below the bases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from unisono.connectors.contract import ImportBatch, ImportRequest, ImportSession
from unisono.connectors.ldap.delta import DeltaImport
from unisono.connectors.ldap.search import portions
from unisono.connectors.ldap.settings import ACCESSLOG, LdapSettings
from unisono.connectors.ldap.source import Source
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Schema


def open_import(settings: LdapSettings, schema: Schema, request: ImportRequest) -> ImportSession:
    """Connect and make ready to read. Raises ``StepStop`` with a ``no-start-*`` status."""
    if not request.full and settings.delta != ACCESSLOG:
        raise StepStop(
            Status.NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED,
            "this connector is not set up for delta imports",
            hint="set delta: accesslog and run a full import, or use full imports only",
        )
    source = Source(settings, schema, request)
    try:
        return FullImport(source) if request.full else DeltaImport(source, request.watermark or "")
    except StepStop:
        source.close()
        raise


class FullImport:
    """Every object of the schema's types below the bases. The watermark is taken before the first page."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._position = source.log.end(datetime.now(UTC)) if source.settings.delta == ACCESSLOG else None

    @property
    def watermark(self) -> str | None:
        return str(self._position) if self._position else None

    def batches(self) -> Iterator[ImportBatch]:
        source = self._source
        for base in source.settings.bases:
            query = source.query(base, source.classifier.filter)
            for portion in portions(source.connection, query, source.timeout_s):
                yield from source.batches.add(portion)
        yield from source.batches.rest()

    def close(self) -> None:
        self._source.close()
