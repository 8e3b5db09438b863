"""Provisioning, deprovisioning and what flows out (engine specification §15, S32, S67–S76 and S104)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.scenarios.company import Company, counters

from unisono.connectors.contract import Support

#: Two rules for the directory: regular people, and guests.
TWO_RULES = """\
- name: HR person
  direction: inbound
  connector: hr
  types: {connector: person, metaverse: person}
  precedence: 100
  link: project
  flows: {id: id, name: name, title: title}
- name: Staff
  direction: outbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 200
  link: provision
  scope: '[title] = "Clerk"'
  deprovision: %s
  flows: {dn: '"cn=" & [id] & ",dc=example"', displayName: name, title: title}
- name: Guest
  direction: outbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 210
  link: provision
  scope: '[title] = "Guest"'
  deprovision: %s
  flows: {dn: '"cn=" & [id] & ",ou=guests,dc=example"', displayName: name}
"""


# --- the end of a rule's scope ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("guests", ["true", "false"])
def test_s104_a_connector_leaves_with_the_rule_that_deprovisions(company: Company, guests: str) -> None:
    company.write(rules__all_yaml=TWO_RULES % ("true", guests)).employ("1", title="Clerk").settled()
    company.employ("1", title="Retired").full_import()
    step = company.delta_sync()
    assert counters(step, "directory") == {"provisioned-disconnect": 1}
    assert [(one.is_connector, one.export_operation) for one in company.cs_objects("directory")] == [(False, "delete")]


@pytest.mark.parametrize("guests", ["true", "false"])
def test_s104_a_connector_of_a_rule_without_deprovisioning_stays_and_gets_nothing(
    company: Company, guests: str
) -> None:
    """Whatever other rules for the same objects say."""
    company.write(rules__all_yaml=TWO_RULES % ("false", guests)).employ("1", title="Clerk").settled()
    company.employ("1", title="Retired", name="Another").full_import()
    step = company.delta_sync()
    assert counters(step, "directory") == {"connector-no-flow": 1}
    (account,) = company.cs_objects("directory")
    assert (account.is_connector, account.export_operation) == (True, None)


def test_s104_another_rule_in_scope_holds_the_connector(company: Company) -> None:
    company.write(rules__all_yaml=TWO_RULES % ("true", "false")).employ("1", title="Clerk").settled()
    company.employ("1", title="Guest").full_import()
    company.delta_sync()
    (account,) = company.cs_objects("directory")
    assert (account.is_connector, account.new_dn) == (True, "cn=1,ou=guests,dc=example")


# --- names -----------------------------------------------------------------------------------------------------------


def test_an_object_that_cannot_be_renamed_keeps_its_name_and_the_person_gets_an_error(company: Company) -> None:
    """Engine specification §5.11. Nothing of the person is exported, so that nobody takes a half for the whole."""
    directory = company.directory
    directory.capabilities = replace(directory.capabilities, rename=Support.IMPOSSIBLE)
    company.employ("1", "2", place="ou=a,dc=example")
    company.employ("2", place="ou=b,dc=example").settled()
    company.employ("1", place="ou=c,dc=example", title="Clerk").full_import()
    company.employ("2", place="OU=B, dc=example").full_import()  # the same name
    step = company.delta_sync()
    assert company.errors() == [("sync-rule-flow-provisioning-failed", "1")]
    assert counters(step)["flow-failure"] == 1
    assert [one.is_at_rest for one in company.cs_objects("directory")] == [True, True]
    company.employ("1", place="ou=a,dc=example", title="Clerk").full_import()
    company.delta_sync()
    assert company.errors() == []
    assert company.export().error_count == 0
    assert {held.dn: held.values.get("title") for held in directory.objects.values()} == {
        "ou=a,dc=example": "Clerk",
        "ou=b,dc=example": None,
    }


def test_an_object_that_was_not_created_yet_gets_another_name_in_any_case(company: Company) -> None:
    company.directory.capabilities = replace(company.directory.capabilities, rename=Support.IMPOSSIBLE)
    company.employ("1", place="ou=a,dc=example").provisioned()
    company.employ("1", place="ou=b,dc=example").provisioned()
    assert [(one.dn, one.export_operation) for one in company.cs_objects("directory")] == [("ou=b,dc=example", "add")]
