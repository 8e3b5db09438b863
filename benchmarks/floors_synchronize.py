"""Floors of synchronizing: what a run reads, decoded, and the rows that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.floor_documents import decoded, documents
from benchmarks.floor_store import FloorStore, FloorTransaction

_HR = (
    "employeeId", "givenName", "sn", "email", "department", "title", "city", "country", "employeeType", "startDate",
    "active",
)  # fmt: skip
_PHONES = ("employeeId", "telephoneNumber", "mobile", "room", "title")
_CRM = ("userId", "mail", "territory", "segment", "language")
_METAVERSE = (
    "employeeId", "accountName", "givenName", "sn", "displayName", "mail", "department", "title", "city", "country",
    "employeeType", "startDate", "telephoneNumber", "mobile", "room", "territory", "segment", "language",
)  # fmt: skip
_DIRECTORY = (
    "uid", "cn", "sn", "givenName", "displayName", "mail", "employeeNumber", "employeeType", "title",
    "departmentNumber", "l", "telephoneNumber", "mobile", "roomNumber",
)  # fmt: skip
_APP = ("employeeId", "login", "displayName", "mail", "title", "phone", "segment")

_OBJECT = {"id": pl.Int64(), "pending_import": pl.String()}
_LINKED = {"id": pl.Int64(), "mv_id": pl.Int64(), "hologram": pl.String(), "pending_export": pl.String()}
_TO_SYNCHRONIZE = """
SELECT o.id, o.pending_import FROM cs_object o JOIN connector c ON c.id = o.connector_id
WHERE c.name = ? AND o.object_type = ? AND o.import_operation IS NOT NULL ORDER BY o.id
"""
_CONNECTORS_OF = """
SELECT o.id, o.mv_id, o.hologram, o.pending_export FROM cs_object o JOIN connector c ON c.id = o.connector_id
WHERE c.name = ? AND o.object_type = 'person' AND o.mv_id IS NOT NULL ORDER BY o.mv_id
"""
_PROMOTED = {
    "link_kind": "'join'",
    "link_rule": "'rule'",
    "import_operation": "NULL",
    "hologram": "pending_import",
    "pending_import": "NULL",
    "hologram_hash": "import_hash",
}
_LINKS = "SELECT id, mv_id, connector_id FROM cs_object WHERE mv_id IS NOT NULL"
_LINK = {"id": pl.Int64(), "mv_id": pl.Int64(), "connector_id": pl.Int64()}
_EDGES = "SELECT source_id, target_id FROM cs_reference WHERE attribute = ? AND layer = 'add'"
_EDGE = {"source_id": pl.Int64(), "target_id": pl.Int64()}


def synchronize_hr(_population: Path, store: FloorStore) -> None:
    """Projects everybody, and provisions them in two systems."""
    with store.transaction() as connection:
        ids = _Ids(connection)
        for objects in connection.chunks(_TO_SYNCHRONIZE, ("hr", "person"), _OBJECT):
            people = _with_computed(decoded(objects["pending_import"], _HR)).with_columns(
                mv_id=ids.take(objects.height)
            )
            values = people.select(_METAVERSE[:12])
            _add_metaverse(connection, people["mv_id"], "person", values, ("employeeId", "mail"))
            _link(connection, objects["id"], people["mv_id"])
            _provision(connection, ids, "directory", people, "employeeId", _directory(people))
            active = people.filter(active="true")
            _provision(connection, ids, "app", active, "employeeId", _app(active))
        _references(connection, "manager")


def synchronize_phones(_population: Path, store: FloorStore) -> None:
    """Joins by employee number, and completes the metaverse and both targets."""
    _synchronize_joined(store, "phones", _PHONES, "employeeId", "employeeId")


def synchronize_crm(_population: Path, store: FloorStore) -> None:
    """Joins by e-mail address, completes the metaverse and both targets; projects teams and provisions them."""
    _synchronize_joined(store, "crm", _CRM, "mail", "mail")
    with store.transaction() as connection:
        ids = _Ids(connection)
        for objects in connection.chunks(_TO_SYNCHRONIZE, ("crm", "group"), _OBJECT):
            teams = decoded(objects["pending_import"], ("name", "teamId")).with_columns(mv_id=ids.take(objects.height))
            _add_metaverse(connection, teams["mv_id"], "group", teams.select("name", "teamId"), ("teamId",))
            _link(connection, objects["id"], teams["mv_id"])
            for connector in ("directory", "app"):
                _provision(connection, ids, connector, teams, "teamId", documents(teams.select("name", "teamId")))
        _references(connection, "member")


def synchronize_unchanged(_population: Path, store: FloorStore) -> None:
    """Reads and decodes everything: the objects of all connectors, the metaverse, the references on both sides."""
    names = {"hr": _HR, "phones": _PHONES, "crm": _CRM, "directory": _DIRECTORY, "app": _APP}
    with store.transaction() as connection:
        for connector, attributes in names.items():
            for linked in connection.chunks(_CONNECTORS_OF, (connector,), _LINKED):
                decoded(linked["hologram"], attributes)
        for _, _ in _metaverse(connection):
            pass
        for table in ("cs_reference", "mv_reference"):
            query = f"SELECT source_id, target_id FROM {table} WHERE attribute = 'manager'"  # noqa: S608
            for _ in connection.chunks(query, (), {"source_id": pl.Int64(), "target_id": pl.Int64()}):
                pass


def _synchronize_joined(store: FloorStore, connector: str, names: tuple[str, ...], source: str, target: str) -> None:
    """The run of a connector that joins, ``source`` in lower case being the metaverse's ``target``."""
    with store.transaction() as connection:
        metaverse = pl.concat(people for _, people in _metaverse(connection))
        others = [_documents_of(connection, other, attributes) for other, attributes in _others(connector)]
        for objects in connection.chunks(_TO_SYNCHRONIZE, (connector, "person"), _OBJECT):
            values = decoded(objects["pending_import"], names).with_columns(cs_id=objects["id"])
            known = values.with_columns(pl.col(source).str.to_lowercase()).join(
                metaverse, left_on=source, right_on=target, suffix="_before", coalesce=False
            )
            people = known.select("id", "cs_id", *_merged(known, names))
            document = documents(people.select(name for name in _METAVERSE if name in people.columns))
            lineage = _lineage(people.height)
            changed = pl.DataFrame({"id": people["id"], "attributes": document, "lineage": lineage})
            connection.update("mv_object", changed)
            _link(connection, people["cs_id"], people["id"])
            _update_exports(connection, others, people)


