"""Explanations for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from unisono.cli.documents.objects import Offer, Origin, Scope, Trial, Why, WhyMetaverse, WhyObject
from unisono.cli.views.objects import space_table
from unisono.cli.views.parts import heading, indented, safe, table, text, titled


def why_view(why: Why) -> Iterator[RenderableType]:
    if why.metaverse is not None:
        yield from _metaverse(why.metaverse)
    if why.object is not None:
        yield from _object(why.object)


def _metaverse(person: WhyMetaverse) -> Iterator[RenderableType]:
    yield heading(person.title, f"({person.object_type}, id:{person.id}, metaverse)")
    if len(person.origins) == 1:
        yield _origin(person.origins[0])
        return
    runs = {origin.attribute: origin.run for origin in person.origins}
    yield offer_table([offer for origin in person.origins for offer in origin.offers], runs)
    yield from (_origin(origin) for origin in person.origins if origin.value is not None and not _has_winner(origin))
    if person.outbound:
        yield titled("Outbound rules", scope_table(person.outbound))
    yield titled("Connectors", space_table(person.connectors) if person.connectors else text("none"))


def _has_winner(origin: Origin) -> bool:
    return any(offer.verdict == "wins" for offer in origin.offers)


def _origin(origin: Origin) -> Group:
    """One attribute: its value, and who offers what."""
    title = Text.assemble((safe(origin.attribute), "bold"), " = ", safe(origin.value) or "(no value)")
    if origin.rule:
        title.append(f"  rule {safe(origin.rule)}, run {origin.run}")
    if origin.value is not None and not _has_winner(origin):
        title.append("  (kept from before: nobody offers it now)")
    return Group(title, indented(offer_table(origin.offers) if origin.offers else text("No flow gives it a value.")))


def offer_table(offers: Sequence[Offer], runs: Mapping[str, int | None] | None = None) -> RenderableType:
    """Who offers what, attribute by attribute; the strongest first. ``runs``: which run wrote an attribute's value."""
    columns = ("attribute", "verdict", "value", "rule", "precedence", "connector", "DN", "object")
    rows = _offer_rows(offers, runs or {})
    return table((*columns, "run") if runs else columns, rows, numbers=("precedence", "run"))


def _offer_rows(offers: Sequence[Offer], runs: Mapping[str, int | None]) -> Iterator[Sequence[object]]:
    for attribute, group in groupby(offers, key=lambda offer: offer.attribute):
        for position, each in enumerate(group):
            name = attribute if position == 0 else ""
            run = (runs.get(attribute) if each.verdict == "wins" else "",) if runs else ()
            source = (each.connector, each.dn, f"id:{each.cs_id}")
            yield name, _verdict(each.verdict), each.value, each.rule, each.precedence, *source, *run


def _verdict(verdict: str) -> Text:
    style = "green" if verdict == "wins" else "red" if verdict.startswith("error") else "dim"
    return Text(safe(verdict), style=style)


def scope_table(scopes: Sequence[Scope]) -> RenderableType:
    rows = [
        (each.rule, each.connector, each.link, "in scope" if each.in_scope else "out of scope", each.scope)
        for each in scopes
    ]
    return table(("rule", "connector", "link", "verdict", "scope"), rows)


def trial_table(trials: Sequence[Trial]) -> RenderableType:
    rows = [(each.rule, each.group, each.attribute, each.value, each.hits) for each in trials]
    return table(("rule", "join", "looks for", "value", "found"), rows, numbers=("join", "found"))


def _object(account: WhyObject) -> Iterator[RenderableType]:
    hit = account.object
    yield Group(
        heading(hit.dn, f"({hit.object_type}, id:{hit.id}, {hit.connector})"),
        *(indented(text(reason)) for reason in account.reasons),
    )
    if account.scopes:
        yield titled("Inbound rules", scope_table(account.scopes))
    if account.trials:
        yield titled("Join trials", trial_table(account.trials))
