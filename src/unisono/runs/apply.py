"""Write plans into a unit of work. Nothing is decided here."""

from __future__ import annotations

import polars as pl

from unisono.engine.adopting import Adoption
from unisono.engine.confirm import Confirmation
from unisono.engine.exports import accepted_objects
from unisono.engine.staging import DeletionPlan, StagePlan
from unisono.model.frames import EDGES
from unisono.model.names import DnStyle
from unisono.model.plan import ReferencePlan, SyncPlan
from unisono.model.schema import ObjectType
from unisono.store.contract import UnitOfWork


def apply_staging(plan: StagePlan, unit: UnitOfWork) -> None:
    """Write what staging one batch decided."""
    if plan.added.height:
        unit.insert_objects(plan.added)
    confirmation = plan.confirmation
    unit.update_objects(plan.updated.drop("connector"), plan.refreshed, *_settled(confirmation))
    references = plan.references
    if references.placeholders.height:
        unit.insert_objects(references.placeholders)
    if references.written.height:
        unit.write_edges(references.written)
    if references.removed.height:
        unit.delete_edges(references.removed)
    if confirmation.edges_settled.height:
        unit.delete_export_edges(confirmation.edges_settled)
    if confirmation.edges_again.height:
        unit.write_export_edges(confirmation.edges_again)
        restore_operations(confirmation.edges_again["source_id"].unique().alias("id"), unit)


