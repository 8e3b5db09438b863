"""A reading: page after page of every object type, in one transaction that sees one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from unisono.connectors.contract import ImportBatch
from unisono.connectors.portions import stretches
from unisono.connectors.sql.database import Link, Row
from unisono.connectors.sql.failures import Failed, stopped_reading
from unisono.connectors.sql.images import images, keyless, typed_rows
from unisono.connectors.sql.selects import Selects
from unisono.model.errors import StepStop
from unisono.model.runs import Status


class Reading:
    """An import session over an open snapshot, for full and delta imports alike."""

    def __init__(self, link: Link, selects: Sequence[Selects], *, page_objects: int, watermark: str | None) -> None:
        self._link = link
        self._selects = selects
        self._page_objects = page_objects
        self._watermark = watermark

    @property
    def watermark(self) -> str | None:
        return self._watermark

    def batches(self) -> Iterator[ImportBatch]:
        """Raises ``StepStop``."""
        try:
            for selects in self._selects:
                yield from self._keyless(selects)
                yield from self._pages(selects)
        except Failed as failed:
            raise stopped_reading(failed.failure) from None

    def try_statements(self) -> None:
        """Whether the database lets us read everything, before the first object. Raises ``Failed``."""
        for selects in self._selects:
            self._link.rows(selects.page(None, 0))
            for child in selects.bound.imported_children:
                nobody = [None] * len(selects.bound.key)
                self._link.rows(selects.child_values(child, None, nobody).limit(0))

    def close(self) -> None:
        self._link.close()

    def _keyless(self, selects: Selects) -> Iterator[ImportBatch]:
        if any(column.is_nullable for column in selects.bound.key):
            rows = self._link.rows(selects.without_key(self._page_objects))
            if rows:
                yield keyless(len(rows), selects.bound)

    def _pages(self, selects: Selects) -> Iterator[ImportBatch]:
        after: Sequence[object] | None = None
        while rows := self._link.rows(selects.page(after, self._page_objects)):
            is_last = len(rows) < self._page_objects
            last = self._key(rows[-1], selects)
            if not selects.bound.key_is_unique and not is_last:
                rows = self._with_all_of(last, rows, selects)
            yield from self._batches(rows, selects, after, last)
            if is_last:
                return
            after = last

    def _batches(
        self, rows: Sequence[Row], selects: Selects, after: Sequence[object] | None, last: Sequence[object]
    ) -> Iterator[ImportBatch]:
        """The page in parts that have so many values that they can be held at once."""
        for begin, end in stretches(self._values(rows, selects, after, last)):
            behind = self._key(rows[end - 1], selects) if end < len(rows) else last
            yield self._batch(rows[begin:end], selects, after, behind)
            after = behind

    def _values(
        self, rows: Sequence[Row], selects: Selects, after: Sequence[object] | None, last: Sequence[object]
    ) -> list[int]:
        """By row, how many values it has in child tables. Of rows with one key the first counts, so that no stretch
        ends between them."""
        width, counts = len(selects.bound.key), Counter[Row]()
        for child in selects.bound.imported_children:
            for row in self._link.rows(selects.child_counts(child, after, last)):
                counts[row[:width]] += row[width]
        return [counts.pop(row[:width], 0) for row in rows]

    def _batch(
        self, rows: Sequence[Row], selects: Selects, after: Sequence[object] | None, last: Sequence[object]
    ) -> ImportBatch:
        dialect = self._link.dialect
        children = [
            (
                child,
                typed_rows(
                    self._link.rows(selects.child_values(child, after, last)), selects.child_fields(child), dialect
                ),
            )
            for child in selects.bound.imported_children
        ]
        return images(typed_rows(rows, selects.fields, dialect), children, selects)

    def _with_all_of(self, key: Sequence[object], rows: Sequence[Row], selects: Selects) -> list[Row]:
        """The rows with all that share the last key: the next page begins behind it and would leave some out."""
        width = len(selects.bound.key)
        same = self._link.rows(selects.same_key(key))
        twins = {row[:width] for row in same}
        return [row for row in rows if row[:width] not in twins] + same

    def _key(self, row: Row, selects: Selects) -> list[object]:
        try:
            return [self._link.dialect.bound(value) for value in row[: len(selects.bound.key)]]
        except UnicodeDecodeError:
            raise StepStop(
                Status.STOPPED_IMPORT_READ,
                f"a key of {selects.bound.table.name} is not text",
                hint="look for a key that is not valid UTF-8 after the last object read",
            ) from None
