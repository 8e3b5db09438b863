"""The checks of frames that cross from a connector to the engine's side, and back.

*Split, do not raise*: an object that no connector space can hold becomes a discovery error, and its neighbours go on.
What shows a fault of the connector itself (a column missing, a type wrong, a result for nobody) raises
``ValueError``: nothing else it says in this run can be trusted.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from unisono.connectors.contract import ImportBatch
from unisono.connectors.redaction import Redaction
from unisono.model.frames import DELETED, DISCOVERY_ERRORS, EXPORT_RESULTS, IMPORTED
from unisono.model.names import DnStyle
from unisono.model.phases import Phase, belongs_to
from unisono.model.schema import ObjectType, Schema

#: Characters of the longest anchor that a connector space holds: as many as an index of any store takes.
ANCHOR_LIMIT = 600
#: Characters of the longest DN.
NAME_LIMIT = 4096

_MAYBE_IMPORTED = replace(IMPORTED, nullable=frozenset({"anchor", "dn"}))
_SHOWN = 200  # characters of an over-long name that an error shows


@belongs_to(Phase.DECODE)
def checked_batch(batch: ImportBatch, schema: Schema, dn_style: DnStyle, redaction: Redaction) -> ImportBatch:
    """The batch with normalized, complete, storable objects; the others are errors behind the connector's own.

    Raises ``ValueError`` where the connector breaks the contract.
    """
    if batch.object_type not in schema:
        raise ValueError(f"a batch of the object type {batch.object_type!r}, which the schema does not have")
    images = _images(batch.objects, schema[batch.object_type], dn_style)
    objects, object_errors = _split(images, _object_fault(dn_style))
    deletions, deletion_errors = _split(DELETED.check(batch.deletions), _deletion_fault())
    errors = DISCOVERY_ERRORS.check(batch.errors)
    return ImportBatch(
        object_type=batch.object_type,
        objects=objects,
        deletions=deletions,
        errors=redaction.columns(pl.concat([errors, object_errors, deletion_errors]), "message"),
    )


@belongs_to(Phase.DECODE)
def checked_results(results: pl.DataFrame, ids: pl.Series, redaction: Redaction, *, complete: bool) -> pl.DataFrame:
    """One result per id, in the order of ``ids``; only those that ``results`` has when it need not be ``complete``.

    Two results for one entry are one, and failed if either did. Raises ``ValueError`` for a result of an unknown id.
    """
    results = EXPORT_RESULTS.check(results)
    strange = results.filter(~pl.col("id").is_in(ids.implode()))
    if strange.height:
        raise ValueError(f"a result for the entry {strange['id'][0]}, which was not sent")
    single = results.sort("code", nulls_last=True, maintain_order=True).unique("id", keep="first")
    known = pl.DataFrame({"id": ids}).join(single, on="id", how="inner", maintain_order="left")
    if complete and known.height < len(ids):
        known = pl.DataFrame({"id": ids}).join(
            pl.concat([known, _forgotten(ids.filter(~ids.is_in(known["id"].implode())))]),
            on="id",
            how="inner",
            maintain_order="left",
        )
    return redaction.columns(known, "message", "cd_error")


def _forgotten(ids: pl.Series) -> pl.DataFrame:
    message = "the connector gave no result for this object; whether it was written is not known"
    frame = pl.DataFrame({"id": ids}).with_columns(code=pl.lit("unexpected-error"), message=pl.lit(message))
    return pl.concat([EXPORT_RESULTS.empty(), frame], how="diagonal")


def _images(objects: pl.DataFrame, object_type: ObjectType, dn_style: DnStyle) -> pl.DataFrame:
    """Declared columns in order, multivalued values as sorted sets, absent DNs filled with the anchor."""
    if dn_style is DnStyle.NONE:
        objects = objects.with_columns(dn=pl.col("anchor"))
    names = _MAYBE_IMPORTED.check(objects)
    values: list[pl.Series] = []
    for attribute in object_type.attributes:
        if attribute.export_only:
            values.append(pl.Series(attribute.name, [None], attribute.dtype).new_from_index(0, objects.height))
        elif objects.schema.get(attribute.name) != attribute.dtype:
            found = objects.schema.get(attribute.name, "nothing")
            raise ValueError(f"the attribute {attribute.name!r} of {object_type.name!r} came as {found}")
        else:
            column = objects[attribute.name]
            values.append(as_sets(column) if attribute.multivalued else column)
    return names.with_columns(values)


def as_sets(lists: pl.Series) -> pl.Series:
    """The normal form of multivalued values (``model.documents.normalized``): sorted, without nulls and duplicates, the
    empty set as null. One sort for all rows, because a sort per list costs a hundred times as much."""
    rows = pl.DataFrame({"row": pl.int_range(len(lists), eager=True)})
    single = rows.with_columns(value=lists).explode("value").drop_nulls("value").sort("row", "value")
    repeated = (single["row"] == single["row"].shift(1)) & (single["value"] == single["value"].shift(1))
    sets = single.filter(~repeated.fill_null(value=False)).group_by("row", maintain_order=True).agg("value")
    return rows.join(sets, on="row", how="left", maintain_order="left")["value"].alias(lists.name)


def _split(frame: pl.DataFrame, fault: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good rows, and the others as discovery errors."""
    code = frame.select(fault.alias("code")).to_series()
    if code.null_count() == frame.height:
        return frame, DISCOVERY_ERRORS.empty()
    bad = frame.select(_shown("anchor"), _shown("dn")).with_columns(code=code).filter(pl.col("code").is_not_null())
    bad = bad.with_columns(message=pl.col("code").replace_strict(_MESSAGES, return_dtype=pl.String))
    return frame.filter(code.is_null()), pl.concat([DISCOVERY_ERRORS.empty(), bad], how="diagonal")


