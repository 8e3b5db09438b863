"""A synchronization plan: everything that processing some objects would write, as data.

Commit writes a plan, ``plan`` and ``preview`` show it; there is no other way to change an identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.model.frames import EDGES, JOIN_KEYS, MV_OBJECT, Frame
from unisono.model.guard import ChangeKind
from unisono.model.runs import Counter

#: New link, or no link, and connector state of existing connector-space objects.
LINKS = Frame(
    row="a connector-space object whose link or state changes",
    columns={
        "id": pl.Int64,
        "mv_id": pl.Int64,
        "state": pl.String,
        "link_kind": pl.String,
        "link_rule": pl.String,
    },
    key=("id",),
    nullable=frozenset({"mv_id", "link_kind", "link_rule"}),
)
#: What an operator decides about links (engine specification §2.6).
BY_HAND = Frame(
    row="a connector-space object that is joined or disconnected by hand",
    columns={"id": pl.Int64, "mv_id": pl.Int64, "state": pl.String},  # mv_id null: the link is cut
    key=("id",),
    nullable=frozenset({"mv_id"}),
)
PROVISIONED = Frame(
    row="a connector-space object that a rule creates",
    columns={
        "id": pl.Int64,
        "connector": pl.String,
        "object_type": pl.String,
        "dn": pl.String,
        "dn_key": pl.String,
        "mv_id": pl.Int64,
        "link_rule": pl.String,
        "pending_export": pl.String,
        "takes_over": pl.Boolean,  # the id of a placeholder or of a leaving object, which this one replaces
    },
    key=("id",),
)
PENDING_EXPORTS = Frame(
    row="a connector-space object whose pending export changes",
    columns={
        "id": pl.Int64,
        "export_operation": pl.String,  # null: nothing is pending any more
        "new_dn": pl.String,
        "pending_export": pl.String,
    },
    key=("id",),
    nullable=frozenset({"export_operation", "new_dn", "pending_export"}),
)
#: New names of objects that do not exist yet in their connected data source.
RENAMED_ADDS = Frame(
    row="an object with a pending add whose name changes",
    columns={"id": pl.Int64, "dn": pl.String, "dn_key": pl.String},
    key=("id",),
)
SYNC_ERRORS = Frame(
    row="an object that could not be synchronized",
    columns={
        "id": pl.Int64,
        "code": pl.String,
        "algorithm_step": pl.String,
        "target": pl.String,
        "attribute": pl.String,
        "rule": pl.String,
        "message": pl.String,
    },
    key=("id",),
    nullable=frozenset({"target", "attribute", "rule"}),
)
RELINKED = Frame(
    row="an object of a connector space with references whose link is new, another or gone",
    columns={"id": pl.Int64, "connector": pl.String, "old_mv_id": pl.Int64, "mv_id": pl.Int64},
    key=(),
    nullable=frozenset({"old_mv_id", "mv_id"}),
)
#: For people: what changes where, one row per value or event.
CHANGES = Frame(
    row="one change of one object",
    columns={
        "space": pl.String,  # "metaverse" or the connector
        "object_id": pl.Int64,
        "object_type": pl.String,
        "change": pl.String,  # join, project, disconnect, provision, deprovision, add, update, rename, delete
        "attribute": pl.String,
        "before": pl.String,
        "after": pl.String,
        "rule": pl.String,
    },
    key=(),
    nullable=frozenset({"attribute", "before", "after", "rule"}),
)
NAMED_CHANGES = Frame(
    row="one change of one object, with names instead of ids",
    columns={**CHANGES.columns, "name": pl.String},  # a DN, or what the metaverse object is called
    key=(),
    nullable=CHANGES.nullable,
)
NAMED_ERRORS = Frame(
    row="an object that could not be synchronized, with its names",
    columns={**SYNC_ERRORS.columns, "anchor": pl.String, "dn": pl.String},
    key=("id",),
    nullable=SYNC_ERRORS.nullable | {"anchor", "dn"},
)
COUNTS = Frame(
    row="a counter's increase",
    columns={"counter": pl.String, "target": pl.String, "count": pl.Int64},
    key=("counter", "target"),
    nullable=frozenset({"target"}),
)
METAVERSE = "metaverse"

GuardCounts = Mapping[tuple[str, ChangeKind], int]


def _ids() -> pl.Series:
    return pl.Series("id", [], dtype=pl.Int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What processing one selection of objects would write. Every frame may be empty; rows are in a fixed order.

    ``deferred`` are objects whose decision depends on what this plan writes: they are planned again after it.
    The reference phase starts from ``touched``, metaverse objects of which all references are to be computed, from
    ``pushed``, connectors linked as before whose pending import is pushed through, and from ``relinked``.
    """

    links: pl.DataFrame = field(default_factory=LINKS.empty)
    promoted: pl.Series = field(default_factory=_ids)
    removed: pl.Series = field(default_factory=_ids)  # connector-space objects that cease to exist
    mv_added: pl.DataFrame = field(default_factory=MV_OBJECT.empty)
    mv_updated: pl.DataFrame = field(default_factory=MV_OBJECT.empty)
    mv_deleted: pl.Series = field(default_factory=_ids)
    join_keys_of: pl.Series = field(default_factory=_ids)  # metaverse objects whose join keys are replaced
    join_keys: pl.DataFrame = field(default_factory=JOIN_KEYS.empty)
    provisioned: pl.DataFrame = field(default_factory=PROVISIONED.empty)
    exports: pl.DataFrame = field(default_factory=PENDING_EXPORTS.empty)
    renamed_adds: pl.DataFrame = field(default_factory=RENAMED_ADDS.empty)
    errors: pl.DataFrame = field(default_factory=SYNC_ERRORS.empty)
    counts: Mapping[tuple[Counter, str | None], int] = field(default_factory=dict)
    guard: GuardCounts = field(default_factory=dict)
    changes: pl.DataFrame = field(default_factory=CHANGES.empty)
    deferred: pl.Series = field(default_factory=_ids)
    touched: pl.Series = field(default_factory=_ids)
    pushed: pl.Series = field(default_factory=_ids)
    relinked: pl.DataFrame = field(default_factory=RELINKED.empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePlan:
    """What the reference phase would write: edges of the metaverse and pending edges of connector spaces."""

    mv_added: pl.DataFrame  # source_id, attribute, target_id, rule_id, run_id
    mv_removed: pl.DataFrame  # EDGES
    exports_added: pl.DataFrame  # EDGES and operation, state
    exports_removed: pl.DataFrame = field(default_factory=EDGES.empty)  # pending edges that are no longer wanted
    counts: Mapping[tuple[Counter, str | None], int] = field(default_factory=dict)
    guard: GuardCounts = field(default_factory=dict)
    changes: pl.DataFrame = field(default_factory=CHANGES.empty)
    errors: pl.DataFrame = field(default_factory=SYNC_ERRORS.empty)
