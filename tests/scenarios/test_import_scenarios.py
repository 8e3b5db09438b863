"""Staging, deletion detection, watermarks and limits of imports (engine specification §15, S1–S7 and S17–S27).

MIM keeps a row per object and step in its history; here object errors are kept, and no row for what went well (design:
what is not written costs nothing). Where a scenario asks for "no object-detail rows", the store is compared instead.
"""

from __future__ import annotations

import pytest
from tests.scenarios.company import Company, counters

from unisono.model.names import DnStyle
from unisono.model.runs import RunStep, Status, StepType

OTHERS = """\
kind: memory
settings: {system: others, anchor: id}
types:
  person:
    attributes: {id: {type: string, required: true}}
"""


def pending(company: Company, connector: str = "hr") -> dict[str | None, str | None]:
    """Pending imports by anchor."""
    return {one.anchor: one.import_operation for one in company.cs_objects(connector)}


# --- staging and identity --------------------------------------------------------------------------------------------


def test_s01_a_first_full_import_stages_adds_of_disconnectors(company: Company) -> None:
    step = company.employ("1", "2", "3").full_import()
    assert (step.status, counters(step)) == (Status.SUCCESS, {"stage-add": 3})
    assert pending(company) == {"1": "add", "2": "add", "3": "add"}
    assert [(one.state, one.is_connector) for one in company.cs_objects("hr")] == [("normal", False)] * 3
    assert company.mv_objects() == []


def test_s02_the_same_again_before_a_synchronization_changes_nothing(company: Company) -> None:
    company.employ("1", "2", "3").full_import()
    before = company.cs_objects("hr")
    step = company.full_import()
    assert (step.status, counters(step)) == (Status.SUCCESS, {"stage-no-change": 3})
    assert company.cs_objects("hr") == before


def test_s03_an_unchanged_import_after_a_synchronization_leaves_nothing_pending(company: Company) -> None:
    company.employ("1", "2", "3").full_import()
    company.full_sync()
    company.full_import()
    assert pending(company) == {"1": None, "2": None, "3": None}


def test_s05_the_order_of_values_is_no_change(company: Company) -> None:
    company.employ("1", mails=["a", "b"]).full_import()
    company.full_sync()
    company.hr.change("1", mails=["b", "a"])
    assert counters(company.full_import()) == {"stage-no-change": 1}


def test_s06_another_case_of_letters_is_a_change(company: Company) -> None:
    company.employ("1", title="Clerk").full_import()
    company.full_sync()
    company.hr.change("1", title="CLERK")
    assert counters(company.full_import()) == {"stage-update": 1}


def test_s07_an_attribute_that_is_not_selected_does_not_count(company: Company) -> None:
    """An attribute is selected by being declared. The system has a salary, and the connector was not asked for it."""
    company.employ("1").full_import()
    company.full_sync()
    company.hr.change("1", salary="1,000,000")
    assert counters(company.full_import()) == {"stage-no-change": 1}


# --- deletion detection ----------------------------------------------------------------------------------------------


@pytest.fixture
def three(company: Company) -> Company:
    """Three people, imported and synchronized."""
    company.employ("1", "2", "3").full_import()
    company.full_sync()
    return company


def test_s17_what_a_full_import_does_not_show_gets_a_pending_delete(three: Company) -> None:
    three.hr.remove("2")
    step = three.full_import()
    assert counters(step) == {"stage-no-change": 2, "stage-delete": 1}
    assert pending(three) == {"1": None, "2": "delete", "3": None}
    gone = three.cs_object("hr", "2")
    assert gone is not None
    assert gone.obsolete


def test_s18_a_discovery_error_withholds_all_deletes_and_the_watermark(three: Company) -> None:
    before = three.watermark()
    three.hr.remove("2")
    three.hr.broken["3"] = "invalid-attribute-value"
    step = three.full_import()
    assert (step.status, step.error_count) == (Status.COMPLETED_DISCOVERY_ERRORS, 1)
    assert pending(three) == {"1": None, "2": None, "3": None}
    assert three.watermark() == before


def test_s19_the_second_of_two_objects_with_one_anchor_is_an_error_and_nobody_is_deleted(three: Company) -> None:
    three.hr.remove("2")
    three.hr.change("1", title="Director")
    three.hr.repeated = ["1"]
    step = three.full_import()
    assert (step.status, three.errors()) == (Status.COMPLETED_DISCOVERY_ERRORS, [("duplicate-object", "1")])
    assert counters(step) == {"stage-no-change": 1, "stage-update": 1, "stage-failure": 1}
    assert pending(three) == {"1": "update", "2": None, "3": None}


