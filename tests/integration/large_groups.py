"""A company of which everybody may be in one group, which a directory has as a team."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.projects import TestProject, settings

from unisono.model.runs import RunResult, StepType

METAVERSE = """\
types:
  person:
    attributes: {uid: string}
    deletion: {any-of: [hr]}
  group:
    attributes: {name: string, member: {type: reference, multivalued: true}}
    deletion: {any-of: [hr]}
"""
SPACE = """\
kind: ldif
settings:
  file: NAME.ldif
  export_file: NAME.ldif
  object_classes: {inetOrgPerson: person, groupOfNames: group}
deprovisioning: delete
guard: {deletes: none, removed: none}
types:
  person:
    attributes: {uid: string}
  group:
    attributes:
      cn: string
      member: {type: reference, multivalued: true}
"""
RULES = """\
- {name: People, direction: inbound, connector: hr, types: {connector: person, metaverse: person},
   precedence: 100, link: project, flows: {uid: uid}}
- {name: Groups, direction: inbound, connector: hr, types: {connector: group, metaverse: group},
   precedence: 110, link: project, flows: {name: cn, member: member}}
- {name: Accounts, direction: outbound, connector: directory, types: {connector: person, metaverse: person},
   precedence: 200, link: provision, flows: {dn: '"uid=" & [uid]', uid: uid}}
- {name: Teams, direction: outbound, connector: directory, types: {connector: group, metaverse: group},
   precedence: 210, link: provision, flows: {dn: '"cn=" & [name]', cn: name, member: member}}
"""


class Company:
    """Each person has an account in the directory, the one group a team."""

    def __init__(self, folder: Path) -> None:
        self.project = TestProject(directory=folder).write(
            unisono_yaml=settings("hr", "directory"),
            metaverse_yaml=METAVERSE,
            connectors__hr_yaml=SPACE.replace("NAME", "hr"),
            connectors__directory_yaml=SPACE.replace("NAME", "directory"),
            rules__rules_yaml=RULES,
        )

    def shows(self, people: list[str], members: list[str], groups: Sequence[str] = ("all",)) -> None:
        """Everybody among ``members`` is in each of the groups."""
        entries = [f"dn: uid={uid}\nobjectClass: inetOrgPerson\nuid: {uid}\n" for uid in people]
        list_ = "".join(f"member: uid={uid}\n" for uid in members)
        teams = [f"dn: cn={name}\nobjectClass: groupOfNames\ncn: {name}\n{list_}" for name in groups]
        self.project.write(hr_ldif="version: 1\n\n" + "\n".join([*entries, *teams]))

    def exported(self) -> RunResult:
        return self.project.run("directory", StepType.EXPORT, StepType.FULL_IMPORT, StepType.DELTA_SYNCHRONIZATION)

    def team(self) -> list[str]:
        """The members that the directory's team has."""
        lines = (self.project.directory / "directory.ldif").read_text().splitlines()
        return sorted(line.removeprefix("member: uid=") for line in lines if line.startswith("member: "))
