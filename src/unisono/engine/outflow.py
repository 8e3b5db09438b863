"""Outflow: desired values against what the connected data source should have by now gives pending exports.

A pending export is computed anew whenever its metaverse object is evaluated: desired minus (imported, then exported).
So nothing is staged twice, and what is no longer wanted vanishes (engine specification §2.3, §5.7).
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from unisono.engine.compile import Traits
from unisono.engine.desired import Desired
from unisono.engine.export_only import hidden, with_waiting
from unisono.engine.images import sent_image
from unisono.model.documents import change_documents, documents
from unisono.model.names import DnStyle
from unisono.model.schema import Attribute

#: The change document that changes nothing.
NOTHING = '{"clear":[],"set":{}}'


def pending_exports(connectors: pl.DataFrame, wanted: Desired, traits: Traits) -> pl.DataFrame:
    """The connectors with what is pending for them.

    ``connectors``: ``CS_OBJECT`` rows of one connector and object type, each with an evaluated ``mv_id``. Adds
    ``operation``, ``rename``, ``document`` (as they should be stored), ``cleared`` (how many values are removed),
    ``differs`` (from what is stored), and per target ``want@a``, ``sent@a``, ``changes@a``.
    """
    targets, unread = list(wanted.targets), hidden(wanted.targets)
    rows = connectors.join(wanted.frame, on="mv_id", how="left", maintain_order="left")
    rows = pl.concat([rows, sent_image(rows, targets)], how="horizontal") if targets else rows
    creating = (pl.col("export_operation") == "add").fill_null(value=False)
    rows = rows.with_columns(_for_creation(targets, creating))
    rows = rows.with_columns(_changes(a).alias(f"changes@{a.name}") for a in targets)
    if unread:
        rows = with_waiting(rows, unread)
    rows = rows.with_columns(rename=_rename(traits, creating))
    return _with_documents(rows, targets, creating)


def _for_creation(targets: list[Attribute], creating: pl.Expr) -> Iterable[pl.Expr]:
    """Objects that do not exist yet take the values of apply-once flows too."""
    unread = [("turned", a.name) for a in hidden(targets)]
    named = [(part, name) for name in [*(a.name for a in targets), "dn"] for part in ("", "says", "clears")]
    for part, name in [*named, *unread]:
        want, new = pl.col(f"want{part}@{name}"), pl.col(f"new{part}@{name}")
        yield pl.when(creating).then(new).otherwise(want).alias(f"want{part}@{name}")


def _changes(attribute: Attribute) -> pl.Expr:
    """Whether the value is to be sent: it differs, and where it is to be cleared, a rule allows that."""
    want, sent = pl.col(f"want@{attribute.name}"), pl.col(f"sent@{attribute.name}")
    says, clears = pl.col(f"wantsays@{attribute.name}"), pl.col(f"wantclears@{attribute.name}")
    if attribute.read_only:
        return pl.lit(value=False)
    return (says & want.ne_missing(sent) & (want.is_not_null() | clears)).fill_null(value=False)


def _rename(traits: Traits, creating: pl.Expr) -> pl.Expr:
    """The new name of an existing object; only connected data sources with names of their own can rename."""
    if traits.dn_style is DnStyle.NONE or not traits.renames:
        return pl.lit(None, dtype=pl.String)
    differs = pl.col("want@dn").is_not_null() & (pl.col("want@dn") != pl.col("dn"))
    return pl.when(differs & ~creating).then(pl.col("want@dn"))


def _with_documents(rows: pl.DataFrame, targets: list[Attribute], creating: pl.Expr) -> pl.DataFrame:
    set_values = rows.select(
        pl.when(pl.col(f"changes@{a.name}")).then(pl.col(f"want@{a.name}")).alias(a.name) for a in targets
    )
    clear_lists = _clear_lists(rows, targets)
    if targets:
        text = change_documents(documents(set_values, targets), clear_lists)
    else:
        text = pl.Series("change", [NOTHING] * rows.height, dtype=pl.String)
    rows = rows.with_columns(
        document=pl.when((text != NOTHING) | creating).then(text),
        cleared=clear_lists.list.len().cast(pl.Int64),
    )
    something = pl.col("document").is_not_null() | pl.col("rename").is_not_null()
    return rows.with_columns(
        operation=pl.when(creating).then(pl.lit("add")).when(something).then(pl.lit("update")),
    ).with_columns(
        differs=pl.col("document").ne_missing(pl.col("pending_export")) | pl.col("rename").ne_missing(pl.col("new_dn")),
    )


def _clear_lists(rows: pl.DataFrame, targets: list[Attribute]) -> pl.Series:
    """Per row the names of the attributes that are cleared."""
    if not targets:
        return pl.Series("clear", [[]] * rows.height, dtype=pl.List(pl.String))
    cleared = pl.concat_list(
        pl.when(pl.col(f"changes@{a.name}") & pl.col(f"want@{a.name}").is_null()).then(pl.lit(a.name)) for a in targets
    )
    return rows.select(clear=cleared.list.drop_nulls()).to_series()
