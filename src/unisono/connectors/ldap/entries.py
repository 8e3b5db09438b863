"""Export batches as entries to write: columns of typed values become octet strings by attribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from unisono.connectors.contract import ExportBatch
from unisono.connectors.ldap.values import encoded
from unisono.model.schema import Attribute, ObjectType

_Columns = Mapping[str, Sequence[list[bytes] | None]]  # values by attribute and row


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryToWrite:
    """One row of an export batch.

    ``replaced``: values that an attribute is to have, None to clear it. ``added`` and ``removed``: values that sets
    gain and lose. ``complete``: those sets as they are to be in the end, where the batch tells.
    """

    id: int
    anchor: str | None
    dn: str
    new_dn: str | None
    replaced: Mapping[str, list[bytes] | None]
    added: Mapping[str, list[bytes]]
    removed: Mapping[str, list[bytes]]
    complete: Mapping[str, list[bytes]]

    def touches(self, attributes: frozenset[str]) -> bool:
        return bool(attributes) and not attributes.isdisjoint((*self.replaced, *self.added, *self.removed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The rows of an export batch, encoded by column; an entry is made when it is asked for.

    An attribute is in ``replaced``, or in some of the other three.
    """

    ids: Sequence[int]
    anchors: Sequence[str | None]
    dns: Sequence[str]
    new_dns: Sequence[str | None]
    changed: Sequence[Sequence[str]]
    replaced: _Columns
    added: _Columns
    removed: _Columns
    complete: _Columns

    def __getitem__(self, row: int) -> EntryToWrite:
        changed = self.changed[row]
        return EntryToWrite(
            id=self.ids[row],
            anchor=self.anchors[row],
            dn=self.dns[row],
            new_dn=self.new_dns[row],
            replaced={name: self.replaced[name][row] for name in changed if name in self.replaced},
            added=_present(self.added, changed, row),
            removed=_present(self.removed, changed, row),
            complete=_present(self.complete, changed, row),
        )


def entries_of(batch: ExportBatch, object_type: ObjectType) -> Entries:
    """The batch's rows in their order. Changed attributes that the object type does not have are left out."""
    frame = batch.entries
    touched = set(frame["changed"].explode())
    attributes = [attribute for attribute in object_type.attributes if attribute.name in touched]
    sets = [attribute for attribute in attributes if f"{attribute.name}+" in frame.columns]
    return Entries(
        ids=frame["id"].to_list(),
        anchors=frame["anchor"].to_list(),
        dns=frame["dn"].to_list(),
        new_dns=frame["new_dn"].to_list(),
        changed=frame["changed"].to_list(),
        replaced=_columns(frame, [a for a in attributes if a not in sets and a.name in frame.columns], ""),
        added=_columns(frame, _with_values(frame, sets, "+"), "+"),
        removed=_columns(frame, _with_values(frame, sets, "-"), "-"),
        complete=_columns(frame, _with_values(frame, sets, ""), ""),
    )


def _with_values(frame: pl.DataFrame, sets: Iterable[Attribute], suffix: str) -> list[Attribute]:
    """Sets for which any row of the column has something to say; where nothing is added, null means nothing."""
    columns = [(attribute, attribute.name + suffix) for attribute in sets]
    return [a for a, column in columns if column in frame.columns and frame[column].null_count() < frame.height]


def _columns(frame: pl.DataFrame, attributes: Sequence[Attribute], suffix: str) -> _Columns:
    values = frame.select(encoded(a, a.name + suffix).alias(a.name) for a in attributes)
    return {a.name: _octets(a, values[a.name].to_list()) for a in attributes}


def _octets(attribute: Attribute, values: list[Any]) -> Sequence[list[bytes] | None]:
    return values if attribute.multivalued else [None if value is None else [value] for value in values]


def _present(columns: _Columns, changed: Iterable[str], row: int) -> Mapping[str, list[bytes]]:
    names = changed if columns else ()
    return {name: values for name in names if name in columns and (values := columns[name][row])}
