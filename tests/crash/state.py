"""Everything that two histories must agree on, in a form that can be compared: sets of lines of text.

Rows are named by what they are about (connector and DN), never by ids. What may differ, and does not matter:

- numbers of runs, ids, times, and the secret seed of a store's content hashes;
- identities that a directory gives to new entries: a random one each time;
- how often something was counted that changed nothing, and what a target's import counts: after a death the cycle
  begins with imports, so that one may show an export that was not recorded as sent;
- placeholders that nobody refers to any more: whether a deleted object leaves one depends on who learns of it first.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text

from tests.projects import TestProject, sql
from unisono.model.runs import Counter, Status

State = Mapping[str, frozenset[str]]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TARGET_TABLES = ("account", "team", "membership")
_QUIET = {Counter.STAGE_NO_CHANGE, Counter.CONNECTOR_NO_FLOW, Counter.DISCONNECTOR_REMAINS}
_SOURCES = ("hr", "phones")


def state_of(project: TestProject) -> State:
    """The store and the target systems. Raises ``AssertionError`` when the history shows a run under way."""
    with sql(project.directory) as connection:
        store = _store(connection)
        changes = _counted_changes(connection)
    return {**store, "changes counted": changes, **_targets(project.directory)}


def differences(state: State, expected: State) -> list[str]:
    """What there is too much of, and too little."""
    lines = [f"+ {part}: {line}" for part in expected for line in sorted(state[part] - expected[part])]
    return lines + [f"- {part}: {line}" for part in expected for line in sorted(expected[part] - state[part])]


def _store(connection: Connection) -> dict[str, frozenset[str]]:
    def rows(statement: str) -> Iterator[Mapping[str, object]]:
        yield from (dict(row) for row in connection.execute(text(statement)).mappings())

    connectors = {row["id"]: str(row["name"]) for row in rows("SELECT * FROM connector")}
    rules = {str(row["id"]): str(row["name"]) for row in rows("SELECT * FROM rule")}
    objects = list(rows(_OBJECTS))
    names = {o["id"]: f"{connectors[o['connector_id']]}/{o['dn']}" for o in objects}
    who = _identities(objects, names)
    return {
        "connector space": _lines(_object(o, names[o["id"]], who) for o in objects),
        "references": _lines(
            (names[r["source_id"]], r["attribute"], names[r["target_id"]], r["layer"])
            for r in rows("SELECT * FROM cs_reference")
        ),
        "pending references": _lines(
            (names[r["source_id"]], r["attribute"], names[r["target_id"]], r["operation"], r["state"])
            for r in rows("SELECT * FROM export_reference")
        ),
        "metaverse": _lines(
            (who.get(m["id"], "nobody"), m["object_type"], m["attributes"], _lineage(str(m["lineage"]), rules))
            for m in rows("SELECT * FROM mv_object")
        ),
        "join keys": _lines((k["attribute"], k["value"], who[k["mv_id"]]) for k in rows("SELECT * FROM mv_join_key")),
        "metaverse references": _lines(
            (who[r["source_id"]], r["attribute"], who[r["target_id"]], rules[str(r["rule_id"])])
            for r in rows("SELECT * FROM mv_reference")
        ),
        "populations": _lines(
            [
                *((row["name"], row["objects"]) for row in rows("SELECT * FROM connector")),
                *(("metaverse", row["metaverse_objects"]) for row in rows("SELECT * FROM store_meta")),
            ]
        ),
        "watermarks": _lines((connectors[w["connector_id"]], w["watermark"]) for w in rows("SELECT * FROM watermark")),
        "held": _lines((connectors[h["connector_id"]], h["reasons"]) for h in rows("SELECT * FROM held_batch")),
    }


def _lines(rows: Iterator[tuple[object, ...]] | list[tuple[object, ...]]) -> frozenset[str]:
    """One line per row; rows that are alike are told apart, lest one too many goes unseen."""
    seen: dict[str, int] = {}
    lines = set()
    for row in rows:
        line = _UUID.sub("<uuid>", " | ".join(str(value) for value in row))
        seen[line] = seen.get(line, 0) + 1
        lines.add(line if seen[line] == 1 else f"{line} ({seen[line]})")
    return frozenset(lines)


def _identities(objects: list[Mapping[str, object]], names: Mapping[object, str]) -> dict[object, str]:
    """A metaverse object is who is linked to it."""
    members: dict[object, list[str]] = {}
    for one in objects:
        if one["mv_id"] is not None:
            members.setdefault(one["mv_id"], []).append(names[one["id"]])
    return {mv_id: " + ".join(sorted(found)) for mv_id, found in members.items()}


_OBJECTS = """
SELECT * FROM cs_object WHERE object_type IS NOT NULL
    OR id IN (SELECT target_id FROM cs_reference) OR id IN (SELECT target_id FROM export_reference)
"""
_LEFT_OUT = {"id", "connector_id", "mv_id", "hologram_hash", "import_hash", "import_error_first_run"}


def _object(one: Mapping[str, object], name: str, who: Mapping[object, str]) -> tuple[object, ...]:
    """All columns; of hashes, whether they are there and agree."""
    hashes = (one["hologram_hash"] is not None, one["import_hash"] is not None)
    agree = one["hologram_hash"] == one["import_hash"]
    columns = (f"{column}={value}" for column, value in one.items() if column not in _LEFT_OUT and value is not None)
    return (name, f"linked to {who.get(one['mv_id'])}", *columns, f"hashes={hashes} {agree}")


def _lineage(document: str, rules: Mapping[str, str]) -> str:
    return str(sorted((attribute, rules[str(id_)]) for attribute, id_ in json.loads(document)["rule"].items()))


def _counted_changes(connection: Connection) -> frozenset[str]:
    """What the sources' runs counted as changes, all runs together: nothing twice, and nothing missing."""
    counted = connection.execute(
        text(
            "SELECT connector.name, counter.counter, sum(counter.count) FROM counter"
            " JOIN run ON run.id = counter.run_id JOIN connector ON connector.id = run.connector_id"
            " WHERE counter.target IS NULL GROUP BY 1, 2"
        )
    )
    return frozenset(
        f"{connector} {name} {count}"
        for connector, name, count in counted
        if connector in _SOURCES and name not in _QUIET
    )


def _targets(directory: Path) -> dict[str, frozenset[str]]:
    with closing(sqlite3.connect(directory / "app.db")) as database:
        tables = {
            table: _lines([(*row,) for row in database.execute(f"SELECT * FROM {table}")])  # noqa: S608  # fixed names
            for table in _TARGET_TABLES
        }
    entries = (directory / "directory.ldif").read_text().split("\n\n")[1:]
    return {**tables, "directory": _lines([(sorted(entry.splitlines()),) for entry in entries if entry.strip()])}


def interrupted_runs(project: TestProject) -> list[str]:
    """Runs that a death ended. Raises ``AssertionError`` where one still counts as under way, or is not explained."""
    with project.open() as context, context.store.read() as reader:
        runs = reader.runs(limit=1_000_000)
    under_way = [run for run in runs if Status.IN_PROGRESS in (run.status, *(step.status for step in run.steps))]
    assert under_way == []
    stopped = [run for run in runs if run.status is Status.STOPPED_SERVER]
    unexplained = [step for run in stopped for step in run.steps if step.status.ends_run and not step.message]
    assert unexplained == []
    return [f"{run.connector} {run.profile}" for run in stopped]
