"""Staging: what a connected data source shows, against what the connector space holds (engine spec. §2.7, §3.4).

An object is compared by the hash of its complete image. Only objects whose hash differs are looked at more closely and
written; an import that finds nothing changed writes no object. An import that verifies looks at all of them closely,
and tells which the hash would have passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.engine.compile_flow import PREFIX, column
from unisono.engine.confirm import Confirmation, confirm
from unisono.engine.facts import Facts, Ids
from unisono.engine.staged_references import StagedReferences, incoming_edges, stage_references
from unisono.model.documents import content_hash, documents
from unisono.model.frames import DISCOVERY_ERRORS
from unisono.model.names import DnStyle, dn_key
from unisono.model.runs import Counter
from unisono.model.schema import ObjectType

_NO_IDS = pl.Series("id", [], dtype=pl.Int64)
_NEW = {
    "id": pl.Int64,
    "connector": pl.String,
    "object_type": pl.String,
    "anchor": pl.String,
    "dn": pl.String,
    "dn_key": pl.String,
    "import_operation": pl.String,
    "pending_import": pl.String,
    "import_hash": pl.Int64,
    "obsolete": pl.Boolean,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The connector space that is staged into, and the constants of this import."""

    connector: str
    style: DnStyle
    hash_seed: int
    full: bool
    verify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """What staging one batch would write.

    ``added``: new objects; ``updated``: rows of existing objects and of placeholders taken over, with the same columns;
    ``refreshed``: (id, import_hash, hologram_hash) of objects that did not change but whose hash did; ``renamed``: ids
    of objects that have another name than before; ``displaced``: (former, id) of provisioned objects without anchor
    and of the imported ones that replace them, having their names; ``seen``: (anchor, id) of all objects in the batch.
    """

    added: pl.DataFrame
    updated: pl.DataFrame
    refreshed: pl.DataFrame
    renamed: pl.Series
    displaced: pl.DataFrame
    references: StagedReferences
    confirmation: Confirmation
    seen: pl.DataFrame
    passed_over: pl.Series  # anchors of objects that changed although their hash did not
    errors: pl.DataFrame  # DISCOVERY_ERRORS
    counts: Mapping[Counter, int] = field(default_factory=dict)


def imaged(batch: pl.DataFrame, object_type: ObjectType, space: Space) -> pl.DataFrame:
    """The batch (``IMPORTED`` and attribute columns, normalized) as complete images: ``position``, ``anchor``, ``dn``,
    ``dn_key``, ``object_type``, ``@`` columns, and the ``hash`` of all that the connected data source may change."""
    names = [a.name for a in object_type.attributes]
    rows = batch.select("anchor", "dn", *(pl.col(name).alias(column(name)) for name in names))
    rows = rows.with_row_index("position").with_columns(
        dn_key=dn_key("dn", space.style), object_type=pl.lit(object_type.name)
    )
    hashed = [*sorted(column(a.name) for a in object_type.attributes if not a.export_only), "dn", "object_type"]
    return rows.with_columns(hash=content_hash(rows, hashed, seed=space.hash_seed))


def stage(
    images: pl.DataFrame,
    object_type: ObjectType,
    index: pl.DataFrame,
    seen: pl.Series,
    space: Space,
    facts: Facts,
    ids: Ids,
) -> StagePlan:
    """Stage complete images of objects of one type.

    ``images``: as ``imaged`` gives them; ``index``: ``CS_INDEX`` with at least every object and placeholder that shares
    an anchor or name with them, or is the target of one of their references; ``seen``: ids that this import delivered
    before (a full import must not deliver an object twice; a delta may).
    """
    rows = _identified(images, index)
    repeated = _repeated(rows, seen, space)
    errors = _duplicates(rows.filter(repeated))
    rows = _with_ids(rows.filter(~repeated), ids)
    rows = rows.with_columns(same=_has_same_hash())
    known = rows.filter(pl.col("known"))
    changed = known if space.verify else known.filter(~pl.col("same"))
    fresh = rows.filter(~pl.col("known"))
    written = pl.concat([changed, fresh], how="diagonal_relaxed").sort("position")
    references = stage_references(written, object_type, index, rows, space.connector, space.style, facts, ids)
    unchanged = _unchanged_after_all(changed, object_type, references, facts)
    updated = changed.filter(~pl.col("id").is_in(unchanged["id"].implode()))
    awaited = pl.col("unconfirmed_operation").is_not_null() & ~pl.col("id").is_in(written["id"].implode())
    unwritten = references.resolve(incoming_edges(known.filter(awaited), object_type), index, rows)
    confirmation = confirm(known, object_type, pl.concat([references.edges, unwritten]), facts)
    takeover = fresh.filter(pl.col("takes_over"))
    return StagePlan(
        added=_staged(fresh.filter(~pl.col("takes_over")), object_type, space),
        updated=_staged(pl.concat([updated, takeover], how="diagonal_relaxed"), object_type, space),
        refreshed=unchanged.filter(~pl.col("same")).select("id", _synchronized_hash(), import_hash="hash"),
        renamed=updated.filter(pl.col("old_key") != pl.col("dn_key"))["id"],
        displaced=rows.select("id", former="displaces").drop_nulls().select("former", "id"),
        references=references,
        confirmation=confirmation,
        seen=rows.select("anchor", "id"),
        passed_over=updated.filter("same")["anchor"],
        errors=errors,
        counts=_counts(rows, updated, errors),
    )


