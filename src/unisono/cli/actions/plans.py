"""Plan a synchronization of everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from msgspec import Raw

from unisono.cli.advice import approval
from unisono.cli.documents import plans as documents
from unisono.cli.documents.plans import KINDS, Exceeded, KindCount, Plan, PlannedChange, PlannedError
from unisono.cli.documents.runs import counts_of
from unisono.cli.failures import unknown
from unisono.cli.finding import id_of
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.plans import plan_view
from unisono.model.plan import CHANGES, METAVERSE
from unisono.model.project import Project
from unisono.runs.plan import ConnectorPlan
from unisono.runs.plan import plan as planned

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

    def apply(self, changes: pl.DataFrame) -> pl.DataFrame:
        for column, wanted in (("space", self.space), ("kind", self.kind), ("attribute", self.attribute)):
            if wanted is not None:
                changes = changes.filter(pl.col(column) == wanted)
        if self.name is None:
            return changes
        number = id_of(self.name)
        if number is not None:
            return changes.filter(object_id=number)
        return changes.filter(pl.col("name").str.to_lowercase().str.contains(self.name.lower(), literal=True))


def plan(
    session: Session, connectors: Sequence[str], filters: Filters, *, full: bool, changed: Path | None
) -> ExitStatus:
    with session.open(rules_from=changed) as context:
        filters.check(context.project)
        names = [connector_named(name, context.project).name for name in connectors] or context.project.cycle
        plans = planned(context, names, full=full)
    limit = filters.limit if filters.limit is not None else 0 if session.as_json else LISTED
    nothing = CHANGES.empty().with_columns(name=pl.lit(None, dtype=pl.String))
    changes = with_kinds(pl.concat([nothing, *(each.changes for each in plans)]), context.project)
    matching = filters.apply(changes)
    document = Plan(
        fingerprint=context.project.fingerprint,
        full=full,
        connectors=tuple(_connector_plan(each, session if changed is None else None) for each in plans),
        kinds=kind_counts(changes),
        matching=kind_counts(matching),
        changes=(changes_as_json if session.as_json else planned_changes)(first_objects(matching, limit)),
        next=tuple(_next(plans, session)) if changed is None else (),
    )
    session.emit(document, plan_view)
    return _status(plans)


def with_kinds(changes: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Add ``kind``, and sort by it: the worst first, each kind by space (the metaverse first) and object."""
    gone = (pl.col("change") == "update") & pl.col("before").is_not_null() & pl.col("after").is_null()
    references = pl.struct("space", "attribute").is_in(_reference_attributes(project).implode())
    kind = (
        pl.when(gone & references)
        .then(pl.lit("remove"))
        .when(gone)
        .then(pl.lit("clear"))
        .otherwise(pl.col("change"))
        .cast(pl.Enum(KINDS))
    )
    elsewhere = pl.col("space") != METAVERSE
    return changes.with_columns(kind=kind).sort("kind", elsewhere, "space", "name", "object_id", maintain_order=True)


def _reference_attributes(project: Project) -> pl.Series:
    """(space, attribute) of all reference attributes."""
    schemas = [(METAVERSE, project.metaverse.schema), *((each.name, each.schema) for each in project.connectors)]
    pairs = [
        {"space": space, "attribute": attribute.name}
        for space, schema in schemas
        for object_type in schema.object_types
        for attribute in object_type.references
    ]
    return pl.Series(pairs, dtype=pl.Struct({"space": pl.String, "attribute": pl.String}))


def kind_counts(changes: pl.DataFrame) -> tuple[KindCount, ...]:
    counted = (
        changes.group_by("kind", "space")
        .agg(objects=pl.col("object_id").n_unique(), changes=pl.len())
        .sort("kind", "space")
    )
    return tuple(KindCount(**row) for row in counted.iter_rows(named=True))


def first_objects(changes: pl.DataFrame, limit: int) -> pl.DataFrame:
    """All changes of the first ``limit`` objects of each kind and space; 0: of all."""
    if not limit:
        return changes
    objects = pl.struct("space", "object_id").rle_id()
    return changes.filter((objects - objects.min()).over("kind", "space") < limit)


def planned_changes(changes: pl.DataFrame) -> tuple[PlannedChange, ...]:
    return tuple(PlannedChange(**row) for row in changes.select(PlannedChange.__slots__).iter_rows(named=True))


def changes_as_json(changes: pl.DataFrame) -> Raw:
    """The same as ``planned_changes``, as a JSON array."""
    columns = changes.select(PlannedChange.__slots__).with_columns(pl.col("kind").cast(pl.String))
    return Raw(columns.write_json().encode())


def planned_errors(errors: pl.DataFrame) -> tuple[PlannedError, ...]:
    return tuple(PlannedError(**row) for row in errors.select(PlannedError.__slots__).iter_rows(named=True))


def _connector_plan(plan: ConnectorPlan, session: Session | None) -> documents.ConnectorPlan:
    held = tuple(
        Exceeded(space=one.target, kind=one.kind.value, count=one.count, allowed=one.allowed, population=one.population)
        for one in plan.held
    )
    approve = approval(plan.connector, plan.step.value, plan.hash, session) if held and session else None
    return documents.ConnectorPlan(
        connector=plan.connector,
        step=plan.step.value,
        objects=plan.objects,
        counts=counts_of(plan.counts),
        held=held,
        hash=plan.hash,
        approve=approve,
        errors=planned_errors(plan.errors),
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
