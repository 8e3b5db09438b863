"""An export batch, sorted into what one statement can write, in the database's own values.

*Split, do not raise*: an entry that cannot be written leaves with its export error, and its neighbours go on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from unisono.connectors.contract import ExportBatch, ExportOperation
from unisono.connectors.sql.names import anchor_of, dn_of, key_columns, key_of_anchor, key_text, name_of_dn
from unisono.connectors.sql.tables import BoundTable, Child, ReferenceTarget, Value
from unisono.connectors.sql.wire import ColumnKind, always_fits, exported, exported_key
from unisono.model.frames import EXPORT_RESULTS

#: Columns of ``Work.entries``; no attribute is called so.
KEY, VALUE, GIVEN_DN = "key {}", "value {}", "given dn"

#: For names of rows (a series of text), the texts of their keys; null where there is no such row.
KeysOf = Callable[[ReferenceTarget, pl.Series], pl.Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an entry, or a part of it, was not written."""

    code: str
    message: str
    attribute: str | None = None
    cd_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Values that entries add to a child table, or remove from it: ``values[i]`` belongs to ``entries[i]``, sorted."""

    child: Child
    entries: Sequence[int]
    values: Sequence[Any]  # Any: as the driver binds them

    def between(self, start: int, stop: int) -> range:
        """Positions of the values of the entries from ``start`` to before ``stop``."""
        return range(bisect_left(self.entries, start), bisect_left(self.entries, stop))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Entries that one statement writes.

    ``entries`` has ``id``, ``anchor`` and ``dn`` of the result, ``GIVEN_DN``, the texts of the key columns (``KEY`` 0,
    1, …; null where the database makes them) and the values of ``columns`` as the driver binds them (``VALUE`` 0, 1,
    …). ``incomplete`` has entries, by position, of which a value in a child table cannot be written.
    """

    bound: BoundTable
    operation: ExportOperation
    columns: tuple[str, ...]
    entries: pl.DataFrame
    added: tuple[Values, ...]
    removed: tuple[Values, ...]
    incomplete: dict[int, Fault]
    has_references: bool
    is_rename: bool

    @property
    def key_is_returned(self) -> bool:
        """The database makes the key of these new rows, or spells it in its own way."""
        return self.operation is ExportOperation.ADD and any(
            column.name not in self.columns or column.kind not in (ColumnKind.INTEGER, ColumnKind.TEXT)
            for column in self.bound.key
        )


def works(batch: ExportBatch, bound: BoundTable, keys_of: KeysOf) -> Iterator[tuple[Work, pl.DataFrame]]:
    """The batch as pieces of work, each with the results of those of its entries that cannot be written."""
    marked = batch.entries.with_columns(
        pl.col("changed").list.sort().list.join("\0").fill_null("").alias(_SET),
        pl.col("new_dn").is_not_null().alias(_RENAME),
    )
    for entries in marked.partition_by(_SET, _RENAME, maintain_order=True):
        yield _work(_Piece.of(batch.operation, bound, entries), keys_of)


def results(known: pl.DataFrame) -> pl.DataFrame:
    """A frame of ``EXPORT_RESULTS`` of what is known of it: ``id`` and any other of its columns."""
    return pl.concat([EXPORT_RESULTS.empty(), known], how="diagonal")


_SET, _RENAME = "the set", "is renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Entries that change the same attributes."""

    operation: ExportOperation
    bound: BoundTable
    entries: pl.DataFrame
    values: tuple[Value, ...]
    children: tuple[Child, ...]
    is_rename: bool

    @classmethod
    def of(cls, operation: ExportOperation, bound: BoundTable, entries: pl.DataFrame) -> _Piece:
        names = () if operation is ExportOperation.DELETE else (entries[_SET][0] or "").split("\0")
        return cls(
            operation=operation,
            bound=bound,
            entries=entries,
            values=tuple(value for value in bound.values if value.attribute.name in names),
            children=tuple(child for child in bound.children if child.value.attribute.name in names),
            is_rename=bool(entries[_RENAME][0]),
        )


