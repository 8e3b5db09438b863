"""What objects are called when people read of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from unisono.model.frames import MV_OBJECT
from unisono.model.plan import METAVERSE
from unisono.store.contract import Reader

#: Documents that are read at once.
_DOCUMENTS = 25_000
_TITLES = ("displayName", "cn", "name", "mail", "employeeId", "uid", "accountName")


def with_names(changes: pl.DataFrame, after: Reader, before: Reader) -> pl.DataFrame:
    """Add ``name``; references are shown by the names of their targets. Who is deleted is known ``before`` only."""
    edge = pl.col("object_type") == ""  # rows of references: without a type, with ids such as ``#42`` as values
    known = _known(changes, edge, (after, before))
    own = known.select(object_id="id", name="title", own_type="known_type")
    named = changes.join(own, on="object_id", how="left", maintain_order="left")
    referred = known.select(reference=pl.format("#{}", "id"), target="title")
    for column in ("before", "after"):
        # A value may look like a reference without being one.
        reference = pl.when(edge).then(pl.col(column)).alias("reference")
        named = named.with_columns(reference).join(referred, on="reference", how="left", maintain_order="left")
        named = named.with_columns(pl.coalesce("target", column).alias(column)).drop("reference", "target")
    return named.with_columns(
        name=pl.coalesce("name", pl.format("#{}", "object_id")),
        object_type=pl.when(edge).then(pl.coalesce("own_type", "object_type")).otherwise(pl.col("object_type")),
    ).drop("own_type")


def _known(changes: pl.DataFrame, edge: pl.Expr, readers: Sequence[Reader]) -> pl.DataFrame:
    """(id, title, known_type) of all objects of the changes, from the first reader that knows them."""
    target = pl.coalesce("before", "after").str.strip_prefix("#").cast(pl.Int64)
    targets = changes.filter(edge).select("space", object_id=target)
    objects = pl.concat([changes.select("space", "object_id"), targets])
    inside = pl.col("space") == METAVERSE
    mv_ids = objects.filter(inside)["object_id"].unique().sort().alias("id")
    cs_ids = objects.filter(~inside)["object_id"].unique().sort().alias("id")
    parts = []
    for reader in readers:
        found = reader.names_of(cs_ids).select("id", title="dn", known_type="object_type")
        parts.append(found)
        cs_ids = cs_ids.filter(~cs_ids.is_in(found["id"].implode()))
        found = _titled(mv_ids, reader)
        parts.append(found)
        mv_ids = mv_ids.filter(~mv_ids.is_in(found["id"].implode()))
        if cs_ids.is_empty() and mv_ids.is_empty():
            break
    return pl.concat(parts)


def _titled(mv_ids: pl.Series, reader: Reader) -> pl.DataFrame:
    """(id, title, known_type) of metaverse objects."""
    parts = [_titled_part(mv_ids.slice(first, _DOCUMENTS), reader) for first in range(0, mv_ids.len(), _DOCUMENTS)]
    return pl.concat(parts) if parts else _titled_part(mv_ids, reader)


def _titled_part(mv_ids: pl.Series, reader: Reader) -> pl.DataFrame:
    objects = reader.metaverse(mv_ids)
    return titles(objects).with_columns(known_type=objects["object_type"])


def titles(objects: pl.DataFrame) -> pl.DataFrame:
    """(id, title): what a metaverse object is called: its displayName, or the next best attribute that it has."""
    titled = MV_OBJECT.check(objects).select("id", "attributes", title=pl.lit(None, dtype=pl.String))
    for name in _TITLES:
        # Each path is a reading of the document, and nearly everybody has the first.
        if not titled["title"].null_count():
            break
        document = pl.when(pl.col("title").is_null()).then("attributes")
        titled = titled.with_columns(title=pl.coalesce("title", document.str.json_path_match(f"$.{name}")))
    return titled.select("id", title=pl.coalesce("title", pl.format("#{}", "id")))
