"""Preview the synchronization of one object."""

from __future__ import annotations

import polars as pl

from unisono.cli.actions import describe
from unisono.cli.actions.listing import planned_changes, with_kinds, worst_first
from unisono.cli.actions.plans import planned_errors
from unisono.cli.documents.objects import SpaceObject
from unisono.cli.documents.plans import Preview
from unisono.cli.documents.runs import counts_of
from unisono.cli.finding import connectors_of, nobody, several, space_object
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.preview import preview_view
from unisono.model.plan import METAVERSE
from unisono.model.project import Project
from unisono.runs import plan as runs
from unisono.store.contract import Reader


def preview(session: Session, name: str, connector: str | None, *, full: bool) -> ExitStatus:
    with session.open() as context:
        where = connector_named(connector, context.project).name if connector is not None else None
        with context.store.read() as reader:
            described = describe.space_object(_account(name, where, reader), context.project, reader)
        previewed = runs.preview(context, described.object.id, full=full)
    document = _document(previewed, described, context.project, full=full)
    session.emit(document, preview_view)
    return ExitStatus.ERRORS if document.errors else ExitStatus.SUCCESS


def _account(name: str, connector: str | None, reader: Reader) -> pl.DataFrame:
    """The connector-space object of that name, or the only connector of the metaverse object of that name."""
    found = space_object(name, connector, reader)
    if found is not None:
        return found
    connectors = connectors_of(name, reader)
    own = connectors if connector is None else connectors.filter(connector=connector)
    if own.is_empty():
        raise nobody(name, connector or "the connector spaces")
    if own.height > 1:
        raise several(name, own)
    return own


def _document(previewed: runs.Preview, described: SpaceObject, project: Project, *, full: bool) -> Preview:
    hit = described.object
    changes = worst_first(with_kinds(previewed.changes, project))
    own_link = (pl.col("object_id") == hit.id) & pl.col("change").is_in(["join", "project", "disconnect"])
    errors = previewed.errors.with_columns(
        anchor=pl.lit(hit.anchor, dtype=pl.String), dn=pl.lit(hit.dn, dtype=pl.String)
    )
    return Preview(
        full=full,
        object=described,
        filtered=previewed.filtered,
        trials=describe.trials(previewed.trials),
        link=_link(changes.filter(own_link), described),
        contributions=describe.offers(previewed.contributions),
        metaverse=planned_changes(changes.filter(space=METAVERSE)),
        outbound=planned_changes(changes.filter((pl.col("space") != METAVERSE) & ~own_link)),
        errors=planned_errors(errors),
        counts=counts_of(previewed.counts),
    )


def _link(changes: pl.DataFrame, described: SpaceObject) -> str:
    """What becomes of the object's link, in words."""
    hit = described.object
    if changes.is_empty():
        linked = hit.mv_id is not None
        return f"stays linked with {described.title} (id:{hit.mv_id})" if linked else "stays a disconnector"
    row = changes.row(0, named=True)
    match row["change"]:
        case "join":
            return f"joins by the rule {row['rule']!r}"
        case "project":
            return f"is projected by the rule {row['rule']!r}"
        case _:
            return f"loses its link with {described.title} (id:{hit.mv_id})"
