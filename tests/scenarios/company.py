"""A company of a few people for scenarios: systems in memory, a real project, a real store.

HR shows people and groups without names of their own; the directory, which has names and anchors of its own, is given
an entry for each. A scenario that needs other rules writes its files over those here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from tests.projects import TestProject, settings, whole_space
from tests.scenarios.memory import SYSTEMS, System

from unisono.model.names import DnStyle
from unisono.model.runs import RunProfile, RunResult, RunStep, StepResult, StepType
from unisono.runs.context import Context, Silent, Stop
from unisono.runs.execute import run_profile
from unisono.store.contract import Reader

METAVERSE = """\
types:
  person:
    attributes:
      id: string
      name: string
      title: string
      mails: {type: string, multivalued: true}
      place: string
      manager: reference
  group:
    attributes: {id: string, member: {type: reference, multivalued: true}}
"""
HR = """\
kind: memory
settings: {system: hr, anchor: id}
guard: {deletes: none, cleared: none, removed: none}
types:
  person:
    attributes:
      id: {type: string, required: true}
      name: string
      title: string
      mails: {type: string, multivalued: true}
      place: string
      manager: reference
  group:
    attributes: {id: {type: string, required: true}, member: {type: reference, multivalued: true}}
"""
DIRECTORY = """\
kind: memory
settings: {system: directory}
deprovisioning: delete
guard: {deletes: none, renames: none, cleared: none, removed: none}
types:
  person:
    attributes:
      uid: string
      displayName: string
      title: string
      mail: {type: string, multivalued: true}
      pin: {type: string, export-only: true}
      manager: reference
  group:
    attributes: {cn: string, member: {type: reference, multivalued: true}}
"""
RULES = """\
- name: HR person
  direction: inbound
  connector: hr
  types: {connector: person, metaverse: person}
  precedence: 100
  link: project
  join: [{id: '[id]'}]
  flows: {id: id, name: name, title: title, mails: mails, place: place, manager: manager}
- name: HR group
  direction: inbound
  connector: hr
  types: {connector: group, metaverse: group}
  precedence: 110
  link: project
  join: [{id: '[id]'}]
  flows: {id: id, member: member}
- name: Directory person
  direction: outbound
  connector: directory
  types: {connector: person, metaverse: person}
  precedence: 200
  link: provision
  flows:
    dn: 'IIF(IsPresent([place]), [place], "cn=" & [id] & ",dc=example")'
    uid: id
    displayName: name
    title: title
    mail: mails
    pin: {expression: '"secret of " & [id]', apply-once: true}
    manager: manager
