# ruff: noqa: S101 - a suite is made of assertions
"""What a delta import promises."""

from __future__ import annotations

import random
from typing import ClassVar

import pytest

from unisono.connectors.contract import ImportRequest
from unisono.connectors.kit.base import ConnectorKit, full_object
from unisono.connectors.kit.sessions import Reading, read, runtime
from unisono.connectors.kit.target import Target, Values
from unisono.model.errors import StepStop
from unisono.model.runs import Status


class DeltaKit(ConnectorKit):
    proves: ClassVar[frozenset[str]] = frozenset({"delta_import"})

    def test_a_delta_import_without_changes_gives_nothing(self, target: Target) -> None:
        target.seed([full_object(target, "k1")])
        delta = read(target, since=read(target).watermark)
        assert (delta.count, list(delta.deleted)) == (0, [])

    def test_a_delta_import_sees_adds_updates_and_deletes_and_nothing_else(self, target: Target) -> None:
        target.seed([full_object(target, f"k{i}", i) for i in range(4)])
        before = read(target)
        added, updated = full_object(target, "k9", 1), target.minimal("k1")
        target.put(added)
        target.put(updated)
        target.remove("k2")
        delta = read(target, since=before.watermark)
        assert delta.objects == {"k9": added, "k1": updated}
        assert delta.count == 2
        assert _deleted_keys(delta, before) == {"k2"}

    def test_a_delta_import_gives_no_change_twice(self, target: Target) -> None:
        target.seed([full_object(target, "k1")])
        watermark = read(target).watermark
        target.put(target.minimal("k2"))
        first = read(target, since=watermark)
        assert read(target, since=first.watermark).count == 0
        target.changes_taken()
        target.put(target.minimal("k3"))
        assert read(target, since=first.watermark).objects.keys() == {"k3"}

    def test_a_delta_import_repeated_from_one_watermark_gives_the_same(self, target: Target) -> None:
        target.seed([full_object(target, "k1"), full_object(target, "k2")])
        watermark = read(target).watermark
        target.put(target.minimal("k1"))
        target.remove("k2")
        first, second = read(target, since=watermark), read(target, since=watermark)
        assert (first.objects, first.deleted) == (second.objects, second.deleted)

    def test_an_object_changed_often_comes_once_in_its_latest_state(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        watermark = read(target).watermark
        for number in range(3):
            target.put(full_object(target, "k1", number))
        delta = read(target, since=watermark)
        assert delta.objects == {"k1": full_object(target, "k1", 2)}
        assert delta.count == 1

    def test_an_object_added_and_deleted_in_between_is_not_given_as_existing(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        watermark = read(target).watermark
        target.put(target.minimal("k2"))
        target.remove("k2")
        assert read(target, since=watermark).count == 0

    def test_an_object_deleted_and_added_again_is_given_as_existing(self, target: Target) -> None:
        target.seed([target.minimal("k1"), target.minimal("k2")])
        watermark = read(target).watermark
        target.remove("k2")
        again = full_object(target, "k2", 1)
        target.put(again)
        assert read(target, since=watermark).objects == {"k2": again}

    @pytest.mark.parametrize("seed", range(3))
    def test_deltas_applied_one_after_another_give_what_a_full_import_gives(self, target: Target, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a test's variety, not a secret
        population = {f"k{i}": full_object(target, f"k{i}", i) for i in range(6)}
        target.seed(population.values())
        before = read(target)
        known: dict[str, Values] = dict(before.objects)
        names = _keys(before)
        watermark = before.watermark
        for _ in range(4):
            _change_something(target, chance)
            delta = read(target, since=watermark)
            target.changes_taken()
            names |= _keys(delta)
            for anchor, dn in delta.deleted:  # perhaps of an object that came and went in between
                known.pop(names.get(anchor or dn, ""), None)
            known |= delta.objects
            watermark = delta.watermark
        assert known == read(target).objects

    def test_a_watermark_that_means_nothing_here_asks_for_a_full_import(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        request = ImportRequest(full=False, watermark="no such point in time")
        with pytest.raises(StepStop) as stop, runtime(target).open_import(request) as session:
            list(session.batches())
        assert stop.value.status is Status.NO_START_FULL_IMPORT_REQUIRED


def _deleted_keys(delta: Reading, before: Reading) -> set[str]:
    names = _keys(before)
    return {names[anchor or dn] for anchor, dn in delta.deleted}


def _keys(reading: Reading) -> dict[str | None, str]:
    """Keys by anchor and by DN: deletions may name either or both."""
    by_dn: dict[str | None, str] = {dn: key for key, dn in reading.dns.items()}
    return by_dn | {anchor: key for key, anchor in reading.anchors.items()}


def _change_something(target: Target, chance: random.Random) -> None:
    """A handful of random adds, updates and deletes over ten keys."""
    for _ in range(4):
        key = f"k{chance.randrange(10)}"
        if chance.random() < 0.3:
            target.remove(key)
        else:
            target.put(full_object(target, key, chance.randrange(5)))
