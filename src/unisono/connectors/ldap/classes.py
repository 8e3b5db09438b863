"""Which object type an entry is of.

An entry is of the type whose structural class it has. Where several fit, as ``person`` and ``inetOrgPerson`` do, it is
of the one that says most about it: most of its classes present, fewest missing. Entries of no type are out of scope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from unisono.connectors.ldap.search import Entry, any_of
from unisono.connectors.ldap.settings import EntryType

Superclasses = Mapping[str, frozenset[str]]  # lower-case class → it and all above it


class Classifier:
    """Decides by object class; ``superclasses`` is asked for once, when an entry names fewer classes than it has."""

    def __init__(self, types: Sequence[EntryType], superclasses: Callable[[], Superclasses]) -> None:
        self._types = [(t.name, t.structural_class.lower(), frozenset(map(str.lower, t.classes))) for t in types]
        self._ask_superclasses = superclasses
        self._superclasses: Superclasses | None = None
        self._known: dict[tuple[bytes, ...], str | None] = {}
        self.filter = any_of("objectClass", dict.fromkeys(t.structural_class for t in types))

    def __call__(self, entry: Entry) -> str | None:
        classes = tuple(entry[1].get("objectClass", ()))
        try:
            return self._known[classes]
        except KeyError:
            decided = self._known[classes] = self._decide(
                frozenset(name.decode("utf-8", "replace").lower() for name in classes)
            )
            return decided

    def _decide(self, classes: frozenset[str]) -> str | None:
        return self._best(classes) or self._best(self._with_superclasses(classes))

    def _best(self, classes: frozenset[str]) -> str | None:
        fitting = [
            (len(own & classes) - len(own - classes), name)
            for name, structural, own in self._types
            if structural in classes
        ]
        return max(fitting, key=lambda fit: fit[0])[1] if fitting else None

    def _with_superclasses(self, classes: frozenset[str]) -> frozenset[str]:
        # A server matches (objectClass=person) with entries that say only inetOrgPerson.
        if self._superclasses is None:
            self._superclasses = self._ask_superclasses()
        return classes.union(*(self._superclasses.get(name, frozenset()) for name in classes))
