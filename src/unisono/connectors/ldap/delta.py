"""Reading changes: the delta import by the log of changes.

Not the recorded changes are applied. The entries that they touched are read as they are now, so it does not matter how
often or in which order a record is seen; what was touched and is not in scope any more is a deletion. A renamed
container renames what is below it without records of its own: that is read, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import ldap

from unisono.connectors.contract import ImportBatch
from unisono.connectors.ldap.accesslog import Position
from unisono.connectors.ldap.search import Entry, Query, any_of, everything, in_chunks, portions
from unisono.connectors.ldap.settings import ENTRY_UUID, is_within
from unisono.connectors.ldap.source import Source
from unisono.connectors.ldap.touched import former_names, touched
from unisono.model.errors import StepStop
from unisono.model.names import ldap_dn_key
from unisono.model.runs import Status

_HAS_CHILDREN = "hasSubordinates"


class DeltaImport:
    """Objects that were touched since ``watermark``, each once in its present state, then deletions.

    Raises ``StepStop`` with a ``no-start-*`` status when the log cannot tell.
    """

    def __init__(self, source: Source, watermark: str) -> None:
        records, self._end = source.log.since(_position(watermark))
        self._source = source
        self._touched = touched(records, source.settings.bases)
        self._found: set[str] = set()  # UUIDs below the bases, in scope or not
        self._given: set[str] = set()  # UUIDs of what is in scope
        self._given_names: set[str] = set()
        self._containers: dict[str, str] = {}  # renamed and not a leaf: UUID → DN

    @property
    def watermark(self) -> str | None:
        return str(self._end)

    def close(self) -> None:
        self._source.close()

    def batches(self) -> Iterator[ImportBatch]:
        source = self._source
        for portion in self._touched_entries():
            yield from source.batches.add(self._in_scope(portion))
        for portion in self._entries_below(self._containers.values()):
            yield from source.batches.add(self._in_scope(portion))
        yield from source.batches.rest()
        yield from source.batches.deletions(self._gone())

    def _touched_entries(self) -> Iterator[list[Entry]]:
        renamed = {rename.entry_uuid for rename in self._touched.renames}
        for base in self._source.settings.bases:
            for chunk in in_chunks(self._touched.entry_uuids):
                query = self._source.query(base, any_of(ENTRY_UUID, chunk), ENTRY_UUID, _HAS_CHILDREN)
                for portion in portions(self._source.connection, query, self._source.timeout_s):
                    self._found.update(map(_uuid, portion))
                    self._containers.update(
                        (_uuid(e), e[0]) for e in portion if _uuid(e) in renamed and _is_container(e)
                    )
                    yield portion

    def _entries_below(self, containers: Iterable[str]) -> Iterator[list[Entry]]:
        for dn in containers:
            query = self._source.query(dn, self._source.classifier.filter, ENTRY_UUID)
            yield from portions(self._source.connection, query, self._source.timeout_s)

    def _in_scope(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those not given yet that have an object type; one whose classes cannot be seen will be an error."""
        given = []
        for entry in entries:
            uuid = _uuid(entry)
            if uuid in self._given or (entry[1].get("objectClass") and self._source.classifier(entry) is None):
                continue
            self._given.add(uuid)
            given.append(entry)
        if self._source.settings.anchor_is_dn:
            self._given_names.update(ldap_dn_key(dn) for dn, _ in given)
        return given

    def _gone(self) -> list[str]:
        """Anchors of what was in scope, or may have been, and is not."""
        outside = [entry for dn in self._left() for entry in self._outside(dn)]
        if not self._source.settings.anchor_is_dn:
            uuids = dict.fromkeys((*self._touched.entry_uuids, *map(_uuid, outside)))
            return [uuid for uuid in uuids if uuid not in self._given]
        leaves = self._found - self._containers.keys()
        renames = [rename for rename in self._touched.renames if rename.entry_uuid not in leaves]
        names = {*self._touched.names, *self._given_names, *(ldap_dn_key(dn) for dn, _ in outside)}
        names.update([former for name in names for former in former_names(name, renames)])
        return sorted(names - self._given_names)

    def _left(self) -> list[str]:
        """Present DNs of entries that were moved away from the bases; what they took along has no record."""
        bases = self._source.settings.bases
        latest = {r.entry_uuid: r.dn for r in self._touched.renames if r.entry_uuid not in self._found}
        return [dn for dn in latest.values() if not any(is_within(dn, base) for base in bases)]

    def _outside(self, dn: str) -> list[Entry]:
        query = Query(
            what=dn,
            base=dn,
            filter="(objectClass=*)",
            attributes=(ENTRY_UUID,),
            page_objects=self._source.settings.page_objects,
        )
        try:
            return everything(self._source.connection, query, self._source.timeout_s)
        except StepStop as stop:
            # Deleted since, or not for our eyes: what was below it goes with the next full import.
            if isinstance(stop.__cause__, ldap.NO_SUCH_OBJECT | ldap.INSUFFICIENT_ACCESS):
                return []
            raise


def _position(watermark: str) -> Position:
    position = Position.parse(watermark)
    if position is None:
        raise StepStop(
            Status.NO_START_FULL_IMPORT_REQUIRED,
            "the watermark is not one of this connector",
            hint="run a full import",
        )
    return position


def _uuid(entry: Entry) -> str:
    return entry[1][ENTRY_UUID][0].decode()


def _is_container(entry: Entry) -> bool:
    return entry[1].get(_HAS_CHILDREN) == [b"TRUE"]
