"""Provisioning: metaverse objects that an outbound rule wants in a connector space join there, or are created."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.engine.compile import CompiledRule, CompiledRules, comparison_keys
from unisono.engine.compile_flow import PREFIX, column
from unisono.engine.desired import Desired
from unisono.engine.facts import Facts, Ids
from unisono.engine.images import image
from unisono.model.documents import change_documents, documents
from unisono.model.names import DnStyle, dn_key
from unisono.model.plan import PROVISIONED

FAILED = "sync-rule-flow-provisioning-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """``joined``: ``CS_OBJECT`` rows with their new ``mv_id`` and ``link_rule``; ``created``: ``PROVISIONED`` rows;
    ``held``: (dn_key, holder), objects that have the names which the created ones want; ``errors``: (mv_id, code,
    attribute, rule, message)."""

    joined: pl.DataFrame
    created: pl.DataFrame
    held: pl.DataFrame
    errors: pl.DataFrame


def provision(
    metaverse: pl.DataFrame,
    wanted: Desired,
    target: tuple[str, str],
    outbound: list[CompiledRule],
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
) -> Provisioning:
    """Give metaverse objects without a connector one.

    ``metaverse``: images (``id``, ``@`` columns) of the objects without a connector of the target's type.
    """
    rows = wanted.frame.filter(pl.col("creates").is_not_null() & pl.col("mv_id").is_in(metaverse["id"].implode()))
    joined = _join(metaverse.filter(pl.col("id").is_in(rows["mv_id"].implode())), target, outbound, rules, facts)
    rows = rows.filter(~pl.col("mv_id").is_in(joined["mv_id"].implode()))
    created, held, errors = _create(rows, wanted, target, rules, facts, ids)
    return Provisioning(joined=joined, created=created, held=held, errors=errors)


def _join(
    metaverse: pl.DataFrame, target: tuple[str, str], outbound: list[CompiledRule], rules: CompiledRules, facts: Facts
) -> pl.DataFrame:
    """Disconnectors that join criteria of outbound rules give to the metaverse objects, in their order.

    An object takes the only disconnector that a group of conditions finds; who comes later finds it gone.
    """
    joining = [compiled for compiled in outbound if compiled.joins]
    nothing = facts.objects(pl.Series("id", [], dtype=pl.Int64))
    if not joining or metaverse.is_empty():
        return nothing
    disconnectors = facts.disconnectors(*target)
    if disconnectors.is_empty():
        return nothing
    reads = frozenset[str]().union(*(c.reads for compiled in joining for group in compiled.joins for c in group))
    images = image(disconnectors, rules.connector(target[0]).schema[target[1]], reads, facts, pending=True)
    groups = [(compiled, position) for compiled in joining for position in range(len(compiled.joins))]
    pairs = [
        _pairs(metaverse.filter(compiled.in_scope), images, compiled, position, rules).with_columns(
            group=pl.lit(number)
        )
        for number, (compiled, position) in enumerate(groups)
    ]
    found = _take_turns(pl.concat(pairs), metaverse["id"].to_list())
    return disconnectors.drop("mv_id", "link_rule").join(found, on="id", maintain_order="left").select(nothing.columns)


def _pairs(
    metaverse: pl.DataFrame, images: pl.DataFrame, compiled: CompiledRule, position: int, rules: CompiledRules
) -> pl.DataFrame:
    """(id, mv_id, link_rule) where one group of conditions pairs one disconnector with one metaverse object."""
    object_type = rules.metaverse_type(compiled.rule.metaverse_type)
    pairs: pl.DataFrame | None = None
    for condition in compiled.joins[position]:
        attribute = object_type[condition.target]
        theirs = images.select("id", key=condition.values).drop_nulls("key").explode("key")
        ours = metaverse.select(mv_id="id", key=comparison_keys(attribute, pl.col(column(attribute.name))))
        matches = theirs.join(ours.drop_nulls("key").explode("key"), on="key").select("id", "mv_id").unique()
        pairs = matches if pairs is None else pairs.join(matches, on=["id", "mv_id"], how="semi")
    if pairs is None:
        pairs = pl.DataFrame(schema={"id": pl.Int64, "mv_id": pl.Int64})
    return pairs.with_columns(link_rule=pl.lit(compiled.rule.name))


def _take_turns(pairs: pl.DataFrame, order: list[int]) -> pl.DataFrame:
    """(id, mv_id, link_rule): the metaverse objects choose one after the other; only contested ones need turns."""
    alone = ~pl.col("id").n_unique().over("mv_id").gt(1) & ~pl.col("mv_id").n_unique().over("id").gt(1)
    columns = ["id", "mv_id", "link_rule"]
    simple = pairs.filter(alone).unique("mv_id", keep="first", maintain_order=True).select(columns)
    contested = pairs.filter(~alone)
    if contested.is_empty():
        return simple
    places = {mv_id: place for place, mv_id in enumerate(order)}
    choices: dict[int, dict[int, list[tuple[int, str]]]] = {}
    for cs_id, mv_id, group, rule in contested.select("id", "mv_id", "group", "link_rule").iter_rows():
        choices.setdefault(mv_id, {}).setdefault(group, []).append((cs_id, rule))
    taken: dict[int, tuple[int, str]] = {}
    for mv_id in sorted(choices, key=lambda one: places[one]):
        for _, found in sorted(choices[mv_id].items()):
            free = [(cs_id, rule) for cs_id, rule in found if cs_id not in taken]
            if len(free) == 1:
                taken[free[0][0]] = (mv_id, free[0][1])
                break
    turns = [{"id": cs_id, "mv_id": mv_id, "link_rule": rule} for cs_id, (mv_id, rule) in taken.items()]
    return pl.concat([simple, pl.DataFrame(turns, schema=simple.schema)])


def _create(
    rows: pl.DataFrame, wanted: Desired, target: tuple[str, str], rules: CompiledRules, facts: Facts, ids: Ids
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    connector, object_type = target
    traits = rules.traits[connector]
    naming = traits.naming.get(object_type)
    named_by_rules = naming is not None and all("new" + PREFIX + name in rows.columns for name in naming.attributes)
    derived = naming.expression("new" + PREFIX) if naming and named_by_rules else pl.lit(None, dtype=pl.String)
    own = pl.col("new@dn") if traits.dn_style is not DnStyle.NONE else pl.lit(None, dtype=pl.String)
    named = rows.with_columns(dn=pl.coalesce(own, derived)).with_columns(dn_key=dn_key("dn", traits.dn_style))
    nameless = pl.col("dn").is_null() | (pl.col("dn") == "")
    errors = named.filter(nameless).select(
        "mv_id",
        code=pl.lit(FAILED),
        attribute=pl.lit("dn"),
        rule="creates",
        message=pl.lit(f"no name can be built for a new object in {connector}"),
    )
    good = named.filter(~nameless)
    known = _holders(connector, good["dn_key"], facts)
    placeholders = known.filter(pl.col("object_type").is_null()).select("dn_key", placeholder="id")
    good = good.join(placeholders.unique("dn_key"), on="dn_key", how="left", maintain_order="left")
    return _created(good, wanted, target, ids), _objects(known), errors


def held_names(connector: str, keys: pl.Series, facts: Facts) -> pl.DataFrame:
    """(dn_key, holder): the objects of the connector space that have one of the names."""
    return _objects(_holders(connector, keys, facts))


def _holders(connector: str, keys: pl.Series, facts: Facts) -> pl.DataFrame:
    """Who has the names in the connector space: objects, or placeholders, whose name is free."""
    no_anchors = pl.Series("anchor", [], dtype=pl.String)
    return facts.connector_index_of(connector, no_anchors, keys.drop_nulls().unique())


def _objects(known: pl.DataFrame) -> pl.DataFrame:
    return known.filter(pl.col("object_type").is_not_null()).select("dn_key", holder="id")


def _created(rows: pl.DataFrame, wanted: Desired, target: tuple[str, str], ids: Ids) -> pl.DataFrame:
    if rows.is_empty():
        return PROVISIONED.empty()
    first = ids(rows.height)
    fresh = pl.int_range(first, first + rows.height, dtype=pl.Int64)
    writable = [a for a in wanted.targets if not a.read_only]
    values = rows.with_columns(
        pl.when(pl.col(f"newsays@{a.name}")).then(pl.col(f"new@{a.name}")).alias(f"set@{a.name}") for a in writable
    )
    text = documents(values, writable, prefix="set@")
    nothing_cleared = pl.Series("clear", [None] * rows.height, dtype=pl.List(pl.String))
    return PROVISIONED.check(
        rows.select(
            id=pl.coalesce("placeholder", fresh),
            connector=pl.lit(target[0]),
            object_type=pl.lit(target[1]),
            dn="dn",
            dn_key="dn_key",
            mv_id="mv_id",
            link_rule="creates",
            pending_export=change_documents(text, nothing_cleared),
            takes_over=pl.col("placeholder").is_not_null(),
        )
    )
