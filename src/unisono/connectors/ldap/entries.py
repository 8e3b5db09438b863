"""Export batches as entries to write: columns of typed values become octet strings by attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from unisono.connectors.contract import ExportBatch
from unisono.connectors.ldap.values import encoded
from unisono.model.schema import Attribute, ObjectType


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

    @property
    def attributes(self) -> frozenset[str]:
        return frozenset((*self.replaced, *self.added, *self.removed))


@dataclass(slots=True)
class _Columns:
    """Encoded values by attribute and row; an attribute is in ``replaced``, or in both ``added`` and ``removed``."""

    replaced: dict[str, list[list[bytes] | None]] = field(default_factory=dict)
    added: dict[str, list[list[bytes] | None]] = field(default_factory=dict)
    removed: dict[str, list[list[bytes] | None]] = field(default_factory=dict)
    complete: dict[str, list[list[bytes] | None]] = field(default_factory=dict)

    def take(self, frame: pl.DataFrame, attribute: Attribute) -> None:
        name = attribute.name
        if f"{name}+" in frame.columns:
            self.added[name] = _values(frame, attribute, f"{name}+")
            self.removed[name] = _values(frame, attribute, f"{name}-")
            if name in frame.columns:
                self.complete[name] = _values(frame, attribute, name)
        elif name in frame.columns:
            self.replaced[name] = _values(frame, attribute, name)


def entries_to_write(batch: ExportBatch, object_type: ObjectType) -> Iterator[EntryToWrite]:
    """The rows in their order."""
    frame = batch.entries
    touched = set(frame["changed"].explode())
    columns = _Columns()
    for attribute in object_type.attributes:
        if attribute.name in touched:
            columns.take(frame, attribute)
    names = frame.select("id", "anchor", "dn", "new_dn", "changed").iter_rows()
    for row, (id_, anchor, dn, new_dn, changed) in enumerate(names):
        yield EntryToWrite(
            id=id_,
            anchor=anchor,
            dn=dn,
            new_dn=new_dn,
            replaced={name: columns.replaced[name][row] for name in changed if name in columns.replaced},
            added=_present(columns.added, changed, row),
            removed=_present(columns.removed, changed, row),
            complete=_present(columns.complete, changed, row),
        )


def _present(
    columns: Mapping[str, list[list[bytes] | None]], changed: list[str], row: int
) -> Mapping[str, list[bytes]]:
    return {name: values for name in changed if name in columns and (values := columns[name][row])}


def _values(frame: pl.DataFrame, attribute: Attribute, column: str) -> list[list[bytes] | None]:
    values = frame.select(encoded(attribute, column)).to_series().to_list()
    return values if attribute.multivalued else [None if value is None else [value] for value in values]