def _settled(confirmation: Confirmation) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Columns to set on objects that await nothing any more, and on those that are back."""
    nothing = pl.lit(None, dtype=pl.String)
    return (
        confirmation.settled.with_columns(unconfirmed_operation=nothing, unconfirmed_export=nothing),
        confirmation.returned.to_frame("id").with_columns(state=pl.lit("normal")),
    )


def apply_adoption(adoption: Adoption, unit: UnitOfWork) -> None:
    """Write what objects take over from others that had their names."""
    if adoption.removed.height:
        unit.delete_edges(adoption.removed)
    if adoption.written.height:
        unit.write_edges(adoption.written)
    if adoption.reopened.height:
        unit.update_objects(adoption.reopened)
    if adoption.exports_removed.height:
        unit.delete_export_edges(adoption.exports_removed)
    if adoption.exports_written.height:
        unit.write_export_edges(adoption.exports_written)
    unit.delete_objects(adoption.former)


def provision_again(displaced: pl.Series, unit: UnitOfWork) -> None:
    """Whoever lost a provisioned object to an import looks for another one, or reports why there can be none.

    The other connectors of its metaverse object are evaluated again at their next synchronization (engine
    specification §2.7: provisioning retry).
    """
    linked = unit.linked(displaced.alias("id"))["mv_id"].unique().alias("id")
    others = unit.connectors_of(linked, besides=displaced.alias("id"))
    if others.height:
        unit.update_objects(others.select("id", reevaluate=pl.lit(value=True)))


def apply_answers(answers: pl.DataFrame, object_type: ObjectType, style: DnStyle, unit: UnitOfWork) -> None:
    """Record additions whose answers got lost, as if they had come. Whether references were sent nobody knows."""
    unit.update_objects(accepted_objects(unit.objects(answers["id"]), answers, object_type, style))
    restore_operations(answers["id"], unit)


def compare_referrers(renamed: pl.Series, unit: UnitOfWork) -> pl.Series:
    """The ids of objects with references to renamed ones: what they say may mean somebody else now.

    A server that keeps references intact shows the new name next time, another one still the old name; the next import
    has to look closely.
    """
    referrers = unit.edges_to(renamed)["source_id"].unique()
    if referrers.len():
        unit.forget_hashes(referrers)
    return referrers


def apply_deletions(plan: DeletionPlan, unit: UnitOfWork, *, obsolete: bool) -> None:
    """Stage deletions; ``obsolete``: because a full import did not show the objects."""
    if plan.deleted.len():
        unit.update_objects(
            plan.deleted.to_frame("id").with_columns(
                import_operation=pl.lit("delete"),
                obsolete=pl.lit(obsolete),
                pending_import=pl.lit(None, dtype=pl.String),
            )
        )
    if plan.vanished.len():
        unit.delete_objects(plan.vanished)


def apply_synchronization(plan: SyncPlan, unit: UnitOfWork, run_id: int) -> None:
    """Write a synchronization plan."""
    _apply_metaverse(plan, unit)
    if plan.removed.len():
        unit.delete_objects(plan.removed)
    if plan.provisioned.height:
        _apply_provisioned(plan.provisioned, unit)
    freed = _drop_waiting_references(plan.links, unit)
    unit.promote(plan.promoted, plan.links, plan.exports, plan.renamed_adds)
    idle = plan.exports.filter(pl.col("export_operation").is_null())["id"]
    restore_operations(pl.concat([idle, freed]).unique(), unit)
    if plan.errors.height:
        unit.update_objects(
            plan.errors.select("id", import_error="code", import_error_run=pl.lit(run_id, dtype=pl.Int64))
        )


def _drop_waiting_references(links: pl.DataFrame, unit: UnitOfWork) -> pl.Series:
    """What is no connector any more has no reference to export; the ids of those that had one waiting."""
    cut = links.filter(pl.col("mv_id").is_null())["id"]
    waiting = unit.waiting_edges_of(cut)
    if waiting.height:
        unit.delete_export_edges(waiting.select(list(EDGES.columns)))
    return waiting["source_id"].unique().alias("id")


def _apply_metaverse(plan: SyncPlan, unit: UnitOfWork) -> None:
    if plan.mv_added.height:
        unit.insert_metaverse(plan.mv_added)
    if plan.mv_updated.height:
        unit.update_metaverse(plan.mv_updated.drop("object_type"))
    if plan.join_keys_of.len() or plan.join_keys.height:
        unit.replace_join_keys(plan.join_keys_of, plan.join_keys)
    if plan.mv_deleted.len():
        unit.delete_metaverse(plan.mv_deleted)


def _apply_provisioned(provisioned: pl.DataFrame, unit: UnitOfWork) -> None:
    rows = provisioned.drop("takes_over").with_columns(
        state=pl.lit("normal"), link_kind=pl.lit("provisioning"), export_operation=pl.lit("add")
    )
    # A place may have gone with the object that left it, as nothing led there.
    places = unit.names_of(provisioned.filter("takes_over")["id"])["id"]
    taking = provisioned["id"].is_in(places.implode())
    if (~taking).any():
        unit.insert_objects(rows.filter(~taking))
    if taking.any():
        unit.update_objects(rows.filter(taking).drop("connector"))


def apply_references(plan: ReferencePlan, unit: UnitOfWork) -> None:
    """Write a plan of the reference phase."""
    if plan.mv_removed.height:
        unit.delete_references(plan.mv_removed)
    if plan.mv_added.height:
        unit.write_references(plan.mv_added)
    if plan.exports_removed.height:
        unit.delete_export_edges(plan.exports_removed)
    if plan.exports_added.height:
        unit.write_export_edges(plan.exports_added)
    changed = pl.concat([plan.exports_added["source_id"], plan.exports_removed["source_id"]]).unique()
    restore_operations(changed.alias("id"), unit)


def restore_operations(ids: pl.Series, unit: UnitOfWork) -> None:
    """An object whose only pending change is one of references has the operation update; without any it has none."""
    if ids.is_empty():
        return
    waiting = unit.waiting_edges_of(ids)["source_id"].unique()
    objects = unit.objects(ids).filter(pl.col("pending_export").is_null() & pl.col("new_dn").is_null())
    should = pl.when(pl.col("id").is_in(waiting.implode())).then(pl.lit("update"))
    wanted = objects.select("id", "export_operation", should=should).filter(
        pl.col("export_operation").is_null() | (pl.col("export_operation") == "update")
    )
    wrong = wanted.filter(pl.col("export_operation").ne_missing(pl.col("should")))
    if wrong.height:
        unit.update_objects(wrong.select("id", export_operation="should"))
