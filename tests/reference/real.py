"""The real engine on a real store, driven without connectors, and both engines' states in one comparable form."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import polars as pl

from tests.projects import whole_space
from tests.reference.engine import ENVIRONMENT, ObviousEngine
from tests.reference.objects import Image
from unisono.engine.compile import Traits, compile_rules
from unisono.engine.staging import Space, imaged, stage, stage_deletions
from unisono.model.documents import normalized
from unisono.model.names import DnStyle
from unisono.model.plan import SYNC_ERRORS
from unisono.model.project import Project
from unisono.runs.apply import apply_deletions, apply_staging
from unisono.runs.context import Context
from unisono.runs.spool import Spool
from unisono.runs.synchronize import Listed, synchronize
from unisono.store.contract import Store, UnitOfWork

Objects = Mapping[str, tuple[str, Image, dict[str, list[str]]]]


class RealEngine:
    """``partition_objects`` and the order in which objects are staged must not matter."""

    def __init__(self, project: Project, store: Store, partition_objects: int) -> None:
        self.project = project
        self.store = store
        self.context = Context(
            project=project, parameters={}, store=self.store, connectors={}, partition_objects=partition_objects
        )

    def full_import(self, connector: str, objects: Objects, order: list[str]) -> None:
        definition = self.project.connector(connector)
        assert definition is not None
        kind = definition.schema.object_types[0]
        rows = [{"anchor": a, "dn": objects[a][0], **objects[a][1], **objects[a][2]} for a in order]
        schema = {"anchor": pl.String, "dn": pl.String, **{a.name: a.dtype for a in kind.attributes}}
        frame = pl.DataFrame(rows, schema=schema).with_columns(normalized(a) for a in kind.attributes)
        with self.store.begin() as unit:
            space = Space(connector=connector, style=DnStyle.LDAP, hash_seed=unit.hash_seed, full=True)
            index = whole_space(unit, connector)
            nobody = pl.Series("id", [], dtype=pl.Int64)
            plan = stage(imaged(frame, kind, space), kind, index, nobody, space, unit, unit.allocate)
            assert plan.errors.is_empty()
            apply_staging(plan, unit)
            unseen = index.drop_nulls("anchor").join(plan.seen, on="id", how="anti")
            apply_deletions(stage_deletions(unseen, 0), unit, obsolete=True)

    def synchronize(self, connector: str, *, full: bool) -> None:
        with self.store.begin() as unit, Spool(SYNC_ERRORS) as errors:
            traits = {c.name: Traits(dn_style=DnStyle.LDAP) for c in self.project.connectors}
            ids = unit.rule_ids([rule.name for rule in self.project.rules])
            rules = compile_rules(self.project, ENVIRONMENT, traits, ids)
            listed = Listed(errors=errors)
            synchronize(unit, connector, full=full, rules=rules, run_id=1, context=self.context, listed=listed)

    def state(self) -> dict[str, object]:
        """Everything that both engines must agree on."""
        with self.store.begin() as unit:
            index = pl.concat(whole_space(unit, c.name) for c in self.project.connectors)
            objects = {row["id"]: row for row in unit.objects(index["id"]).iter_rows(named=True)}
            nobody = index.filter(pl.col("object_type").is_null()).select("id", "dn")
            metaverse = unit.metaverse(pl.Series("id", sorted({o["mv_id"] for o in objects.values() if o["mv_id"]})))
            extra = unit.metaverse_population() - metaverse.height
            names = {number: _key(row) for number, row in objects.items()}
            identity = _identities({n: row["mv_id"] for n, row in objects.items()}, names)
            return {
                "orphans": extra,
                "metaverse": _metaverse(metaverse, identity, unit.rule_names()),
                "spaces": {names[n]: _space(row, identity) for n, row in objects.items()},
                "references": _references(metaverse["id"], identity, unit.rule_names(), unit),
                "exports": _exports(names, dict(nobody.iter_rows()), unit),
            }


def _key(row: Mapping[str, object]) -> str:
    return f"{row['connector']}/{row['anchor'] if row['anchor'] is not None else 'new ' + str(row['dn'])}"


def _identities(links: Mapping[int, int | None], names: Mapping[int, str]) -> dict[int, str]:
    """A metaverse object is who is linked to it."""
    members: dict[int, list[str]] = {}
    for number, mv_id in links.items():
        if mv_id is not None:
            members.setdefault(mv_id, []).append(names[number])
    return {mv_id: " + ".join(sorted(found)) for mv_id, found in members.items()}


def _metaverse(frame: pl.DataFrame, identity: Mapping[int, str], rules: Mapping[int, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for row in frame.iter_rows(named=True):
        lineage = msgspec.json.decode(row["lineage"])["rule"]
        found[identity[row["id"]]] = (
            msgspec.json.decode(row["attributes"]),
            {name: rules[number] for name, number in lineage.items()},
        )
    return found


def _space(row: Mapping[str, object], identity: Mapping[int, str]) -> dict[str, object]:
    change = msgspec.json.decode(str(row["pending_export"])) if row["pending_export"] else {"set": {}, "clear": []}
    mv_id = row["mv_id"]
    return {
        "linked to": identity[mv_id] if isinstance(mv_id, int) else None,
        "state": row["state"],
        "pending": row["import_operation"],
        "export": row["export_operation"],
        "rename": row["new_dn"],
        "set": change["set"],
        "clear": sorted(change["clear"]),
        "error": row["import_error"],
    }


def _references(
    mv_ids: pl.Series, identity: Mapping[int, str], rules: Mapping[int, str], unit: UnitOfWork
) -> set[tuple[str, str, str, str]]:
    edges = unit.references_of(mv_ids).select("source_id", "attribute", "target_id", "rule_id")
    return {(identity[s], a, identity[t], rules[rule]) for s, a, t, rule in edges.iter_rows()}


def _exports(
    names: Mapping[int, str], placeholders: Mapping[int, str], unit: UnitOfWork
) -> set[tuple[str, str, str, str]]:
    """Pending changes of references; a placeholder goes by its name."""
    edges = unit.export_edges_of(pl.Series("id", list(names), dtype=pl.Int64))
    return {
        (names[s], a, names.get(t) or f"nobody {placeholders[t]}", o)
        for s, a, t, o in edges.select("source_id", "attribute", "target_id", "operation").iter_rows()
    }


def obvious_state(engine: ObviousEngine) -> dict[str, object]:
    """The same form for the obvious engine; what is pending for references is computed here."""
    world = engine.world
    names = {id(one): "/".join(one.key) for one in world.spaces.values()}
    members: dict[int, list[str]] = {}
    for one in world.spaces.values():
        if one.link is not None:
            members.setdefault(one.link, []).append(names[id(one)])
    identity = {number: " + ".join(sorted(found)) for number, found in members.items()}
    sources = {source for source, _, _, _ in world.exports}
    return {
        "orphans": len(set(world.metaverse) - set(identity)),
        "metaverse": {identity[n]: (mv.values, mv.lineage) for n, mv in world.metaverse.items() if n in identity},
        "spaces": {
            names[id(one)]: {
                "linked to": identity[one.link] if one.link is not None else None,
                "state": one.state,
                "pending": one.pending,
                "export": one.export_operation or ("update" if one.key in sources else None),
                "rename": one.new_dn,
                "set": one.export_set,
                "clear": sorted(one.export_clear),
                "error": one.error,
            }
            for one in world.spaces.values()
        },
        "references": {(identity[s], a, identity[t], rule) for s, a, t, rule in world.references},
        "exports": {("/".join(s), a, t if isinstance(t, str) else "/".join(t), op) for s, a, t, op in world.exports},
    }


__all__ = ["Objects", "RealEngine", "obvious_state"]
