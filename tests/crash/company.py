"""A company small enough for hundreds of cycles, in which every kind of change happens: joiners, movers, leavers who
come back, renames, changed managers and memberships, and what people do by hand in the target systems.

HR is read as a whole each time, telephone numbers as changes with a watermark; the application is a database, the
directory a file that is replaced as a whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tests.projects import TestProject, settings

_METAVERSE = """\
types:
  person:
    attributes:
      employeeId: string
      accountName: string
      displayName: string
      title: string
      phone: string
      language: string
      manager: reference
    deletion: {any-of: [hr]}
  group:
    attributes: {name: string, member: {type: reference, multivalued: true}}
    deletion: {any-of: [hr]}
"""
_HR = """\
kind: delimited-text
settings: {file: hr.csv, anchor: [id], object_type_column: kind}
guard: {removed: {absolute: 1000}}
types:
  person:
    attributes:
      id: {type: string, required: true}
      givenName: string
      sn: string
      title: string
      manager: reference
  group:
    attributes:
      id: {type: string, required: true}
      member: {type: reference, multivalued: true}
"""
_PHONES = """\
kind: delimited-text
settings: {file: phones.csv, change_type_column: change, anchor: [number]}
types:
  phone:
    attributes: {number: {type: string, required: true}, owner: string, title: string}
"""
_APP = """\
kind: sql
settings:
  url: sqlite:///app.db
  batch_objects: 4
  tables:
    account: {table: account, anchor: [number], references: {boss: account}}
    team:
      table: team
      anchor: [name]
      multivalued: {member: {table: membership, key: [team], value: account}}
      references: {member: account}
deprovisioning: delete
guard: {removed: {absolute: 1000}}
types:
  account:
    attributes:
      number: {type: string, required: true}
      login: string
      title: string
      phone: string
      boss: reference
  team:
    attributes:
      name: {type: string, required: true}
      member: {type: reference, multivalued: true}
"""
_APP_TABLES = """
CREATE TABLE account (
    number text PRIMARY KEY, login text, title text, phone text, boss text REFERENCES account (number)
);
CREATE TABLE team (name text PRIMARY KEY);
CREATE TABLE membership (
    team text NOT NULL REFERENCES team (name), account text NOT NULL REFERENCES account (number),
    PRIMARY KEY (team, account)
);
"""
_DIRECTORY = """\
kind: ldif
settings:
  file: directory.ldif
  export_file: directory.ldif
  anchor: entryUUID
  object_classes: {inetOrgPerson: person, groupOfNames: group}
deprovisioning: delete
guard: {removed: {absolute: 1000}}
types:
  person:
    attributes:
      entryUUID: {type: string, read-only: true}
      uid: string
      displayName: string
      employeeNumber: string
      preferredLanguage: string
      description: string
      manager: reference
  group:
    attributes:
      entryUUID: {type: string, read-only: true}
      cn: string
      member: {type: reference, multivalued: true}
"""
_RULES = """\
- name: HR person
  direction: inbound
  connector: hr
  types: {connector: person, metaverse: person}
  precedence: 100
  link: project
  join: [{employeeId: '[id]'}]
  flows:
    employeeId: id
    accountName: LCase([sn])
    displayName: '[givenName] & " " & [sn]'
    title: title
    manager: manager
- name: HR group
  direction: inbound
  connector: hr
  types: {connector: group, metaverse: group}
  precedence: 110
  link: project
  join: [{name: '[id]'}]
  flows: {name: id, member: member}
- name: Phones
  direction: inbound
  connector: phones
  types: {connector: phone, metaverse: person}
  precedence: 200
  link: join
  join: [{employeeId: '[owner]'}]
  flows: {phone: number, title: title}
- name: Directory in
  direction: inbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 300
  link: join
  join: [{employeeId: '[employeeNumber]'}]
  flows: {language: preferredLanguage}
- name: App account
  direction: outbound
  connector: app
  types: {connector: account, metaverse: person}
  precedence: 400
  link: provision
  flows: {number: employeeId, login: accountName, title: title, phone: phone, boss: manager}
- name: App team
  direction: outbound
  connector: app
  types: {connector: team, metaverse: group}
  precedence: 410
  link: provision
  flows: {name: name, member: member}
- name: Directory person
  direction: outbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 500
  link: provision
  join: [{employeeId: '[employeeNumber]'}]
  flows:
    dn: '"uid=" & [accountName] & ",ou=people,dc=example"'
    uid: accountName
    displayName: displayName
    employeeNumber: employeeId
    description: {constant: Made by Unisono, apply-once: true}
    manager: manager
- name: Directory group
  direction: outbound
  connector: directory
  types: {connector: group, metaverse: group}
  precedence: 510
  link: provision
  flows:
    dn: '"cn=" & [name] & ",ou=groups,dc=example"'
    cn: name
    member: member
