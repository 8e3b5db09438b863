"""References follow renames in a connected data source, in whatever order an import shows the objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects import TestProject, settings, whole_space

from unisono.model.runs import RunProfile, RunResult, RunStep, Status, StepType
from unisono.runs.execute import run_profile

pytestmark = pytest.mark.usefixtures("any_store")

METAVERSE = """\
types:
  person:
    attributes: {uid: string}
    deletion: {any-of: [directory]}
  group:
    attributes: {name: string, member: {type: reference, multivalued: true}}
    deletion: {any-of: [directory]}
"""
DIRECTORY = """\
kind: ldif
settings:
  file: directory.ldif
  anchor: entryUUID
  object_classes: {inetOrgPerson: person, groupOfNames: group}
types:
  person:
    attributes:
      entryUUID: {type: string, read-only: true}
      uid: string
  group:
    attributes:
      entryUUID: {type: string, read-only: true}
      cn: string
      member: {type: reference, multivalued: true}
"""
PEOPLE = """\
name: People
direction: inbound
connector: directory
types: {connector: person, metaverse: person}
precedence: 100
link: project
flows: {uid: uid}
"""
GROUPS = """\
name: Groups
direction: inbound
connector: directory
types: {connector: group, metaverse: group}
precedence: 200
link: project
flows: {name: cn, member: member}
"""


class Directory:
    """An LDIF file of people and of one group, and the project that imports it one object per batch."""

    def __init__(self, folder: Path, *, group_first: bool) -> None:
        self._group_first = group_first
        self.project = TestProject(directory=folder).write(
            unisono_yaml=settings("directory"),
            metaverse_yaml=METAVERSE,
            connectors__directory_yaml=DIRECTORY,
            rules__people_yaml=PEOPLE,
            rules__groups_yaml=GROUPS,
        )

    def imported(self, people: dict[str, str], members: list[str]) -> RunResult:
        """``people``: identity → uid. The group's text names its members by uid."""
        group = ["dn: cn=team", "objectClass: groupOfNames", "entryUUID: team", "cn: team"]
        group += [f"member: uid={uid}" for uid in members]
        entries = [
            f"dn: uid={uid}\nobjectClass: inetOrgPerson\nentryUUID: {identity}\nuid: {uid}"
            for identity, uid in people.items()
        ]
        entries.insert(0 if self._group_first else len(entries), "\n".join(group))
        self.project.write(directory_ldif="version: 1\n\n" + "\n\n".join(entries) + "\n")
        steps = (
            RunStep(type=StepType.FULL_IMPORT, page_objects=1),
            RunStep(type=StepType.DELTA_SYNCHRONIZATION),
        )
        with self.project.open() as context:
            return run_profile("directory", RunProfile(name="both", steps=steps), context)

    def members(self) -> set[str]:
        """Identities of the group's members, as the metaverse has them."""
        with self.project.open() as context, context.store.read() as reader:
            index = whole_space(reader, "directory").filter(object_type="person")
            group = reader.find_metaverse("team", 1)["id"]
            targets = reader.references_of(group)["target_id"]
            return set(index.filter(index["mv_id"].is_in(targets.implode()))["anchor"])

    def placeholders(self) -> int:
        with self.project.open() as context, context.store.read() as reader:
            return sum(space.placeholders for space in reader.statistics())


@pytest.fixture(params=[True, False], ids=["group first", "people first"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Directory:
    made = Directory(tmp_path, group_first=request.param)
    result = made.imported({"1": "anna", "2": "ben"}, ["anna", "ben"])
    assert (result.status, made.members(), made.placeholders()) == (Status.SUCCESS, {"1", "2"}, 0)
    return made


def test_a_member_that_is_renamed_stays_a_member(directory: Directory) -> None:
    result = directory.imported({"1": "anna", "2": "benno"}, ["anna", "benno"])
    assert (result.status, directory.members(), directory.placeholders()) == (Status.SUCCESS, {"1", "2"}, 0)


def test_two_members_may_swap_their_names(directory: Directory) -> None:
    directory.imported({"1": "ben", "2": "anna"}, ["ben"])
    directory.imported({"1": "ben", "2": "anna"}, ["ben"])
    assert (directory.members(), directory.placeholders()) == ({"1"}, 0)


def test_a_name_that_nobody_has_any_more_is_no_member(directory: Directory) -> None:
    for _ in range(2):  # where the group comes first, its text is compared again by the next import
        directory.imported({"1": "anna", "2": "benno"}, ["anna", "ben"])
    assert (directory.members(), directory.placeholders()) == ({"1"}, 1)


def test_a_reused_name_means_its_new_holder(directory: Directory) -> None:
    for _ in range(2):
        directory.imported({"1": "anna", "2": "benno", "3": "ben"}, ["anna", "ben"])
    assert (directory.members(), directory.placeholders()) == ({"1", "3"}, 0)


def test_a_name_that_comes_back_after_it_was_gone_means_its_holder_again(directory: Directory) -> None:
    for uid in ("benno", "benno", "ben"):
        directory.imported({"1": "anna", "2": uid}, ["anna", "ben"])
    assert (directory.members(), directory.placeholders()) == ({"1", "2"}, 0)


def test_an_import_after_a_rename_that_shows_the_same_again_writes_nothing(directory: Directory) -> None:
    for _ in range(3):
        result = directory.imported({"1": "anna", "2": "benno"}, ["anna", "benno"])
    assert {count.counter.value for count in result.steps[0].counts} == {"stage-no-change"}
    assert not [count for count in result.steps[1].counts if count.counter.value != "connector-no-flow"]
