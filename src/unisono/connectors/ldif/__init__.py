"""LDIF content files (RFC 2849): a directory's entries as text."""

from __future__ import annotations

from pathlib import Path

from unisono.connectors.contract import Connector
from unisono.connectors.ldif.connector import Ldif
from unisono.connectors.ldif.settings import SETTINGS, LdifSettings, check
from unisono.connectors.registry import Kind, Settings
from unisono.model.schema import Schema


def make(settings: Settings, schema: Schema, directory: Path) -> Connector:
    return Ldif(LdifSettings.of(settings, schema, directory), schema)


KIND = Kind(name="ldif", summary="Files of LDAP entries (LDIF).", settings=SETTINGS, make=make, check=check)
