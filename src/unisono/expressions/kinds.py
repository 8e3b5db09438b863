"""Static types of expressions.

A *kind* is an attribute type, single or multivalued. The kind without a type belongs to expressions that never give a
value (``NULL``, ``Error(…)``); it goes with every other one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from unisono.model.schema import Attribute, AttributeType, PolarsType


@dataclass(frozen=True, slots=True)
class Kind:
    """What an expression gives: values of ``scalar``, at most one or several."""

    scalar: AttributeType | None
    multivalued: bool = False

    @property
    def element(self) -> Kind:
        return Kind(self.scalar)

    @property
    def several(self) -> Kind:
        return Kind(self.scalar, multivalued=self.scalar is not None)

    @property
    def dtype(self) -> PolarsType:
        """Polars type of the column."""
        if self.scalar is None:
            return pl.Null()
        return Attribute(name="value", type=self.scalar, multivalued=self.multivalued).dtype

    def __str__(self) -> str:
        name = WORDS[self.scalar] if self.scalar else "NULL"
        return f"{name} (multivalued)" if self.multivalued else name


#: How messages and documentation call the types.
WORDS = {
    AttributeType.STRING: "text",
    AttributeType.INTEGER: "a number",
    AttributeType.BOOLEAN: "a boolean",
    AttributeType.BINARY: "a binary",
    AttributeType.DATETIME: "a date",
    AttributeType.REFERENCE: "a reference",
}

NOTHING = Kind(None)
TEXT = Kind(AttributeType.STRING)
NUMBER = Kind(AttributeType.INTEGER)
BOOLEAN = Kind(AttributeType.BOOLEAN)
BINARY = Kind(AttributeType.BINARY)
DATE = Kind(AttributeType.DATETIME)
REFERENCE = Kind(AttributeType.REFERENCE)

#: A reference is the text of a DN, and a text is taken as a DN where a reference is wanted.
TEXT_LIKE = frozenset({AttributeType.STRING, AttributeType.REFERENCE})


def common(kinds: Iterable[Kind]) -> Kind | None:
    """The kind that values of all ``kinds`` have together, or None where there is no such kind.

    Reference and text together are text; a single value among multivalued ones is a list of one.
    """
    known = [kind for kind in kinds if kind.scalar is not None]
    scalars = {kind.scalar for kind in known}
    multivalued = any(kind.multivalued for kind in known)
    if not scalars:
        return NOTHING
    if len(scalars) == 1:
        return Kind(scalars.pop(), multivalued)
    return Kind(AttributeType.STRING, multivalued) if scalars <= TEXT_LIKE else None
