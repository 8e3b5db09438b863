"""What a connector is.

A connector knows one protocol and nothing of the engine, the store or other connectors. It is made from its
definition (``ConnectorDefinition``) by its factory and used by one run step at a time. Its calls never overlap, but
batches are read in another thread than that which opens and closes the session.

Expected failures are told in two ways only:

- about one object: a row in a frame of ``DISCOVERY_ERRORS`` or ``EXPORT_RESULTS``, with a code of the error table;
- about everything: ``StepStop`` with a ``no-start-*`` status before the first object, ``stopped-*`` after it.

A connector must not catch what it does not understand: the runtime around it turns an unknown exception into
``stopped-extension-dll-exception`` with its stack.

A connector must never give a shorter list as if it were the whole: when it cannot read to the end, it raises. A full
import that ends without raising is taken as *everything that exists*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

import polars as pl

from unisono.model.frames import DELETED, DISCOVERY_ERRORS
from unisono.model.names import DnStyle
from unisono.model.schema import Schema


class Support(StrEnum):
    """How far a connector supports something, told before any call."""

    FULL = "full"
    PARTIAL = "partial"  # with a reason in the documentation
    NOT_BUILT = "not-built"
    IMPOSSIBLE = "impossible"


class ExportOperation(StrEnum):
    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Declared before any call; the same for the life of the connector."""

    full_import: Support = Support.FULL
    delta_import: Support = Support.NOT_BUILT
    export: Support = Support.NOT_BUILT
    rename: Support = Support.IMPOSSIBLE
    dn_style: DnStyle = DnStyle.NONE
    # A delete that was accepted is taken as done, without waiting for an import to confirm it.
    confirms_deletes: bool = True
    # Whether exported entries must carry complete multivalued references instead of additions and deletions.
    complete_references: bool = False
    # References are exported in a second pass, after all objects exist.
    references_in_second_pass: bool = False
    # Results of ``send`` hold only after ``finish`` succeeded (files that are replaced as a whole).
    durable_at_finish: bool = False
    export_page_objects: int = 1000
    import_page_objects: int = 50_000


#: Values of multivalued attributes that a batch holds: groups differ in size by a factor of ten thousand, so the number
#: of objects says little about memory. An object that has more by itself comes alone.
VALUES_AT_ONCE: Final = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """``full`` or since ``watermark``; a delta without watermark never reaches a connector."""

    full: bool
    watermark: str | None = None
    page_objects: int = 0  # objects per batch; 0: the connector's default
    timeout_s: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBatch:
    """Objects of one object type, at most a page of them.

    ``objects`` has the columns of ``frames.IMPORTED`` and one column per attribute of the object type, in the type's
    Polars type: a complete image of each object, absent attributes null, multivalued ones as lists in any order. A
    reference is the target's DN as the connected data source writes it. ``anchor`` is unique in the whole connected
    data source, and never null; ``dn`` equals the anchor where the connector has no DNs.

    A full import gives each object once; a second occurrence of an anchor is detected by staging. A delta import
    gives each object once in its latest state, and deleted ones in ``deletions``.

    ``errors`` are records that could not be read. Their objects are in no other frame.
    """

    object_type: str
    objects: pl.DataFrame
    deletions: pl.DataFrame = field(default_factory=DELETED.empty)
    errors: pl.DataFrame = field(default_factory=DISCOVERY_ERRORS.empty)


class ImportSession(Protocol):
    """One reading. ``batches`` is iterated once; ``watermark`` may be asked after its end, and must denote a point not
    later than the start of the reading (None: delta imports are not possible from here)."""

    def batches(self) -> Iterator[ImportBatch]: ...

    @property
    def watermark(self) -> str | None: ...

    def close(self) -> None:
        """Release everything; called exactly once, also after an exception. Must not raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportBatch:
    """Objects of one type and one operation.

    ``entries`` has the columns of ``frames.EXPORTED`` and, per attribute ``a`` that the batch touches:

    - ``a``: the complete value after the change (null: none). For multivalued references only where the capability
      ``complete_references`` is declared.
    - for multivalued attributes also ``a+`` and ``a-``: lists of values to add and to remove (null: none).

    ``changed`` lists the attributes that the row changes (all that have a value, for an add; empty for a delete and a
    pure rename). Other attribute columns of the row are to be ignored. ``dn`` is the current DN, for an add the
    desired one; ``new_dn`` is set for a rename. References are the targets' current DNs. ``anchor`` is null for adds.
    """

    object_type: str
    operation: ExportOperation
    entries: pl.DataFrame


class ExportSession(Protocol):
    """One writing. Batches come adds parents first, then updates, then deletes children first."""

    def send(self, batch: ExportBatch) -> pl.DataFrame:
        """Send a batch; a frame of ``EXPORT_RESULTS`` with exactly one row per entry, in any order.

        A failing entry never fails its neighbours. *Already there* and *already gone* are successes. An accepted add
        returns the anchor (and the DN, where the system chose it). Raises ``StepStop`` when nothing further can be
        sent; entries without a result are then sent again by the next export, so ``send`` may raise only after
        entries whose outcome is known were returned: see ``PartialSend``.
        """
        ...

    def finish(self) -> None:
        """All batches were sent: make them durable (files: replace the old one). May raise ``StepStop``."""

    def close(self) -> None:
        """Release everything; called exactly once, also after an exception. Must not raise."""


class PartialSend(Exception):
    """Raised by ``send`` when the connection broke inside a batch: ``results`` of the entries whose outcome is known,
    and the ``StepStop`` as ``__cause__``."""

    def __init__(self, results: pl.DataFrame) -> None:
        super().__init__("the connection broke inside a batch")
        self.results = results


class Connector(Protocol):
    """A configured connector. The constructor must not touch the network or any file."""

    @property
    def capabilities(self) -> Capabilities: ...

    def discover_schema(self) -> Schema:
        """What the connected data source offers now. Raises ``StepStop``."""
        ...

    def open_import(self, request: ImportRequest) -> ImportSession:
        """Connect for reading. Raises ``StepStop`` with a ``no-start-*`` status."""
        ...

    def open_export(self) -> ExportSession:
        """Connect for writing. Raises ``StepStop`` with a ``no-start-*`` status."""
        ...
