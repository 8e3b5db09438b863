"""The delimited-text connector keeps the contract: plain and with names that change, as whole files and as changes."""

from __future__ import annotations

import base64
import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from unisono.connectors.contract import Connector
from unisono.connectors.delimited_text import KIND
from unisono.connectors.kit import (
    DeltaKit,
    DurableAtFinishKit,
    ExportKit,
    ImportKit,
    RenameKit,
    Target,
    UnreadableKit,
    Values,
)
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

ATTRIBUTES = (
    Attribute(name="employeeID", required=True),
    Attribute(name="name"),
    Attribute(name="level", type=AttributeType.INTEGER),
    Attribute(name="active", type=AttributeType.BOOLEAN),
    Attribute(name="badge", type=AttributeType.BINARY),
    Attribute(name="hired", type=AttributeType.DATETIME),
    Attribute(name="phones", multivalued=True),
    Attribute(name="rooms", type=AttributeType.INTEGER, multivalued=True),
    Attribute(name="manager", type=AttributeType.REFERENCE),
    Attribute(name="teams", type=AttributeType.REFERENCE, multivalued=True),
)
TYPES = {attribute.name: attribute for attribute in ATTRIBUTES}


class DelimitedTarget(Target):
    """A file written and read with the standard library's parser."""

    object_type = "person"
    key_attribute = "employeeID"
    attributes: tuple[Attribute, ...] = ATTRIBUTES
    settings: ClassVar[Mapping[str, Any]] = {
        "file": "people.csv",
        "export_file": "people.csv",
        "anchor": ["employeeID"],
        "quoted_empty_is_value": True,
    }

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "people.csv"

    @property
    def definition(self) -> ConnectorDefinition:
        schema = Schema(object_types=(ObjectType(name="person", attributes=self.attributes),))
        return ConnectorDefinition(name="HR", kind="delimited-text", settings=self.settings, schema=schema)

    def connector(self) -> Connector:
        definition = self.definition
        assert KIND.validate(definition.settings, definition.schema) == ()
        return KIND.make(definition.settings, definition.schema, self.directory)

    def unreachable(self) -> Connector:
        return KIND.make(self.definition.settings, self.definition.schema, self.directory / "gone")

    def minimal(self, key: str) -> Values:
        return {"employeeID": key}

    def dn(self, key: str) -> str:
        return key

    def holds(self, text: str) -> bool:
        # The standard library's writer does not quote the text that is empty, and quotes no lone carriage return.
        return "\0" not in text

    def accepts(self, text: str) -> bool:
        return not set(text) & set("\r\n\0")

    def seed(self, objects: Iterable[Values]) -> None:
        self.write(self.path, [self.row(values) for values in objects])

    def spoil(self, key: str) -> None:
        record = _quoted(key) + ","
        self.path.write_bytes(self.path.read_bytes().replace(record.encode(), f"{record}one column more,".encode()))

    def contents(self) -> dict[str, Values]:
        with self.path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        objects = [{name: _value(name, text) for name, text in row.items() if text and name in TYPES} for row in rows]
        return {str(values["employeeID"]): values for values in objects}

    def row(self, values: Values) -> dict[str, str]:
        return {name: _text(name, value) for name, value in values.items()}

    def write(self, path: Path, rows: list[dict[str, str]], *more_columns: str) -> None:
        names = [*more_columns, *(attribute.name for attribute in self.attributes)]
        lines = [",".join(names), *(",".join(_quoted(row.get(name)) for name in names) for row in rows)]
        path.write_bytes("".join(line + "\r\n" for line in lines).encode())


def _quoted(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'


def _text(name: str, value: object) -> str:
    match value:
        case frozenset():
            return "|".join(_text(name, single) for single in value)
        case bool():
            return str(value).lower()
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _value(name: str, text: str) -> object:
    if TYPES[name].multivalued:
        return frozenset(_single(name, part) for part in text.split("|"))
    return _single(name, text)


def _single(name: str, text: str) -> object:
    match TYPES[name].type:
        case AttributeType.INTEGER:
            return int(text)
        case AttributeType.BOOLEAN:
            return {"true": True, "false": False}[text]
        case AttributeType.BINARY:
            return base64.b64decode(text)
        case AttributeType.DATETIME:
            return datetime.fromisoformat(text).astimezone(UTC)
        case _:
            return text


class NamedTarget(DelimitedTarget):
    """A file whose objects have names beside their anchors."""

    attributes = (*ATTRIBUTES, Attribute(name="displayName"))
    settings: ClassVar[Mapping[str, Any]] = {
        **DelimitedTarget.settings,
        "dn": "displayName",
        "delimiter": ";",
        "encoding": "utf-16",
    }

    def minimal(self, key: str) -> Values:
        return {"employeeID": key, "displayName": self.dn(key)}

    def dn(self, key: str) -> str:
        return f"Person {key}"

    def renamed_dn(self, key: str) -> str:
        return f"Somebody; formerly {key}"

    def contents(self) -> dict[str, Values]:
        with self.path.open(encoding="utf-16", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";", strict=True))
        types = {**TYPES, "displayName": Attribute(name="displayName")}
        return {
            row["employeeID"]: {
                name: text if name not in TYPES else _value(name, text)
                for name, text in row.items()
                if text and name in types
            }
            for row in rows
        }

    def write(self, path: Path, rows: list[dict[str, str]], *more_columns: str) -> None:
        names = [*more_columns, *(attribute.name for attribute in self.attributes)]
        lines = [";".join(names), *(";".join(_quoted(row.get(name)) for name in names) for row in rows)]
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-16", newline="")


class ChangesTarget(DelimitedTarget):
    """A file of the whole population and another one of the changes since it was last read."""

    settings: ClassVar[Mapping[str, Any]] = {
        "file": "people.csv",
        "delta_file": "changes.csv",
        "anchor": ["employeeID"],
        "change_type_column": "change",
        "quoted_empty_is_value": True,
    }

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.population: dict[str, Values] = {}
        self.changes: list[dict[str, str]] = []

    def seed(self, objects: Iterable[Values]) -> None:
        self.population = {str(values["employeeID"]): values for values in objects}
        self._drop()

    def put(self, values: Values) -> None:
        key = str(values["employeeID"])
        self.changes.append({"change": "Modify" if key in self.population else "Add", **self.row(values)})
        self.population[key] = values
        self._drop()

    def remove(self, key: str) -> None:
        if self.population.pop(key, None) is not None:
            self.changes.append({"change": "Delete", "employeeID": key})
        self._drop()

    def changes_taken(self) -> None:
        self.changes.clear()

    def _drop(self) -> None:
        self.write(self.path, [self.row(values) for values in self.population.values()])
        self.write(self.directory / "changes.csv", self.changes, "change")


class TestDelimitedText(ImportKit, UnreadableKit, ExportKit, DurableAtFinishKit):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Target:
        return DelimitedTarget(tmp_path)


class TestDelimitedTextWithNames(ImportKit, ExportKit, RenameKit, DurableAtFinishKit):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Target:
        return NamedTarget(tmp_path)


class TestDelimitedTextOfChanges(ImportKit, DeltaKit):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Target:
        return ChangesTarget(tmp_path)
