"""Run history: runs, steps with counters and errors, watermarks, held batches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
import polars as pl
from sqlalchemy import BigInteger, bindparam, delete, insert, select, update

from unisono.model.runs import ObjectError, Status, StepResult
from unisono.store.contract import HeldBatch
from unisono.store.frames import OBJECT_ERRORS
from unisono.store.queries.base import CONNECTOR_ID
from unisono.store.tables import counter, held_batch, object_error, run, step
from unisono.store.tables import watermark as stored_watermark
from unisono.store.times import as_text
from unisono.store.writes.base import Writes

_RUN: Final = bindparam("run", type_=BigInteger)
_STEP: Final = bindparam("step", type_=BigInteger)
_FORGET_STEP: Final = (
    delete(step).where(step.c.run_id == _RUN, step.c.number == _STEP),
    delete(counter).where(counter.c.run_id == _RUN, counter.c.step == _STEP),
)
_interrupted = select(run.c.id).where(run.c.connector_id == CONNECTOR_ID, run.c.status == Status.IN_PROGRESS.value)
_INTERRUPTED_STEPS: Final = update(step).where(
    step.c.run_id.in_(_interrupted), step.c.status == Status.IN_PROGRESS.value
)
_INTERRUPTED_RUNS: Final = update(run).where(run.c.id.in_(_interrupted))
_ERROR_COLUMNS: Final = {
    name: dtype for name, dtype in OBJECT_ERRORS.columns.items() if name not in ("run_id", "step", "connector")
}


class HistoryWrites(Writes):
    def set_watermark(self, connector: str, watermark: str | None, run_id: int) -> None:
        id_ = self._connector_id(connector)
        self._transaction.execute(delete(stored_watermark).where(stored_watermark.c.connector_id == id_))
        if watermark is not None:
            row = {"connector_id": id_, "watermark": watermark, "run_id": run_id}
            self._transaction.execute(insert(stored_watermark).values(row))

    def start_run(self, connector: str, profile: str, fingerprint: str, started_at: datetime) -> int:
        id_ = self._take_ids("run", 1)
        self._transaction.execute(
            insert(run).values(
                id=id_,
                connector_id=self._connector_id(connector),
                profile=profile,
                status=Status.IN_PROGRESS.value,
                started_at=as_text(started_at),
                ended_at=as_text(started_at),
                fingerprint=fingerprint,
            )
        )
        return id_

    def save_step(self, run_id: int, result: StepResult, errors: Iterable[ObjectError]) -> None:
        for statement in _FORGET_STEP:
            self._transaction.execute(statement, run=run_id, step=result.number)
        self._transaction.execute(insert(step).values(_step_row(run_id, result)))
        self._transaction.execute(update(run).where(run.c.id == run_id).values(ended_at=as_text(result.ended_at)))
        self._transaction.insert(counter, _counter_rows(run_id, result))
        if met := tuple(errors):
            rows = _error_rows(run_id, result.number, met)
            first = self._take_ids("error", rows.height)
            self._transaction.insert(object_error, rows.with_row_index("id", offset=first))

    def finish_run(self, run_id: int, status: Status, ended_at: datetime) -> None:
        values = {"status": status.value, "ended_at": as_text(ended_at)}
        self._transaction.execute(update(run).where(run.c.id == run_id).values(values))

    def close_interrupted_runs(self, connector: str, ended_at: datetime, *, message: str, hint: str) -> int:
        values = {"status": Status.STOPPED_SERVER.value, "ended_at": as_text(ended_at)}
        self._transaction.execute(
            _INTERRUPTED_STEPS.values(values | {"message": message, "hint": hint}), connector=connector
        )
        return self._transaction.execute(_INTERRUPTED_RUNS.values(values), connector=connector)

    def hold(self, batch: HeldBatch) -> None:
        self.release(batch.hash)
        self._transaction.execute(
            insert(held_batch).values(
                hash=batch.hash,
                connector_id=self._connector_id(batch.connector),
                profile=batch.profile,
                step=batch.step,
                run_id=batch.run_id,
                held_at=as_text(batch.held_at),
                reasons=msgspec.json.encode(batch.reasons).decode(),
            )
        )

    def release(self, hash_: str) -> None:
        self._transaction.execute(delete(held_batch).where(held_batch.c.hash == hash_))


def _step_row(run_id: int, result: StepResult) -> dict[str, object]:
    return {
        "run_id": run_id,
        "number": result.number,
        "status": result.status.value,
        "started_at": as_text(result.started_at),
        "ended_at": as_text(result.ended_at),
        "error_count": result.error_count,
        "held_hash": result.held_hash,
        "connection": result.connection,
        "message": result.message,
        "hint": result.hint,
        "definition": msgspec.json.encode(result.step).decode(),
        "phases": msgspec.json.encode(result.phase_s).decode(),
    }


def _counter_rows(run_id: int, result: StepResult) -> pl.DataFrame:
    rows = [
        (run_id, result.number, position, count.counter.value, count.target, count.count)
        for position, count in enumerate(result.counts)
    ]
    names = ["run_id", "step", "position", "counter", "target", "count"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _error_rows(run_id: int, number: int, errors: tuple[ObjectError, ...]) -> pl.DataFrame:
    columns = {name: [getattr(error, name) for error in errors] for name in _ERROR_COLUMNS}
    rows = pl.DataFrame(columns, schema=_ERROR_COLUMNS)
    return rows.with_columns(run_id=pl.lit(run_id), step=pl.lit(number))
