"""A secret that cannot be printed by accident."""

from __future__ import annotations

from typing import Final

#: What people see in the place of something that nobody shall read.
HIDDEN: Final = "***"


class Secret:
    """Holds a secret value; every way of printing it gives ``***``. Call ``reveal`` where the secret is used."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled")
