"""Explain values and links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from unisono.cli.actions import describe
from unisono.cli.actions.reasons import reasons
from unisono.cli.documents.objects import MetaverseObject, Offer, Origin, Why, WhyMetaverse, WhyObject
from unisono.cli.failures import CallMistake, unknown
from unisono.cli.finding import metaverse_or_space_object
from unisono.cli.session import Session
from unisono.cli.status import ExitStatus
from unisono.cli.views.why import why_view
from unisono.runs.context import Context
from unisono.runs.explain import why_linked, why_value
from unisono.store.contract import Reader


def why(session: Session, name: str, attribute: str | None, connector: str | None) -> ExitStatus:
    with session.open() as context, context.store.read() as reader:
        found = metaverse_or_space_object(name, connector, context.project, reader)
        if found.in_metaverse:
            document = Why(metaverse=_of_metaverse(found.row, attribute, context, reader))
        elif attribute is None:
            document = Why(object=_of_space(found.row, context, reader, session))
        else:
            hint = f"without an attribute, `{session.command('why', name)}` tells why it is linked or not"
            raise CallMistake(f"{name!r} is not in the metaverse: lineage is kept for values there", hint=hint)
    session.emit(document, why_view)
    return ExitStatus.SUCCESS


def _of_metaverse(person: pl.DataFrame, attribute: str | None, context: Context, reader: Reader) -> WhyMetaverse:
    described = describe.metaverse_object(person, reader)
    names = [each.name for each in context.project.metaverse.schema[described.object_type].attributes]
    if attribute is not None and attribute not in names:
        raise unknown(f"attribute of the type {described.object_type}", attribute, names)
    answer = why_value(person, context, reader)
    offers = _by_attribute(answer.offers)
    present = [*(each.attribute for each in described.attributes), *(each.attribute for each in described.references)]
    asked = [attribute] if attribute is not None else sorted({*offers, *present})
    return WhyMetaverse(
        id=described.id,
        object_type=described.object_type,
        title=described.title,
        origins=tuple(_origins(described, asked, offers)),
        outbound=describe.scopes(answer.outbound),
        connectors=described.connectors,
    )


def _by_attribute(frame: pl.DataFrame) -> dict[str, list[Offer]]:
    found: dict[str, list[Offer]] = {}
    for offer in describe.offers(frame):
        found.setdefault(offer.attribute, []).append(offer)
    return found


def _origins(described: MetaverseObject, asked: Sequence[str], offers: dict[str, list[Offer]]) -> Iterator[Origin]:
    values = {each.attribute: each for each in described.attributes}
    for name in asked:
        targets = [each for each in described.references if each.attribute == name]
        if name in values:
            value, rule, run = values[name].value, values[name].rule, values[name].run
        elif targets:
            value, rule, run = [each.name for each in targets], targets[0].rule, targets[0].run
        else:
            value, rule, run = None, None, None
        yield Origin(attribute=name, value=value, rule=rule, run=run, offers=tuple(offers.get(name, ())))


def _of_space(account: pl.DataFrame, context: Context, reader: Reader, session: Session) -> WhyObject:
    answer = why_linked(account, context, reader)
    (hit,) = describe.space_hits(account)
    described = WhyObject(
        object=hit,
        title=describe.linked_title(hit.mv_id, reader),
        reasons=(),
        filtered=answer.filtered,
        scopes=describe.scopes(answer.scopes),
        trials=describe.trials(answer.trials),
        errors=describe.known_errors(hit.id, reader),
    )
    return replace(described, reasons=tuple(reasons(described, context.project, session)))
