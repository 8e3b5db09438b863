"""One connector space, seen from the metaverse: who stays, who is created, what is pending for each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from unisono.engine.compile import CompiledRule, CompiledRules, Traits
from unisono.engine.deletion import deprovision
from unisono.engine.desired import Desired, desired
from unisono.engine.export_only import hidden, with_turned
from unisono.engine.facts import Facts, Ids
from unisono.engine.imported import with_imported
from unisono.engine.outflow import pending_exports
from unisono.engine.provision import FAILED, held_names, provision
from unisono.model.names import DnStyle, dn_key
from unisono.model.rules import LinkBehavior


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """What one (connector, object type) gets.

    ``created``: ``PROVISIONED``; ``joined``: ``CS_OBJECT`` rows with their new ``mv_id``; ``deprovisioned``: as
    ``deletion.deprovision`` gives it; ``exports``: the connectors as ``outflow.pending_exports`` gives them, the joined
    ones included; ``renamed_adds``: (mv_id, id, dn, dn_key); ``held``: (dn_key, holder), objects that have names which
    the created or renamed ones want; ``errors``: (mv_id, code, attribute, rule, message).
    """

    target: tuple[str, str]
    wanted: Desired
    created: pl.DataFrame
    joined: pl.DataFrame
    deprovisioned: pl.DataFrame
    exports: pl.DataFrame
    renamed_adds: pl.DataFrame
    held: pl.DataFrame
    errors: pl.DataFrame


def outbound(
    metaverse: pl.DataFrame,
    before: pl.DataFrame,
    connectors: pl.DataFrame,
    cut: pl.Series,
    target: tuple[str, str],
    metaverse_type: str,
    rules: CompiledRules,
    facts: Facts,
    ids: Ids,
) -> Outbound:
    """Evaluate the outbound rules of one (connector, object type) for metaverse objects of one type.

    ``metaverse``: images (``id``, ``@`` columns); ``before``: their former values (``resolve.Resolved``);
    ``connectors``: ``CS_OBJECT`` rows of the target that are linked to them. One whose deletion waits to be
    synchronized still counts as a connector, but gets no exports. ``cut``: ids of those that are deprovisioned already,
    whatever the values say that they leave behind.
    """
    compiled = rules.outbound_of(*target, metaverse_type)
    object_type = rules.connector(target[0]).schema[target[1]]
    images = with_imported(metaverse, connectors, compiled, object_type, facts)
    wanted = desired(images, compiled, object_type)
    if unread := hidden(wanted.targets):
        wanted = replace(wanted, frame=with_turned(wanted.frame, metaverse, before, compiled, unread))
    governed = wanted.frame.filter(pl.col("governed"))["mv_id"]
    linked = ~pl.col("id").is_in(cut.implode())
    stays = linked & (pl.col("mv_id").is_in(governed.implode()) | _outlives_scope(compiled))
    without = metaverse.filter(~pl.col("id").is_in(connectors.filter(linked)["mv_id"].implode()))
    provisioning = provision(without, wanted, target, compiled, rules, facts, ids)
    staying = connectors.filter(stays & (pl.col("import_operation") != "delete").fill_null(value=True))
    kept = pl.concat([staying, provisioning.joined])
    traits = rules.traits[target[0]]
    exports = pending_exports(kept, wanted, traits)
    renamed_adds = _renamed_adds(exports, traits.dn_style)
    held = provisioning.held
    if renamed_adds.height:
        held = pl.concat([held, held_names(target[0], renamed_adds["dn_key"], facts)])
    return Outbound(
        target=target,
        wanted=wanted,
        created=provisioning.created,
        joined=provisioning.joined,
        deprovisioned=deprovision(connectors.filter(~stays), rules),
        exports=exports,
        renamed_adds=renamed_adds,
        held=held,
        errors=pl.concat([wanted.errors, provisioning.errors, _refused_renames(exports, target[0], traits)]),
    )


def _outlives_scope(outbound: list[CompiledRule]) -> pl.Expr:
    """Whether a rule has linked the connector that does not deprovision (engine specification §5.3).

    What no outbound rule has linked belongs to all of them: it goes when one that deprovisions says so.
    """
    keeping = [c.rule.name for c in outbound if c.rule.link is not LinkBehavior.NONE and not c.rule.deprovision]
    return pl.col("link_rule").is_in(keeping).fill_null(value=False)


def _renamed_adds(exports: pl.DataFrame, style: DnStyle) -> pl.DataFrame:
    """Objects not created yet whose rules now give them another name; a rename would be one of nothing."""
    renamed = exports.filter(
        (pl.col("operation") == "add").fill_null(value=False)
        & pl.col("want@dn").is_not_null()
        & (pl.col("want@dn") != pl.col("dn"))
        & (style is not DnStyle.NONE)
    )
    return renamed.select("mv_id", "id", dn="want@dn").with_columns(dn_key=dn_key("dn", style))


def _refused_renames(exports: pl.DataFrame, connector: str, traits: Traits) -> pl.DataFrame:
    """(mv_id, code, attribute, rule, message): other names for objects that have to keep theirs (§5.11)."""
    nothing = pl.lit(None, dtype=pl.String)
    refused = exports.clear() if traits.renames or traits.dn_style is DnStyle.NONE else _to_rename(exports, traits)
    return refused.select(
        "mv_id",
        code=pl.lit(FAILED),
        attribute=pl.lit("dn"),
        rule=nothing,
        message=pl.format("{} cannot rename: {} cannot become {}", pl.lit(connector), "dn", "want@dn"),
    )


def _to_rename(exports: pl.DataFrame, traits: Traits) -> pl.DataFrame:
    """Objects that exist under a name which is another one than the rules want, not just another spelling."""
    exists = (pl.col("export_operation") != "add").fill_null(value=True)
    differs = pl.col("want@dn").is_not_null() & (pl.col("wanted_key") != pl.col("dn_key"))
    return exports.with_columns(wanted_key=dn_key("want@dn", traits.dn_style)).filter(exists & differs)
