"""Every expression of exported Entra Connect configurations compiles against its own schema and can be evaluated.

The exports are no part of this project: ``UNISONO_SAMPLES`` names the folder that holds them, and where there is none
there are no tests. ``pytest -s`` shows how often each function is called.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from tests.unit.expressions.builders import called_functions

from unisono.expressions import (
    Environment,
    Result,
    check_assignable,
    compile_expression,
    imported_name,
)
from unisono.model.schema import Attribute, AttributeType

SAMPLES = Path(os.environ.get("UNISONO_SAMPLES", Path(__file__).parents[4] / "shared" / "samples" / "entra"))
_DSML = "{http://www.dsml.org/DSML}"
_SYNTAXES = {
    "1.3.6.1.4.1.1466.115.121.1.12": AttributeType.REFERENCE,
    "1.3.6.1.4.1.1466.115.121.1.27": AttributeType.INTEGER,
    "1.2.840.113556.1.4.906": AttributeType.INTEGER,
    "1.3.6.1.4.1.1466.115.121.1.7": AttributeType.BOOLEAN,
    "1.3.6.1.4.1.1466.115.121.1.5": AttributeType.BINARY,
    "1.3.6.1.4.1.1466.115.121.1.40": AttributeType.BINARY,
}
_ENVIRONMENT = Environment(
    now=datetime(2026, 1, 1, tzinfo=UTC),
    parameters={
        "Connector.ID": "{ae4db4cc-b16b-4eb2-acf5-837ca84e4d7d}",
        **{f"{of}.{kind}": "corp.example.org" for of in ("Domain", "Forest") for kind in ("FQDN", "LDAP", "Netbios")},
    },
)
_DN = Attribute(name="dn", type=AttributeType.REFERENCE)
_OBJECTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One mapping with an expression, and the attributes on both sides of its rule."""

    rule: str
    text: str
    target: str
    inbound: bool
    sources: dict[str, Attribute]
    targets: dict[str, Attribute]


def _attributes(path: Path) -> dict[str, Attribute]:
    """All attributes of a schema by name; which class has them does not matter to an expression."""
    found = {"dn": _DN}
    for element in ET.parse(path).iter(f"{_DSML}attribute-type"):  # noqa: S314 - our own samples
        name, syntax = element.findtext(f"{_DSML}name", ""), element.findtext(f"{_DSML}syntax", "")
        several = element.get("single-value", "false") != "true"
        found[name] = Attribute(name=name, type=_SYNTAXES.get(syntax, AttributeType.STRING), multivalued=several)
    return found


def _mappings(folder: Path) -> Iterator[Mapping]:
    metaverse = _attributes(folder / "GlobalSettings" / "MV.xml")
    connectors = {
        path.stem.removeprefix("Connector_").lower(): _attributes(path) for path in folder.glob("Connectors/*.xml")
    }
    for path in sorted(folder.glob("SynchronizationRules/*.xml")):
        rule = ET.parse(path).getroot()  # noqa: S314 - our own samples
        connector = connectors[rule.findtext("connector", "").lower()]
        inbound = rule.findtext("direction") == "Inbound"
        for mapping in rule.iterfind("attribute-mappings/mapping"):
            if text := (mapping.findtext("expression") or "").strip():
                yield Mapping(
                    rule=rule.findtext("name", ""),
                    text=text,
                    target=mapping.findtext("dest", ""),
                    inbound=inbound,
                    sources=connector if inbound else metaverse,
                    targets=metaverse if inbound else connector,
                )


_TEXTS = ("", "Robin", "SMTP:robin@example.org", "CAS_{7}", "CN=Robin\\0ACNF:1,DC=example", "user_1", " 42 ", "é" * 500)
_NUMBERS = (0, 2, 512, 514, 60_000, -2147483648, 1073741824, 129699324000000000, (1 << 63) - 1)
_BINARIES = (b"", bytes(range(16)), bytes.fromhex("010500000000000515000000C7353A428E6B748455A1AEC651040000"))


def _value(attribute: Attribute, chance: random.Random) -> object:
    def one() -> object:
        match attribute.type:
            case AttributeType.INTEGER:
                return chance.choice(_NUMBERS)
            case AttributeType.BOOLEAN:
                return chance.random() < 0.5
            case AttributeType.BINARY:
                return chance.choice((*_BINARIES, chance.randbytes(40)))
            case _:
                return chance.choice(_TEXTS)

    if chance.random() < 0.25:
        return None
    return [one() for _ in range(chance.randint(0, 3))] if attribute.multivalued else one()


_FOLDERS = sorted(path.parent for path in SAMPLES.glob("*/SynchronizationRules"))
_ALL = [mapping for folder in _FOLDERS for mapping in _mappings(folder)]

if _ALL:

    @pytest.mark.parametrize("mapping", _ALL, ids=lambda mapping: f"{mapping.rule}: {mapping.target}")
    def test_an_expression_of_an_export_compiles_and_can_be_evaluated(mapping: Mapping) -> None:
        imported = None if mapping.inbound else mapping.targets
        target = mapping.targets[mapping.target]
        compiled = compile_expression(
            mapping.text, mapping.sources, _ENVIRONMENT, imported=imported, several=target.multivalued
        )
        assert check_assignable(compiled, target) is None

        reads = [mapping.sources[name] for name in sorted(compiled.attributes)]
        reads += [replace(mapping.targets[name], name=imported_name(name)) for name in sorted(compiled.imported)]
        chance = random.Random(mapping.text)  # noqa: S311 - to be repeated
        objects = [{a.name: _value(a, chance) for a in reads} for _ in range(_OBJECTS)]
        frame = pl.DataFrame(objects, schema={a.name: a.dtype for a in reads}).with_row_index("id")
        if not reads:
            frame = pl.DataFrame({"id": range(_OBJECTS)})
        parts = {"value": compiled.value, "error": compiled.error, "marker": compiled.marker}
        by_columns = frame.select(**{name: part for name, part in parts.items() if part is not None})
        assert [Result(**row) for row in by_columns.to_dicts()] == [
            compiled.evaluate(row, identity=number) for number, row in enumerate(objects)
        ]

    def test_the_functions_of_the_exports_are_counted() -> None:
        calls: Counter[str] = Counter()
        for mapping in _ALL:
            calls.update(called_functions(mapping.text))
        print(f"{len(_ALL)} expressions, {len({mapping.text for mapping in _ALL})} different ones")  # noqa: T201
        for name, count in calls.most_common():
            print(f"{count:5} {name}")  # noqa: T201
        assert calls["Trim"] > 100
