"""Sending the pages of an export, and recording what came of each."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from unisono.connectors.contract import Capabilities, ExportOperation, PartialSend
from unisono.connectors.runtime import RuntimeExport
from unisono.engine.exports import accepted_objects
from unisono.model.runs import Counter
from unisono.runs.apply import compare_referrers, restore_operations
from unisono.runs.export_pages import Page
from unisono.runs.outcomes import Outcome, Outcomes
from unisono.runs.tally import Record, object_errors
from unisono.store.contract import UnitOfWork

_COUNTERS = {"add": Counter.EXPORT_ADD, "update": Counter.EXPORT_UPDATE, "delete": Counter.EXPORT_DELETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One session of an export.

    A crash can leave one page that was sent and not recorded; it is sent again, which does no harm.
    """

    session: RuntimeExport
    target: str
    capabilities: Capabilities
    run_id: int
    record: Record
    waiting: Outcomes  # those of pages that are durable only when the session is finished

    def send(self, page: Page) -> None:
        """Send a page: accepted changes await confirmation from now on, refused ones stay pending with their error.

        Raises ``StoreError``, and ``StepStop`` with the outcomes that are known recorded.
        """
        try:
            results = self.session.send(page.batch)
        except PartialSend as partial:
            self._take(Outcome.of(page, partial.results))
            raise partial.__cause__ or partial from partial
        if self.capabilities.durable_at_finish:
            self.waiting.add(Outcome.of(page, results))
        else:
            self._take(Outcome.of(page, results))

    def finish(self) -> None:
        """Files become durable only now, so their results are recorded now."""
        self.session.finish()
        for outcome in self.waiting:
            self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        """What was sent is recorded before anything else, also where there are too many errors."""
        accepted = outcome.results.filter(pl.col("code").is_null())
        refused = outcome.results.filter(pl.col("code").is_not_null())
        with self.record.unit() as unit:
            self._write(outcome, accepted, refused, unit)
            self._count(outcome, accepted, refused)
        self.record.check_limit()

    def _count(self, outcome: Outcome, accepted: pl.DataFrame, refused: pl.DataFrame) -> None:
        self.record.add({(counter, None): number for counter, number in _counts(outcome, accepted, refused).items()})
        names = outcome.objects.select("id", "anchor", "dn")
        named = refused.drop("anchor", "dn").join(names, on="id", maintain_order="left")
        self.record.add_errors(object_errors(named.rename({"id": "cs_id"}), "export", target=self.target))

    def _write(self, outcome: Outcome, accepted: pl.DataFrame, refused: pl.DataFrame, unit: UnitOfWork) -> None:
        kind = outcome.kind
        objects = outcome.objects.filter(pl.col("id").is_in(accepted["id"].implode()))
        if kind.operation is ExportOperation.DELETE:
            unit.delete_objects(objects["id"])
        elif objects.height:
            unit.update_objects(accepted_objects(objects, accepted, kind.object_type, self.capabilities.dn_style))
            if (renamed := objects.filter(pl.col("new_dn").is_not_null())["id"]).len():
                compare_referrers(renamed, unit)
            if kind.final:
                unit.confirm_sent_edges(objects["id"])
            else:
                restore_operations(objects["id"], unit)
        if refused.height:
            failed_in = pl.lit(self.run_id, dtype=pl.Int64)
            unit.update_objects(refused.select("id", export_error="code", export_error_run=failed_in))


def _counts(outcome: Outcome, accepted: pl.DataFrame, refused: pl.DataFrame) -> dict[Counter, int]:
    renames = pl.col("new_dn").is_not_null() & pl.col("id").is_in(accepted["id"].implode())
    renamed = outcome.objects.filter(renames).height
    return {
        _COUNTERS[outcome.kind.operation.value]: accepted.height - renamed,
        Counter.EXPORT_RENAME: renamed,
        Counter.EXPORT_FAILURE: refused.height,
    }
