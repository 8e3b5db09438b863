"""The reference page and the JSON Schemas say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from unisono.config import checks, load_project
from unisono.config.convert import DEFAULT_RUN_PROFILES
from unisono.config.forms import Shape
from unisono.config.parse import MAX_DEPTH, MAX_NODES
from unisono.config.schemas import json_schemas, publish
from unisono.connectors.registry import kind_names
from unisono.model.guard import DEFAULT_LIMITS, ChangeKind

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGE = (REFERENCE / "project.md").read_text(encoding="utf-8")
TABLE_KEYS = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))
REFRESH = "write them anew: publish(Path('docs/reference/schemas')) of unisono.config.schemas"


def shapes(base: type[Shape] = Shape) -> list[type[Shape]]:
    return [shape for child in base.__subclasses__() for shape in (child, *shapes(child))]


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.__name__)
def test_every_key_is_documented(shape: type[Shape]) -> None:
    assert {field.alias for field in shape.model_fields.values()} - TABLE_KEYS - {"metaverse"} == set()


def test_every_check_is_documented() -> None:
    assert {check.value for check in checks.Check} - TABLE_KEYS == set()


def test_every_choice_is_documented() -> None:
    choices = {choice for schema in json_schemas().values() for choice in enumerated(schema)}
    assert {choice for choice in choices if f"`{choice}`" not in PAGE} == set()


def enumerated(schema: Any) -> set[str]:
    """Choices of the documents; those of connector settings stand on other pages."""
    match schema:
        case {"if": _, "then": _}:
            return set()
        case dict():
            return set(schema.get("enum", ())).union(*map(enumerated, schema.values()))
        case list():
            return set[str]().union(*map(enumerated, schema))
        case _:
            return set()


def test_the_default_run_profiles_and_limits_are_documented() -> None:
    for name in DEFAULT_RUN_PROFILES:
        assert f"`{name}`" in PAGE
    for kind in ChangeKind:
        limit = DEFAULT_LIMITS.get(kind)
        stated = re.search(rf"^\| `{kind}` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
        assert stated is not None
        assert stated.group(1) == (f"{limit.percent:g} %" if limit and limit.percent else "none")


def test_the_bounds_are_documented() -> None:
    assert f"{MAX_NODES:,} values" in PAGE
    assert f"{MAX_DEPTH} levels" in PAGE


def test_the_examples_of_the_page_are_a_project(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    files = ("unisono.yaml", "metaverse.yaml", "connectors/hr.yaml", "rules/hr.yaml")
    for file, text in zip(files, blocks, strict=True):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert load_project(tmp_path, environ={}).warnings == ()


# --- the schemas -----------------------------------------------------------------------------------------------------


def test_the_published_schemas_are_up_to_date() -> None:
    published = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (REFERENCE / "schemas").iterdir()}
    assert published == json_schemas(), REFRESH


def test_publishing_writes_one_file_for_each_kind_of_file(tmp_path: Path) -> None:
    paths = publish(tmp_path / "schemas")
    assert [path.name for path in paths] == ["unisono.json", "metaverse.json", "connector.json", "rule.json"]
    assert {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths} == json_schemas()


@pytest.mark.parametrize("name", ["unisono", "metaverse", "connector", "rule"])
def test_a_schema_names_its_draft_and_describes_every_key(name: str) -> None:
    schema = json_schemas()[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    undescribed = {key for key, value in properties(schema) if "description" not in value and "$ref" not in value}
    assert undescribed - {"settings", "kind"} == set()


def properties(schema: Any) -> list[tuple[str, dict[str, Any]]]:
    match schema:
        case dict():
            own = list(schema["properties"].items()) if isinstance(schema.get("properties"), dict) else []
            return [*own, *(found for value in schema.values() for found in properties(value))]
        case list():
            return [found for value in schema for found in properties(value)]
        case _:
            return []


def test_the_schema_of_a_connector_knows_the_settings_of_its_kind() -> None:
    kinds = {
        branch["if"]["properties"]["kind"]["const"]: branch["then"] for branch in json_schemas()["connector"]["allOf"]
    }
    assert tuple(kinds) == kind_names()
    anchor = kinds["delimited-text"]["properties"]["settings"]["properties"]["anchor"]
    assert (anchor["type"], anchor["items"]) == ("array", {"type": "string"})
