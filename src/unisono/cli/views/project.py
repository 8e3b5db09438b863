"""The project for people: mistakes, and schemas side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from unisono.cli.documents.project import AttributeShape, Check, ComparedAttribute, Impact, SchemaComparison
from unisono.cli.views.failures import mistake_list
from unisono.cli.views.parts import counted, heading, table, text, titled

_STYLES = {"added": "green", "removed": "red", "retyped": "yellow"}


def check_view(check: Check) -> Iterator[RenderableType]:
    if check.mistakes:
        yield mistake_list(check.mistakes)
    found = [counted(check.errors, "mistake") if check.errors else "no mistake"]
    if check.warnings:
        found.append(counted(check.warnings, "warning"))
    if check.project is not None:
        size = f"{counted(check.connectors, 'connector')}, {counted(check.rules, 'rule')}"
        yield text(f"{check.project}: {size}, {', '.join(found)}")
    else:
        yield heading(", ".join(found))


def schema_view(schema: SchemaComparison) -> Iterator[RenderableType]:
    """All attributes."""
    yield _attribute_table(schema.attributes)
    if any(each.difference in ("removed", "retyped") for each in schema.attributes):
        yield text("--refresh shows what differs, and the rules that it hits.")


def refresh_view(schema: SchemaComparison) -> Iterator[RenderableType]:
    """Differences and their impact."""
    differences = [each for each in schema.attributes if each.difference != "none"]
    if not differences:
        yield text(f"{schema.connector} offers what the project declares.")
        return
    yield _attribute_table(differences)
    if schema.impact:
        yield titled("Rules that are hit", _impact_table(schema.impact))


def _attribute_table(attributes: Sequence[ComparedAttribute]) -> RenderableType:
    rows = [
        (
            each.object_type,
            each.attribute,
            _shape(each.offered),
            _shape(each.declared),
            Text("" if each.difference == "none" else each.difference, style=_STYLES.get(each.difference, "")),
        )
        for each in attributes
    ]
    return table(("type", "attribute", "offered", "declared", "difference"), rows)


def _shape(shape: AttributeShape | None) -> str:
    if shape is None:
        return "–"
    return f"{shape.type}, several values" if shape.multivalued else shape.type


def _impact_table(impact: Sequence[Impact]) -> RenderableType:
    rows = [
        (
            each.rule or "(connector filter)",
            each.use,
            f"{each.object_type}.{each.attribute} {each.difference}",
            f"{each.file}:{each.line}" if each.file else "",
        )
        for each in impact
    ]
    return table(("rule", "use", "attribute", "place"), rows)
