"""Run history: runs with steps and counters, object errors, watermarks, held batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import polars as pl
from sqlalchemy import Select, bindparam, func, select

from unisono.model.runs import Counter, RunResult, RunStep, Status, StepCount, StepResult
from unisono.store.contract import HeldBatch
from unisono.store.frames import OBJECT_ERRORS
from unisono.store.queries.base import CONNECTOR_ID, STAGED_IDS, Queries, columns_of, name_of_connector
from unisono.store.tables import counter, held_batch, object_error, run, step, watermark
from unisono.store.times import as_time

Row = tuple[Any, ...]  # Any: columns of one row have several types

_RUNS: Final = (
    select(
        run.c.id,
        name_of_connector(run.c.connector_id),
        run.c.profile,
        run.c.status,
        run.c.started_at,
        run.c.ended_at,
        run.c.fingerprint,
    )
    .order_by(run.c.id.desc())
    .limit(bindparam("limit"))
)
_RUN: Final = _RUNS.where(run.c.id == bindparam("run_id"))
_STEPS: Final = (
    select(
        step.c.run_id,
        step.c.number,
        step.c.definition,
        step.c.status,
        step.c.started_at,
        step.c.ended_at,
        step.c.message,
        step.c.hint,
        step.c.connection,
        step.c.error_count,
        step.c.held_hash,
        step.c.phases,
    )
    .where(step.c.run_id.in_(STAGED_IDS))
    .order_by(step.c.run_id, step.c.number)
)
_COUNTERS: Final = (
    select(counter.c.run_id, counter.c.step, counter.c.counter, counter.c.count, counter.c.target)
    .where(counter.c.run_id.in_(STAGED_IDS))
    .order_by(counter.c.run_id, counter.c.step, counter.c.position)
)

_LATEST_RUNS: Final = select(func.max(run.c.id)).group_by(run.c.connector_id, run.c.profile)


def _errors(runs: Select[tuple[int]]) -> Select[tuple[object, ...]]:
    return (
        select(*columns_of(OBJECT_ERRORS, object_error, connector=name_of_connector(run.c.connector_id)))
        .join_from(object_error, run, run.c.id == object_error.c.run_id)
        .where(object_error.c.run_id.in_(runs))
        .order_by(object_error.c.id)
        .limit(bindparam("limit"))
    )


_ERRORS_OF_RUN: Final = _errors(select(run.c.id).where(run.c.id == bindparam("run_id")))
_LATEST_ERRORS: Final = _errors(_LATEST_RUNS)

_HELD: Final = select(
    held_batch.c.hash,
    name_of_connector(held_batch.c.connector_id),
    held_batch.c.profile,
    held_batch.c.step,
    held_batch.c.run_id,
    held_batch.c.held_at,
    held_batch.c.reasons,
).order_by(held_batch.c.held_at.desc(), held_batch.c.run_id.desc(), held_batch.c.step.desc())

_WATERMARK: Final = select(watermark.c.watermark).where(watermark.c.connector_id == CONNECTOR_ID)


class HistoryQueries(Queries):
    def watermark(self, connector: str) -> str | None:
        return next((text for (text,) in self._transaction.rows(_WATERMARK, connector=connector)), None)

    def runs(self, *, connector: str | None = None, limit: int = 50) -> tuple[RunResult, ...]:
        if connector is None:
            found = self._transaction.rows(_RUNS, limit=limit)
        else:
            of_connector = _RUNS.where(run.c.connector_id == CONNECTOR_ID)
            found = self._transaction.rows(of_connector, limit=limit, connector=connector)
        return self._with_steps(found)

    def run(self, run_id: int) -> RunResult | None:
        return next(iter(self._with_steps(self._transaction.rows(_RUN, limit=1, run_id=run_id))), None)

    def _with_steps(self, found: Sequence[Row]) -> tuple[RunResult, ...]:
        steps = self._steps([row[0] for row in found])
        return tuple(_run_result(row, steps.get(row[0], ())) for row in found)

    def _steps(self, run_ids: Sequence[int]) -> Mapping[int, Sequence[StepResult]]:
        self._stage(pl.Series("id", run_ids, dtype=pl.Int64))
        counts: defaultdict[tuple[int, int], list[StepCount]] = defaultdict(list)
        for run_id, number, name, count, target in self._transaction.rows(_COUNTERS):
            counts[run_id, number].append(StepCount(counter=Counter(name), count=count, target=target))
        steps: defaultdict[int, list[StepResult]] = defaultdict(list)
        for run_id, number, *rest in self._transaction.rows(_STEPS):
            steps[run_id].append(_step_result(number, tuple(rest), tuple(counts[run_id, number])))
        return steps

    def errors(self, *, run_id: int | None = None, limit: int = 1000) -> pl.DataFrame:
        if run_id is None:
            return self._transaction.fetch(_LATEST_ERRORS, OBJECT_ERRORS, limit=limit)
        return self._transaction.fetch(_ERRORS_OF_RUN, OBJECT_ERRORS, limit=limit, run_id=run_id)

    def held(self) -> tuple[HeldBatch, ...]:
        return tuple(_held_batch(row) for row in self._transaction.rows(_HELD))


def _run_result(row: Row, steps: Sequence[StepResult]) -> RunResult:
    id_, connector_name, profile, status, started_at, ended_at, fingerprint = row
    return RunResult(
        id=id_,
        connector=connector_name,
        profile=profile,
        status=Status(status),
        started_at=as_time(started_at),
        ended_at=as_time(ended_at),
        fingerprint=fingerprint,
        steps=tuple(steps),
    )


def _step_result(number: int, row: Row, counts: tuple[StepCount, ...]) -> StepResult:
    definition, status, started_at, ended_at, message, hint, connection, error_count, held_hash, phases = row
    return StepResult(
        number=number,
        step=msgspec.json.decode(definition, type=RunStep),
        status=Status(status),
        started_at=as_time(started_at),
        ended_at=as_time(ended_at),
        message=message,
        hint=hint,
        connection=connection,
        counts=counts,
        error_count=error_count,
        held_hash=held_hash,
        phase_s=msgspec.json.decode(phases, type=tuple[tuple[str, float], ...]),
    )


def _held_batch(row: Row) -> HeldBatch:
    hash_, connector_name, profile, number, run_id, held_at, reasons = row
    return HeldBatch(
        hash=hash_,
        connector=connector_name,
        profile=profile,
        step=number,
        run_id=run_id,
        held_at=as_time(held_at),
        reasons=msgspec.json.decode(reasons, type=tuple[str, ...]),
    )
