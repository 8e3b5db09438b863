"""The LDAP connector: what it can do, and its sessions. The LDAP library is imported when one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unisono.connectors.contract import Capabilities, ExportSession, ImportRequest, ImportSession, Support
from unisono.connectors.ldap.check import INSTALL_HINT, library_is_missing
from unisono.connectors.ldap.settings import ACCESSLOG, LdapSettings
from unisono.model.errors import StepStop
from unisono.model.names import DnStyle
from unisono.model.runs import Status
from unisono.model.schema import Schema


class LdapConnector:
    """Objects below the bases of one LDAP server."""

    def __init__(self, settings: LdapSettings, schema: Schema) -> None:
        self._settings = settings
        self._schema = schema

    @property
    def capabilities(self) -> Capabilities:
        deltas = self._settings.delta == ACCESSLOG
        return Capabilities(
            delta_import=Support.FULL if deltas else Support.NOT_BUILT,
            export=Support.FULL,
            # With the name as anchor, an import takes a renamed object for another one.
            rename=Support.PARTIAL if self._settings.anchor_is_dn else Support.FULL,
            dn_style=DnStyle.LDAP,
            export_page_objects=2000,
        )

    def discover_schema(self) -> Schema:
        """Object types and attributes by the server's own schema. Raises ``StepStop``."""
        _require_library()
        from unisono.connectors.ldap.connection import connected
        from unisono.connectors.ldap.discovery import discover

        with connected(self._settings) as connection:
            return discover(connection, self._settings)

    def open_import(self, request: ImportRequest) -> ImportSession:
        """Connect for reading. Raises ``StepStop`` with a ``no-start-*`` status."""
        _require_library()
        _require_types(self._schema)
        from unisono.connectors.ldap.importing import open_import

        return open_import(self._settings, self._schema, request)

    def open_export(self) -> ExportSession:
        """Connect for writing. Raises ``StepStop`` with a ``no-start-*`` status."""
        _require_library()
        from unisono.connectors.ldap.writing import LdapExport

        return LdapExport(self._settings, self._schema)


def make(settings: Mapping[str, Any], schema: Schema, directory: Path) -> LdapConnector:
    """A connector of validated settings."""
    return LdapConnector(LdapSettings.parse(settings, directory), schema)


def _require_types(schema: Schema) -> None:
    if not schema.object_types:
        raise StepStop(
            Status.NO_START_BAD_MA_CONFIGURATION,
            "the connector has no object type",
            hint="add object types to its schema; unisono schema shows what the server offers",
        )


def _require_library() -> None:
    if library_is_missing():
        raise StepStop(Status.NO_START_MA, "the LDAP library python-ldap is not installed", hint=INSTALL_HINT)
