"""Links of the objects being synchronized: filter, cut, join, project (engine specification §4.2–§4.6).

What an operator links or cuts by hand is no question of rules: neither filter nor join criteria are asked (§2.6).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.correlate import Correlation, correlate
from unisono.engine.facts import Facts, Ids
from unisono.engine.images import by_type, image
from unisono.model.plan import BY_HAND

#: What happened to an object's link, in column ``event``.
GONE = "gone"  # pending delete
FILTERED = "filtered"
RETYPED = "retyped"  # delete-add: was cut, may have joined or projected anew
JOINED = "joined"
PROJECTED = "projected"
KEPT = "kept"  # was and is a connector
REMAINS = "remains"  # disconnector
REFUSED = "refused"  # disconnector that found a metaverse object which has a connector of this connector already
EXPLICIT = "explicit"  # explicit disconnector
CUT = "cut"  # disconnected by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """``objects``: one row per object that was decided, in the order given: ``CS_OBJECT`` columns with

    - ``event``: one of the names above; ``retyped``: whether a delete-add was processed; ``pending``: whether there is
      something to push through; ``reevaluate``: whether it is evaluated as in a full synchronization; ``released``:
      whether an operator disconnects it;
    - ``old_mv_id``, and ``mv_id``, ``link_kind``, ``link_rule``, ``state`` as they are now (null ``mv_id``: no link);
    - ``metaverse_type``: of a projected object; ``refused_mv_id``: what a refused object had found.

    ``images``: per (connector, object type) the linked objects with their attribute columns (as last imported).
    ``reads`` and ``writes``: what objects looked for and may write (``turns``).
    """

    objects: pl.DataFrame
    images: dict[tuple[str, str], pl.DataFrame]
    deferred: pl.Series
    reads: pl.DataFrame
    writes: pl.DataFrame


def refuse_second_connectors(linking: Linking, others: pl.DataFrame, rules: CompiledRules) -> Linking:
    """Undo joins to metaverse objects to which the same connector contributes already (engine specification §4.9).

    Declared flows of two objects could not both be right. The connector that came first stays, the later object gets
    the error. A connector without inbound flows may join several. ``others``: the not selected connectors.
    """
    if not (linking.objects["event"] == JOINED).any():
        return linking
    contributing = {compiled.rule.connector for compiled in rules.inbound if compiled.contributes}
    ordered = linking.objects.with_row_index("order")
    kept = ordered.filter(pl.col("event") == KEPT)
    taken = pl.concat([others.select("connector", "mv_id"), kept.select("connector", "mv_id")]).unique()
    joining = ordered.filter((pl.col("event") == JOINED) & pl.col("connector").is_in(sorted(contributing)))
    cut = ordered.filter(pl.col("event") == FILTERED).select("connector", cut="order", mv_id="old_mv_id")
    not_yet_cut = joining.join(cut, on=["connector", "mv_id"]).filter(pl.col("order") < pl.col("cut"))["id"]
    first = joining.join(taken, on=["connector", "mv_id"], how="anti", maintain_order="left")
    first = first.filter(~pl.col("id").is_in(not_yet_cut.implode()))
    accepted = first.unique(["connector", "mv_id"], keep="first", maintain_order=True)["id"]
    refused = joining.filter(~pl.col("id").is_in(accepted.implode()))["id"]
    if refused.is_empty():
        return linking
    is_refused = pl.col("id").is_in(refused.implode())
    undone = linking.objects.with_columns(
        event=pl.when(is_refused).then(pl.lit(REFUSED)).otherwise(pl.col("event")),
        refused_mv_id=pl.when(is_refused).then(pl.col("mv_id")),
        mv_id=pl.when(~is_refused).then(pl.col("mv_id")),
    )
    images = {pair: frame.filter(~is_refused) for pair, frame in linking.images.items()}
    return replace(linking, objects=undone, images=images)


def link(
    selected: pl.DataFrame, rules: CompiledRules, facts: Facts, ids: Ids, by_hand: pl.DataFrame | None = None
) -> Linking:
    """Decide the links of the selected objects (``CS_OBJECT`` of one connector, in the order of anchors).

    ``by_hand``: ``BY_HAND`` of those of which an operator decided.
    """
    hand = BY_HAND.empty() if by_hand is None else by_hand
    decided, images, correlations = [], {}, []
    for connector, object_type, group in by_type(selected):
        wide = _with_hand(_images(connector, object_type, group, rules, facts), hand)
        one, correlation = _link_type(wide, connector, object_type, rules, facts, ids)
        decided.append(one.select(_DECIDED))
        correlations.append(correlation)
        images[connector, object_type] = one.filter(pl.col("mv_id").is_not_null())
    order = selected.select("id").with_row_index("order")
    objects = pl.concat(decided).join(order, on="id").sort("order").drop("order")
    objects = objects.with_columns(refused_mv_id=pl.lit(None, dtype=pl.Int64))
    return Linking(
        objects=objects,
        images=images,
        deferred=pl.concat(one.deferred for one in correlations),
        reads=pl.concat(one.reads for one in correlations),
        writes=pl.concat(one.writes for one in correlations),
    )


_DECIDED = [
    "id",
    "connector",
    "object_type",
    "anchor",
    "dn",
    "export_operation",
    "pending",
    "reevaluate",
    "released",
    "state",
    "old_state",
    "event",
    "retyped",
    "old_mv_id",
    "mv_id",
    "link_kind",
    "link_rule",
    "metaverse_type",
]


def _with_hand(wide: pl.DataFrame, by_hand: pl.DataFrame) -> pl.DataFrame:
    """Add ``hand_mv_id`` and ``hand_state``; both are null for those of whom rules decide."""
    decided = by_hand.select("id", hand_mv_id="mv_id", hand_state="state")
    return wide.join(decided, on="id", how="left", maintain_order="left")


def _images(
    connector: str, object_type: str, objects: pl.DataFrame, rules: CompiledRules, facts: Facts
) -> pl.DataFrame:
    definition = rules.connector(connector)
    inbound = rules.inbound_of(connector, object_type)
    reads = frozenset[str]().union(*(compiled.reads for compiled in inbound))
    for compiled in rules.outbound_of(connector, object_type):  # their join criteria read this side
        reads = reads.union(*(condition.reads for group in compiled.joins for condition in group))
    if (connector, object_type) in rules.filters:
        reads |= rules.filters[connector, object_type][1]
    return image(objects, definition.schema[object_type], reads, facts, pending=True)


def _link_type(
    wide: pl.DataFrame, connector: str, object_type: str, rules: CompiledRules, facts: Facts, ids: Ids
) -> tuple[pl.DataFrame, Correlation]:
    fixed = wide.with_columns(event=_fixed_event(connector, object_type, rules), retyped=_RETYPED)
    open_objects = fixed.filter(pl.col("event").is_null())
    correlation = correlate(open_objects, connector, object_type, rules, facts)
    first = ids(correlation.projected.height) if correlation.projected.height else 0
    found = pl.concat(
        [
            correlation.joined.select(
                "id",
                "rule",
                found_mv_id="mv_id",
                found=pl.lit(JOINED),
                metaverse_type=pl.lit(None, dtype=pl.String),
            ),
            correlation.projected.with_row_index("new").select(
                "id",
                "rule",
                found_mv_id=pl.col("new").cast(pl.Int64) + first,
                found=pl.lit(PROJECTED),
                metaverse_type="metaverse_type",
            ),
        ]
    )
    linked = fixed.filter(~pl.col("id").is_in(correlation.deferred.implode())).join(
        found, on="id", how="left", maintain_order="left"
    )
    return _as_decided(linked), correlation


_RETYPED = (pl.col("import_operation") == "delete-add").fill_null(value=False)


def _fixed_event(connector: str, object_type: str, rules: CompiledRules) -> pl.Expr:
    """The event of objects whose link needs no search; null for those that look for their metaverse object."""
    matches = rules.filters.get((connector, object_type), (pl.lit(value=False), frozenset[str]()))[0]
    is_connector = pl.col("mv_id").is_not_null()
    is_explicit = pl.col("state") == "explicit"
    is_unexported = (pl.col("export_operation") == "add").fill_null(value=False) & pl.col("anchor").is_null()
    is_cut = pl.col("hand_state").is_not_null() & pl.col("hand_mv_id").is_null()
    return (
        pl.when((pl.col("import_operation") == "delete").fill_null(value=False) | (is_cut & is_unexported))
        .then(pl.lit(GONE))
        .when(is_cut)
        .then(pl.lit(CUT))
        .when(pl.col("hand_mv_id").is_not_null())
        .then(pl.lit(JOINED))
        .when(is_explicit & ~is_connector)
        .then(pl.lit(EXPLICIT))
        .when(matches & ~is_explicit)
        .then(pl.lit(FILTERED))
        .when(is_connector & ~_RETYPED)
        .then(pl.lit(KEPT))
    )


def _as_decided(linked: pl.DataFrame) -> pl.DataFrame:
    event = pl.coalesce("event", "found", pl.lit(REMAINS))
    kept = pl.col("event") == KEPT
    joined_by = (
        pl.when(pl.col("hand_mv_id").is_not_null())
        .then(pl.lit("joiner"))
        .when(pl.col("found") == JOINED)
        .then(pl.lit("join"))
        .when(pl.col("found") == PROJECTED)
        .then(pl.lit("projection"))
    )
    return linked.with_columns(
        event=event,
        released=pl.col("hand_state").is_not_null() & pl.col("hand_mv_id").is_null(),
        old_mv_id=pl.col("mv_id"),
        old_state=pl.col("state"),
        # An earlier error is cleared in the same way as a pending import is pushed through.
        pending=pl.col("import_operation").is_not_null() | pl.col("import_error").is_not_null() | pl.col("reevaluate"),
        mv_id=pl.when(kept).then(pl.col("mv_id")).otherwise(pl.coalesce("found_mv_id", "hand_mv_id")),
        link_kind=pl.when(kept).then(pl.col("link_kind")).otherwise(joined_by),
        link_rule=pl.when(kept).then(pl.col("link_rule")).otherwise(pl.col("rule")),
        state=pl.when(pl.col("hand_state").is_not_null())
        .then(pl.col("hand_state"))
        .when(event == FILTERED)
        .then(pl.lit("filtered"))
        .when(pl.col("state") == "filtered")
        .then(pl.lit("normal"))
        .otherwise(pl.col("state")),
    ).drop("found", "found_mv_id", "rule", "hand_mv_id", "hand_state")
