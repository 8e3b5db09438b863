# ruff: noqa: S101 - a suite is made of assertions
"""What a full import promises."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from unisono.connectors.contract import ImportRequest, Support
from unisono.connectors.kit.base import ConnectorKit, first_attribute, full_object, text_attribute
from unisono.connectors.kit.samples import HOSTILE_TEXTS
from unisono.connectors.kit.sessions import read, runtime
from unisono.connectors.kit.target import Target, Values
from unisono.model.errors import StepStop
from unisono.model.schema import AttributeType

_FULL = ImportRequest(full=True)
_DESCRIPTORS = Path("/dev/fd")


class ImportKit(ConnectorKit):
    proves: ClassVar[frozenset[str]] = frozenset({"full_import"})

    @pytest.mark.parametrize("page_objects", [1, 7, 0], ids=["pages of one", "pages of seven", "default pages"])
    def test_a_full_import_gives_every_object_exactly_once(self, target: Target, page_objects: int) -> None:
        population = {f"k{i}": full_object(target, f"k{i}", i) for i in range(23)}
        target.seed(population.values())
        reading = read(target, page_objects=page_objects)
        assert reading.objects == population
        assert reading.count == len(population)
        assert len(set(reading.anchors.values())) == len(population)
        assert max(reading.pages) <= (page_objects or len(population))

    def test_a_full_import_of_an_empty_source_gives_nothing_and_succeeds(self, target: Target) -> None:
        target.seed([])
        assert read(target).count == 0

    def test_values_of_every_type_arrive_as_they_are(self, target: Target) -> None:
        population: dict[str, Values] = {}
        for attribute in target.free_attributes:
            for value in target.samples(attribute):
                key = f"k{len(population)}"
                held = frozenset({value}) if attribute.multivalued else value
                population[key] = {**target.minimal(key), attribute.name: held}
        target.seed(population.values())
        assert read(target).objects == population

    def test_absent_attributes_are_absent(self, target: Target) -> None:
        target.seed([target.minimal("k1"), full_object(target, "k2")])
        assert read(target).objects["k1"] == target.minimal("k1")

    def test_hostile_texts_arrive_byte_for_byte(self, target: Target) -> None:
        texts = [text for text in HOSTILE_TEXTS.values() if target.holds(text)]
        name = text_attribute(target)
        population = {f"k{i}": {**target.minimal(f"k{i}"), name: text} for i, text in enumerate(texts)}
        target.seed(population.values())
        assert read(target).objects == population

    def test_references_arrive_as_the_names_of_their_targets_even_in_a_circle(self, target: Target) -> None:
        ring = {f"k{i}": {**target.minimal(f"k{i}"), **_references(target, f"k{(i + 1) % 3}")} for i in range(3)}
        target.seed(ring.values())
        assert read(target).objects == ring

    def test_reading_twice_gives_the_same(self, target: Target) -> None:
        target.seed([full_object(target, f"k{i}", i) for i in range(5)])
        assert read(target).objects == read(target).objects
        assert read(target).anchors == read(target).anchors

    def test_each_object_has_the_name_that_its_source_knows_it_by(self, target: Target) -> None:
        target.seed([target.minimal("k1"), target.minimal("k2")])
        assert read(target).dns == {key: target.dn(key) for key in ("k1", "k2")}

    def test_a_reading_that_is_given_up_does_not_disturb_the_next(self, target: Target) -> None:
        target.seed([target.minimal(f"k{i}") for i in range(20)])
        with runtime(target).open_import(ImportRequest(full=True, page_objects=2)) as session:
            next(session.batches())
        assert read(target).count == 20

    def test_no_file_or_connection_stays_open(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        read(target)  # what is opened once for all is open now
        before = len(list(_DESCRIPTORS.iterdir()))
        for _ in range(5):
            read(target)
        assert len(list(_DESCRIPTORS.iterdir())) == before

    def test_a_full_import_ends_with_a_watermark_where_deltas_are_possible(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        deltas = target.connector().capabilities.delta_import in (Support.FULL, Support.PARTIAL)
        assert (read(target).watermark is not None) == deltas

    def test_an_unreachable_source_does_not_start(self, target: Target) -> None:
        with pytest.raises(StepStop) as stop:
            runtime(target, target.unreachable()).open_import(_FULL)
        assert stop.value.status.startswith("no-start-")


class UnreadableKit(ConnectorKit):
    """For data sources that can hold an object that the connector cannot read."""

    def test_an_object_that_cannot_be_read_is_an_error_and_the_others_arrive(self, target: Target) -> None:
        population = {f"k{i}": full_object(target, f"k{i}", i) for i in range(5)}
        target.seed(population.values())
        target.spoil("k2")
        reading = read(target)
        assert reading.objects.keys() == population.keys() - {"k2"}
        assert reading.errors.height == 1


def _references(target: Target, to: str) -> Values:
    single = first_attribute(target, AttributeType.REFERENCE)
    many = first_attribute(target, AttributeType.REFERENCE, multivalued=True)
    values: dict[str, object] = {}
    if single:
        values[single] = target.dn(to)
    if many:
        values[many] = frozenset({target.dn(to)})
    return values
