"""Declared schemas of the frames that cross package boundaries.

A frame is described once, here: one row per what, which columns, which key. ``Frame.check`` is called at the
boundaries; ``Frame.empty`` gives the frame with no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.model.schema import PolarsType


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One row per ``row``; ``columns`` in order; ``key`` identifies a row; columns in ``nullable`` may be null."""

    row: str
    columns: Mapping[str, PolarsType]
    key: tuple[str, ...]
    nullable: frozenset[str] = frozenset()
    _nothing: pl.DataFrame = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_nothing", pl.DataFrame(schema=dict(self.columns)))

    def empty(self) -> pl.DataFrame:
        return self._nothing.clear()

    def check(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the declared columns in order; raises ``ValueError`` when one is missing, mistyped or null."""
        schema = frame.schema
        for name, dtype in self.columns.items():
            if name not in schema:
                raise ValueError(f"a frame of {self.row} lacks the column {name!r}")
            if schema[name] != dtype:
                raise ValueError(f"a frame of {self.row} has {name!r} as {schema[name]}, not {dtype}")
            if name not in self.nullable and frame[name].null_count():
                raise ValueError(f"a frame of {self.row} has nulls in {name!r}")
        return frame if list(schema) == list(self.columns) else frame.select(list(self.columns))


# --- between connectors and runs -------------------------------------------------------------------------------------

#: Columns of an import frame beside one column per attribute of the object type.
IMPORTED = Frame(
    row="an object as its connected data source shows it (complete image)",
    columns={"anchor": pl.String, "dn": pl.String},
    key=("anchor",),
)
DELETED = Frame(
    row="an object that the connected data source reports as deleted",
    columns={"anchor": pl.String, "dn": pl.String},
    key=(),
    nullable=frozenset({"anchor", "dn"}),  # at least one of both
)
DISCOVERY_ERRORS = Frame(
    row="a discovery error",
    columns={
        "code": pl.String,
        "anchor": pl.String,
        "dn": pl.String,
        "attribute": pl.String,
        "entry": pl.Int64,  # counted from 1
        "line": pl.Int64,
        "column": pl.Int64,
        "message": pl.String,
    },
    key=(),
    nullable=frozenset({"anchor", "dn", "attribute", "entry", "line", "column"}),
)
#: Columns of an export frame beside attribute columns (see ``connectors.contract.ExportBatch``).
EXPORTED = Frame(
    row="an object to add, update or delete in the connected data source",
    columns={
        "id": pl.Int64,  # opaque, echoed in the result
        "anchor": pl.String,
        "dn": pl.String,
        "new_dn": pl.String,
        "changed": pl.List(pl.String),
    },
    key=("id",),
    nullable=frozenset({"anchor", "new_dn"}),
)
EXPORT_RESULTS = Frame(
    row="the outcome of one exported object",
    columns={
        "id": pl.Int64,
        "code": pl.String,  # null: accepted
        "attribute": pl.String,
        "message": pl.String,
        "cd_error": pl.String,  # the connected system's own code and words
        "anchor": pl.String,  # as the connected system assigned it
        "dn": pl.String,
    },
    key=("id",),
    nullable=frozenset({"code", "attribute", "message", "cd_error", "anchor", "dn"}),
)

# --- between store, engine and runs ----------------------------------------------------------------------------------

#: Narrow view of a connector space for staging.
CS_INDEX = Frame(
    row="an object or placeholder of one connector space",
    columns={
        "id": pl.Int64,
        "object_type": pl.String,  # null: placeholder
        "anchor": pl.String,
        "dn": pl.String,
        "dn_key": pl.String,
        "import_operation": pl.String,  # add, update, delete, delete-add; null: none pending
        "hologram_hash": pl.Int64,  # null: never synchronized
        "import_hash": pl.Int64,  # of the image as last imported (L1); null: never imported
        "export_operation": pl.String,
        "unconfirmed_operation": pl.String,  # add, update, delete; null: nothing awaits confirmation
        "mv_id": pl.Int64,
    },
    key=("id",),
    nullable=frozenset(
        {
            "object_type",
            "anchor",
            "import_operation",
            "hologram_hash",
            "import_hash",
            "export_operation",
            "unconfirmed_operation",
            "mv_id",
        }
    ),
)
#: What a full import has to know of a connector space beforehand.
CS_OUTLINE = Frame(
    row="an object or placeholder of one connector space",
    columns={
        "id": pl.Int64,
        "anchor": pl.String,
        "name": pl.String,  # the key of its DN, where that is another text than the anchor
        "import_hash": pl.Int64,
        "at_rest": pl.Boolean,  # an object without pending delete that awaits no confirmation
    },
    key=("id",),
    nullable=frozenset({"anchor", "name", "import_hash"}),
)
#: A connector-space object with its layers.
CS_OBJECT = Frame(
    row="a connector-space object",
    columns={
        "id": pl.Int64,
        "connector": pl.String,
        "object_type": pl.String,
        "anchor": pl.String,  # null: provisioned and not exported yet
        "dn": pl.String,
        "dn_key": pl.String,
        "state": pl.String,  # normal, explicit, filtered
        "mv_id": pl.Int64,  # null: disconnector
        "link_kind": pl.String,  # join, projection, provisioning, joiner
        "link_rule": pl.String,
        "import_operation": pl.String,
        "obsolete": pl.Boolean,
        "reevaluate": pl.Boolean,  # all of its rules, provisioning included, though nothing of it changed
        "hologram": pl.String,  # document
        "pending_import": pl.String,  # document: the complete image that waits for synchronization
        "export_operation": pl.String,  # add, update, delete
        "new_dn": pl.String,  # pending rename
        "pending_export": pl.String,  # change document
        "unconfirmed_operation": pl.String,
        "unconfirmed_export": pl.String,  # change document
        "import_error": pl.String,  # code of the last synchronization error
    },
    key=("id",),
    nullable=frozenset(
        {
            "anchor",
            "mv_id",
            "link_kind",
            "link_rule",
            "import_operation",
            "hologram",
            "pending_import",
            "export_operation",
            "new_dn",
            "pending_export",
            "unconfirmed_operation",
            "unconfirmed_export",
            "import_error",
        }
    ),
)
MV_OBJECT = Frame(
    row="a metaverse object",
    columns={
        "id": pl.Int64,
        "object_type": pl.String,
        "attributes": pl.String,  # document
        "lineage": pl.String,  # {"rule": {attribute: rule id}, "run": {attribute: run id}}
    },
    key=("id",),
)
JOIN_KEYS = Frame(
    row="a value by which a metaverse object can be found",
    columns={"attribute": pl.String, "value": pl.String, "mv_id": pl.Int64},
    key=("attribute", "value", "mv_id"),
)
#: An edge inside one connector space or inside the metaverse.
EDGES = Frame(
    row="a reference",
    columns={"source_id": pl.Int64, "attribute": pl.String, "target_id": pl.Int64},
    key=("source_id", "attribute", "target_id"),
)
#: Which references a question is about: all that start at the objects with these ids, or only edges that may be there
#: (``source_id``, ``attribute``, ``target_id``).
Extent = pl.Series | pl.DataFrame
