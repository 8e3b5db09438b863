"""Objects by what people call them: an id, an anchor, a DN, or a text that exactly one object has.

``id:42`` is the object with that id and nothing else: a number alone may also be somebody's anchor. In the metaverse,
``employeeId=4711`` is the object with exactly that value of the attribute.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from unisono.cli.failures import CallMistake, Candidate
from unisono.cli.session import connector_named
from unisono.model.plan import METAVERSE
from unisono.model.project import Project
from unisono.runs.naming import titles
from unisono.store.contract import Reader

#: More matches than anybody reads; a text that so many objects have was not meant to name one.
MANY = 200
SHOWN = 10


def ids(*numbers: int) -> pl.Series:
    """Ids as the store takes them."""
    return pl.Series("id", numbers, dtype=pl.Int64)


def id_of(text: str) -> int | None:
    """The number in ``id:42``."""
    prefix, _, number = text.partition(":")
    return int(number) if prefix == "id" and number.isascii() and number.isdigit() and len(number) < 19 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object: a row of ``MV_OBJECT`` or of ``CS_OBJECT``."""

    in_metaverse: bool
    row: pl.DataFrame


def metaverse_or_space_object(text: str, connector: str | None, project: Project, reader: Reader) -> Found:
    """The object of a connector space, when one is named; else of the metaverse, else of any connector space.

    Raises ``CallMistake`` when there is none, or several.
    """
    where = connector_named(connector, project).name if connector is not None else None
    if where is None:
        person = metaverse_object(text, reader)
        if person is not None:
            return Found(in_metaverse=True, row=person)
    account = space_object(text, where, reader)
    if account is None:
        raise nobody(text, where or "the metaverse and the connector spaces")
    return Found(in_metaverse=False, row=account)


def metaverse_object(text: str, reader: Reader) -> pl.DataFrame | None:
    """The one metaverse object (``MV_OBJECT``), or None when there is none. Raises ``CallMistake`` for several."""
    number = id_of(text)
    found = reader.metaverse(ids(number)) if number is not None else _metaverse_objects(text, reader)
    if found.height > 1:
        raise _ambiguous(text, metaverse_candidates(found))
    return found if found.height else None


def _metaverse_objects(text: str, reader: Reader) -> pl.DataFrame:
    """Those that have the value that is named, else those that have the text as a whole value, else as part of one."""
    attribute, equals, value = text.partition("=")
    if equals:
        named = _having(reader.find_metaverse(value, MANY), attribute, value)
        if named.height:
            return named
    found = reader.find_metaverse(text, MANY)
    exact = _having(found, None, text)
    return exact if exact.height else found


def _having(objects: pl.DataFrame, attribute: str | None, value: str) -> pl.DataFrame:
    """Objects with exactly the value, whatever its case, in the attribute or (None) in any, or as their id."""
    wanted = value.casefold()
    chosen = []
    for row in objects.select("id", "attributes").iter_rows(named=True):
        values = json.loads(row["attributes"])
        looked_at = values.values() if attribute is None else (values.get(attribute),)
        is_id = attribute is None and str(row["id"]) == value
        chosen.append(is_id or any(each.casefold() == wanted for each in _texts(looked_at)))
    return objects.filter(pl.Series(chosen, dtype=pl.Boolean))


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        yield from map(str, value) if isinstance(value, list) else (str(value),)


def space_object(text: str, connector: str | None, reader: Reader) -> pl.DataFrame | None:
    """The one connector-space object (``CS_OBJECT``), or None. Raises ``CallMistake`` for several."""
    found = space_objects(text, connector, MANY, reader)
    if found.height > 1:
        raise _ambiguous(text, space_candidates(found))
    return found if found.height else None


def space_objects(text: str, connector: str | None, limit: int, reader: Reader) -> pl.DataFrame:
    number = id_of(text)
    if number is None:
        return reader.find_objects(connector, text, limit)
    found = reader.objects(ids(number))
    return found.filter(connector=connector) if connector is not None else found


def connectors_of(text: str, reader: Reader) -> pl.DataFrame:
    """The connectors (``CS_OBJECT``) of the one metaverse object of that name; no row when there is no such object."""
    found = metaverse_object(text, reader)
    return reader.connectors_of(found["id"] if found is not None else ids()).sort("connector", "id")


def nobody(text: str, where: str) -> CallMistake:
    hint = "`unisono search` finds objects by any part of their values"
    return CallMistake(f"there is no object {text!r} in {where}", hint=hint)


def _ambiguous(text: str, candidates: list[Candidate]) -> CallMistake:
    number = f"more than {MANY - 1}" if len(candidates) >= MANY else str(len(candidates))
    shown = candidates[:SHOWN]
    hint = "name one by its id" + (f"; the first {SHOWN} are shown" if len(candidates) > SHOWN else "")
    return CallMistake(f"{text!r} are {number} objects", hint=hint, candidates=shown)


def several(text: str, objects: pl.DataFrame) -> CallMistake:
    """The mistake of naming several connector-space objects at once."""
    return _ambiguous(text, space_candidates(objects))


def metaverse_candidates(objects: pl.DataFrame) -> list[Candidate]:
    named = objects.join(titles(objects), on="id", maintain_order="left")
    return [
        Candidate(id=row["id"], space=METAVERSE, object_type=row["object_type"], name=row["title"])
        for row in named.iter_rows(named=True)
    ]


def space_candidates(objects: pl.DataFrame) -> list[Candidate]:
    return [
        Candidate(id=row["id"], space=row["connector"], object_type=row["object_type"], name=row["dn"])
        for row in objects.iter_rows(named=True)
    ]
