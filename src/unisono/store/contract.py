"""What a store is: readers, writers and units of work.

Rules for every store:

- A ``Reader`` sees one consistent state; inside a unit of work it sees what the unit wrote so far.
- Ids are positive 64-bit integers that are never reused. A frame of ids has one column, ``id``.
- Selections by ids, anchors or names are set-based: a constant number of statements, whatever their length (chunks of
  bounded size are allowed), and no row order is promised unless the method says so.
- Text is compared exactly (case, accents, trailing blanks); order is by Unicode code point. Names and documents have no
  NUL; in other text a store may replace it.
- Documents are opaque text here; nobody in the store parses them, except views for administrators.
- Failures of the database come out as ``StoreError`` with the status that a running step ends with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import polars as pl

from unisono.model.frames import Extent
from unisono.model.runs import Cleared, ObjectError, RunResult, Status, StepResult


class Selection(StrEnum):
    """Which objects of a connector a synchronization step processes (engine specification §6.1)."""

    DELTA = "delta"  # pending imports but deletes, normal disconnectors, objects with an error or to reevaluate
    FULL = "full"  # every object that was ever imported (it has an import hash) but those with a pending delete
    DELETES = "deletes"  # objects with a pending delete


class Layer(StrEnum):
    """Which images of the source object hold a reference of a connector space."""

    HOLOGRAM = "hologram"  # synchronized, and still there in the last import
    ADD = "add"  # pending import: new
    DELETE = "delete"  # pending import: synchronized, and gone in the last import


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBatch:
    """A plan that the guard holds back until somebody approves exactly it."""

    hash: str
    connector: str
    profile: str
    step: int
    run_id: int
    held_at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceStatistics:
    """Counts of one connector space (engine specification §9.6, MA statistics)."""

    connector: str
    objects: int
    placeholders: int
    connectors: int
    disconnectors: int
    pending_imports: int
    pending_exports: int
    unconfirmed_exports: int


class Reader(Protocol):
    # --- connector spaces ---
    def connector_outline(self, connector: str) -> Iterator[pl.DataFrame]:
        """``CS_OUTLINE`` of the whole connector space in parts, placeholders included. Take all before asking on."""
        ...

    def index_of(self, ids: pl.Series) -> pl.DataFrame:
        """``CS_INDEX`` of the ids that exist, of any connector."""
        ...

    def connector_index_of(self, connector: str, anchors: pl.Series, dn_keys: pl.Series) -> pl.DataFrame:
        """``CS_INDEX`` of the objects and placeholders with one of the anchors or one of the names."""
        ...

    def objects(self, ids: pl.Series) -> pl.DataFrame:
        """``CS_OBJECT`` of the ids that exist and are no placeholders, of any connector."""
        ...

    def selection(self, connector: str, selection: Selection, after: str | None, limit: int) -> pl.DataFrame:
        """The step's next ``limit`` objects with an anchor above ``after``, by anchor (``CS_OBJECT``).

        ``DELTA`` and ``DELETES`` cost in proportion to what they give, not to the connector space.
        """
        ...

    def disconnectors(self, connector: str, object_type: str) -> pl.DataFrame:
        """``CS_OBJECT`` of all normal disconnectors of a type that have no pending delete."""
        ...

    def connectors_of(self, mv_ids: pl.Series, besides: pl.Series | None = None) -> pl.DataFrame:
        """``CS_OBJECT`` of every connector of the metaverse objects, in all connector spaces, ``besides`` these ids."""
        ...

    def links_of(self, connector: str, mv_ids: pl.Series) -> pl.DataFrame:
        """``LINKED_OBJECT``: the metaverse objects' connectors in one connector space."""
        ...

    def linked(self, ids: pl.Series) -> pl.DataFrame:
        """``LINKED_OBJECT`` of the ids that are connectors."""
        ...

    def linked_pairs(self, connector: str, mv_pairs: pl.DataFrame) -> pl.DataFrame:
        """``PAIRS`` of one connector space whose ends are connectors of both ends of a pair of metaverse objects."""
        ...

    def edges_of(self, extent: Extent) -> pl.DataFrame:
        """``STORED_EDGES`` of the source objects, or those of the edges that are there."""
        ...

    def changed_edges_of(self, source_ids: pl.Series) -> pl.DataFrame:
        """``STORED_EDGES`` of the source objects of the layers add and delete."""
        ...

    def edges_to(self, target_ids: pl.Series) -> pl.DataFrame:
        """``STORED_EDGES`` to the target objects."""
        ...

    def export_edges_of(self, extent: Extent) -> pl.DataFrame:
        """``EXPORT_EDGES`` of the source objects, or those of the edges that are there."""
        ...

    def waiting_edges_of(self, source_ids: pl.Series) -> pl.DataFrame:
        """``EXPORT_EDGES`` of the source objects that were not sent yet."""
        ...

    def export_edges_to(self, target_ids: pl.Series) -> pl.DataFrame:
        """``EXPORT_EDGES`` to the target objects."""
        ...

    def names_of(self, ids: pl.Series) -> pl.DataFrame:
        """``NAMES`` of objects and placeholders."""
        ...

    def export_index(self, connector: str) -> pl.DataFrame:
        """``EXPORT_INDEX`` of the connector space."""
        ...

    def population(self, connector: str) -> int:
        """How many objects, without placeholders, the connector space holds."""
        ...

    def statistics(self) -> tuple[SpaceStatistics, ...]:
        """Per connector that the store knows, by name."""
        ...

    # --- metaverse ---
    def metaverse(self, ids: pl.Series) -> pl.DataFrame:
        """``MV_OBJECT`` of the ids that exist."""
        ...

    def metaverse_population(self) -> int: ...

    def candidates(self, terms: pl.DataFrame) -> pl.DataFrame:
        """``CANDIDATES`` for distinct (``attribute``, ``value``) terms."""
        ...

    def references_of(self, extent: Extent) -> pl.DataFrame:
        """``MV_REFERENCES`` that start at the metaverse objects, or those of the edges that are there."""
        ...

    def reference_counts(self, mv_ids: pl.Series, connector: str | None = None) -> pl.DataFrame:
        """``REFERENCE_COUNTS`` of the metaverse objects, or of their connectors in one connector space."""
        ...

    def references_to(self, mv_ids: pl.Series) -> pl.DataFrame:
        """``MV_REFERENCES`` that lead to the metaverse objects."""
        ...

    def referrers(self, mv_ids: pl.Series) -> pl.Series:
        """Ids of the metaverse objects with a metaverse reference to one of the objects, distinct."""
        ...

    def connected_referrers(self, cs_ids: pl.Series) -> pl.Series:
        """Ids of metaverse objects with a connector that has a synchronized reference to one of the CS objects."""
        ...

    def reference_contributions(self, extent: Extent) -> pl.DataFrame:
        """``REFERENCE_CONTRIBUTIONS`` of metaverse objects' connectors: layers hologram and delete, targets linked.

        An extent of edges has metaverse objects at its ends, and attributes of connector spaces.
        """
        ...

    def desired_edges(self, extent: Extent) -> pl.DataFrame:
        """``DESIRED_EDGES`` of connectors: both ends linked in one connector space, no pending delete.

        An extent of edges has connectors at its ends, and attributes of the metaverse.
        """
        ...

    # --- for people ---
    def find_metaverse(self, text: str, limit: int) -> pl.DataFrame:
        """``MV_OBJECT`` whose id is the text, or whose document holds it (case ignored), by id."""
        ...

    def find_objects(self, connector: str | None, text: str, limit: int) -> pl.DataFrame:
        """``CS_OBJECT`` whose id, anchor or DN is the text, else whose anchor, DN or document holds it, by id."""
        ...

    # --- history ---
    def watermark(self, connector: str) -> str | None: ...

    def runs(self, *, connector: str | None = None, limit: int = 50) -> tuple[RunResult, ...]:
        """Newest first, with steps and counters."""
        ...

    def run(self, run_id: int) -> RunResult | None:
        """One run, with steps and counters; None when there was none, or it was cleared."""
        ...

    def errors(self, *, run_id: int | None = None, limit: int = 1000) -> pl.DataFrame:
        """``OBJECT_ERRORS`` of one run, or of the latest runs of all profiles, in order of recording."""
        ...

    def held(self) -> tuple[HeldBatch, ...]:
        """Batches that the guard holds, newest first."""
        ...

    def rule_names(self) -> dict[int, str]: ...

    @property
    def hash_seed(self) -> int:
        """The store's secret seed for content hashes (non-negative)."""
        ...


