"""The changes of one entry, arranged so that they may be sent in parts.

A *unit* is what must not be taken apart. Two values of one attribute, one to go and one to come, that a server may take
for the same value ("Ann" for "ann") are one unit, the removal first. Apart from each other they would do harm: the
addition finds its value there already, and then the removal takes it away.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import ldap

from unisono.connectors.ldap.requests import Change

Unit = tuple[Change, ...]
Values = Mapping[str, list[bytes]]  # by attribute

_INSIGNIFICANT = re.compile(rb"[\s-]+")


def arranged(replaced: Mapping[str, list[bytes] | None], added: Values, removed: Values) -> list[Unit]:
    """Units in the order in which they can be sent apart: a set never runs empty before its new values come."""
    twins: list[Unit] = []
    additions: list[Unit] = []
    removals: list[Unit] = []
    for name in dict.fromkeys((*added, *removed)):
        come, go = added.get(name, []), removed.get(name, [])
        alike = _alike(come, go)
        twins += [((ldap.MOD_DELETE, name, old), (ldap.MOD_ADD, name, new)) for old, new in alike.values()]
        additions += _unit(ldap.MOD_ADD, name, come, alike)
        removals += _unit(ldap.MOD_DELETE, name, go, alike)
    replacement = tuple((ldap.MOD_REPLACE, name, values) for name, values in replaced.items())
    return [*twins, *additions, *([replacement] if replacement else []), *removals]


def in_requests(units: Sequence[Unit], size: int) -> Iterator[Sequence[Unit]]:
    """Units by request, each of at most ``size`` values unless a single unit has more."""
    if units and sum(map(_count, units)) <= size:
        yield units
        return
    request: list[Unit] = []
    room = size
    for unit in units:
        for piece in _cut(unit, size):
            if request and _count(piece) > room:
                yield request
                request, room = [], size
            request.append(piece)
            room -= _count(piece)
    if request:
        yield request


def halves(units: Sequence[Unit]) -> tuple[list[Unit], list[Unit]] | None:
    """The units in two parts, in their order; None when they are a single value or must stay together."""
    if len(units) > 1:
        middle = len(units) // 2
        return list(units[:middle]), list(units[middle:])
    operation, name, values = units[0][0]
    if len(units[0]) > 1 or operation == ldap.MOD_REPLACE or not values or len(values) == 1:
        return None
    middle = len(values) // 2
    return [((operation, name, values[:middle]),)], [((operation, name, values[middle:]),)]


def flat(units: Iterable[Unit]) -> list[Change]:
    return [change for unit in units for change in unit]


def is_alike(one: bytes, other: bytes) -> bool:
    """Whether a server may take both for one value."""
    return one == other or rough_form(one) == rough_form(other)


def _alike(come: Sequence[bytes], go: Sequence[bytes]) -> dict[bytes, tuple[list[bytes], list[bytes]]]:
    """By rough form, the values to go and to come that have it; only forms that both sides have."""
    if not come or not go:
        return {}
    old, new = _by_rough_form(go), _by_rough_form(come)
    return {form: (old[form], new[form]) for form in new if form in old}


def _by_rough_form(values: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    grouped: dict[bytes, list[bytes]] = defaultdict(list)
    for value in values:
        grouped[rough_form(value)].append(value)
    return grouped


def rough_form(value: bytes) -> bytes:
    """What matching rules (RFC 4518) may reduce a value to, or less: taking too much for equal does no harm."""
    return _INSIGNIFICANT.sub(b"", value.decode("utf-8", "replace").casefold().encode())


def _unit(operation: int, name: str, values: Sequence[bytes], without: Mapping[bytes, object]) -> list[Unit]:
    alone = [value for value in values if rough_form(value) not in without] if without else list(values)
    return [((operation, name, alone),)] if alone else []


def _cut(unit: Unit, size: int) -> Iterator[Unit]:
    operation, name, values = unit[0]
    if len(unit) > 1 or operation == ldap.MOD_REPLACE or not values:
        yield unit
        return
    for start in range(0, len(values), size):
        yield ((operation, name, values[start : start + size]),)


def _count(unit: Unit) -> int:
    return sum(len(values or ()) for _, _, values in unit)
