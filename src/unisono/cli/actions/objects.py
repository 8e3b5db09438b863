"""Find objects and show them."""

from __future__ import annotations

import polars as pl

from unisono.cli.actions import describe
from unisono.cli.documents.objects import Search, Shown
from unisono.cli.failures import CallMistake
from unisono.cli.finding import metaverse_or_space_object, space_objects
from unisono.cli.session import Session, connector_named
from unisono.cli.status import ExitStatus
from unisono.cli.views.objects import search_view, shown_view


def search(session: Session, text: str, connector: str | None, *, metaverse: bool, limit: int) -> ExitStatus:
    if metaverse and connector is not None:
        raise CallMistake("--metaverse and --connector exclude each other")
    with session.open() as context, context.store.read() as reader:
        name = connector_named(connector, context.project).name if connector is not None else None
        people = pl.DataFrame() if name is not None else reader.find_metaverse(text, limit + 1)
        accounts = pl.DataFrame() if metaverse else space_objects(text, name, limit + 1, reader)
        document = Search(
            text=text,
            metaverse=describe.metaverse_hits(people.head(limit), text) if people.height else (),
            objects=describe.space_hits(accounts.head(limit)) if accounts.height else (),
            complete=max(people.height, accounts.height) <= limit,
        )
    session.emit(document, search_view)
    return ExitStatus.SUCCESS


def show(session: Session, name: str, connector: str | None) -> ExitStatus:
    with session.open() as context, context.store.read() as reader:
        found = metaverse_or_space_object(name, connector, context.project, reader)
        if found.in_metaverse:
            document = Shown(metaverse=describe.metaverse_object(found.row, reader))
        else:
            document = Shown(object=describe.space_object(found.row, context.project, reader))
    session.emit(document, shown_view)
    return ExitStatus.SUCCESS