def test_s20_a_stop_keeps_what_was_staged_and_nothing_else(three: Company) -> None:
    before = three.watermark()
    three.employ("1", "2", "3", title="Director").hr.remove("3")
    step = three.full_import(page_objects=1, stop_after=1)
    assert step.status is Status.STOPPED_USER_TERMINATION
    assert step.status.value == "stopped-user-termination-from-wmi-or-ui"
    assert pending(three) == {"1": "update", "2": None, "3": None}
    assert three.watermark() == before


# --- delta imports ---------------------------------------------------------------------------------------------------


def test_s21_changes_cannot_be_imported_without_a_watermark(company: Company) -> None:
    step = company.employ("1").delta_import()
    assert step.status is Status.NO_START_FULL_IMPORT_REQUIRED
    assert company.cs_objects("hr") == []


def test_s22_a_change_of_an_unknown_object_that_cannot_be_fetched_is_an_error(three: Company) -> None:
    """A connector gives complete images only (its contract), and fetches the whole object where it is told a part. So
    an unknown object is staged like any other; a connector that cannot fetch it answers ``need-full-object`` itself.
    """
    before = three.watermark()
    three.employ("8", "9").hr.broken["9"] = "need-full-object"
    step = three.delta_import()
    assert (step.status, three.errors()) == (Status.COMPLETED_DISCOVERY_ERRORS, [("need-full-object", "9")])
    assert pending(three) == {"1": None, "2": None, "3": None, "8": "add"}
    assert three.watermark() == before


def test_s23_the_deletion_of_an_unknown_object_is_counted_and_passed_over(three: Company) -> None:
    three.employ("9").hr.remove("9")
    step = three.delta_import()
    assert (step.status, counters(step)) == (Status.SUCCESS, {"filtered-deletions": 1})


# --- limits ----------------------------------------------------------------------------------------------------------


def test_s24_one_error_more_than_the_limit_stops_the_step(company: Company) -> None:
    company.employ(*"12345678").hr.broken = dict.fromkeys("1234", "invalid-attribute-value")
    step = company.full_import(error_limit=3)
    assert (step.status, step.error_count, company.cs_objects("hr")) == (Status.STOPPED_ERROR_LIMIT, 3, [])
    assert company.full_import(error_limit=4).status is Status.COMPLETED_DISCOVERY_ERRORS


@pytest.mark.parametrize(("limit", "errors"), [(0, 6_000), (100_001, 6_000)], ids=["zero", "too-much"])
def test_s24_a_limit_of_zero_or_too_much_is_a_hundred_thousand(company: Company, limit: int, errors: int) -> None:
    people = [f"P{number}" for number in range(errors)]
    company.employ(*people).hr.broken = dict.fromkeys(people, "invalid-attribute-value")
    assert company.full_import(error_limit=limit).status is Status.COMPLETED_DISCOVERY_ERRORS
    assert company.full_import().status is Status.STOPPED_ERROR_LIMIT  # the default is 5000


def test_an_import_with_more_deletions_than_its_limit_deletes_nobody(three: Company) -> None:
    """Engine specification §3.2, §8.4. The status is that of the table of codes; in MIM ``stopped-deletion-limit``."""
    three.hr.remove("1")
    three.hr.remove("2")
    for step in (three.full_import(deletion_limit=1), three.delta_import(deletion_limit=1)):
        assert step.status is Status.STOPPED_DELETION_THRESHOLD_EXCEEDED
        assert pending(three) == {"1": None, "2": None, "3": None}
    assert counters(three.full_import(deletion_limit=2))["stage-delete"] == 2


# --- partitions ------------------------------------------------------------------------------------------------------


def test_s27_a_full_import_deletes_nobody_whom_it_does_not_read(three: Company) -> None:
    """There are no partitions within a connector: what is read by itself is a connector by itself, and a full import of
    one leaves the spaces of others alone.
    """
    others = three.system("others", three.project.directory, DnStyle.NONE)
    others.put("1", id="1")
    three.write(connectors__others_yaml=OTHERS)
    three.full_import("others")
    three.full_sync("others")
    three.hr.remove("1")
    three.full_import()
    assert pending(three) == {"1": "delete", "2": None, "3": None}
    assert pending(three, "others") == {"1": None}


# --- steps ------------------------------------------------------------------------------------------------------------


def test_steps_of_one_run_are_told_apart(three: Company) -> None:
    """A profile may have any order and mix of steps (engine specification §9.1)."""
    three.hr.remove("3")
    kinds = (StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION, StepType.FULL_IMPORT)
    result = three.run("hr", *(RunStep(type=kind) for kind in kinds))
    assert [step.status for step in result.steps] == [Status.SUCCESS] * 3
    assert counters(result.steps[2]) == {"stage-no-change": 2}