def _shown(name: str) -> pl.Expr:
    long = pl.col(name).str.len_chars() > _SHOWN
    return pl.when(long).then(pl.col(name).str.head(_SHOWN) + "…").otherwise(pl.col(name)).alias(name)


def _object_fault(dn_style: DnStyle) -> pl.Expr:
    """The code of the first thing wrong with an object's names, or null."""
    anchor, dn = pl.col("anchor"), pl.col("dn")
    missing_dn = (dn.is_null() | (dn == "")) if dn_style is not DnStyle.NONE else pl.lit(value=False)
    return (
        pl.when(anchor.is_null() | (anchor == ""))
        .then(pl.lit("missing-anchor-component"))
        .when(_too_long(anchor, ANCHOR_LIMIT))
        .then(pl.lit("anchor-too-long"))
        .when(missing_dn)
        .then(pl.lit("missing-dn"))
        .when(_too_long(dn, NAME_LIMIT) | _has_nul(anchor) | _has_nul(dn))
        .then(pl.lit("invalid-dn"))
    )


def _deletion_fault() -> pl.Expr:
    anchor, dn = pl.col("anchor").fill_null(""), pl.col("dn").fill_null("")
    return (
        pl.when((anchor == "") & (dn == ""))
        .then(pl.lit("missing-anchor-component"))
        .when(_too_long(anchor, ANCHOR_LIMIT))
        .then(pl.lit("anchor-too-long"))
        .when(_too_long(dn, NAME_LIMIT) | _has_nul(anchor) | _has_nul(dn))
        .then(pl.lit("invalid-dn"))
    )


def _too_long(name: pl.Expr, limit: int) -> pl.Expr:
    return (name.str.len_bytes() > limit) & (name.str.len_chars() > limit)


def _has_nul(name: pl.Expr) -> pl.Expr:
    return name.str.contains("\0", literal=True)


_MESSAGES = {
    "missing-anchor-component": "the object has no anchor",
    "anchor-too-long": f"the anchor is longer than {ANCHOR_LIMIT} characters",
    "missing-dn": "the object has no distinguished name",
    "invalid-dn": f"the distinguished name is longer than {NAME_LIMIT} characters or has a NUL character",
}
