"""The connector: settings, schema and database brought together when a step begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unisono.connectors.contract import Capabilities, ImportRequest, Support
from unisono.connectors.sql.catalog import Catalog
from unisono.connectors.sql.database import Database, Link
from unisono.connectors.sql.discovery import discovered
from unisono.connectors.sql.failures import Failed, not_started
from unisono.connectors.sql.reading import Reading
from unisono.connectors.sql.selects import Selects
from unisono.connectors.sql.settings import SqlSettings
from unisono.connectors.sql.tables import bound_tables
from unisono.connectors.sql.watermarks import bounds_of, current_watermark
from unisono.connectors.sql.writing import Writing
from unisono.model.errors import StepStop
from unisono.model.names import DnStyle
from unisono.model.runs import Status
from unisono.model.schema import Schema


class SqlConnector:
    """Tables of any database that ``databases`` knows, a row per object."""

    def __init__(self, settings: SqlSettings, schema: Schema, directory: Path) -> None:
        self._settings = settings
        self._schema = schema
        self._database = Database(settings, directory)
        self._tables = {t.name: settings.tables[t.name] for t in schema.object_types if t.name in settings.tables}

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            full_import=Support.FULL,
            delta_import=Support.NOT_BUILT if self._without_watermark() else Support.PARTIAL,
            export=Support.FULL,
            rename=self._rename(),
            dn_style=DnStyle.LDAP,
            references_in_second_pass=self._may_add_without_references(),
            export_page_objects=10_000,
        )

    def discover_schema(self) -> Schema:
        link = self._database.connect()
        with _starting(link, "the tables cannot be looked at"):
            schema = discovered(self._settings, Catalog(link))
        link.close()
        return schema

    def open_import(self, request: ImportRequest) -> Reading:
        unmarked = self._without_watermark()
        if unmarked and not request.full:
            raise StepStop(
                Status.NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED,
                f"no delta import of {', '.join(unmarked)} without a watermark column",
                hint="name a watermark_column, or run a full import",
            )
        link = self._database.connect(statement_timeout_s=request.timeout_s)
        with _starting(link, "the tables cannot be read"):
            link.begin_snapshot()
            tables = bound_tables(self._schema, self._settings, Catalog(link))
            watermark = None if unmarked else current_watermark(link, tables)
            bounds = None if request.full else bounds_of(request.watermark or "", tables, self._settings.overlap_s)
            link.prepare_reading()
            reading = Reading(
                link,
                [Selects(bound=table, bounds=bounds) for table in tables],
                page_objects=request.page_objects or self.capabilities.import_page_objects,
                watermark=watermark,
            )
            reading.try_statements()
        return reading

    def open_export(self) -> Writing:
        link = self._database.connect()
        with _starting(link, "the tables cannot be written"):
            with link.transaction():
                tables = bound_tables(self._schema, self._settings, Catalog(link))
            link.prepare_writing()
        return Writing(link, {table.object_type.name: table for table in tables}, self._settings.batch_objects)

    def _without_watermark(self) -> list[str]:
        return [name for name, table in self._tables.items() if table.watermark_column is None]

    def _rename(self) -> Support:
        named = [table.dn_column is not None for table in self._tables.values()]
        if not any(named):
            return Support.IMPOSSIBLE
        return Support.FULL if all(named) else Support.PARTIAL

    def _may_add_without_references(self) -> bool:
        """Whether references wait until all rows are there; one that every row must have cannot."""
        return self._settings.references_in_second_pass and not any(
            attribute.required for object_type in self._schema.object_types for attribute in object_type.references
        )


@contextmanager
def _starting(link: Link, what: str) -> Iterator[None]:
    """Closes the connection when the block fails, and says why the step cannot start."""
    try:
        yield
    except Failed as failed:
        link.close()
        raise not_started(what, failed.failure) from None
    except BaseException:
        link.close()
        raise