def _identified(images: pl.DataFrame, index: pl.DataFrame) -> pl.DataFrame:
    """The images with who they are: known by anchor, taking over a placeholder, or new."""
    by_anchor = index.filter(pl.col("anchor").is_not_null()).select(
        "anchor",
        "id",
        "import_operation",
        "hologram_hash",
        "import_hash",
        "export_operation",
        "unconfirmed_operation",
        "mv_id",
        old_type="object_type",
        old_dn="dn",
        old_key="dn_key",
    )
    unanchored = index.filter(pl.col("anchor").is_null())
    placeholders = unanchored.filter(pl.col("object_type").is_null()).select("dn_key", placeholder="id")
    provisioned = unanchored.filter(pl.col("object_type").is_not_null()).select("dn_key", displaces="id")
    joined = images.join(by_anchor, on="anchor", how="left", maintain_order="left").with_columns(
        known=pl.col("id").is_not_null()
    )
    joined = joined.join(placeholders.unique("dn_key"), on="dn_key", how="left", maintain_order="left")
    joined = joined.join(provisioned.unique("dn_key"), on="dn_key", how="left", maintain_order="left")
    new = ~pl.col("known")
    return joined.with_columns(
        retyped=(pl.col("old_type") != pl.col("object_type")).fill_null(value=False),
        takes_over=new & pl.col("placeholder").is_not_null(),
        displaces=pl.when(new).then(pl.col("displaces")),
        id=pl.when(new).then(pl.col("placeholder")).otherwise(pl.col("id")),
    )


def _has_same_hash() -> pl.Expr:
    """Whether a known object's hash says that nothing changed."""
    here = (pl.col("import_operation") != "delete").fill_null(value=True)
    return pl.col("known") & pl.col("import_hash").eq_missing(pl.col("hash")) & here & ~pl.col("retyped")


def _repeated(rows: pl.DataFrame, seen: pl.Series, space: Space) -> pl.Series:
    """Which rows bring an anchor that this full import brought before (engine specification §3.5)."""
    if not space.full:
        return pl.Series([False] * rows.height, dtype=pl.Boolean)
    before = pl.col("known") & pl.col("id").is_in(seen.implode())
    return rows.select(before.fill_null(value=False) | ~pl.col("anchor").is_first_distinct()).to_series()


def _duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit(None, dtype=pl.Int64)
    return DISCOVERY_ERRORS.check(
        rows.select(
            "anchor",
            "dn",
            code=pl.lit("duplicate-object"),
            attribute=pl.lit(None, dtype=pl.String),
            entry=none,
            line=none,
            column=none,
            message=pl.format("the anchor {} came twice in one full import; the first object was staged", "anchor"),
        )
    )


def _with_ids(rows: pl.DataFrame, ids: Ids) -> pl.DataFrame:
    """Give fresh ids to new objects, in the order of anchors, in which they are read again and again.

    Two objects of one name cannot both take over its placeholder.
    """
    first_taker = pl.col("takes_over") & pl.col("dn_key").is_first_distinct()
    rows = rows.with_columns(takes_over=first_taker, id=pl.when(pl.col("known") | first_taker).then(pl.col("id")))
    missing = rows["id"].null_count()
    if not missing:
        return rows
    first = ids(missing)
    place = pl.when(pl.col("id").is_null()).then(pl.col("anchor")).rank("ordinal")
    number = place.cast(pl.Int64) - 1 + first
    return rows.with_columns(id=pl.coalesce("id", number))