- name: Directory group
  direction: outbound
  connector: directory
  types: {connector: group, metaverse: group}
  precedence: 210
  link: provision
  flows: {dn: '"cn=" & [id] & ",dc=example"', cn: id, member: member}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsObject:
    """An object of a connector space. ``image``: as last imported; ``sent`` and ``pending``: what is unconfirmed, and
    what waits to be sent, with None for a value that is cleared; ``references``: names by attribute, as imported."""

    id: int
    object_type: str
    anchor: str | None
    dn: str
    state: str
    mv_id: int | None
    link_rule: str | None
    import_operation: str | None
    obsolete: bool
    image: Mapping[str, Any] | None
    synchronized: Mapping[str, Any] | None
    export_operation: str | None
    new_dn: str | None
    pending: Mapping[str, Any]
    unconfirmed_operation: str | None
    sent: Mapping[str, Any]
    import_error: str | None
    references: Mapping[str, list[str]]
    pending_references: Mapping[str, list[str]]  # names with + or - before them

    @property
    def is_connector(self) -> bool:
        return self.mv_id is not None

    @property
    def is_at_rest(self) -> bool:
        return (self.import_operation, self.export_operation, self.unconfirmed_operation) == (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MvObject:
    """A metaverse object. ``lineage``: the rule that gave the value, by attribute; ``references``: ids of targets."""

    id: int
    object_type: str
    values: Mapping[str, Any]
    lineage: Mapping[str, str]
    references: Mapping[str, set[int]]


class StopAfter(Silent):
    """Asks for a stop when so many batches were told."""

    def __init__(self, context: Context, batches: int) -> None:
        self._context, self._left = context, batches

    def advance(self, objects: int, what: str) -> None:  # noqa: ARG002
        self._left -= 1
        if self._left == 0:
            self._context.stop.request()


class Company:
    """Its systems are ``hr`` and ``directory``; each step runs as a run of its own, and gives its result."""

    def __init__(self, folder: Path) -> None:
        self._opened = ExitStack()
        self._context: Context | None = None
        self.hr = self.system("hr", folder, DnStyle.NONE)
        self.directory = self.system("directory", folder, DnStyle.LDAP)
        self.project = TestProject(directory=folder).write(
            unisono_yaml=settings("hr", "directory"),
            metaverse_yaml=METAVERSE,
            connectors__hr_yaml=HR,
            connectors__directory_yaml=DIRECTORY,
            rules__all_yaml=RULES,
        )

    @staticmethod
    def system(name: str, folder: Path, style: DnStyle) -> System:
        """A further system, for connectors with ``settings: {system: name}``."""
        SYSTEMS[folder, name] = System(style=style)
        return SYSTEMS[folder, name]

    def write(self, **files: str) -> Company:
        """Write files of the project, as ``TestProject.write`` does."""
        self.close()
        self.project.write(**files)
        return self

    def employ(self, *people: str, **values: Any) -> Company:
        """Let HR show people, all with the same values; by default each has a name of his own."""
        for id_ in people:
            self.hr.put(id_, id=id_, **{"name": f"Name {id_}", **values})
        return self

    def group(self, id_: str, *members: str) -> Company:
        """Let HR show a group."""
        self.hr.put(id_, type="group", id=id_, member=list(members))
        return self

    # --- steps -------------------------------------------------------------------------------------------------------

    def run(
        self, connector: str, *steps: RunStep, profile: str = "test", stop_after: int = 0, approved: Iterable[str] = ()
    ) -> RunResult:
        """``stop_after``: somebody stops the run after so many batches."""
        context = replace(self.context, stop=Stop(), approved=frozenset(approved))
        if stop_after:
            context = replace(context, reporter=StopAfter(context, stop_after))
        return run_profile(connector, RunProfile(name=profile, steps=steps), context)

    def run_configured(self, connector: str, profile: str) -> RunResult:
        """Run a profile of the project's files."""
        definition = self.context.project.connector(connector)
        found = definition.run_profile(profile) if definition else None
        assert found is not None
        return run_profile(connector, found, self.context)

    def full_import(self, connector: str = "hr", **options: Any) -> StepResult:
        return self._step(connector, StepType.FULL_IMPORT, options)

    def delta_import(self, connector: str = "hr", **options: Any) -> StepResult:
        return self._step(connector, StepType.DELTA_IMPORT, options)

    def full_sync(self, connector: str = "hr", **options: Any) -> StepResult:
        return self._step(connector, StepType.FULL_SYNCHRONIZATION, options)

    def delta_sync(self, connector: str = "hr", **options: Any) -> StepResult:
        return self._step(connector, StepType.DELTA_SYNCHRONIZATION, options)

    def export(self, connector: str = "directory", **options: Any) -> StepResult:
        return self._step(connector, StepType.EXPORT, options)

    def provisioned(self) -> Company:
        """Bring what HR shows into the directory's connector space: pending exports, nothing sent."""
        self.full_import()
        self.full_sync()
        return self

    def settled(self) -> Company:
        """Bring everything to rest: imported, synchronized, exported and confirmed."""
        self.provisioned()
        self.export()
        self.full_import("directory")
        self.delta_sync("directory")
        return self

    def _step(self, connector: str, kind: StepType, options: dict[str, Any]) -> StepResult:
        stop_after = options.pop("stop_after", 0)
        (step,) = self.run(connector, RunStep(type=kind, **options), stop_after=stop_after).steps
        return step

    # --- what is there -----------------------------------------------------------------------------------------------

    def cs_object(self, connector: str, name: str) -> CsObject | None:
        """The object with that anchor or DN."""
        return next((one for one in self.cs_objects(connector) if name in (one.anchor, one.dn)), None)

    def cs_objects(self, connector: str) -> list[CsObject]:
        """All objects without placeholders, by id."""
        with self._reader() as reader:
            rows = reader.objects(whole_space(reader, connector)["id"]).sort("id")
            imported = reader.edges_of(rows["id"]).filter(pl.col("layer") != "delete")
            waiting = reader.waiting_edges_of(rows["id"])
            names = dict(reader.names_of(_targets(imported, waiting)).select("id", "dn").iter_rows())
        signs = {"add": "+", "delete": "-"}
        signed = [(s, a, signs[o] + names[t]) for s, a, t, o, _ in waiting.iter_rows()]
        plain = [(s, a, names[t]) for s, a, t, _ in imported.iter_rows()]
        return [_cs_object(row, _by_attribute(plain, row), _by_attribute(signed, row)) for row in rows.to_dicts()]

    def placeholders(self, connector: str) -> list[str]:
        """The DNs of placeholders, sorted."""
        with self._reader() as reader:
            return whole_space(reader, connector).filter(pl.col("object_type").is_null())["dn"].sort().to_list()

    def mv_object(self, **values: Any) -> MvObject | None:
        """The only metaverse object that has these values."""
        found = [one for one in self.mv_objects() if all(one.values.get(n) == v for n, v in values.items())]
        assert len(found) <= 1
        return found[0] if found else None

    def mv_objects(self) -> list[MvObject]:
        with self._reader() as reader:
            rows = reader.find_metaverse("", 1_000_000)
            edges = reader.references_of(rows["id"])
            rules = reader.rule_names()
        return [_mv_object(row, edges.filter(source_id=row["id"]), rules) for row in rows.to_dicts()]

    def watermark(self, connector: str = "hr") -> str | None:
        with self._reader() as reader:
            return reader.watermark(connector)

    def errors(self) -> list[tuple[str, str | None]]:
        """(code, anchor or DN) of the object errors of the latest run."""
        with self._reader() as reader:
            (latest,) = reader.runs(limit=1)
            found = reader.errors(run_id=latest.id)
        return [(code, anchor or dn) for code, anchor, dn in found.select("code", "anchor", "dn").iter_rows()]

    def history(self) -> tuple[RunResult, ...]:
        """Newest first."""
        with self._reader() as reader:
            return reader.runs()

    # --- the project -------------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """The project, opened; it stays so until a file of it is written."""
        if self._context is None:
            self._context = self._opened.enter_context(self.project.open())
        return self._context

    def close(self) -> None:
        self._opened.close()
        self._context = None

    def _reader(self) -> AbstractContextManager[Reader]:
        return self.context.store.read()


def counters(step: StepResult, target: str | None = None) -> dict[str, int]:
    """The step's counters by name: its own, or those of a target."""
    return {count.counter.value: count.count for count in step.counts if count.target == target}


def _targets(*edges: pl.DataFrame) -> pl.Series:
    return pl.concat([frame["target_id"] for frame in edges]).unique().alias("id")


def _by_attribute(edges: list[tuple[int, str, str]], row: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, attribute, name in edges:
        if source == row["id"]:
            found.setdefault(attribute, []).append(name)
    return {attribute: sorted(names) for attribute, names in found.items()}


def _cs_object(
    row: dict[str, Any], references: dict[str, list[str]], pending_references: dict[str, list[str]]
) -> CsObject:
    names = ("id", "object_type", "anchor", "dn", "state", "mv_id", "link_rule", "import_operation", "obsolete")
    further = ("export_operation", "new_dn", "unconfirmed_operation", "import_error")
    return CsObject(
        **{name: row[name] for name in (*names, *further)},
        image=_document(row["pending_import"] or row["hologram"]),
        synchronized=_document(row["hologram"]),
        pending=_change(row["pending_export"]),
        sent=_change(row["unconfirmed_export"]),
        references=references,
        pending_references=pending_references,
    )


def _document(text: str | None) -> dict[str, Any] | None:
    return json.loads(text) if text is not None else None


def _change(text: str | None) -> dict[str, Any]:
    change = json.loads(text) if text is not None else {"set": {}, "clear": []}
    return {**change["set"], **dict.fromkeys(change["clear"])}


def _mv_object(row: dict[str, Any], edges: pl.DataFrame, rules: Mapping[int, str]) -> MvObject:
    lineage = json.loads(row["lineage"]).get("rule", {})
    references: dict[str, set[int]] = {}
    for attribute, target in edges.select("attribute", "target_id").iter_rows():
        references.setdefault(attribute, set()).add(target)
    return MvObject(
        id=row["id"],
        object_type=row["object_type"],
        values=json.loads(row["attributes"]),
        lineage={name: rules[number] for name, number in lineage.items()},
        references=references,
    )
