"""Join and disconnect single objects by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from unisono.cli.actions import describe
from unisono.cli.actions.listing import planned_changes, with_kinds, worst_first
from unisono.cli.actions.plans import planned_errors
from unisono.cli.documents.joiner import ByHand
from unisono.cli.documents.runs import summary_of
from unisono.cli.failures import CallMistake
from unisono.cli.finding import metaverse_object, nobody, space_object
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus, of_run
from unisono.cli.views.joiner import by_hand_view
from unisono.model.plan import METAVERSE
from unisono.runs.context import Context
from unisono.runs.joiner import Decision, Refusal, Release, disconnecting, joining, rehearse, run_by_hand
from unisono.store.contract import Reader

_Decide = Callable[[int, Reader, Context], Decision]


def join(
    session: Session, name: str, person: str, connector: str | None, approve: Sequence[str], *, plan: bool
) -> ExitStatus:
    def decide(cs_id: int, reader: Reader, context: Context) -> Decision:
        found = metaverse_object(person, reader)
        if found is None:
            raise nobody(person, "the metaverse")
        return joining(cs_id, int(found["id"][0]), reader, context)

    return _by_hand(session, name, connector, approve, decide, plan=plan)


def disconnect(
    session: Session, name: str, connector: str | None, approve: Sequence[str], *, explicit: bool, plan: bool
) -> ExitStatus:
    release = Release.EXPLICIT if explicit else Release.NORMAL

    def decide(cs_id: int, reader: Reader, _: Context) -> Decision:
        return disconnecting(cs_id, release, reader)

    return _by_hand(session, name, connector, approve, decide, plan=plan)


def _by_hand(
    session: Session, name: str, connector: str | None, approve: Sequence[str], decide: _Decide, *, plan: bool
) -> ExitStatus:
    with session.open(approved=approve) as context:
        with context.store.read() as reader:
            account = _account(name, connector, context, reader)
            try:
                decision = decide(int(account["id"][0]), reader, context)
            except Refusal as refusal:
                raise CallMistake(str(refusal), hint=refusal.hint) from None
            (hit,) = describe.space_hits(account)
            leaving = describe.linked_title(hit.mv_id, reader)
            joined = decision.by_hand["mv_id"][0]
            joining_with = describe.linked_title(joined, reader)
        rehearsed = rehearse(decision, context)
        result = None if plan else run_by_hand(decision, context)
    changes = worst_first(with_kinds(rehearsed.changes, context.project))
    document = ByHand(
        planned=plan,
        object=hit,
        state=str(decision.by_hand["state"][0]),
        joined=joined,
        joined_title=joining_with,
        left=hit.mv_id,
        left_title=leaving,
        metaverse=planned_changes(changes.filter(space=METAVERSE)),
        outbound=planned_changes(changes.filter(pl.col("space") != METAVERSE)),
        errors=planned_errors(
            rehearsed.errors.with_columns(anchor=pl.lit(hit.anchor, dtype=pl.String), dn=pl.lit(hit.dn))
        ),
        run=None if result is None else summary_of(result),
    )
    session.emit(document, by_hand_view)
    if result is not None:
        return of_run(result)
    return ExitStatus.ERRORS if document.errors else ExitStatus.SUCCESS


def _account(name: str, connector: str | None, context: Context, reader: Reader) -> pl.DataFrame:
    where = connector_named(connector, context.project).name if connector is not None else None
    found = space_object(name, where, reader)
    if found is None:
        raise nobody(name, where or "the connector spaces")
    return found
