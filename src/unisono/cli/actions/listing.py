"""Which of a plan's changes are listed, in which order, and how many there are of each kind.

The changes of a population are folded block by block: what is kept is counts, and the objects to show. Only who wants
all of them in order, in JSON, gets them sorted as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from unisono.cli.documents.plans import KINDS, KindCount, PlannedChange
from unisono.model.frames import Frame
from unisono.model.plan import METAVERSE, NAMED_CHANGES
from unisono.model.project import Project
from unisono.runs.ordering import in_order
from unisono.runs.spool import Spool

#: How many rows of objects are told apart at once.
_TOLD_APART = 1_000_000
#: Rows that become JSON at once.
_JSON_ROWS = 10_000
_KIND = pl.Enum(KINDS)
_OBJECTS = Frame(
    row="changes of one kind of one object in one block",
    columns={
        "kind": _KIND,
        "space": pl.String,
        "object_id": pl.Int64,
        "matches": pl.Boolean,  # whether the changes pass the filters
        "changes": pl.Int64,
    },
    key=(),
)


def with_kinds(changes: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Add ``kind``: the change, but clear and remove are told from other updates."""
    gone = (pl.col("change") == "update") & pl.col("before").is_not_null() & pl.col("after").is_null()
    references = pl.struct("space", "attribute").is_in(_reference_attributes(project).implode())
    kind = (
        pl.when(gone & references).then(pl.lit("remove")).when(gone).then(pl.lit("clear")).otherwise(pl.col("change"))
    )
    return changes.with_columns(kind=kind.cast(_KIND))


def _reference_attributes(project: Project) -> pl.Series:
    """(space, attribute) of all reference attributes."""
    schemas = [(METAVERSE, project.metaverse.schema), *((each.name, each.schema) for each in project.connectors)]
    pairs = [
        {"space": space, "attribute": attribute.name}
        for space, schema in schemas
        for object_type in schema.object_types
        for attribute in object_type.references
    ]
    return pl.Series(pairs, dtype=pl.Struct({"space": pl.String, "attribute": pl.String}))


def worst_first(changes: pl.DataFrame) -> pl.DataFrame:
    """Changes with ``kind`` in the order of a list: by kind, each by space (the metaverse first) and object."""
    elsewhere = pl.col("space") != METAVERSE
    return changes.sort("kind", elsewhere, "space", "name", "object_id", maintain_order=True)


def _order() -> pl.Expr:
    """The order of ``worst_first`` as one text. Names have no NUL, so one that begins another comes before it."""
    kind = pl.col("kind").to_physical().cast(pl.String).str.zfill(2)
    elsewhere = (pl.col("space") != METAVERSE).cast(pl.Int8).cast(pl.String)
    number = pl.col("object_id").cast(pl.String).str.zfill(20)
    return pl.concat_str(kind, elsewhere, "space", "name", number, separator="\0")


def first_objects(changes: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Of ordered changes all of the first ``limit`` objects of each kind and space."""
    objects = pl.struct("space", "object_id").rle_id()
    return changes.filter((objects - objects.min()).over("kind", "space") < limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """``kinds``: all changes; ``matching``: those that pass the filters; ``first``: of those the ones to show."""

    kinds: tuple[KindCount, ...]
    matching: tuple[KindCount, ...]
    first: pl.DataFrame


def listing(blocks: Iterable[pl.DataFrame], matches: pl.Expr, limit: int) -> Listing:
    """Count changes with ``kind``, and find the first ``limit`` matching objects of each kind and space.

    ``limit`` 0: none of them, as whoever wants all does not want them in memory.
    """
    first = nothing()
    with Spool(_OBJECTS) as objects:
        for block in blocks:
            objects.add(_objects(block, matches))
            if limit:
                best = first_objects(worst_first(block.filter(matches)), limit)
                first = first_objects(worst_first(pl.concat([first, best])), limit)
        kinds, matching = _kind_counts(objects, [True, False]), _kind_counts(objects, [True])
    return Listing(kinds=kinds, matching=matching, first=first)


def nothing() -> pl.DataFrame:
    """No change, with ``kind``."""
    return NAMED_CHANGES.empty().with_columns(kind=pl.lit(None, dtype=_KIND))


def _objects(block: pl.DataFrame, matches: pl.Expr) -> pl.DataFrame:
    """The block's changes as ``_OBJECTS``."""
    judged = block.with_columns(matches=matches)
    return judged.group_by("kind", "space", "object_id", "matches").agg(changes=pl.len().cast(pl.Int64))


def _kind_counts(objects: Spool, matching: list[bool]) -> tuple[KindCount, ...]:
    """How many different objects there are, in how many changes that match or do not.

    An object may come again in any block, and to tell all of them apart takes memory for everybody: the blocks are read
    several times, each time for a part of the objects.
    """
    passes = 1 + objects.height // _TOLD_APART
    parts = []
    for number in range(passes):
        mine = pl.col("matches").is_in(matching) & (pl.col("object_id") % passes == number)
        rows = pl.concat(block.filter(mine) for block in objects.blocks())
        parts.append(rows.group_by("kind", "space").agg(pl.n_unique("object_id").alias("objects"), pl.sum("changes")))
    counted = pl.concat(parts).group_by("kind", "space").agg(pl.sum("objects"), pl.sum("changes")).sort("kind", "space")
    return tuple(KindCount(**row) for row in counted.iter_rows(named=True))


def planned_changes(changes: pl.DataFrame) -> tuple[PlannedChange, ...]:
    return tuple(PlannedChange(**row) for row in changes.select(PlannedChange.__slots__).iter_rows(named=True))


def as_json(changes: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """The same as ``planned_changes`` in JSON, without the brackets, a piece at a time."""
    for frame in changes:
        columns = frame.select(PlannedChange.__slots__).with_columns(pl.col("kind").cast(pl.String))
        for piece in columns.iter_slices(_JSON_ROWS):
            yield piece.write_json()[1:-1].encode()


def all_in_order(blocks: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Changes with ``kind``, sorted as ``worst_first`` does, in frames of bounded size."""
    return in_order(blocks, _order())