def _work(piece: _Piece, keys_of: KeysOf) -> tuple[Work, pl.DataFrame]:
    resolved = piece.entries.with_columns(
        keys_of(value.target, piece.entries[value.attribute.name]).alias(_resolved(value.attribute.name))
        for value in piece.values
        if value.target is not None
    )
    written = _written(piece)
    judged = resolved.select(
        "id",
        "new_dn",
        pl.col("dn").alias(GIVEN_DN),
        *(key.alias(KEY.format(i)) for i, key in enumerate(_keys(piece))),
        *(value.alias(VALUE.format(i)) for i, value in enumerate(written.values())),
        *_lists(piece),
        **_judgement(piece),
    ).with_columns(**_outcome(piece))
    good = judged.filter(pl.col("code").is_null())
    added, removed, incomplete = _child_values(piece, good, keys_of)
    work = Work(
        bound=piece.bound,
        operation=piece.operation,
        columns=tuple(written),
        entries=good,
        added=added,
        removed=removed,
        incomplete=incomplete,
        has_references=any(v.target for v in (*piece.values, *(child.value for child in piece.children))),
        is_rename=piece.is_rename,
    )
    return work, results(judged.filter(pl.col("code").is_not_null()).select("id", "code", "attribute", "message"))


# --- the row ---------------------------------------------------------------------------------------------------------


def _keys(piece: _Piece) -> list[pl.Expr]:
    """The text of each key column; null where the database makes it."""
    bound = piece.bound
    if piece.operation is not ExportOperation.ADD:
        return key_columns(key_of_anchor(bound.object_type.name, pl.col("anchor")), len(bound.key))
    written = _written(piece)
    nothing = pl.lit(None, pl.String)
    return [exported_key(written.get(c.name, nothing), c.kind).cast(pl.String) for c in bound.key]


def _written(piece: _Piece) -> dict[str, pl.Expr]:
    """What goes to which column: the values, and what the DN of a new or renamed row says."""
    if piece.operation is ExportOperation.DELETE:
        return {}
    bound, is_add = piece.bound, piece.operation is ExportOperation.ADD
    written = {value.column.name: _sent(value) for value in piece.values}
    if is_add and bound.name is None:
        named = key_columns(_name(piece), len(bound.key))
        for column, text in zip(bound.key, named, strict=True):
            if not (column.has_default or column.is_computed):
                written.setdefault(column.name, exported_key(text, column.kind))
    if bound.name is not None and (is_add or piece.is_rename):
        written.setdefault(bound.name.name, _name(piece))
    return written


def _name(piece: _Piece) -> pl.Expr:
    """The name in the DN that a row is to have."""
    return name_of_dn(piece.bound.object_type.name, pl.col("new_dn" if piece.is_rename else "dn"))


def _sent(value: Value) -> pl.Expr:
    name = value.attribute.name
    column = pl.col(name if value.target is None else _resolved(name))
    return exported(column, value.attribute.type, value.column.kind)


def _outcome(piece: _Piece) -> dict[str, pl.Expr]:
    """Anchor and DN as the result tells them: of new rows, and the DN of renamed ones."""
    bound = piece.bound
    if piece.operation is not ExportOperation.ADD:
        return {"anchor": pl.lit(None, pl.String), "dn": pl.col("new_dn")}
    return named(bound, [pl.col(KEY.format(i)) for i in range(len(bound.key))], pl.col(GIVEN_DN))


def named(bound: BoundTable, keys: Sequence[pl.Expr], given_dn: pl.Expr) -> dict[str, pl.Expr]:
    """Anchor and DN of the rows with these key texts; the DN is the given one where a column of its own names rows."""
    text, object_type = key_text(keys), bound.object_type.name
    return {"anchor": anchor_of(object_type, text), "dn": dn_of(object_type, text) if bound.name is None else given_dn}


# --- what cannot be written ------------------------------------------------------------------------------------------


def _judgement(piece: _Piece) -> dict[str, pl.Expr]:
    """The columns ``code``, ``attribute`` and ``message``: null for what can be written."""
    faults = [
        (when, pl.struct(code=pl.lit(c), attribute=pl.lit(a, pl.String), message=pl.lit(m)))
        for when, c, a, m in _faults(piece)
    ]
    nothing = pl.lit(None, pl.Struct({"code": pl.String, "attribute": pl.String, "message": pl.String}))
    first = pl.coalesce(*(pl.when(when).then(fault) for when, fault in faults), nothing)
    return {name: first.struct.field(name) for name in ("code", "attribute", "message")}