def _merged(known: pl.DataFrame, names: tuple[str, ...]) -> Iterator[pl.Expr]:
    """The stronger value of both sides, and the metaverse's where only it has one; ``employeeId`` last."""
    for name in (*_METAVERSE[1:], _METAVERSE[0]):
        before = f"{name}_before"
        if before in known.columns and name in names:
            yield pl.coalesce(before, name).alias(name)
        elif name in known.columns:
            yield pl.col(name)


def _others(connector: str) -> list[tuple[str, tuple[str, ...]]]:
    others = [("hr", _HR), ("directory", _DIRECTORY), ("app", _APP)]
    return [*others, ("phones", _PHONES)] if connector == "crm" else others


def _documents_of(connection: FloorTransaction, connector: str, names: tuple[str, ...]) -> tuple[str, pl.DataFrame]:
    parts = []
    for linked in connection.chunks(_CONNECTORS_OF, (connector,), _LINKED):
        decoded(linked.select(pl.coalesce("hologram", "pending_export")).to_series(), names)
        parts.append(linked.select("id", "mv_id"))
    return connector, pl.concat(parts)


def _update_exports(connection: FloorTransaction, others: list[tuple[str, pl.DataFrame]], people: pl.DataFrame) -> None:
    for connector, linked in others:
        if connector in ("directory", "app"):
            concerned = people.join(linked.rename({"id": "target_id"}), left_on="id", right_on="mv_id")
            document = _directory(concerned) if connector == "directory" else _app(concerned)
            connection.update("cs_object", pl.DataFrame({"id": concerned["target_id"], "pending_export": document}))


def _metaverse(connection: FloorTransaction) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
    query = "SELECT id, attributes, lineage FROM mv_object WHERE object_type = 'person' ORDER BY id"
    for part in connection.chunks(query, (), {"id": pl.Int64(), "attributes": pl.String(), "lineage": pl.String()}):
        pl.read_ndjson("\n".join(part["lineage"].to_list()).encode(), infer_schema_length=1)
        yield part["id"], decoded(part["attributes"], _METAVERSE).with_columns(part["id"])


def _with_computed(people: pl.DataFrame) -> pl.DataFrame:
    return people.with_columns(
        accountName=pl.lit("e") + pl.col("employeeId"),
        displayName=pl.concat_str("givenName", pl.lit(" "), "sn"),
        mail=pl.col("email").str.to_lowercase(),
    )


def _directory(people: pl.DataFrame) -> pl.Series:
    sources = {"uid": "accountName", "cn": "displayName", "l": "city", "departmentNumber": "department"}
    sources |= {"roomNumber": "room", "employeeNumber": "employeeId"}
    return _change(people, _DIRECTORY, sources, last="uid")


def _app(people: pl.DataFrame) -> pl.Series:
    return _change(people, _APP, {"login": "accountName", "phone": "telephoneNumber"}, last="login")


