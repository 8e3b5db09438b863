"""Connector spaces: new and changed objects, and how many objects each space has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import polars as pl
from sqlalchemy import Select, bindparam, func, select, update

from unisono.model.documents import FORGOTTEN
from unisono.model.frames import CS_INDEX, CS_OBJECT, Frame
from unisono.model.schema import PolarsType
from unisono.store.queries.base import STAGED_IDS
from unisono.store.tables import connector, cs_object
from unisono.store.transaction import NO_VALUES, Values
from unisono.store.writes.base import Writes, each_once, shaped

_object = cs_object.c
_INSERTABLE: Final = {**CS_INDEX.columns, **CS_OBJECT.columns}
_REQUIRED: Final = frozenset({"id", "connector", "dn", "dn_key"})
_ERROR_COLUMNS: Final[dict[str, PolarsType]] = {
    "import_error": pl.String,
    "import_error_run": pl.Int64,
    "export_error": pl.String,
    "export_error_run": pl.Int64,
}
_UPDATABLE: Final = {name: dtype for name, dtype in _INSERTABLE.items() if name != "connector"} | _ERROR_COLUMNS

_COUNTS: Final = Frame(
    row="a connector", columns={"connector_id": pl.Int64, "objects": pl.Int64}, key=("connector_id",)
)
_COUNT: Final = (
    select(_object.connector_id, func.count())
    .where(_object.id.in_(STAGED_IDS), _object.object_type.is_not(None))
    .group_by(_object.connector_id)
)
_ADD_TO_POPULATION: Final = (
    update(connector)
    .where(connector.c.id == bindparam("connector_id"))
    .values(objects=connector.c.objects + bindparam("difference"))
)


def _streak(error: str) -> tuple[Select[tuple[int, ...]], Frame]:
    """Since when and how often objects have failed."""
    first, count = f"{error}_first_run", f"{error}_count"
    streak = Frame(
        row="an object that fails",
        columns={"id": pl.Int64, first: pl.Int64, count: pl.Int64},
        key=("id",),
        nullable=frozenset({first}),
    )
    return select(*(_object[name] for name in streak.columns)).where(_object.id.in_(STAGED_IDS)), streak


_STREAKS: Final = {error: _streak(error) for error in ("import_error", "export_error")}
_FORGET_IMPORTED: Final = (
    update(cs_object).where(_object.id.in_(STAGED_IDS), _object.import_hash.is_not(None)).values(import_hash=FORGOTTEN)
)
_FORGET_SYNCHRONIZED: Final = (
    update(cs_object)
    .where(_object.id.in_(STAGED_IDS), _object.hologram_hash.is_not(None))
    .values(hologram_hash=FORGOTTEN)
)


class SpaceWrites(Writes):
    def allocate(self, count: int) -> int:
        return self._take_ids("object", count)

    def insert_objects(self, frame: pl.DataFrame) -> None:
        shaped(frame, _INSERTABLE, required=_REQUIRED)
        if frame.is_empty():
            return
        ids = {name: self._connector_id(name) for name in frame["connector"].unique().sort()}
        rows = frame.with_columns(
            pl.col("connector").replace_strict(ids, return_dtype=pl.Int64).alias("connector_id"), *_completions(frame)
        ).drop("connector")
        self._transaction.insert(cs_object, rows)
        if "object_type" in rows.columns:
            objects = rows.filter(pl.col("object_type").is_not_null())
            self._add_to_population(objects.group_by("connector_id").agg(objects=pl.len().cast(pl.Int64)))

    def update_objects(self, *frames: pl.DataFrame) -> None:
        """As ``Writer.update_objects``; also takes ``import_error_run`` and ``export_error_run``.

        Where an error column comes with its run, the store keeps since which run the object has been failing, and in
        any case how often it failed in a row.
        """
        for frame in each_once(frames):
            self._update(frame)

    def _update(self, frame: pl.DataFrame, also: Values = NO_VALUES) -> None:
        rows = shaped(frame, _UPDATABLE, required=frozenset({"id"}))
        for error in _STREAKS:
            if error in rows.columns:
                rows = self._with_streak(rows, error)
        rows = rows.drop("import_error_run", "export_error_run", strict=False)
        if "object_type" not in rows.columns:
            self._transaction.update(cs_object, rows, also)
            return
        with self._recounted(rows["id"]):
            self._transaction.update(cs_object, rows, also)

    def forget_hashes(self, ids: pl.Series) -> None:
        self._stage(ids)
        self._transaction.execute(_FORGET_IMPORTED)
        self._transaction.execute(_FORGET_SYNCHRONIZED)

    def _with_streak(self, rows: pl.DataFrame, error: str) -> pl.DataFrame:
        """The rows with since when and how often the object has failed; an object without error starts anew."""
        first, count, failing = f"{error}_first_run", f"{error}_count", pl.col(error).is_not_null()
        query, streak = _STREAKS[error]
        known = self._fetch_of(rows.filter(failing)["id"], query, streak)
        this_run = pl.col(f"{error}_run") if f"{error}_run" in rows.columns else pl.lit(None, dtype=pl.Int64)
        return rows.join(known, on="id", how="left").with_columns(
            pl.when(failing).then(pl.coalesce(first, this_run)).alias(first),
            pl.when(failing).then(pl.col(count) + 1).otherwise(0).alias(count),
        )

    @contextmanager
    def _recounted(self, ids: pl.Series) -> Iterator[None]:
        """Carry what the block does to the objects into the populations of their connector spaces."""
        before = self._fetch_of(ids, _COUNT, _COUNTS)
        yield
        after = self._fetch_of(ids, _COUNT, _COUNTS)
        both = pl.concat([after, before.with_columns(-pl.col("objects"))])
        self._add_to_population(both.group_by("connector_id").sum())

    def _add_to_population(self, differences: pl.DataFrame) -> None:
        for id_, difference in differences.select("connector_id", "objects").iter_rows():
            if difference:
                self._transaction.execute(_ADD_TO_POPULATION, connector_id=id_, difference=difference)


def _completions(frame: pl.DataFrame) -> Iterator[pl.Expr]:
    """Defaults where a frame of objects and placeholders together is empty; an object with an error failed once."""
    no = pl.lit(value=False)
    for name, default in (("state", pl.lit("normal")), ("obsolete", no), ("reevaluate", no)):
        if name in frame.columns:
            yield pl.col(name).cast(_INSERTABLE[name]).fill_null(default)
    if "import_error" in frame.columns:
        yield pl.col("import_error").is_not_null().cast(pl.Int64).alias("import_error_count")
