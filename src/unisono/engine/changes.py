"""The plan for people: one row per change of one object (``model.plan.CHANGES``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.compile_flow import column
from unisono.engine.linking import CUT, FILTERED, GONE
from unisono.model.plan import CHANGES, METAVERSE, SyncPlan
from unisono.model.schema import Attribute, AttributeType
from unisono.model.secrets import HIDDEN

if TYPE_CHECKING:
    from unisono.engine.planning import Decisions, TypeResult

_NO_TEXT = pl.lit(None, dtype=pl.String)


def list_changes(
    plan: SyncPlan,
    objects: pl.DataFrame,
    results: list[TypeResult],
    leaving: pl.DataFrame,
    decisions: Decisions,
    rules: CompiledRules,
) -> pl.DataFrame:
    """Every change of the plan, ordered by space, object and attribute. ``objects``: the selected, not failed ones."""
    parts = [CHANGES.empty(), _link_changes(objects), _deprovisioned(leaving), _deleted(plan, decisions)]
    names = {number: name for name, number in rules.rule_ids.items()}
    for result in results:
        parts.append(_metaverse_changes(result, rules, names))
        for one in result.outbound:
            parts.append(_provisioned(one.created))
            parts.append(_exported(one.exports, list(one.wanted.targets)))
            parts.append(_outbound_joins(one.joined))
    changes = pl.concat(CHANGES.check(part) for part in parts)
    return changes.sort("space", "object_id", "change", "attribute", "after", nulls_last=False)


def text_of(attribute: Attribute, values: pl.Expr) -> pl.Expr:
    """Values as people read them; several are separated by ``; ``. What is export-only nobody reads."""
    if attribute.export_only:
        return pl.when(values.is_not_null()).then(pl.lit(HIDDEN))
    element = pl.element() if attribute.multivalued else values
    match attribute.type:
        case AttributeType.BINARY:
            text = element.bin.encode("hex")
        case AttributeType.DATETIME:
            text = element.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            text = element.cast(pl.String)
    return values.list.eval(text).list.join("; ") if attribute.multivalued else text


def _link_changes(objects: pl.DataFrame) -> pl.DataFrame:
    event = pl.col("event")
    change = (
        pl.when(event == "joined")
        .then(pl.lit("join"))
        .when(event == "projected")
        .then(pl.lit("project"))
        .when(event.is_in([GONE, FILTERED, CUT]) & pl.col("old_mv_id").is_not_null())
        .then(pl.lit("disconnect"))
    )
    return (
        objects.with_columns(change=change)
        .drop_nulls("change")
        .select(
            space="connector",
            object_id="id",
            object_type="object_type",
            change="change",
            attribute=_NO_TEXT,
            before=_NO_TEXT,
            after=_NO_TEXT,
            rule=pl.when(pl.col("change") != "disconnect").then(pl.col("link_rule")),
        )
    )


def _deprovisioned(leaving: pl.DataFrame) -> pl.DataFrame:
    return leaving.select(
        space="connector",
        object_id="id",
        object_type="object_type",
        change=pl.when(pl.col("action") == "delete").then(pl.lit("delete")).otherwise(pl.lit("deprovision")),
        attribute=_NO_TEXT,
        before=_NO_TEXT,
        after=pl.col("action"),
        rule=_NO_TEXT,
    )


def _deleted(plan: SyncPlan, decisions: Decisions) -> pl.DataFrame:
    gone = decisions.metaverse.filter(pl.col("id").is_in(plan.mv_deleted.implode()))
    return gone.select(
        space=pl.lit(METAVERSE),
        object_id="id",
        object_type="object_type",
        change=pl.lit("delete"),
        attribute=_NO_TEXT,
        before=_NO_TEXT,
        after=_NO_TEXT,
        rule=_NO_TEXT,
    )


def _metaverse_changes(result: TypeResult, rules: CompiledRules, rule_names: dict[int, str]) -> pl.DataFrame:
    """One row per value that becomes another; new objects list what they get."""
    object_type = rules.metaverse_type(result.metaverse_type)
    names = [column(a.name) for a in object_type.values]
    values = result.resolved.values.filter("changed")
    former = result.resolved.before.select("id", *(pl.col(name).alias("old" + name) for name in names))
    both = values.join(former, on="id", how="left", maintain_order="left")
    parts = [
        both.filter(pl.col(column(a.name)).ne_missing(pl.col("old" + column(a.name)))).select(
            space=pl.lit(METAVERSE),
            object_id="id",
            object_type=pl.lit(result.metaverse_type),
            change=pl.when("is_new").then(pl.lit("add")).otherwise(pl.lit("update")),
            attribute=pl.lit(a.name),
            before=text_of(a, pl.col("old" + column(a.name))),
            after=text_of(a, pl.col(column(a.name))),
            rule=pl.col("rule@" + a.name).replace_strict(rule_names, default=None, return_dtype=pl.String),
        )
        for a in object_type.values
    ]
    return pl.concat([CHANGES.empty(), *parts])


def _provisioned(created: pl.DataFrame) -> pl.DataFrame:
    return created.select(
        space="connector",
        object_id="id",
        object_type="object_type",
        change=pl.lit("provision"),
        attribute=pl.lit("dn"),
        before=_NO_TEXT,
        after="dn",
        rule="link_rule",
    )


def _outbound_joins(joined: pl.DataFrame) -> pl.DataFrame:
    return joined.select(
        space="connector",
        object_id="id",
        object_type="object_type",
        change=pl.lit("join"),
        attribute=_NO_TEXT,
        before=_NO_TEXT,
        after=_NO_TEXT,
        rule="link_rule",
    )


def _exported(exports: pl.DataFrame, targets: list[Attribute]) -> pl.DataFrame:
    differing = exports.filter("differs")

    def rows(frame: pl.DataFrame, change: str, attribute: str, before: pl.Expr, after: pl.Expr) -> pl.DataFrame:
        return frame.select(
            space="connector",
            object_id="id",
            object_type="object_type",
            change=pl.lit(change),
            attribute=pl.lit(attribute),
            before=before,
            after=after,
            rule=_NO_TEXT,
        )

    renamed = differing.filter(pl.col("rename").is_not_null() & pl.col("rename").ne_missing(pl.col("new_dn")))
    parts = [rows(renamed, "rename", "dn", pl.col("dn"), pl.col("rename"))]
    for a in targets:
        changed = differing.filter(pl.col(f"changes@{a.name}"))
        sent, want = text_of(a, pl.col(f"sent@{a.name}")), text_of(a, pl.col(f"want@{a.name}"))
        parts.append(rows(changed, "update", a.name, sent, want))
    return pl.concat(parts)
