"""Equal precedence: who changed a value last has the say (engine specification §4.8, S50, S51)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.projects import TestProject, environment, settings

from unisono.config import load_project
from unisono.model.errors import ConfigurationError
from unisono.model.runs import Status, StepType

pytestmark = pytest.mark.usefixtures("any_store")

IMPORT, SYNCHRONIZE, FULL = StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION, StepType.FULL_SYNCHRONIZATION
METAVERSE = """\
types:
  person:
    attributes:
      id: string
      title: {type: string, precedence: equal}
      tags: {type: string, multivalued: true, precedence: equal}
    deletion: {ignoring: [b]}
"""
CONNECTOR = """\
kind: delimited-text
settings: {file: NAME.csv, anchor: [id]}
types:
  person:
    attributes:
      id: {type: string, required: true}
      title: string
      tags: {type: string, multivalued: true}
"""
RULE = """\
name: NAME person
direction: inbound
connector: NAME
types: {connector: person, metaverse: person}
precedence: PRECEDENCE
link: project
join: {id: '[id]'}
flows:
  id: id
  title: title
  tags: tags
"""


@pytest.fixture
def project(tmp_path: Path) -> TestProject:
    made = TestProject(directory=tmp_path).write(unisono_yaml=settings("a", "b"), metaverse_yaml=METAVERSE)
    for precedence, name in enumerate(("a", "b"), 100):
        made.write(**{f"connectors__{name}_yaml": CONNECTOR.replace("NAME", name)})
        rule = RULE.replace("NAME", name).replace("PRECEDENCE", str(precedence))
        made.write(**{f"rules__{name}_yaml": rule})
    return made


def show(project: TestProject, connector: str, *rows: str, step: StepType = SYNCHRONIZE) -> None:
    """What the source shows of the person: ``title,tags``, or nobody."""
    lines = "".join(f"1,{row}\n" for row in rows)
    others = "".join(f"{number},,\n" for number in range(2, 9))  # so that the file is never empty
    project.write(**{f"{connector}_csv": f"id,title,tags\n{lines}{others}"})
    assert project.run(connector, IMPORT, step).status is Status.SUCCESS


def person(project: TestProject) -> dict[str, object]:
    found = [json.loads(attributes) for attributes in project.metaverse()["attributes"]]
    (one,) = (values for values in found if values["id"] == "1")
    return {name: value for name, value in one.items() if name != "id"}


def lineage(project: TestProject, attribute: str) -> str:
    with project.open() as context, context.store.read() as reader:
        rules = reader.rule_names()
    documents = [json.loads(lineage)["rule"] for lineage in project.metaverse()["lineage"]]
    (number,) = (document[attribute] for document in documents if attribute in document)
    return rules[number]


def test_s50_the_last_one_who_changed_a_value_has_the_say(project: TestProject) -> None:
    show(project, "a", "Clerk,")
    show(project, "b", "Chief,")
    assert (person(project), lineage(project, "title")) == ({"title": "Chief"}, "b person")
    show(project, "a", "Boss,")
    assert (person(project), lineage(project, "title")) == ({"title": "Boss"}, "a person")


def test_who_changed_nothing_says_nothing(project: TestProject) -> None:
    show(project, "a", "Clerk,")
    show(project, "b", "Chief,")
    for connector in ("a", "b", "a"):
        project.run(connector, FULL)
        assert person(project) == {"title": "Chief"}
    show(project, "a", "Clerk,red")
    assert person(project) == {"title": "Chief", "tags": ["red"]}


def test_who_clears_the_value_leaves_it_to_the_others(project: TestProject) -> None:
    show(project, "a", "Clerk,")
    show(project, "b", "Chief,")
    show(project, "b", ",")
    assert (person(project), lineage(project, "title")) == ({"title": "Clerk"}, "a person")
    show(project, "a", ",")
    assert person(project) == {}


def test_who_had_no_say_clears_nothing(project: TestProject) -> None:
    show(project, "a", "Clerk,")
    show(project, "b", "Chief,")
    show(project, "a", ",")
    assert person(project) == {"title": "Chief"}


def test_the_value_of_an_object_that_goes_is_recalled(project: TestProject) -> None:
    show(project, "a", "Clerk,red")
    show(project, "b", "Chief,red|blue")
    show(project, "b")
    assert person(project) == {"title": "Clerk", "tags": ["red"]}


def test_s51_each_adds_and_removes_its_own_values(project: TestProject) -> None:
    show(project, "a", ",red")
    show(project, "b", ",blue")
    assert person(project) == {"tags": ["blue", "red"]}
    show(project, "a", ",")
    assert person(project) == {"tags": ["blue"]}
    show(project, "a", ",green|blue")
    show(project, "b", ",")
    assert person(project) == {"tags": ["green"]}  # b removed the value that a has, too


def test_a_full_synchronization_changes_nothing(project: TestProject) -> None:
    show(project, "a", "Clerk,red|green")
    show(project, "b", "Chief,green")
    show(project, "b", "Chief,")
    before = project.metaverse()
    assert person(project) == {"title": "Chief", "tags": ["red"]}
    for connector in ("b", "a", "b"):
        project.run(connector, IMPORT, FULL)
        assert project.metaverse().equals(before)


def test_what_stood_before_the_precedence_was_changed_stands(project: TestProject) -> None:
    ranked = METAVERSE.replace(", precedence: equal", "")
    project.write(metaverse_yaml=ranked)
    show(project, "a", "Clerk,")
    show(project, "b", "Chief,")
    assert person(project) == {"title": "Clerk"}
    project.write(metaverse_yaml=METAVERSE)
    project.run("b", FULL)
    assert person(project) == {"title": "Clerk"}
    show(project, "b", "Boss,")
    assert person(project) == {"title": "Boss"}


def test_equal_precedence_and_merging_do_not_go_together(project: TestProject) -> None:
    rule = (
        RULE.replace("NAME", "a")
        .replace("PRECEDENCE", "100")
        .replace("tags: tags", "tags: {source: tags, merge: merge}")
    )
    project.write(rules__a_yaml=rule)
    with pytest.raises(ConfigurationError) as raised:
        load_project(project.directory, environ=environment())
    (mistake,) = (one for one in raised.value.mistakes if "equal precedence" in one.message)
    assert (mistake.check, str(mistake.place)) == ("merge-conflict", "rules/a.yaml:11:31")


def test_references_have_ranked_precedence(project: TestProject) -> None:
    project.write(
        metaverse_yaml="types: {person: {attributes: {id: string, boss: {type: reference, precedence: equal}}}}"
    )
    with pytest.raises(ConfigurationError) as raised:
        load_project(project.directory, environ=environment())
    assert "references have ranked precedence" in [mistake.message for mistake in raised.value.mistakes]