def _faults(piece: _Piece) -> Iterator[tuple[pl.Expr, str, str | None, str]]:
    bound, key_names = piece.bound, [column.name for column in piece.bound.key]
    if piece.operation is not ExportOperation.ADD:
        keys = (exported_key(key, c.kind) for key, c in zip(_keys(piece), bound.key, strict=True))
        no_key = pl.any_horizontal(key.is_null() for key in keys)
        yield no_key, "missing-anchor-component", None, f"the anchor is not one of {bound.table.name}"
        changes_key = [value.attribute.name for value in piece.values if value.column.name in key_names]
        if changes_key:
            yield pl.lit(value=True), "modify-naming-attribute", changes_key[0], "a key never changes"
    else:
        is_empty = pl.any_horizontal(key == "" for key in _keys(piece))
        yield is_empty, "missing-anchor-component", None, "a part of the key is empty"
    if piece.is_rename and bound.name is None:
        yield pl.lit(value=True), "modify-naming-attribute", None, "the name is the key, which never changes"
    given = {value.column.name for value in piece.values}
    for column, named_by_dn in _written(piece).items():
        if column not in given:
            yield named_by_dn.is_null(), "invalid-dn", None, f"the DN names no row of {bound.object_type.name}"
    for value in piece.values:
        if value.target is None and always_fits(value.attribute.type, value.column.kind):
            continue
        is_lost = pl.col(value.attribute.name).is_not_null() & _sent(value).is_null()
        fault = _lost(value)
        yield is_lost, fault.code, fault.attribute, fault.message


def _lost(value: Value) -> Fault:
    """Why a value has no form that the column takes."""
    if value.target is not None:
        message = f"the object referred to is not in {value.target.table.name}"
        return Fault(code="dn-attributes-failure", message=message, attribute=value.attribute.name)
    message = f"the value does not fit the column {value.column.name}"
    return Fault(code="syntax-violation", message=message, attribute=value.attribute.name)


# --- values in child tables ------------------------------------------------------------------------------------------


def _lists(piece: _Piece) -> Iterator[pl.Expr]:
    """The values to add and to remove; of a new object, all of them."""
    for child in piece.children:
        name = child.value.attribute.name
        given = [pl.col(column) for column in (f"{name}+", name) if column in piece.entries.columns]
        if piece.operation is ExportOperation.ADD:
            yield pl.coalesce(*given).alias(f"{name}+")
        else:
            yield from (pl.col(f"{name}{sign}") for sign in "+-" if f"{name}{sign}" in piece.entries.columns)


def _child_values(
    piece: _Piece, entries: pl.DataFrame, keys_of: KeysOf
) -> tuple[tuple[Values, ...], tuple[Values, ...], dict[int, Fault]]:
    added, removed, incomplete = [], [], {}
    for child in piece.children:
        name = child.value.attribute.name
        if f"{name}+" in entries.columns:
            values, lost = _values(child, entries[f"{name}+"], keys_of)
            added.append(values)
            incomplete.update(dict.fromkeys(lost, _lost(child.value)))
        if f"{name}-" in entries.columns:
            # What has no form that the column takes cannot be there: it is removed already.
            removed.append(_values(child, entries[f"{name}-"], keys_of)[0])
    return tuple(added), tuple(removed), incomplete


def _values(child: Child, lists: pl.Series, keys_of: KeysOf) -> tuple[Values, list[int]]:
    """The values of one attribute, and the entries of which one cannot be written."""
    value = child.value
    rows = pl.DataFrame({"entry": pl.arange(len(lists), eager=True), "value": lists}).explode("value").drop_nulls()
    if value.target is not None:
        rows = rows.with_columns(keys_of(value.target, rows["value"]).alias("value"))
    sent = rows.with_columns(exported(pl.col("value"), value.attribute.type, value.column.kind))
    kept = sent.drop_nulls()
    lost = sent.filter(pl.col("value").is_null())["entry"].unique().to_list()
    return Values(child=child, entries=kept["entry"].to_list(), values=kept["value"].to_list()), lost


def _resolved(name: str) -> str:
    return f"key of {name}"
