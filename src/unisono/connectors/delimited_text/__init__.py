"""Delimited text: one record per object, columns between delimiters (RFC 4180 and its many dialects)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from unisono.connectors.contract import Connector
from unisono.connectors.delimited_text.check import check
from unisono.connectors.delimited_text.connector import DelimitedText
from unisono.connectors.delimited_text.settings import SETTINGS, DelimitedSettings
from unisono.connectors.registry import Kind, Settings
from unisono.model.names import Naming
from unisono.model.schema import Schema


def make(settings: Settings, schema: Schema, directory: Path) -> Connector:
    return DelimitedText(DelimitedSettings.of(settings, directory), schema)


def naming(settings: Settings, schema: Schema) -> Mapping[str, Naming]:
    """The name of a new object is its DN attribute, or else its anchor."""
    attributes = (settings["dn"],) if settings.get("dn") else tuple(settings["anchor"])
    return {object_type.name: Naming(attributes=attributes) for object_type in schema.object_types}


KIND = Kind(
    name="delimited-text",
    summary="Files of delimited text, such as CSV.",
    settings=SETTINGS,
    make=make,
    check=check,
    naming=naming,
)
