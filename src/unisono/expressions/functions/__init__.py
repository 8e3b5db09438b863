"""All functions of the language, by family and by name (configuration specification §13.4 to §13.6)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from unisono.expressions.functions import (
    certificates,
    chance,
    conversion,
    dates,
    flow,
    multivalued,
    names,
    numbers,
    portal,
    search,
    tests,
    text,
)
from unisono.expressions.registry import Family, Form, Function

FAMILIES: tuple[Family, ...] = (
    flow.FLOW,
    tests.TESTS,
    text.TEXTS,
    search.SEARCH,
    multivalued.MULTIVALUED,
    conversion.CONVERSION,
    dates.DATES,
    names.NAMES,
    numbers.NUMBERS,
    certificates.CERTIFICATES,
    chance.CHANCE,
    portal.PORTAL,
)


def _by_name() -> dict[str, tuple[Function | Form, ...]]:
    functions: dict[str, tuple[Function | Form, ...]] = {}
    for member in chain.from_iterable(family.members for family in FAMILIES):
        for name in (member.name, *member.aliases):
            functions[name] = (*functions.get(name, ()), member)
    return functions


#: More than one under a name: the first whose parameters accept the arguments is meant.
FUNCTIONS: Mapping[str, tuple[Function | Form, ...]] = _by_name()