def _unchanged_after_all(
    changed: pl.DataFrame, object_type: ObjectType, references: StagedReferences, facts: Facts
) -> pl.DataFrame:
    """Objects whose hash differs although nothing did: hashes of another Polars version, or renamed referees."""
    if changed.is_empty():
        return changed
    stored = facts.objects(changed["id"]).select(
        "id",
        stored=pl.when((pl.col("import_operation") != "delete").fill_null(value=True)).then(
            pl.coalesce("pending_import", "hologram")
        ),
    )
    text = changed.select("id").with_columns(document=_documents(changed, object_type))
    same = text.join(stored, on="id").filter(pl.col("document") == pl.col("stored"))["id"]
    moved = references.sources()
    return changed.filter(
        pl.col("id").is_in(same.implode())
        & ~pl.col("id").is_in(moved.implode())
        & (pl.col("old_dn") == pl.col("dn"))
        & ~pl.col("retyped")
    )


def _synchronized_hash() -> pl.Expr:
    """Where nothing is pending the imported image is the synchronized one, so their hashes are the same again."""
    return pl.when(pl.col("import_operation").is_null()).then("hash").otherwise("hologram_hash").alias("hologram_hash")


def _documents(rows: pl.DataFrame, object_type: ObjectType) -> pl.Series:
    return documents(rows, [a for a in object_type.values if not a.export_only], prefix=PREFIX)


def _staged(rows: pl.DataFrame, object_type: ObjectType, space: Space) -> pl.DataFrame:
    """Rows to write: the new image waits for synchronization, unless it is the synchronized one again (§2.4)."""
    if rows.is_empty():
        return pl.DataFrame(schema=_NEW)
    back = (pl.col("hologram_hash") == pl.col("hash")).fill_null(value=False) & ~pl.col("retyped") & ~pl.col("same")
    operation = (
        pl.when(pl.col("retyped") & pl.col("hologram_hash").is_not_null())
        .then(pl.lit("delete-add"))
        .when(pl.col("hologram_hash").is_null())
        .then(pl.lit("add"))
        .when(~back)
        .then(pl.lit("update"))
    )
    rows = rows.with_columns(document=_documents(rows, object_type))
    return rows.select(
        "id",
        connector=pl.lit(space.connector),
        object_type="object_type",
        anchor="anchor",
        dn="dn",
        dn_key="dn_key",
        import_operation=operation,
        pending_import=pl.when(~back).then(pl.col("document")),
        import_hash="hash",
        obsolete=pl.lit(value=False),
    )


def _counts(rows: pl.DataFrame, updated: pl.DataFrame, errors: pl.DataFrame) -> dict[Counter, int]:
    """Each delivered object counts once; a rename counts as such even when values change too (§9.6)."""
    retyped = updated.filter("retyped").height
    renamed = updated.filter(~pl.col("retyped") & (pl.col("old_dn") != pl.col("dn"))).height
    known = rows.filter("known").height
    counts = {
        Counter.STAGE_ADD: rows.height - known,
        Counter.STAGE_DELETE_ADD: retyped,
        Counter.STAGE_RENAME: renamed,
        Counter.STAGE_UPDATE: updated.height - retyped - renamed,
        Counter.STAGE_NO_CHANGE: known - updated.height,
        Counter.STAGE_FAILURE: errors.height,
    }
    return {counter: number for counter, number in counts.items() if number}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPlan:
    """``deleted``: ids that get a pending delete; ``vanished``: ids that nobody has to learn of, so they just go."""

    deleted: pl.Series = field(default_factory=lambda: _NO_IDS)
    vanished: pl.Series = field(default_factory=lambda: _NO_IDS)
    unknown: int = 0  # reported deletions of objects that the connector space does not know


def stage_deletions(gone: pl.DataFrame, reported: int) -> DeletionPlan:
    """Stage the deletion of objects (``CS_INDEX`` rows).

    An object that was never synchronized has nobody to tell; one whose exported deletion waits for confirmation is
    confirmed by its absence. Both are removed. ``reported``: how many deletions the connected data source reported.
    """
    silent = (pl.col("unconfirmed_operation") == "delete").fill_null(value=False) | (
        pl.col("hologram_hash").is_null() & pl.col("mv_id").is_null()
    )
    pending = (pl.col("import_operation") == "delete").fill_null(value=False)
    return DeletionPlan(
        deleted=gone.filter(~silent & ~pending)["id"].sort(),
        vanished=gone.filter(silent)["id"].sort(),
        unknown=max(reported - gone.height, 0),
    )