"""
_OLD_ENTRY = """\
dn: uid=family{n},ou=people,dc=example
objectClass: top
objectClass: inetOrgPerson
entryUUID: 00000000-0000-4000-8000-00000000000{n}
uid: family{n}
employeeNumber: E{n:02}
preferredLanguage: fr
"""

TARGETS = ("app", "directory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    sn: str
    title: str = "Clerk"
    manager: str = "E00"


People = Mapping[str, Person]
Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What the sources show from some day on: people by id, members by group, and lines of changed phones; and what
    somebody does by hand in the target systems that day."""

    people: People
    groups: Groups
    phones: tuple[str, ...] = ()
    by_hand: Callable[[Path], None] = lambda _directory: None


def _first() -> Round:
    people = {f"E{n:02}": Person(sn=f"Family{n}", manager="E00" if n % 3 else "E01") for n in range(10)}
    people["E00"] = replace(people["E00"], manager="")
    groups = {"all": tuple(people), "odd": tuple(people)[1::2], "empty": ()}
    return Round(people=people, groups=groups, phones=("Add,500,E03,Switchboard", "Add,501,E04,", "Add,502,E05,"))


def _movers(day: Round) -> Round:
    """New titles, two new surnames with new names in the directory, another manager for some."""
    changed = {
        "E02": replace(day.people["E02"], sn="Newname2"),
        "E05": replace(day.people["E05"], sn="Newname5", manager="E02"),
        "E06": replace(day.people["E06"], title="Director"),
        "E07": replace(day.people["E07"], manager="E02"),
        "E08": replace(day.people["E08"], title=""),
    }
    return replace(day, people={**day.people, **changed}, phones=("Modify,500,E03,Reception", "Add,503,E08,Porter"))


def _leavers(day: Round) -> Round:
    """Two leave, a manager and member of groups among them; a title is changed by hand in the application."""
    staying = {id_: person for id_, person in day.people.items() if id_ not in ("E02", "E09")}
    for id_, person in staying.items():
        if person.manager == "E02":
            staying[id_] = replace(person, manager="E01")
    groups = {"all": tuple(staying), "odd": ("E01", "E03", "E04"), "empty": ("E05",)}
    return Round(people=staying, groups=groups, phones=("Delete,501,,",), by_hand=_retitled)


def _returned(day: Round) -> Round:
    """New people, one who comes back, a group less and a group more; an entry of the directory is deleted by hand."""
    new = {f"E{n}": Person(sn=f"Family{n}", manager="E03") for n in range(20, 23)}
    people = {**day.people, **new, "E09": Person(sn="Family9"), "E03": replace(day.people["E03"], sn="Newname3")}
    groups = {"all": tuple(people), "odd": ("E01", "E20", "E21"), "new": ("E22", "E09")}
    return Round(people=people, groups=groups, phones=("Add,510,E20,", "Add,511,E09,"), by_hand=_without_entry)


def _renamed_back(day: Round) -> Round:
    """Names go back to what they were, one to somebody else; hardly anybody is in a group any more."""
    people = {
        **day.people,
        "E03": replace(day.people["E03"], sn="Family3", manager=""),
        "E05": replace(day.people["E05"], sn="Newname2"),
        "E22": replace(day.people["E22"], title="Director", manager="E21"),
    }
    groups = {"all": ("E00", "E01", "E05"), "odd": (), "new": ("E22",)}
    return Round(people=people, groups=groups, phones=("Modify,510,E21,", "Delete,503,,"))


def history() -> tuple[Round, ...]:
    rounds = [_first()]
    for change in (_movers, _leavers, _returned, _renamed_back):
        rounds.append(change(rounds[-1]))
    return tuple(rounds)


def _retitled(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "app.db")) as database:
        database.execute("UPDATE account SET title = 'By hand' WHERE number IN ('E04', 'E06')")
        database.commit()


def _without_entry(directory: Path) -> None:
    file = directory / "directory.ldif"
    entries = file.read_text().split("\n\n")
    file.write_text("\n\n".join(entry for entry in entries if "dn: uid=family7," not in entry))


def company(directory: Path) -> TestProject:
    """The project before its first cycle; the directory has three entries of its own."""
    project = TestProject(directory=directory).write(
        unisono_yaml=settings("hr", "phones", "app", "directory"),
        metaverse_yaml=_METAVERSE,
        connectors__hr_yaml=_HR,
        connectors__phones_yaml=_PHONES,
        connectors__app_yaml=_APP,
        connectors__directory_yaml=_DIRECTORY,
        rules__all_yaml=_RULES,
        directory_ldif="version: 1\n\n" + "\n".join(_OLD_ENTRY.format(n=n) for n in (1, 5, 9)),
    )
    with closing(sqlite3.connect(directory / "app.db")) as database:
        database.executescript(_APP_TABLES)
    return project


def show(day: Round, project: TestProject) -> None:
    """Let the sources show that day."""
    rows = ["id,kind,givenName,sn,title,manager,member"]
    rows += [f"{id_},person,Given,{p.sn},{p.title},{p.manager}," for id_, p in day.people.items()]
    rows += [f"{id_},group,,,,,{'|'.join(members)}" for id_, members in day.groups.items()]
    project.write(hr_csv=_lines(rows), phones_csv=_lines(["change,number,owner,title", *day.phones]))
    day.by_hand(project.directory)


def _lines(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
