"""Export-only values such as passwords: written, and never kept, read or shown (engine specification §3.10, §8.7)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.projects import sql
from tests.scenarios.company import Company

from unisono.store.tables import metadata

RULES = """\
- name: HR person
  direction: inbound
  connector: hr
  types: {connector: person, metaverse: person}
  precedence: 100
  link: project
  flows: {id: id, name: name, title: title, place: place}
- name: Directory person
  direction: outbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 200
  link: provision
  flows: {dn: '"cn=" & [id] & ",dc=example"', uid: id, displayName: name, title: title}
- name: Directory pin
  direction: outbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 210
  scope: '[title] <> "Guest"'
  flows: {pin: '"secret of " & [place]'}
"""


@pytest.fixture
def pins(company: Company) -> Company:
    """A pin for whoever is no guest; the rule does not say that it is for new objects only."""
    return company.write(rules__all_yaml=RULES).employ("1", title="Clerk", place="A1")


def sent_pins(company: Company) -> list[str | None]:
    """What the directory was sent, entry by entry; nothing where an entry had no pin."""
    pins = [entry.values.get("pin") if "pin" in entry.changed else None for entry in company.directory.sent]
    company.directory.sent.clear()
    return pins


def stored_text(company: Company) -> str:
    """Everything that the store holds."""
    with sql(company.project.directory) as connection:
        return " ".join(str(row) for table in metadata.tables.values() for row in connection.execute(select(table)))


def confirmed(company: Company) -> Company:
    company.full_import("directory")
    company.delta_sync("directory")
    return company


def test_a_secret_is_gone_from_the_store_as_soon_as_it_was_written(pins: Company) -> None:
    pins.provisioned()
    assert "secret of A1" in stored_text(pins)  # until it is written, it has to stand somewhere
    pins.export()
    assert "secret of" not in stored_text(pins)
    assert sent_pins(pins) == ["secret of A1"]
    (account,) = pins.cs_objects("directory")
    assert (account.unconfirmed_operation, "pin" in account.sent, account.sent["uid"]) == ("add", False, "1")


def test_a_secret_that_was_sent_together_with_an_unconfirmed_change_is_gone_too(pins: Company) -> None:
    pins.provisioned()
    pins.export()
    pins.employ("1", title="Clerk", place="A2").provisioned()
    pins.export()
    assert sent_pins(pins) == ["secret of A1", "secret of A2"]
    assert "secret of" not in stored_text(pins)


def test_a_refused_secret_stays_pending_until_it_is_accepted(pins: Company) -> None:
    dn = "cn=1,dc=example"
    pins.directory.refused[dn] = "password-policy-violation"
    pins.provisioned()
    pins.export()
    pins.directory.refused.clear()
    pins.export()
    assert sent_pins(pins) == ["secret of A1", "secret of A1"]
    assert "secret of" not in stored_text(pins)


@pytest.mark.parametrize("confirm", [True, False], ids=["confirmed", "unconfirmed"])
def test_a_secret_is_not_pending_again_however_often_rules_are_evaluated(pins: Company, confirm: bool) -> None:
    pins.provisioned()
    pins.export()
    if confirm:
        confirmed(pins)
    for _ in range(2):
        pins.full_sync()
        pins.full_sync("directory")
        assert [one.export_operation for one in pins.cs_objects("directory")] == [None]
    pins.employ("1", title="Chief", place="A1", name="Another").provisioned()
    pins.export()
    assert sent_pins(pins) == ["secret of A1", None]


def test_another_value_is_sent_once(pins: Company) -> None:
    confirmed(pins.settled()).employ("1", title="Clerk", place="A2").full_import()
    pins.delta_sync()
    for _ in range(2):
        pins.full_sync()  # it stays pending as it is
        assert [one.pending for one in pins.cs_objects("directory")] == [{"pin": "secret of A2"}]
    pins.export()
    confirmed(pins).full_sync()
    pins.export()
    assert sent_pins(pins) == ["secret of A1", "secret of A2"]


def test_a_value_that_is_no_longer_wanted_is_not_sent(pins: Company) -> None:
    confirmed(pins.settled()).employ("1", title="Clerk", place="A2").provisioned()
    pins.employ("1", title="Guest", place="A2").provisioned()
    assert [one.pending for one in pins.cs_objects("directory")] == [{"title": "Guest"}]
    pins.employ("1", title="Clerk", place="A2").provisioned()  # a rule that applies again sends what it has
    assert [one.pending for one in pins.cs_objects("directory")] == [{"pin": "secret of A2"}]


def test_an_account_that_is_found_keeps_its_secret(company: Company) -> None:
    """Nobody knows what it is; it is written with a new object, and when what flows to it changes."""
    company.write(rules__all_yaml=RULES.replace("  link: provision\n", "  link: provision\n  join: [{id: '[uid]'}]\n"))
    company.directory.put("u9", dn="cn=1,dc=example", uid="1")
    company.full_import("directory")
    company.employ("1", title="Clerk", place="A1").provisioned()
    (account,) = company.cs_objects("directory")
    assert account.is_connector
    assert account.pending == {"displayName": "Name 1", "title": "Clerk"}


def test_a_secret_chosen_by_chance_stays_as_it_was_chosen(company: Company) -> None:
    by_chance = """{expression: '"pin " & CStr(RandomNum(1, 1000000))', apply-once: true}"""
    chance = RULES.replace("""'"secret of " & [place]'""", by_chance)
    company.write(rules__all_yaml=chance).employ("1", title="Clerk").provisioned()
    before = [one.pending["pin"] for one in company.cs_objects("directory")]
    for _ in range(3):
        company.full_sync()
        assert [one.pending["pin"] for one in company.cs_objects("directory")] == before


def test_a_plan_and_the_display_of_an_object_show_that_there_is_a_secret_and_not_which(pins: Company) -> None:
    confirmed(pins.settled()).employ("1", title="Clerk", place="A2").full_import()
    (plan,) = pins.project.plan("hr")
    changed = plan.changes.filter(attribute="pin")
    assert changed.select("change", "after").rows() == [("update", "***")]
