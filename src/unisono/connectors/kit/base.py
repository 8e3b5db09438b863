# ruff: noqa: S101 - a suite is made of assertions
"""The base of all suites: what is true of every connector, whatever it can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import pytest

from unisono.connectors.contract import Capabilities, Connector, Support
from unisono.connectors.kit.sessions import read
from unisono.connectors.kit.target import Target
from unisono.connectors.redaction import Redaction
from unisono.model.errors import StepStop
from unisono.model.schema import AttributeType

_BUILT = (Support.FULL, Support.PARTIAL)


class ConnectorKit(ABC):
    """A subclass supplies the fixture ``target``. ``proves`` names the capabilities that its suites test."""

    proves: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    @abstractmethod
    def target(self) -> Target:
        """A fresh, empty target."""

    def test_each_declared_capability_has_its_suite_and_each_suite_its_capability(self, target: Target) -> None:
        declared = {
            name
            for name in ("full_import", "delta_import", "export", "rename", "durable_at_finish")
            if getattr(target.connector().capabilities, name) in (*_BUILT, True)
        }
        proven = frozenset[str]().union(*(vars(suite).get("proves", ()) for suite in type(self).__mro__))
        assert declared == proven

    def test_capabilities_are_the_same_for_every_connector_of_one_definition(self, target: Target) -> None:
        first: Capabilities = target.connector().capabilities
        assert target.connector().capabilities == first

    def test_making_a_connector_touches_nothing(self, target: Target) -> None:
        connector: Connector = target.unreachable()
        assert connector.capabilities == target.connector().capabilities

    def test_the_schema_found_is_the_same_twice_and_has_what_is_configured(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        found = target.connector().discover_schema()
        assert target.connector().discover_schema() == found
        assert target.minimal("k1").keys() <= {attribute.name for attribute in found[target.object_type].attributes}

    def test_an_unreachable_source_has_no_schema_but_a_reason(self, target: Target) -> None:
        with pytest.raises(StepStop) as stop:
            target.unreachable().discover_schema()
        assert stop.value.status.startswith("no-start-")

    def test_no_secret_shows_in_the_connector_or_in_its_refusals(self, target: Target) -> None:
        connector = target.unreachable()
        with pytest.raises(StepStop) as stop:
            connector.discover_schema()
        texts = f"{connector!r} {stop.value!r} {stop.value.message} {stop.value.hint}"
        assert Redaction.of_settings(target.definition.settings).text(texts) == texts


def full_object(target: Target, key: str, number: int = 0) -> dict[str, object]:
    """An object with a value in every free attribute that is not a reference; ``number`` varies the values."""
    values = dict(target.minimal(key))
    for attribute in target.free_attributes:
        samples = target.samples(attribute)
        if samples and attribute.multivalued:
            values[attribute.name] = frozenset(samples)
        elif samples:
            values[attribute.name] = samples[number % len(samples)]
    return values


def first_attribute(target: Target, kind: AttributeType, *, multivalued: bool = False) -> str | None:
    """The first free attribute of that kind, or None where the target has none."""
    free = target.free_attributes
    return next((a.name for a in free if a.type is kind and a.multivalued is multivalued), None)


def text_attribute(target: Target) -> str:
    """The attribute that takes hostile texts."""
    name = first_attribute(target, AttributeType.STRING)
    assert name is not None, "the kit needs a single-valued text attribute that no object must have"
    return name


def anchor_of(target: Target, key: str) -> str:
    return read(target).anchors[key]
