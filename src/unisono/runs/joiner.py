"""The Joiner: an operator joins and disconnects single objects by hand (engine specification §2.6, §10).

A link made by hand is explicit: no rule cuts it again, neither a filter nor a changed join value. A link cut by hand
runs no deprovisioning; its values are recalled, and a metaverse object goes with its last connector. Both are runs of
their own in the history, one transaction each, and judged by the guard as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.model.frames import CS_OBJECT
from unisono.model.plan import BY_HAND, CHANGES, NAMED_CHANGES, SYNC_ERRORS
from unisono.model.project import ConnectorDefinition
from unisono.model.runs import RunProfile, RunResult, RunStep, StepCount, StepType
from unisono.runs.context import Context
from unisono.runs.execute import run_steps
from unisono.runs.naming import with_names
from unisono.runs.plan import NO_RUN
from unisono.runs.spool import Spool
from unisono.runs.steps import Ending
from unisono.runs.synchronization_step import Synchronizing, commit_synchronization
from unisono.runs.synchronize import Listed, Synchronized, compile_for, synchronize_by_hand
from unisono.runs.tally import Record, step_counts
from unisono.store.contract import Reader, UnitOfWork


class Refusal(Exception):
    """What was asked for cannot be done; ``str()`` says why, ``hint`` what to do instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Release(StrEnum):
    """What becomes of an object that is disconnected."""

    NORMAL = "normal"  # rules may join it again
    EXPLICIT = "explicit"  # they may not


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an operator decides: the row in ``BY_HAND``, the connector of the object, and how the run is called."""

    by_hand: pl.DataFrame
    connector: str
    name: str


def joining(cs_id: int, mv_id: int, reader: Reader, context: Context) -> Decision:
    """The decision to join a connector-space object to a metaverse object. Raises ``Refusal``."""
    account = _object(cs_id, reader)
    person = reader.metaverse(pl.Series("id", [mv_id], dtype=pl.Int64))
    if person.is_empty():
        raise Refusal(f"there is no metaverse object id:{mv_id}")
    if account["mv_id"][0] is not None:
        hint = "disconnect it first"
        raise Refusal(f"{account['dn'][0]} is joined to metaverse object id:{account['mv_id'][0]} already", hint)
    connector, kind, metaverse_type = account["connector"][0], account["object_type"][0], person["object_type"][0]
    pairs = {(r.connector, r.connector_type, r.metaverse_type) for r in context.project.rules if r.enabled}
    if (connector, kind, metaverse_type) not in pairs:
        message = f"no rule brings {kind} of {connector} together with {metaverse_type} of the metaverse"
        raise Refusal(message, "nothing would flow over such a link; write a rule first")
    by_hand = pl.DataFrame([{"id": cs_id, "mv_id": mv_id, "state": "explicit"}], schema=dict(BY_HAND.columns))
    return Decision(by_hand=BY_HAND.check(by_hand), connector=connector, name="join")


def disconnecting(cs_id: int, release: Release, reader: Reader) -> Decision:
    """The decision to cut the link of a connector, or to change the state of a disconnector. Raises ``Refusal``."""
    account = _object(cs_id, reader)
    if account["mv_id"][0] is None and account["state"][0] == release.value:
        raise Refusal(f"{account['dn'][0]} is {_ARTICLE[release]} disconnector already")
    row = {"id": cs_id, "mv_id": None, "state": release.value}
    by_hand = pl.DataFrame([row], schema=dict(BY_HAND.columns))
    return Decision(by_hand=BY_HAND.check(by_hand), connector=account["connector"][0], name="disconnect")


_ARTICLE = {Release.NORMAL: "a normal", Release.EXPLICIT: "an explicit"}


def _object(cs_id: int, reader: Reader) -> pl.DataFrame:
    account = CS_OBJECT.check(reader.objects(pl.Series("id", [cs_id], dtype=pl.Int64)))
    if account.is_empty():
        raise Refusal(f"there is no connector-space object id:{cs_id}")
    if account["import_operation"][0] in ("delete", "delete-add"):
        dn, operation = account["dn"][0], account["import_operation"][0]
        raise Refusal(f"{dn} has a pending {operation}", f"synchronize {account['connector'][0]} first")
    return account


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a decision would do: ``changes``: ``NAMED_CHANGES``; ``errors``: ``SYNC_ERRORS``."""

    changes: pl.DataFrame
    errors: pl.DataFrame
    counts: tuple[StepCount, ...]


def rehearse(decision: Decision, context: Context) -> Rehearsal:
    """What the decision would do, in a transaction that is rolled back."""
    with (
        context.store.rehearse() as unit,
        context.store.read() as before,
        Spool(CHANGES) as changes,
        Spool(SYNC_ERRORS) as errors,
    ):
        done = _synchronizing(decision, NO_RUN, context)(
            unit, compile_for(context, unit), Listed(errors=errors, changes=changes)
        )
        return Rehearsal(
            changes=pl.concat(
                [NAMED_CHANGES.empty(), *(with_names(block, unit, before) for block in changes.blocks())]
            ),
            errors=pl.concat([SYNC_ERRORS.empty(), *errors.blocks()]),
            counts=step_counts(done.counts),
        )


def run_by_hand(decision: Decision, context: Context) -> RunResult:
    """Do it, as a run of its own. Never raises for what the store does."""
    profile = RunProfile(name=decision.name, steps=(RunStep(type=StepType.DELTA_SYNCHRONIZATION),))

    def work(_: RunStep, definition: ConnectorDefinition, record: Record, run_id: int, context: Context) -> Ending:
        return commit_synchronization(_synchronizing(decision, run_id, context), definition, record, context)

    return run_steps(decision.connector, profile, context, work)


def _synchronizing(decision: Decision, run_id: int, context: Context) -> Synchronizing:
    def synchronizing(unit: UnitOfWork, rules: CompiledRules, listed: Listed) -> Synchronized:
        return synchronize_by_hand(unit, decision.by_hand, rules=rules, run_id=run_id, context=context, listed=listed)

    return synchronizing
