"""Objects are named as people name them, and told about from every side."""

from __future__ import annotations

import pytest
from tests.projects import TestProject
from tests.unit.cli.calls import Unisono


@pytest.mark.parametrize(
    ("words", "title"),
    [
        pytest.param(("Kim Li",), "Kim Li", id="whole-value"),
        pytest.param(("kim li",), "Kim Li", id="whole-value-in-another-case"),
        pytest.param(("novak",), "Kim Novak", id="part-of-a-value"),
        pytest.param(("employeeId=e4",), "Kim Novak", id="attribute-and-value"),
        pytest.param(("E1",), "Robin Smith", id="employee-number"),
        pytest.param(("id:10",), "Kim Li", id="id"),
        pytest.param(("10",), "Kim Li", id="number-that-is-an-id"),
    ],
)
def test_a_metaverse_object_is_found_by(
    words: tuple[str, ...], title: str, settled: TestProject, unisono: Unisono
) -> None:
    assert unisono("show", *words, "--json").document["metaverse"]["title"] == title


@pytest.mark.parametrize(
    ("words", "connector", "anchor"),
    [
        pytest.param(("E2", "--connector", "app"), "app", "E2", id="anchor-in-a-connector-space"),
        pytest.param(("id:5",), "phones", "E2", id="id"),
        pytest.param(("Ghost",), "phones", "E9", id="somebody-whom-the-metaverse-does-not-know"),
    ],
)
def test_a_connector_space_object_is_found_by(
    words: tuple[str, ...], connector: str, anchor: str, settled: TestProject, unisono: Unisono
) -> None:
    found = unisono("show", *words, "--json").document["object"]["object"]
    assert (found["connector"], found["anchor"]) == (connector, anchor)


def test_a_name_of_several_objects_lists_them_with_ids_that_work(settled: TestProject, unisono: Unisono) -> None:
    call = unisono("show", "kim", "--json")
    assert call.status == 2
    candidates = call.document["error"]["candidates"]
    assert [each["name"] for each in candidates] == ["Kim Li", "Kim Novak"]
    for each in candidates:
        shown = unisono("show", f"id:{each['id']}", "--json").document["metaverse"]
        assert shown["title"] == each["name"]


def test_an_id_of_nobody_is_nobody_even_if_it_is_an_anchor(settled: TestProject, unisono: Unisono) -> None:
    settled.write(phones_csv="number,jobTitle\n4711,Caretaker\n")
    settled.cycle()
    assert unisono("show", "4711").status == 0
    assert unisono("show", "id:4711").status == 2


def test_a_preview_of_somebody_in_the_metaverse_asks_which_connector(settled: TestProject, unisono: Unisono) -> None:
    call = unisono("preview", "displayName=Kim Li", "--json")
    assert [each["space"] for each in call.document["error"]["candidates"]] == ["app", "hr", "phones"]
    assert unisono("preview", "displayName=Kim Li", "--connector", "hr").status == 0


def test_a_search_tells_when_there_are_more(settled: TestProject, unisono: Unisono) -> None:
    assert unisono("search", "kim", "--metaverse", "--json").document["complete"] is True
    cut = unisono("search", "kim", "--metaverse", "--limit", "1", "--json").document
    assert (len(cut["metaverse"]), cut["complete"], cut["objects"]) == (1, False, [])


def test_a_search_in_one_connector_space_leaves_out_everything_else(settled: TestProject, unisono: Unisono) -> None:
    found = unisono("search", "kim", "--connector", "hr", "--json").document
    assert ({each["connector"] for each in found["objects"]}, found["metaverse"]) == ({"hr"}, [])


def test_nothing_found_is_no_failure(settled: TestProject, unisono: Unisono) -> None:
    call = unisono("search", "zzz")
    assert (call.status, call.out) == (0, "Nothing has the text 'zzz'.\n")


def test_why_names_winner_and_loser_with_their_sources(settled: TestProject, unisono: Unisono) -> None:
    (origin,) = unisono("why", "Kim Li", "title", "--json").document["metaverse"]["origins"]
    assert (origin["value"], origin["rule"]) == ("Clerk", "HR person")
    offers = [(each["verdict"], each["value"], each["connector"], each["dn"]) for each in origin["offers"]]
    assert offers == [("wins", "Clerk", "hr", "E2"), ("not precedent", "Switchboard", "phones", "E2")]


def test_why_shows_the_weaker_source_where_the_stronger_has_no_value(settled: TestProject, unisono: Unisono) -> None:
    (origin,) = unisono("why", "Ana", "title", "--json").document["metaverse"]["origins"]
    assert [(each["verdict"], each["connector"]) for each in origin["offers"]] == [
        ("no value", "hr"),
        ("wins", "phones"),
    ]


def test_why_names_the_targets_of_a_reference(settled: TestProject, unisono: Unisono) -> None:
    (origin,) = unisono("why", "Kim Li", "manager", "--json").document["metaverse"]["origins"]
    assert (origin["value"], origin["offers"][0]["value"]) == (["Robin Smith"], "Robin Smith")


def test_why_tells_an_attribute_without_a_flow_apart_from_one_without_a_value(
    settled: TestProject, unisono: Unisono
) -> None:
    assert "No flow gives it a value." in unisono("why", "Kim Li", "mail").out
    assert "no value" in unisono("why", "Robin Smith", "manager").out


def test_why_tells_that_an_object_is_out_of_the_scope_of_a_rule(settled: TestProject, unisono: Unisono) -> None:
    rule = (settled.directory / "rules" / "app.yaml").read_text(encoding="utf-8")
    settled.write(rules__app_yaml=rule + "scope: '[title] = \"Director\"'\n")
    outbound = unisono("why", "Kim Li", "--json").document["metaverse"]["outbound"]
    assert [(each["rule"], each["in_scope"]) for each in outbound] == [("App account", False)]
    assert unisono("why", "Robin Smith", "--json").document["metaverse"]["outbound"][0]["in_scope"] is True


def test_why_tells_of_an_import_that_was_not_synchronized_yet(company: TestProject, unisono: Unisono) -> None:
    unisono("run", "hr", "full-import")
    reasons = unisono("why", "E1", "--json").document["object"]["reasons"]
    assert reasons[0] == "It is a disconnector: it was imported and not synchronized yet."
    assert reasons[-1].endswith("unisono run hr delta-synchronization")


def test_a_preview_shows_what_a_change_would_do_and_does_nothing(settled: TestProject, unisono: Unisono) -> None:
    hr = (settled.directory / "hr.csv").read_text(encoding="utf-8")
    settled.write(hr_csv=hr.replace("Li,Clerk", "Li,Boss"))
    unisono("run", "hr", "full-import")
    preview = unisono("preview", "E2", "--connector", "hr", "--json").document
    assert [(each["attribute"], each["before"], each["after"]) for each in preview["metaverse"]] == [
        ("title", "Clerk", "Boss")
    ]
    assert [(each["space"], each["attribute"], each["after"]) for each in preview["outbound"]] == [
        ("app", "job", "Boss")
    ]
    assert unisono("why", "Kim Li", "title", "--json").document["metaverse"]["origins"][0]["value"] == "Clerk"
