"""Objects for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from unisono.cli.documents.objects import (
    Change,
    KnownError,
    MetaverseObject,
    Reference,
    Search,
    Shown,
    SpaceHit,
    SpaceObject,
    Values,
)
from unisono.cli.views.parts import heading, indented, pairs, table, text, titled


def search_view(search: Search) -> Iterator[RenderableType]:
    if search.metaverse:
        rows = [(f"id:{hit.id}", hit.object_type, hit.title, hit.matched) for hit in search.metaverse]
        yield titled("Metaverse", table(("object", "type", "title", "found in"), rows))
    if search.objects:
        yield titled("Connector spaces", space_table(search.objects))
    if not search.metaverse and not search.objects:
        yield text(f"Nothing has the text {search.text!r}.")
    if not search.complete:
        yield text("There are more; --limit shows them, a longer text narrows the search.")


def space_table(hits: Sequence[SpaceHit]) -> RenderableType:
    rows = [
        (f"id:{hit.id}", hit.connector, hit.object_type, hit.dn, hit.anchor, link_of(hit), waiting_of(hit))
        for hit in hits
    ]
    return table(("object", "connector", "type", "DN", "anchor", "link", "waiting"), rows)


def link_of(hit: SpaceHit) -> str:
    if hit.mv_id is not None:
        return f"{hit.link_kind or 'linked'} id:{hit.mv_id}"
    return "disconnector" if hit.state == "normal" else f"{hit.state} disconnector"


def waiting_of(hit: SpaceHit) -> str:
    states = {
        "import": hit.import_operation,
        "export": hit.export_operation,
        "unconfirmed": hit.unconfirmed_operation,
        "error": hit.import_error,
    }
    return ", ".join(f"{name} {operation}" for name, operation in states.items() if operation)


def shown_view(shown: Shown) -> Iterator[RenderableType]:
    if shown.metaverse is not None:
        yield from _metaverse(shown.metaverse)
    if shown.object is not None:
        yield from space_object_view(shown.object)


def _metaverse(person: MetaverseObject) -> Iterator[RenderableType]:
    yield heading(person.title, f"({person.object_type}, id:{person.id}, metaverse)")
    rows = [(each.attribute, each.value, each.rule, each.run) for each in person.attributes]
    yield titled("Attributes", table(("attribute", "value", "rule", "run"), rows, numbers=("run",)))
    if person.references:
        yield titled("References", _reference_table(person.references))
    yield titled("Connectors", space_table(person.connectors) if person.connectors else text("none"))


def space_object_view(account: SpaceObject) -> Iterator[RenderableType]:
    hit = account.object
    yield Group(
        heading(hit.dn, f"({hit.object_type}, id:{hit.id}, {hit.connector})"),
        indented(
            pairs(
                [
                    ("anchor", hit.anchor),
                    ("link", f"{link_of(hit)} {account.title or ''}".rstrip()),
                    ("rule", hit.link_rule),
                    ("waiting", waiting_of(hit)),
                    ("new name", account.new_dn),
                    ("obsolete", "no longer in the connected data source" if account.obsolete else ""),
                ]
            )
        ),
    )
    yield titled("Attributes", layer_table(account))
    if account.references:
        yield titled("References", _reference_table(account.references))
    if account.errors:
        yield titled("Errors", _errors(account.errors))


def layer_table(account: SpaceObject) -> RenderableType:
    """One row per attribute, one column per layer that the object has."""
    possible = {
        "hologram": account.hologram,
        "pending import": account.pending_import,
        "pending export": _changed(account.pending_export),
        "unconfirmed": _changed(account.unconfirmed_export),
    }
    layers = {name: values for name, values in possible.items() if values is not None}
    attributes = sorted({attribute for values in layers.values() for attribute in values})
    if not attributes:
        return text("no values")
    rows = [(name, *(values.get(name) for values in layers.values())) for name in attributes]
    return table(("attribute", *layers), rows)


def _changed(change: Change | None) -> Values | None:
    return {**change.set, **dict.fromkeys(change.clear, "(cleared)")} if change is not None else None


def _reference_table(references: Sequence[Reference]) -> RenderableType:
    columns = ("attribute", "to", "object", "state")
    with_rules = any(each.rule for each in references)
    rows = [
        (each.attribute, each.name, f"id:{each.id}", each.state, *((each.rule, each.run) if with_rules else ()))
        for each in references
    ]
    return table((*columns, "rule", "run") if with_rules else columns, rows, numbers=("run",))


def _errors(errors: Sequence[KnownError]) -> RenderableType:
    rows = [(each.run, each.code, each.rule, each.attribute, each.message, each.cd_error) for each in errors]
    return table(("run", "code", "rule", "attribute", "message", "connected system"), rows, numbers=("run",))
