"""What the how-to for those who come from MIM and Entra Connect says of links, in whole runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.projects import HEADER, HR, HR_RULE, METAVERSE, TestProject, hr_project, settings

from unisono.model.runs import Status, StepType


def cycled(project: TestProject) -> None:
    assert {result.status for result in project.cycle()} == {Status.SUCCESS}


def links(project: TestProject, connector: str) -> dict[str, tuple[str, bool]]:
    """State and whether there is a link, by anchor."""
    space = project.space(connector)
    return {row["anchor"]: (row["state"], row["mv_id"] is not None) for row in space.to_dicts()}


def identities(project: TestProject) -> list[dict[str, object]]:
    return [json.loads(row["attributes"]) for row in project.metaverse().to_dicts()]


def line(title: str) -> str:
    return HEADER + f"E1,Robin,Example,{title},,\n"


def test_who_leaves_the_scope_keeps_the_link_and_loses_the_values_of_the_rule(tmp_path: Path) -> None:
    rule = HR_RULE + 'scope: NotEquals(title, "Gone")\nlanguage: mim\n'
    rule = rule.replace("'[employeeId]'", "employeeId").replace("'[givenName] & \" \" & [sn]'", "givenName")
    project = hr_project(tmp_path).write(rules__hr_yaml=rule, hr_csv=line("Clerk"))
    cycled(project)
    assert identities(project) == [{"displayName": "Robin", "employeeId": "E1", "title": "Clerk"}]
    project.write(hr_csv=line("Gone"))
    cycled(project)
    assert links(project, "hr") == {"E1": ("normal", True)}
    assert identities(project) == [{}]


def test_who_is_filtered_loses_the_link(tmp_path: Path) -> None:
    project = hr_project(tmp_path).write(
        connectors__hr_yaml=HR + "    filter: '[title] = \"Gone\"'\n", hr_csv=line("Clerk")
    )
    cycled(project)
    assert links(project, "hr") == {"E1": ("normal", True)}
    project.write(hr_csv=line("Gone"))
    cycled(project)
    assert links(project, "hr") == {"E1": ("filtered", False)}
    assert identities(project) == []


_BADGES = """\
kind: delimited-text
settings: {file: badges.csv, anchor: [badge]}
types:
  badge:
    attributes:
      badge: {type: string, required: true}
      owner: string
"""
_BADGE_RULE = """\
name: Badge
direction: inbound
connector: badges
types: {connector: badge, metaverse: person}
precedence: 300
link: join
"""
_CASES = "badge,owner\n1,AbC\n2,aBC\n3,abc\n"


@pytest.mark.parametrize(
    ("join", "joined"),
    [("{employeeId: owner}", set()), ("{exact: 'ConvertToUTF8Hex([owner])'}", {"1", "2"})],
    ids=["as it is", "in another form"],
)
def test_a_join_regards_case_where_another_form_of_the_value_is_compared(
    join: str, joined: set[str], tmp_path: Path
) -> None:
    exact = "  exact: 'ConvertToUTF8Hex([employeeId])'\n"
    project = hr_project(tmp_path).write(
        unisono_yaml=settings("hr", "badges"),
        metaverse_yaml=METAVERSE.replace("employeeId: string", "employeeId: string\n      exact: string"),
        rules__hr_yaml=HR_RULE.replace("link: project\njoin:\n  - {employeeId: '[employeeId]'}", "link: project")
        + exact,
        connectors__badges_yaml=_BADGES,
        rules__badges_yaml=_BADGE_RULE + f"join: {join}\n",
        hr_csv=HEADER + "AbC,Robin,Example,,,\naBC,Kim,Sample,,,\n",
        badges_csv=_CASES,
    )
    assert project.run("hr", StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION).status is Status.SUCCESS
    assert project.run("badges", StepType.FULL_IMPORT, StepType.FULL_SYNCHRONIZATION).status is Status.SUCCESS
    assert {badge for badge, (_, linked) in links(project, "badges").items() if linked} == joined
