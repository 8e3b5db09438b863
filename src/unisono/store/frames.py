"""What a store answers, as declared frames."""

from __future__ import annotations

import polars as pl

from unisono.model.frames import Frame

STORED_EDGES = Frame(
    row="a reference inside a connector space",
    columns={"source_id": pl.Int64, "attribute": pl.String, "target_id": pl.Int64, "layer": pl.String},
    key=("source_id", "attribute", "target_id"),
)
EXPORT_EDGES = Frame(
    row="a reference to be added or removed by export",
    columns={
        "source_id": pl.Int64,
        "attribute": pl.String,
        "target_id": pl.Int64,
        "operation": pl.String,  # add, delete
        "state": pl.String,  # pending, unconfirmed
    },
    key=("source_id", "attribute", "target_id"),
)
MV_REFERENCES = Frame(
    row="a reference between metaverse objects",
    columns={
        "source_id": pl.Int64,
        "attribute": pl.String,
        "target_id": pl.Int64,
        "rule_id": pl.Int64,
        "run_id": pl.Int64,
    },
    key=("source_id", "attribute", "target_id"),
)
REFERENCE_COUNTS = Frame(
    row="a metaverse object with references",
    columns={"id": pl.Int64, "references": pl.Int64},
    key=("id",),
)
REFERENCE_CONTRIBUTIONS = Frame(
    row="a synchronized reference of a connector space between two connectors, seen from the metaverse",
    columns={
        "mv_id": pl.Int64,  # of the source
        "cs_id": pl.Int64,  # of the source
        "connector": pl.String,
        "object_type": pl.String,  # of the source in the connector space
        "attribute": pl.String,  # in the connector space
        "target_id": pl.Int64,  # metaverse object of the target
    },
    key=("cs_id", "attribute", "target_id"),
)
DESIRED_EDGES = Frame(
    row="a metaverse reference as it would stand in one connector space",
    columns={"source_id": pl.Int64, "mv_id": pl.Int64, "attribute": pl.String, "target_id": pl.Int64},
    key=("source_id", "attribute", "target_id"),
)
PAIRS = Frame(row="two objects", columns={"source_id": pl.Int64, "target_id": pl.Int64}, key=("source_id", "target_id"))
NAMES = Frame(
    row="the names of an object or placeholder",
    columns={"id": pl.Int64, "object_type": pl.String, "anchor": pl.String, "dn": pl.String},
    key=("id",),
    nullable=frozenset({"object_type", "anchor"}),
)
LINKED_OBJECT = Frame(
    row="a connector, without its documents",
    columns={
        "id": pl.Int64,
        "connector": pl.String,
        "object_type": pl.String,
        "mv_id": pl.Int64,
        "import_operation": pl.String,
        "export_operation": pl.String,
    },
    key=("id",),
    nullable=frozenset({"import_operation", "export_operation"}),
)
EXPORT_INDEX = Frame(
    row="an object with a pending export",
    columns={
        "id": pl.Int64,
        "object_type": pl.String,
        "anchor": pl.String,
        "dn": pl.String,
        "new_dn": pl.String,
        "export_operation": pl.String,
        "references": pl.Int64,  # how many reference additions and removals are pending
    },
    key=("id",),
    nullable=frozenset({"anchor", "new_dn"}),
)
CANDIDATES = Frame(
    row="a metaverse object that has a join value",
    columns={"attribute": pl.String, "value": pl.String, "mv_id": pl.Int64, "object_type": pl.String},
    key=("attribute", "value", "mv_id"),
)
OBJECT_ERRORS = Frame(
    row="an object error of one step",
    columns={
        "run_id": pl.Int64,
        "step": pl.Int64,
        "connector": pl.String,
        "category": pl.String,
        "code": pl.String,
        "cs_id": pl.Int64,
        "anchor": pl.String,
        "dn": pl.String,
        "attribute": pl.String,
        "rule": pl.String,
        "algorithm_step": pl.String,
        "target": pl.String,
        "entry": pl.Int64,
        "line": pl.Int64,
        "column": pl.Int64,
        "message": pl.String,
        "cd_error": pl.String,
    },
    key=(),
    nullable=frozenset(
        {
            "cs_id",
            "anchor",
            "dn",
            "attribute",
            "rule",
            "algorithm_step",
            "target",
            "entry",
            "line",
            "column",
            "cd_error",
        }
    ),
)
