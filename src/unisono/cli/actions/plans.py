"""Plan a synchronization of everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from msgspec.json import encode

from unisono.cli.actions.listing import all_in_order, as_json, listing, planned_changes, with_kinds
from unisono.cli.advice import approval
from unisono.cli.documents import plans as documents
from unisono.cli.documents.plans import KINDS, Exceeded, Plan, PlannedChange, PlannedError
from unisono.cli.documents.runs import counts_of
from unisono.cli.documents.streamed import Streamed
from unisono.cli.failures import unknown
from unisono.cli.finding import id_of
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.plans import SHOWN_ERRORS, plan_view
from unisono.model.plan import METAVERSE
from unisono.model.project import Project
from unisono.runs.plan import ConnectorPlan
from unisono.runs.plan import plan as planned
from unisono.runs.spool import Spool

#: Objects of each kind of change and space that a table shows.
LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which changes are listed. ``limit``: objects per kind and space; 0: all; None: what suits the output."""

    space: str | None = None
    kind: str | None = None
    attribute: str | None = None
    name: str | None = None
    limit: int | None = None

    def check(self, project: Project) -> None:
        """Raises ``CallMistake`` for a space or kind that does not exist."""
        spaces = [METAVERSE, *(connector.name for connector in project.connectors)]
        if self.space is not None and self.space not in spaces:
            raise unknown("space", self.space, spaces)
        if self.kind is not None and self.kind not in KINDS:
            raise unknown("kind of change", self.kind, KINDS)

    @property
    def expression(self) -> pl.Expr:
        """Whether a change (``NAMED_CHANGES`` with ``kind``) passes; never null."""
        passes = pl.col("name").is_not_null()  # everybody: a constant is no predicate for frames of several chunks
        for column, wanted in (("space", self.space), ("kind", self.kind), ("attribute", self.attribute)):
            if wanted is not None:
                passes &= (pl.col(column) == wanted).fill_null(value=False)
        if self.name is None:
            return passes
        number = id_of(self.name)
        if number is not None:
            return passes & (pl.col("object_id") == number)
        return passes & pl.col("name").str.to_lowercase().str.contains(self.name.lower(), literal=True)


def plan(
    session: Session, connectors: Sequence[str], filters: Filters, *, full: bool, changed: Path | None
) -> ExitStatus:
    with ExitStack() as lists:
        with session.open(rules_from=changed) as context:
            filters.check(context.project)
            names = [connector_named(name, context.project).name for name in connectors] or context.project.cycle
            plans = lists.enter_context(planned(context, names, full=full))
        document = _document(plans, context.project, filters, session, full=full, tried=changed is not None)
        session.emit(document, plan_view)
        return _status(plans)


def _document(
    plans: Sequence[ConnectorPlan], project: Project, filters: Filters, session: Session, *, full: bool, tried: bool
) -> Plan:
    """``tried``: the rules are those of a changed project, so that no run of this one would do it."""

    limit = filters.limit if filters.limit is not None else 0 if session.as_json else LISTED

    def changes() -> Iterator[pl.DataFrame]:
        return (with_kinds(block, project) for each in plans for block in each.changes.blocks())

    def matching() -> Iterator[pl.DataFrame]:
        return all_in_order(block.filter(filters.expression) for block in changes())

    found = listing(changes(), filters.expression, limit)
    return Plan(
        fingerprint=project.fingerprint,
        full=full,
        connectors=tuple(_connector_plan(each, session, tried=tried) for each in plans),
        kinds=found.kinds,
        matching=found.matching,
        changes=_listed((lambda: iter([found.first])) if limit else matching, session),
        next=() if tried else tuple(_next(plans, session)),
    )


def _listed(changes: Callable[[], Iterator[pl.DataFrame]], session: Session) -> Streamed[PlannedChange]:
    """Rows for people, or pieces for programs: who asks for a table of everything gets it made as a whole."""
    rows = () if session.as_json else tuple(row for frame in changes() for row in planned_changes(frame))
    return Streamed(rows, len(rows), lambda: as_json(changes()))


def _errors(errors: Spool, session: Session) -> Streamed[PlannedError]:
    first = () if session.as_json else planned_errors(next(errors.blocks()).head(SHOWN_ERRORS))
    return Streamed(first, errors.height, lambda: _errors_as_json(errors))


def _errors_as_json(errors: Spool) -> Iterator[bytes]:
    for block in errors.blocks():
        if block.height:
            yield encode(planned_errors(block))[1:-1]


def planned_errors(errors: pl.DataFrame) -> tuple[PlannedError, ...]:
    return tuple(PlannedError(**row) for row in errors.select(PlannedError.__slots__).iter_rows(named=True))


def _connector_plan(plan: ConnectorPlan, session: Session, *, tried: bool) -> documents.ConnectorPlan:
    held = tuple(
        Exceeded(space=one.target, kind=one.kind.value, count=one.count, allowed=one.allowed, population=one.population)
        for one in plan.held
    )
    approve = approval(plan.connector, plan.step.value, plan.hash, session) if held and not tried else None
    return documents.ConnectorPlan(
        connector=plan.connector,
        step=plan.step.value,
        objects=plan.objects,
        counts=counts_of(plan.counts),
        held=held,
        hash=plan.hash,
        approve=approve,
        errors=_errors(plan.errors, session),
    )


def _next(plans: Sequence[ConnectorPlan], session: Session) -> Iterator[str]:
    """The runs that would do it; a held one is approved with the command that stands beside it."""
    for each in plans:
        if each.changes.height and not each.held:
            yield session.command("run", each.connector, each.step.value)


def _status(plans: Sequence[ConnectorPlan]) -> ExitStatus:
    if any(each.held for each in plans):
        return ExitStatus.HELD
    return ExitStatus.ERRORS if any(each.errors.height for each in plans) else ExitStatus.SUCCESS
