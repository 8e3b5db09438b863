"""Frames of objects as documents: what people see of an object, whichever command shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from unisono.cli.documents.objects import (
    AttributeValue,
    Change,
    KnownError,
    MetaverseHit,
    MetaverseObject,
    Offer,
    Reference,
    Scope,
    SpaceHit,
    SpaceObject,
    Trial,
)
from unisono.cli.finding import ids
from unisono.model.project import Project
from unisono.model.secrets import HIDDEN
from unisono.runs.naming import titles
from unisono.store.contract import Reader

Row = dict[str, Any]  # Any: a row of a frame has values of several types


# --- the metaverse ---------------------------------------------------------------------------------------------------


def metaverse_hits(objects: pl.DataFrame, text: str) -> tuple[MetaverseHit, ...]:
    """``MV_OBJECT`` rows that a search found."""
    named = objects.join(titles(objects), on="id", maintain_order="left")
    return tuple(
        MetaverseHit(
            id=row["id"],
            object_type=row["object_type"],
            title=row["title"],
            matched=_matched(json.loads(row["attributes"]), text),
        )
        for row in named.iter_rows(named=True)
    )


def _matched(attributes: Row, text: str) -> str | None:
    wanted = text.casefold()
    for name, value in attributes.items():
        for each in value if isinstance(value, list) else (value,):
            if wanted in str(each).casefold():
                return f"{name}={each}"
    return None


def metaverse_object(objects: pl.DataFrame, reader: Reader) -> MetaverseObject:
    """One row of ``MV_OBJECT`` with lineage, references and connectors."""
    (row,) = objects.iter_rows(named=True)
    names = reader.rule_names()
    lineage = {"rule": {}, "run": {}, **json.loads(row["lineage"])}
    values = tuple(
        AttributeValue(
            attribute=name, value=value, rule=names.get(lineage["rule"].get(name)), run=lineage["run"].get(name)
        )
        for name, value in json.loads(row["attributes"]).items()
    )
    return MetaverseObject(
        id=row["id"],
        object_type=row["object_type"],
        title=title_of(objects),
        attributes=values,
        references=tuple(_metaverse_references(objects["id"], names, reader)),
        connectors=space_hits(reader.connectors_of(objects["id"]).sort("connector", "id")),
    )


def title_of(objects: pl.DataFrame) -> str:
    return str(titles(objects)["title"][0])


def _metaverse_references(mv_ids: pl.Series, names: dict[int, str], reader: Reader) -> Iterator[Reference]:
    edges = reader.references_of(mv_ids)
    named = edges.join(
        titles(reader.metaverse(edges["target_id"].unique().alias("id"))),
        left_on="target_id",
        right_on="id",
        maintain_order="left",
    )
    for row in named.sort("attribute", "title", "target_id").iter_rows(named=True):
        yield Reference(
            attribute=row["attribute"],
            id=row["target_id"],
            name=row["title"],
            state="synchronized",
            rule=names.get(row["rule_id"]),
            run=row["run_id"],
        )


# --- connector spaces ------------------------------------------------------------------------------------------------


def space_hits(objects: pl.DataFrame) -> tuple[SpaceHit, ...]:
    """``CS_OBJECT`` rows in brief, in the order of the frame."""
    return tuple(SpaceHit(**row) for row in objects.select(SpaceHit.__slots__).iter_rows(named=True))


def space_object(objects: pl.DataFrame, project: Project, reader: Reader) -> SpaceObject:
    """One row of ``CS_OBJECT`` with its layers, references and errors; what is export-only nobody reads."""
    (row,) = objects.iter_rows(named=True)
    secret = _export_only(row["connector"], row["object_type"], project)
    return SpaceObject(
        object=space_hits(objects)[0],
        title=linked_title(row["mv_id"], reader),
        obsolete=row["obsolete"],
        new_dn=row["new_dn"],
        hologram=_values(row["hologram"]),
        pending_import=_values(row["pending_import"]),
        pending_export=_change(row["pending_export"], secret),
        unconfirmed_export=_change(row["unconfirmed_export"], secret),
        references=space_references(objects["id"], reader),
        errors=known_errors(row["id"], reader),
    )


def linked_title(mv_id: int | None, reader: Reader) -> str | None:
    """The title of the metaverse object that a connector is linked with."""
    return title_of(reader.metaverse(ids(mv_id))) if mv_id is not None else None


def _values(document: str | None) -> Row | None:
    return json.loads(document) if document is not None else None


def _export_only(connector: str, object_type: str, project: Project) -> frozenset[str]:
    definition = project.connector(connector)
    if definition is None or object_type not in definition.schema:
        return frozenset()
    return frozenset(a.name for a in definition.schema[object_type].attributes if a.export_only)


def _change(document: str | None, secret: frozenset[str]) -> Change | None:
    if document is None:
        return None
    change = json.loads(document)
    values = {name: HIDDEN if name in secret else value for name, value in change["set"].items()}
    return Change(set=values, clear=tuple(change["clear"]))


_STORED = {"hologram": "synchronized", "add": "pending import add", "delete": "pending import delete"}


def space_references(cs_ids: pl.Series, reader: Reader) -> tuple[Reference, ...]:
    """References that were imported, and those that are pending or unconfirmed exports."""
    stored = reader.edges_of(cs_ids).select(
        "attribute", "target_id", state=pl.col("layer").replace_strict(_STORED, return_dtype=pl.String)
    )
    state = pl.when(pl.col("state") == "pending").then(pl.lit("pending export ")).otherwise(pl.lit("unconfirmed "))
    exported = reader.export_edges_of(cs_ids).select(
        "attribute", "target_id", state=pl.concat_str(state, pl.col("operation"))
    )
    edges = pl.concat([stored, exported])
    names = reader.names_of(edges["target_id"].unique().alias("id")).select(target_id="id", name="dn")
    named = edges.join(names, on="target_id", maintain_order="left").sort("attribute", "name", "state")
    return tuple(
        Reference(attribute=row["attribute"], id=row["target_id"], name=row["name"], state=row["state"])
        for row in named.iter_rows(named=True)
    )


#: Object errors of the latest runs among which one object's are looked for.
_LATEST_ERRORS = 1_000_000


def known_errors(cs_id: int, reader: Reader) -> tuple[KnownError, ...]:
    """The object's errors in the latest run of its connector."""
    own = reader.errors(limit=_LATEST_ERRORS).filter(cs_id=cs_id).rename({"run_id": "run"})
    return tuple(KnownError(**row) for row in own.select(KnownError.__slots__).iter_rows(named=True))


# --- rules -----------------------------------------------------------------------------------------------------------


def scopes(frame: pl.DataFrame) -> tuple[Scope, ...]:
    return tuple(Scope(**row) for row in frame.iter_rows(named=True))


def trials(frame: pl.DataFrame) -> tuple[Trial, ...]:
    return tuple(Trial(**row) for row in frame.iter_rows(named=True))


def offers(frame: pl.DataFrame) -> tuple[Offer, ...]:
    """``CONTRIBUTIONS`` in the order of the frame."""
    return tuple(Offer(**row) for row in frame.iter_rows(named=True))
