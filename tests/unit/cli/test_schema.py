"""What a system offers is compared with what the project declares, and rules that would break are named."""

from __future__ import annotations

import pytest
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono, check_golden

from unisono.cli.actions.schema import difference
from unisono.model.schema import Attribute, AttributeType

TEXT = Attribute(name="a")
TEXTS = Attribute(name="a", multivalued=True)
NUMBER = Attribute(name="a", type=AttributeType.INTEGER)
TIME = Attribute(name="a", type=AttributeType.DATETIME)


@pytest.mark.parametrize(
    ("offered", "declared", "expected"),
    [
        pytest.param(TEXT, TEXT, "none", id="the-same"),
        pytest.param(TEXT, None, "added", id="not-declared"),
        pytest.param(None, TEXT, "removed", id="not-offered"),
        pytest.param(TEXT, TIME, "none", id="a-text-is-read-as-any-type"),
        pytest.param(NUMBER, TIME, "retyped", id="another-type"),
        pytest.param(TEXTS, TEXT, "none", id="one-value-expected-where-several-may-be"),
        pytest.param(TEXT, TEXTS, "retyped", id="several-values-expected-where-one-is"),
    ],
)
def test_attributes_differ(offered: Attribute | None, declared: Attribute | None, expected: str) -> None:
    assert difference(offered, declared) == expected


def test_a_column_that_went_and_one_that_came_are_shown_with_the_rules_that_are_hit(
    settled: TestProject, unisono: Unisono
) -> None:
    settled.write(hr_csv="employeeId,givenName,surname,title,startDate,manager\nE1,Robin,Smith,Director,2020-01-01,\n")
    call = unisono("schema", "hr", "--refresh")
    assert call.status == 1
    check_golden("schema-refresh.txt", call.out)
    check_golden("schema-refresh.json", unisono("schema", "hr", "--refresh", "--json").out)


def test_filters_joins_and_outbound_flows_are_hit_too(settled: TestProject, unisono: Unisono) -> None:
    settled.write(phones_csv="nr,job\nE2,Switchboard\n", app_csv="login,name,job,boss\n")
    hit = [(each["rule"], each["use"]) for each in unisono("schema", "phones", "--json").document["impact"]]
    assert hit == [
        (None, "connector filter"),
        ("Phones person", "join on employeeId"),
        ("Phones person", "flow to title"),
    ]
    hit = [(each["rule"], each["use"]) for each in unisono("schema", "app", "--json").document["impact"]]
    assert hit == [("App account", "flow to fullName")]


def test_a_system_that_offers_what_is_declared_differs_in_nothing(settled: TestProject, unisono: Unisono) -> None:
    call = unisono("schema", "hr", "--refresh")
    assert (call.status, call.out) == (0, "hr offers what the project declares.\n")


def test_a_system_that_cannot_be_asked_gives_3(settled: TestProject, unisono: Unisono) -> None:
    (settled.directory / "hr.csv").unlink()
    call = unisono("schema", "hr", "--json")
    assert call.status == 3
    assert call.document["error"]["status"] == "no-start-file-not-found"
