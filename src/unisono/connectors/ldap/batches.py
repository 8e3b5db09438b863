"""Collecting entries into the batches of an import: one object type each, at most a page of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from unisono.connectors.contract import VALUES_AT_ONCE, ImportBatch
from unisono.connectors.ldap.classes import Classifier
from unisono.connectors.ldap.images import Images, images
from unisono.connectors.ldap.search import PORTION, Entry
from unisono.connectors.ldap.settings import LdapSettings
from unisono.connectors.portions import values_in
from unisono.model.frames import DELETED, DISCOVERY_ERRORS
from unisono.model.schema import ObjectType, Schema


@dataclass(slots=True, kw_only=True)
class _Collected:
    """Entries of one type on their way into a batch; ``count`` includes those that are decoded already, ``values`` are
    those in the sets of these."""

    object_type: ObjectType
    entries: list[Entry] = field(default_factory=list)
    decoded: list[Images] = field(default_factory=list)
    count: int = 0
    values: int = 0


class Batches:
    """``add`` gives batches as they fill, ``rest`` those that did not."""

    def __init__(self, schema: Schema, settings: LdapSettings, classifier: Classifier, page_objects: int) -> None:
        self._settings = settings
        self._classifier = classifier
        self._page_objects = page_objects
        self._collected = {t.name: _Collected(object_type=t) for t in schema.object_types}

    def add(self, entries: Iterable[Entry]) -> Iterator[ImportBatch]:
        """Takes entries that have an object type, each once; those that have none are errors."""
        unmappable = []
        for entry in entries:
            name = self._classifier(entry)
            if name is None:
                unmappable.append(entry)
                continue
            collected = self._collected[name]
            collected.entries.append(entry)
            collected.count += 1
            if collected.count == self._page_objects:
                yield self._batch(collected)
            elif len(collected.entries) == PORTION:
                self._decode(collected)
                if collected.values >= VALUES_AT_ONCE:
                    yield self._batch(collected)
        if unmappable:
            yield self._without_objects(errors=_unmappable(unmappable))

    def rest(self) -> Iterator[ImportBatch]:
        for collected in self._collected.values():
            if collected.count:
                yield self._batch(collected)

    def deletions(self, anchors: Sequence[str]) -> Iterator[ImportBatch]:
        """Deletions by anchor; of which type they were is not known, and does not matter."""
        for start in range(0, len(anchors), self._page_objects):
            gone = pl.DataFrame({"anchor": anchors[start : start + self._page_objects]}, schema={"anchor": pl.String})
            yield self._without_objects(deletions=gone.with_columns(dn=pl.lit(None, dtype=pl.String)))

    def _batch(self, collected: _Collected) -> ImportBatch:
        self._decode(collected)
        batch = ImportBatch(
            object_type=collected.object_type.name,
            objects=pl.concat([part.objects for part in collected.decoded]),
            errors=pl.concat([part.errors for part in collected.decoded]),
        )
        collected.decoded, collected.count, collected.values = [], 0, 0
        return batch

    def _decode(self, collected: _Collected) -> None:
        hidden = self._settings.placeholder_member
        anchor = self._settings.anchor
        part = images(collected.entries, collected.object_type, anchor=anchor, hidden_reference=hidden)
        collected.decoded.append(part)
        collected.values += int(values_in(part.objects, collected.object_type).sum())
        collected.entries = []

    def _without_objects(
        self, *, deletions: pl.DataFrame | None = None, errors: pl.DataFrame | None = None
    ) -> ImportBatch:
        first = next(iter(self._collected.values())).object_type
        none = images([], first, anchor=self._settings.anchor)
        return ImportBatch(
            object_type=first.name,
            objects=none.objects,
            deletions=DELETED.empty() if deletions is None else deletions,
            errors=none.errors if errors is None else errors,
        )


def _unmappable(entries: Sequence[Entry]) -> pl.DataFrame:
    rows = []
    for dn, attributes in entries:
        without = not attributes.get("objectClass")
        code = "missing-object-class" if without else "unmappable-object-type"
        message = "no object class can be read" if without else "its object classes fit no object type"
        rows.append({"code": code, "dn": dn, "attribute": "objectClass", "message": message})
    return DISCOVERY_ERRORS.check(pl.DataFrame(rows, schema=dict(DISCOVERY_ERRORS.columns)))
