"""What a full import keeps in memory of a whole connector space: hashes, no text.

With them it knows which objects are as they were, which ones did not come, and what the store has to be asked for: the
objects that changed, and holders of names. An object takes some thirty bytes here, however long its names are.

Two texts may have one hash of 64 bits, once in a million connector spaces of five million objects. Nothing is taken to
be so for this: an object is passed over where the hash of its content is the same too, and what else is asked for is
compared by its text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from unisono.model.frames import CS_OUTLINE

_NO_IDS = pl.Series("id", [], dtype=pl.Int64)
_NO_HASHES = pl.Series("hash", [], dtype=pl.UInt64)
_ROWS = {"key": pl.UInt64, "id": pl.Int64, "import_hash": pl.Int64, "at_rest": pl.Boolean, "seen": pl.Boolean}


def _hashes(texts: pl.Series) -> pl.Series:
    return texts.hash(seed=0)


@dataclass(frozen=True, slots=True)
class _Run:
    """``_ROWS`` in the order of ``key``, the hash of the anchor."""

    rows: pl.DataFrame

    def merged(self, other: _Run) -> _Run:
        return _Run(pl.concat([self.rows, other.rows]).sort("key"))

    def about(self, keys: pl.Series) -> pl.DataFrame:
        """``_ROWS`` with ``row`` of all that have one of the keys, and ``position``, the place of its key."""
        wanted = keys.alias("key").to_frame().with_row_index("position").sort("key")
        first, after = (self.rows["key"].search_sorted(wanted["key"], side=side) for side in ("left", "right"))
        places = wanted.select("position", row=pl.int_ranges(first, after)).filter(pl.col("row").list.len() > 0)
        places = places.explode("row", empty_as_null=False)
        return pl.concat([places, self.rows[places["row"]]], how="horizontal")

    def has(self, keys: pl.Series) -> pl.Series:
        return _is_among(keys, self.rows["key"])

    def with_seen(self, rows: pl.Series) -> _Run:
        return replace(self, rows=self.rows.with_columns(self.rows["seen"].scatter(rows, values=True)))


class SpaceIndex:
    """Grows with what the batches of an import write. Runs of rows are merged with those of their size, so that there
    are few of them, and adding costs what sorting does."""

    def __init__(self, space: Iterable[pl.DataFrame]) -> None:
        """``space``: parts of ``CS_OUTLINE``, all objects and placeholders of the connector space."""
        rows, names = [pl.DataFrame(schema=_ROWS)], [_NO_HASHES]
        for part in space:
            own = CS_OUTLINE.check(part).with_columns(key=_hashes(part["anchor"]), seen=pl.lit(value=False))
            rows.append(own.filter(pl.col("anchor").is_not_null()).select(list(_ROWS)))
            names.append(_hashes(part["name"].drop_nulls()))
        self._runs = [_Run(pl.concat(rows).sort("key"))]
        self._names = [pl.concat(names).sort()]
        self._forgotten = _NO_IDS

    def pass_over(self, objects: pl.DataFrame) -> pl.Series:
        """Which objects (``anchor``, ``hash``) are as the store has them. They count as seen from now on.

        An object that came before, also within these, is never passed over.
        """
        keys = _hashes(objects["anchor"])
        known = objects.select("hash", first=keys.is_first_distinct())
        passed = pl.Series([False], dtype=pl.Boolean).new_from_index(0, objects.height)
        for number, run in enumerate(self._runs):
            found = run.about(keys)
            here = pl.concat([found, known[found["position"]]], how="horizontal").filter(
                pl.col("at_rest")
                & ~pl.col("seen")
                & pl.col("first")
                & (pl.col("import_hash") == pl.col("hash")).fill_null(value=False)
                & ~pl.col("id").is_in(self._forgotten.implode())
            )
            if here.height:
                passed = passed.scatter(here["position"], values=True)
                self._runs[number] = run.with_seen(here["row"])
        return passed

    def seen(self, anchors: pl.Series) -> pl.Series:
        """The ids of objects with these anchors that came before, and possibly a few others."""
        keys = _hashes(anchors)
        return pl.concat([_NO_IDS, *(run.about(keys).filter("seen")["id"] for run in self._runs)])

    def known(self, anchors: pl.Series, dn_keys: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Those anchors, and those names, that objects or placeholders may have; all others nobody has."""
        keys = _hashes(anchors)
        asked = anchors.filter(_any([run.has(keys) for run in self._runs]))
        keys = _hashes(dn_keys)
        by_anchor = _any([run.has(keys) for run in self._runs]) & ~dn_keys.is_in(asked.implode())
        by_name = _any([_is_among(keys, names) for names in self._names])
        return asked, dn_keys.filter(by_anchor | by_name)

    def see(self, objects: pl.DataFrame) -> None:
        """Objects (``anchor``, ``id``) that came. Those that are new, or have a new anchor, are known from now on."""
        keys = _hashes(objects["anchor"])
        found = [pl.Series("position", [], dtype=pl.UInt32)]
        for number, run in enumerate(self._runs):
            rows = run.about(keys)
            rows = rows.filter(rows["id"] == objects["id"][rows["position"]])
            if rows.height:
                self._runs[number] = run.with_seen(rows["row"])
                found.append(rows["position"])
        places = objects.select("id", key=keys).with_row_index("position")
        self._add(places.filter(~pl.col("position").is_in(pl.concat(found).implode())))

    def _add(self, objects: pl.DataFrame) -> None:
        if objects.is_empty():
            return
        rows = objects.select(
            "key",
            "id",
            import_hash=pl.lit(None, dtype=pl.Int64),
            at_rest=pl.lit(value=False),
            seen=pl.lit(value=True),
        )
        self._runs.append(_Run(rows.sort("key")))
        while len(self._runs) > 1 and self._runs[-2].rows.height < 2 * self._runs[-1].rows.height:
            last = self._runs.pop()
            self._runs[-1] = self._runs[-1].merged(last)

    def name(self, dn_keys: pl.Series) -> None:
        """Names that somebody has now, or had in the import until now."""
        if dn_keys.is_empty():
            return
        self._names.append(_hashes(dn_keys).sort())
        while len(self._names) > 1 and self._names[-2].len() < 2 * self._names[-1].len():
            last = self._names.pop()
            self._names[-1] = pl.concat([self._names[-1], last]).unique().sort()

    def forget(self, ids: pl.Series) -> None:
        """Later batches compare these objects closely, as after ``Writer.forget_hashes``."""
        self._forgotten = pl.concat([self._forgotten, ids.rename("id")])

    def unseen(self) -> pl.Series:
        """The ids of objects that did not come (engine specification §2.10)."""
        return pl.concat([run.rows.filter(~pl.col("seen"))["id"] for run in self._runs])


def _is_among(keys: pl.Series, ordered: pl.Series) -> pl.Series:
    return ordered.search_sorted(keys, side="left") < ordered.search_sorted(keys, side="right")


def _any(found: list[pl.Series]) -> pl.Series:
    return pl.select(pl.any_horizontal(found)).to_series()