class Writer(Protocol):
    """Bulk writes. ``update_*`` frames have the key and only the columns to set; a null sets null."""

    def allocate(self, count: int) -> int:
        """The first of ``count`` fresh consecutive ids, for objects of any kind."""
        ...

    def rule_ids(self, names: Sequence[str]) -> dict[str, int]:
        """Stable ids of rules for lineage, made when missing."""
        ...

    def insert_objects(self, frame: pl.DataFrame) -> None:
        """New rows: ``id``, ``connector``, ``dn``, ``dn_key`` and any further columns of ``CS_OBJECT``, ``CS_INDEX``.

        Without an ``object_type`` the row is a placeholder.
        """
        ...

    def update_objects(self, *frames: pl.DataFrame) -> None:
        """Set columns by ``id``: any of ``CS_OBJECT`` and ``CS_INDEX`` but ``connector``; and ``export_error``.

        Several frames set different columns; an object that is in several of them is written once. With
        ``import_error_run`` or ``export_error_run`` beside an error, the store keeps the first run that met it.
        """
        ...

    def forget_hashes(self, ids: pl.Series) -> None:
        """The next import compares the objects closely: what their references mean may have changed."""
        ...

    def delete_objects(self, ids: pl.Series) -> None:
        """Remove objects with the references they own; one that others refer to becomes a placeholder."""
        ...

    def promote(self, ids: pl.Series, *frames: pl.DataFrame) -> None:
        """Push pending imports through (L0 := L1): hologram, hash, reference layers; clear pending import and error.

        A placeholder goes with the last reference to it. What ``update_objects`` is to set, of these objects or others,
        is written with it.
        """
        ...

    def write_edges(self, frame: pl.DataFrame) -> None:
        """Insert or re-layer ``STORED_EDGES``."""
        ...

    def delete_edges(self, frame: pl.DataFrame) -> None:
        """Remove by the key of ``STORED_EDGES``."""
        ...

    def write_export_edges(self, frame: pl.DataFrame) -> None:
        """Insert or replace ``EXPORT_EDGES``."""
        ...

    def delete_export_edges(self, frame: pl.DataFrame) -> None:
        """Remove by the key of ``EXPORT_EDGES``."""
        ...

    def confirm_sent_edges(self, source_ids: pl.Series) -> None:
        """Pending export edges of the sources become unconfirmed."""
        ...

    def insert_metaverse(self, frame: pl.DataFrame) -> None:
        """New ``MV_OBJECT`` rows."""
        ...

    def update_metaverse(self, frame: pl.DataFrame) -> None:
        """Set ``attributes`` and ``lineage`` by ``id``."""
        ...

    def delete_metaverse(self, ids: pl.Series) -> None:
        """Remove objects, their join keys, and references from and to them. Links of connectors are not touched."""
        ...

    def replace_join_keys(self, mv_ids: pl.Series, frame: pl.DataFrame) -> None:
        """The objects' join keys are now exactly those of the frame (``JOIN_KEYS``)."""
        ...

    def write_references(self, frame: pl.DataFrame) -> None:
        """Insert or replace ``MV_REFERENCES``."""
        ...

    def delete_references(self, frame: pl.DataFrame) -> None:
        """Remove by the key of ``MV_REFERENCES``."""
        ...

    def set_watermark(self, connector: str, watermark: str | None, run_id: int) -> None: ...

    def start_run(self, connector: str, profile: str, fingerprint: str, started_at: datetime) -> int:
        """A new run, in progress; its id grows with every run of the store."""
        ...

    def save_step(self, run_id: int, result: StepResult, errors: Iterable[ObjectError]) -> None:
        """Record what is known of a step.

        Result and counters replace those recorded before; the errors come after those recorded before.
        """
        ...

    def finish_run(self, run_id: int, status: Status, ended_at: datetime) -> None: ...

    def close_interrupted_runs(self, connector: str, ended_at: datetime, *, message: str, hint: str) -> int:
        """Runs that a dead process left in progress end as ``stopped-server``; how many. Caller holds the lock.

        ``message`` and ``hint`` are for the step that was under way.
        """
        ...

    def clear_history(self, before: datetime) -> Cleared:
        """Remove the oldest runs that began before a time, with steps, counters and errors; nothing when none is left.

        One call removes a piece of bounded size: the errors of a run may go before the run does. What stays: the last
        run of each profile, runs in progress, runs whose batch the guard holds, and runs since which an object fails.
        Lineage keeps the numbers of runs that are gone.
        """
        ...

    def hold(self, batch: HeldBatch) -> None: ...

    def release(self, hash_: str) -> None:
        """The held batch was applied or is obsolete."""
        ...


class UnitOfWork(Reader, Writer, Protocol):
    """One transaction: everything or nothing."""


class Store(Protocol):
    def read(self) -> AbstractContextManager[Reader]:
        """A reader on a consistent snapshot; blocks no writer for long."""
        ...

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that commits when the block ends and rolls back when it raises. Writers wait for each other."""
        ...

    def rehearse(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that is always rolled back: for plans and previews."""
        ...

    def lock(self, name: str) -> AbstractContextManager[bool]:
        """An exclusive lock between processes that dies with its holder; False when somebody else holds it."""
        ...

    def size(self) -> int:
        """Bytes that the store takes on the disk."""
        ...

    def compact(self) -> None:
        """Give back to the disk what removed rows have left, as far as that needs no second copy of the store.

        It is for after great removals: left alone, a store fills such places again. Others read and write meanwhile.
        """
        ...

    def close(self) -> None: ...
