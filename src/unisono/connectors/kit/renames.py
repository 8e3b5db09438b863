# ruff: noqa: S101 - a suite is made of assertions
"""What an export of a rename promises."""

from __future__ import annotations

from typing import ClassVar

from unisono.connectors.contract import ExportOperation
from unisono.connectors.kit.base import ConnectorKit, full_object, text_attribute
from unisono.connectors.kit.sessions import Change, export, read
from unisono.connectors.kit.target import Target


class RenameKit(ConnectorKit):
    proves: ClassVar[frozenset[str]] = frozenset({"rename"})

    def test_a_renamed_object_has_its_new_name_and_its_old_values(self, target: Target) -> None:
        target.seed([full_object(target, "k1"), full_object(target, "k2")])
        before = read(target)
        new_dn = target.renamed_dn("k1")
        change = Change(dn=before.dns["k1"], anchor=before.anchors["k1"], new_dn=new_dn)
        [result] = export(target, ExportOperation.UPDATE, change)
        assert result["code"] is None
        after = read(target)
        assert after.dns == {**before.dns, "k1": new_dn}
        assert after.count == 2
        assert after.objects["k1"][text_attribute(target)] == before.objects["k1"][text_attribute(target)]

    def test_a_rename_and_new_values_go_together(self, target: Target) -> None:
        target.seed([full_object(target, "k1")])
        before = read(target)
        new_dn, text = target.renamed_dn("k1"), text_attribute(target)
        change = Change(dn=before.dns["k1"], anchor=before.anchors["k1"], new_dn=new_dn, values={text: "renamed"})
        [result] = export(target, ExportOperation.UPDATE, change)
        assert result["code"] is None
        after = read(target)
        assert (after.dns["k1"], after.objects["k1"][text]) == (new_dn, "renamed")

    def test_a_rename_to_a_name_in_use_fails_and_changes_nothing(self, target: Target) -> None:
        target.seed([full_object(target, "k1"), full_object(target, "k2")])
        before = read(target)
        change = Change(dn=before.dns["k1"], anchor=before.anchors["k1"], new_dn=before.dns["k2"])
        [result] = export(target, ExportOperation.UPDATE, change)
        assert result["code"] == "rename-to-existing-dn"
        assert read(target).objects == before.objects