def _change(people: pl.DataFrame, names: tuple[str, ...], sources: dict[str, str], *, last: str) -> pl.Series:
    order = [*(name for name in names if name != last), last]
    present = [(name, sources.get(name, name)) for name in order]
    chosen = people.select(pl.col(source).alias(name) for name, source in present if source in people.columns)
    document = documents(chosen).to_frame("document")
    return document.select(pl.lit('{"clear":[],"set":') + pl.col("document") + pl.lit("}")).to_series()


def _add_metaverse(
    connection: FloorTransaction, mv_ids: pl.Series, object_type: str, values: pl.DataFrame, keys: tuple[str, ...]
) -> None:
    document, lineage = documents(values), _lineage(values.height)
    frame = pl.DataFrame({"id": mv_ids, "attributes": document, "lineage": lineage})
    connection.insert("mv_object", frame.with_columns(object_type=pl.lit(object_type)))
    for key in keys:
        join_keys = pl.DataFrame({"value": values[key].str.to_lowercase(), "mv_id": mv_ids}).sort("value")
        connection.insert("mv_join_key", join_keys.with_columns(attribute=pl.lit(key)))


def _lineage(height: int) -> pl.Series:
    document = "{" + ",".join(f'"{name}":[1,1]' for name in _METAVERSE) + "}"
    return pl.repeat(document, height, dtype=pl.String, eager=True)


def _provision(
    connection: FloorTransaction, ids: _Ids, connector: str, owners: pl.DataFrame, name: str, document: pl.Series
) -> None:
    """New objects of a target for metaverse objects (``mv_id``); column ``name`` becomes the DN or a part of it."""
    dn = pl.lit("uid=e") + pl.col(name) + pl.lit(",ou=people,dc=benchmark,dc=example")
    rows = owners.select(
        "mv_id",
        id=ids.take(owners.height),
        dn=dn if connector == "directory" else pl.col(name),
        pending_export=document,
    ).with_columns(
        dn_key="dn",
        connector_id=pl.lit(_connector_id(connection, connector)),
        object_type=pl.lit("group" if name == "teamId" else "person"),
        link_kind=pl.lit("provisioning"),
        link_rule=pl.lit("rule"),
        export_operation=pl.lit("add"),
    )
    connection.insert("cs_object", rows)


def _link(connection: FloorTransaction, ids: pl.Series, mv_ids: pl.Series) -> None:
    """Objects become connectors, and what was pending their hologram."""
    connection.update("cs_object", pl.DataFrame({"id": ids, "mv_id": mv_ids}), also=_PROMOTED)


def _references(connection: FloorTransaction, attribute: str) -> None:
    """References of a source between two connectors, as they stand in the metaverse and in both targets."""
    links = pl.concat(connection.chunks(_LINKS, (), _LINK))
    edges = pl.concat(connection.chunks(_EDGES, (attribute,), _EDGE))
    in_metaverse = _translated(edges, links, "id", "mv_id")
    written = in_metaverse.with_columns(attribute=pl.lit(attribute), rule_id=pl.lit(1), run_id=pl.lit(1))
    connection.insert("mv_reference", written)
    for connector in ("directory", "app"):
        own = links.filter(connector_id=_connector_id(connection, connector))
        exported = _translated(in_metaverse, own, "mv_id", "id")
        columns = {"attribute": pl.lit(attribute), "operation": pl.lit("add"), "state": pl.lit("pending")}
        connection.insert("export_reference", exported.with_columns(**columns))
    connection.execute("UPDATE cs_reference SET layer = 'hologram' WHERE layer = 'add' AND attribute = ?", (attribute,))


def _translated(edges: pl.DataFrame, links: pl.DataFrame, before: str, after: str) -> pl.DataFrame:
    """The edges between the ``after`` ids of the links whose ``before`` ids they connect, in key order."""
    for end in ("source_id", "target_id"):
        translation = links.select(pl.col(before).alias(end), pl.col(after).alias("translated"))
        edges = edges.join(translation, on=end).drop(end).rename({"translated": end})
    return edges.select("source_id", "target_id").sort(pl.all())


def _connector_id(connection: FloorTransaction, name: str) -> int:
    return connection.value("SELECT id FROM connector WHERE name = ?", (name,))


class _Ids:
    """Fresh ids above all that the store has."""

    def __init__(self, connection: FloorTransaction) -> None:
        query = "SELECT coalesce((SELECT max(id) FROM cs_object), 0) + coalesce((SELECT max(id) FROM mv_object), 0)"
        self._last = connection.value(query)

    def take(self, count: int) -> pl.Series:
        first = self._last + 1
        self._last += count
        return pl.int_range(first, first + count, eager=True)
