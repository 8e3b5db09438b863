# ruff: noqa: S101 - a suite is made of assertions
"""What an export promises."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from unisono.connectors.contract import ExportOperation
from unisono.connectors.kit.base import ConnectorKit, anchor_of, first_attribute, full_object, text_attribute
from unisono.connectors.kit.samples import HOSTILE_TEXTS
from unisono.connectors.kit.sessions import Change, addition, batch_of, export, export_all, read, runtime
from unisono.connectors.kit.target import Target
from unisono.model.errors import StepStop
from unisono.model.frames import EXPORT_RESULTS
from unisono.model.schema import AttributeType

ADD, UPDATE, DELETE = ExportOperation.ADD, ExportOperation.UPDATE, ExportOperation.DELETE


def _codes(results: list[dict[str, Any]]) -> list[str | None]:
    return [result["code"] for result in results]


def _update(target: Target, key: str, values: dict[str, object]) -> Change:
    return Change(dn=target.dn(key), anchor=anchor_of(target, key), values=values)


class ExportKit(ConnectorKit):
    proves: ClassVar[frozenset[str]] = frozenset({"export"})

    def test_an_added_object_is_there_and_an_import_shows_it_as_sent(self, target: Target) -> None:
        target.seed([target.minimal("k0")])
        values = full_object(target, "k1")
        [result] = export(target, ADD, addition(target, values))
        assert result["code"] is None
        assert target.contents()["k1"] == values
        reading = read(target)
        assert reading.objects["k1"] == values
        assert reading.anchors["k1"] == result["anchor"]
        assert reading.dns["k1"] == (result["dn"] or target.dn("k1"))

    def test_values_of_every_type_are_written_and_read_back_as_they_are(self, target: Target) -> None:
        population = {
            f"k{i}": {**target.minimal(f"k{i}"), name: value} for i, (name, value) in enumerate(_single_values(target))
        }
        target.seed([])
        results = export(target, ADD, *(addition(target, values) for values in population.values()))
        assert _codes(results) == [None] * len(population)
        assert read(target).objects == population

    def test_hostile_texts_are_written_byte_for_byte_or_refused_by_themselves(self, target: Target) -> None:
        name = text_attribute(target)
        texts = {f"k{i}": text for i, text in enumerate(HOSTILE_TEXTS.values())}
        target.seed([])
        changes = [addition(target, {**target.minimal(key), name: text}) for key, text in texts.items()]
        results = export(target, ADD, *changes)
        written = {key for key, result in zip(texts, results, strict=True) if result["code"] is None}
        assert written == {key for key, text in texts.items() if target.accepts(text)}
        read_back = {key: values.get(name) for key, values in read(target).objects.items()}
        assert read_back == {key: texts[key] for key in written}

    def test_an_update_sets_and_clears_what_it_names_and_leaves_the_rest(self, target: Target) -> None:
        before = full_object(target, "k1")
        target.seed([before])
        text = text_attribute(target)
        cleared = [a.name for a in target.free_attributes if a.name in before and a.name != text][:2]
        gone = {name: before[name] for name in cleared if isinstance(before[name], frozenset)}
        change = Change(
            dn=target.dn("k1"),
            anchor=anchor_of(target, "k1"),
            values={text: "changed", **dict.fromkeys(cleared)},
            removed={name: values for name, values in gone.items() if isinstance(values, frozenset)},
        )
        assert _codes(export(target, UPDATE, change)) == [None]
        left = {name: value for name, value in before.items() if name not in cleared}
        assert target.contents()["k1"] == {**left, text: "changed"}
        assert read(target).objects["k1"] == {**left, text: "changed"}

    def test_a_column_that_an_entry_does_not_name_as_changed_is_left_alone(self, target: Target) -> None:
        first, second = full_object(target, "k1"), full_object(target, "k2")
        target.seed([first, second])
        text = text_attribute(target)
        other = next(a.name for a in target.free_attributes if a.name in first and a.name != text)
        lost = frozenset(first[other]) if isinstance(first[other], frozenset) else frozenset()  # type: ignore[call-overload]
        clearing = Change(
            dn=target.dn("k1"), anchor=anchor_of(target, "k1"), values={other: None}, removed={other: lost}
        )
        results = export(target, UPDATE, _update(target, "k2", {text: "changed"}), clearing)
        assert _codes(results) == [None, None]
        assert read(target).objects["k2"] == {**second, text: "changed"}
        assert other not in read(target).objects["k1"]

    def test_values_of_a_set_are_added_and_removed_and_doing_so_again_is_no_error(self, target: Target) -> None:
        name = first_attribute(target, AttributeType.STRING, multivalued=True)
        target.seed([{**target.minimal("k1"), **({name: frozenset({"one", "two"})} if name else {})}])
        values = {name: frozenset({"two", "three"})} if name else {}
        change = Change(
            dn=target.dn("k1"),
            anchor=anchor_of(target, "k1"),
            values=values,
            added={name: frozenset({"three"})} if name else {},
            removed={name: frozenset({"one"})} if name else {},
        )
        assert _codes(export(target, UPDATE, change)) == [None]
        assert _codes(export(target, UPDATE, change)) == [None]
        assert read(target).objects["k1"] == {**target.minimal("k1"), **values}

    def test_references_are_written_once_their_targets_exist(self, target: Target) -> None:
        target.seed([target.minimal("k0")])
        single = first_attribute(target, AttributeType.REFERENCE)
        many = first_attribute(target, AttributeType.REFERENCE, multivalued=True)
        both = frozenset({target.dn("k0"), target.dn("k2")})
        expected: dict[str, object] = ({single: target.dn("k2")} if single else {}) | ({many: both} if many else {})
        [added] = export(target, ADD, addition(target, target.minimal("k1")))
        link = Change(dn=target.dn("k1"), anchor=added["anchor"], values=expected, added={many: both} if many else {})
        added_later, linked = export_all(target, (ADD, [addition(target, target.minimal("k2"))]), (UPDATE, [link]))
        assert _codes(added_later + linked) == [None, None]
        assert read(target).objects["k1"] == {**target.minimal("k1"), **expected}

    def test_a_deleted_object_is_gone_and_deleting_it_again_is_no_error(self, target: Target) -> None:
        target.seed([target.minimal("k1"), target.minimal("k2")])
        change = Change(dn=target.dn("k1"), anchor=anchor_of(target, "k1"))
        assert _codes(export(target, DELETE, change)) == [None]
        assert target.contents().keys() == {"k2"}
        assert _codes(export(target, DELETE, change)) == [None]
        assert read(target).objects.keys() == {"k2"}

    def test_an_add_of_an_object_that_is_there_with_other_values_fails(self, target: Target) -> None:
        before = full_object(target, "k1")
        target.seed([before])
        different = {**target.minimal("k1"), text_attribute(target): "different"}
        assert _codes(export(target, ADD, addition(target, different))) == ["cd-existing-object"]
        assert read(target).objects == {"k1": before}

    def test_an_update_of_an_object_that_is_not_there_fails(self, target: Target) -> None:
        target.seed([target.minimal("k1"), target.minimal("k2")])
        change = _update(target, "k2", {text_attribute(target): "late"})
        target.seed([target.minimal("k1")])
        assert _codes(export(target, UPDATE, change)) == ["cd-missing-object"]
        assert read(target).objects.keys() == {"k1"}

    def test_a_failing_entry_does_not_fail_its_neighbours(self, target: Target) -> None:
        target.seed([target.minimal("k2")])
        text = text_attribute(target)
        new = [{**target.minimal(key), text: "new"} for key in ("k1", "k2", "k3")]
        results = export(target, ADD, *(addition(target, values) for values in new))
        assert _codes(results) == [None, "cd-existing-object", None]
        assert read(target).objects == {"k1": new[0], "k2": target.minimal("k2"), "k3": new[2]}

    def test_every_entry_has_exactly_one_result_with_its_own_id(self, target: Target) -> None:
        target.seed([target.minimal("k1")])
        batch = batch_of(target, ADD, [addition(target, target.minimal(f"k{i}")) for i in range(4)])
        session = target.connector().open_export()
        results = EXPORT_RESULTS.check(session.send(batch))
        session.finish()
        session.close()
        assert sorted(results["id"]) == sorted(batch.entries["id"])

    def test_sending_an_accepted_batch_again_does_no_harm(self, target: Target) -> None:
        target.seed([])
        population = {f"k{i}": full_object(target, f"k{i}", i) for i in range(3)}
        changes = [addition(target, values) for values in population.values()]
        export(target, ADD, *changes)
        again = export(target, ADD, *changes)
        assert set(_codes(again)) <= {None, "cd-existing-object"}
        assert read(target).objects == population

    def test_adds_updates_and_deletes_of_one_session_all_hold(self, target: Target) -> None:
        target.seed([full_object(target, "k1"), target.minimal("k2")])
        text = text_attribute(target)
        update = _update(target, "k1", {text: "changed"})
        delete = Change(dn=target.dn("k2"), anchor=anchor_of(target, "k2"))
        added = full_object(target, "k3")
        results = export_all(target, (ADD, [addition(target, added)]), (UPDATE, [update]), (DELETE, [delete]))
        assert [_codes(batch) for batch in results] == [[None], [None], [None]]
        assert read(target).objects == {"k1": {**full_object(target, "k1"), text: "changed"}, "k3": added}

    def test_an_unreachable_target_does_not_start(self, target: Target) -> None:
        with pytest.raises(StepStop) as stop:
            runtime(target, target.unreachable()).open_export()
        assert stop.value.status.startswith("no-start-")


class DurableAtFinishKit(ConnectorKit):
    """For targets that are replaced as a whole."""

    proves: ClassVar[frozenset[str]] = frozenset({"durable_at_finish"})

    def test_an_export_that_is_not_finished_changes_nothing(self, target: Target) -> None:
        target.seed([full_object(target, "k1")])
        before = target.contents()
        with runtime(target).open_export() as session:
            session.send(batch_of(target, ADD, [addition(target, target.minimal("k2"))]))
        assert target.contents() == before


def _single_values(target: Target) -> list[tuple[str, object]]:
    """Every free attribute with each of its samples."""
    return [
        (attribute.name, frozenset({value}) if attribute.multivalued else value)
        for attribute in target.free_attributes
        for value in target.samples(attribute)
    ]
