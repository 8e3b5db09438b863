"""Old run history goes, piece by piece, so that nobody waits for long."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl
from sqlalchemy import bindparam, delete, exists, select, text

from unisono.model.runs import Cleared, Status
from unisono.store.queries.base import STAGED_IDS
from unisono.store.tables import (
    FAILS_TO_EXPORT,
    FAILS_TO_IMPORT,
    counter,
    cs_object,
    held_batch,
    object_error,
    run,
    step,
)
from unisono.store.times import as_text
from unisono.store.writes.base import Writes

#: What one piece removes at most. Writers wait for a piece, so it must not take longer than a blink.
PIECE_RUNS: Final = 100
PIECE_ERRORS: Final = 10_000

_later = run.alias("later")
_is_followed = exists().where(
    _later.c.connector_id == run.c.connector_id, _later.c.profile == run.c.profile, _later.c.id > run.c.id
)
_failing_since = (
    select(cs_object.c.import_error_first_run).where(text(FAILS_TO_IMPORT)),
    select(cs_object.c.export_error_first_run).where(text(FAILS_TO_EXPORT)),
)
_OLD: Final = (
    select(run.c.id)
    .where(
        run.c.started_at < bindparam("before"),
        run.c.status != Status.IN_PROGRESS.value,
        _is_followed,
        run.c.id.not_in(select(held_batch.c.run_id)),
        *(run.c.id.not_in(runs) for runs in _failing_since),
    )
    .order_by(run.c.started_at, run.c.id)
    .limit(PIECE_RUNS)
)
_some_errors = select(object_error.c.id).where(object_error.c.run_id.in_(STAGED_IDS)).limit(PIECE_ERRORS)
_CLEAR_ERRORS: Final = delete(object_error).where(object_error.c.id.in_(_some_errors))
_CLEAR_PARTS: Final = tuple(delete(table).where(table.c.run_id.in_(STAGED_IDS)) for table in (counter, step))
_CLEAR_RUNS: Final = delete(run).where(run.c.id.in_(STAGED_IDS))


class ClearingWrites(Writes):
    def clear_history(self, before: datetime) -> Cleared:
        old = self._transaction.rows(_OLD, before=as_text(before))
        if not old:
            return Cleared()
        self._stage(pl.Series("id", [run_id for (run_id,) in old], dtype=pl.Int64))
        errors = self._transaction.execute(_CLEAR_ERRORS)
        if errors == PIECE_ERRORS:  # there may be more; their runs go with the last of them
            return Cleared(errors=errors)
        for statement in _CLEAR_PARTS:
            self._transaction.execute(statement)
        return Cleared(runs=self._transaction.execute(_CLEAR_RUNS), errors=errors)
