"""Why a connector-space object is linked as it is, and what keeps it, in sentences. Nothing is read here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from unisono.cli.documents.objects import SpaceHit, Trial, WhyObject
from unisono.cli.session import Session
from unisono.model.project import Project

_LINKS = {
    "join": "joined to",
    "projection": "projected as",
    "provisioning": "provisioned for",
    "joiner": "joined by hand to",
}


def reasons(why: WhyObject, project: Project, session: Session) -> Iterator[str]:
    """The link first, then what waits or failed."""
    yield from _link(why, project)
    yield from _waiting(why.object, session)
    for error in why.errors:
        yield f"In run {error.run} it had the error {error.code}: {error.message}"


def _link(why: WhyObject, project: Project) -> Iterator[str]:
    hit = why.object
    if hit.mv_id is not None:
        by = f" by the rule {hit.link_rule!r}" if hit.link_rule else ""
        yield f"It is {_LINKS.get(hit.link_kind or '', 'linked with')} {why.title} (id:{hit.mv_id}){by}."
    elif hit.state == "explicit":
        yield "It is an explicit disconnector: synchronization leaves it alone."
    elif hit.import_operation == "delete":
        yield "It is gone from the connected data source; the next synchronization removes it."
    else:
        yield from _unlinked(why, project)


def _unlinked(why: WhyObject, project: Project) -> Iterator[str]:
    hit = why.object
    definition = project.connector(hit.connector)
    expression = definition.filters.get(hit.object_type) if definition else None
    if why.filtered and expression is not None:
        yield f"The connector filter keeps it out: {expression.text}"
        return
    if hit.import_error is not None:
        yield f"It is a disconnector: its last synchronization failed with {hit.import_error}."
    elif hit.import_operation is not None:
        yield "It is a disconnector: it was imported and not synchronized yet."
    else:
        yield "It is a disconnector: no rule joined or projected it."
    yield from _scopes(why)
    yield from _trials(why.trials)


def _scopes(why: WhyObject) -> Iterator[str]:
    if not why.scopes:
        yield f"No inbound rule of {why.object.connector} is about objects of the type {why.object.object_type}."
    for scope in why.scopes:
        if not scope.in_scope:
            yield f"The rule {scope.rule!r} does not apply: its scope is {scope.scope}"
    projecting = [scope for scope in why.scopes if scope.link == "project"]
    if why.scopes and not projecting:
        yield "No inbound rule projects such objects, so that only a join can link it."


def _trials(trials: tuple[Trial, ...]) -> Iterator[str]:
    for (rule, number), group in groupby(trials, key=lambda trial: (trial.rule, trial.group)):
        conditions = tuple(group)
        missing = [each.attribute for each in conditions if each.value is None]
        looked_for = " and ".join(f"{each.attribute} = {each.value!r}" for each in conditions if each.value is not None)
        where = f"Join {number} of the rule {rule!r}"
        if missing:
            yield f"{where} has nothing to look for: no value for {', '.join(missing)}."
        else:
            yield f"{where} looks for {looked_for}: {_hits(conditions[0].hits)}."


def _hits(number: int) -> str:
    match number:
        case 0:
            return "no metaverse object has that"
        case 1:
            return "one metaverse object has that"
        case _:
            return f"{number} metaverse objects have that, so that it is ambiguous"


def _waiting(hit: SpaceHit, session: Session) -> Iterator[str]:
    if hit.import_operation is not None:
        command = session.command("run", hit.connector, "delta-synchronization")
        yield f"A pending import ({hit.import_operation}) waits for synchronization: {command}"
    if hit.import_error is not None and hit.mv_id is not None:
        yield f"Its last synchronization failed with {hit.import_error}."
    if hit.export_operation is not None:
        yield f"A pending export ({hit.export_operation}) waits: {session.command('run', hit.connector, 'export')}"
    if hit.unconfirmed_operation is not None:
        yield f"An export ({hit.unconfirmed_operation}) was accepted, and no import has confirmed it yet."
