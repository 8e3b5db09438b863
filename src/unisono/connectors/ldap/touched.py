"""What the records of a log of changes say about entries in scope: which were touched, and how they were called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.model.errors import StepStop
from unisono.model.names import DnStyle, dn_key, ldap_dn_key
from unisono.model.runs import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """One rename of an entry; ``before`` and ``after`` in the form in which names are compared."""

    entry_uuid: str
    before: str
    after: str
    dn: str  # after it, as the server writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """``entry_uuids`` in the order of their first record; ``names`` that they had, in the form in which names are
    compared; their ``renames``, oldest first."""

    entry_uuids: tuple[str, ...]
    names: tuple[str, ...]
    renames: tuple[Renamed, ...]


def touched(records: pl.DataFrame, bases: Sequence[str]) -> Touched:
    """What ``accesslog.RECORDS`` say about entries that are below the bases, or were. Raises ``StepStop``."""
    keyed = records.with_columns(before=dn_key("dn", DnStyle.LDAP), after=dn_key("new_dn", DnStyle.LDAP))
    relevant = keyed.filter(pl.any_horizontal(_below("before", bases), _below("after", bases)))
    if relevant["entry_uuid"].null_count():
        raise StepStop(
            Status.NO_START_FULL_IMPORT_REQUIRED,
            "the log of changes has records that do not identify their entry",
            hint="run a full import; OpenLDAP 2.5 and later write reqEntryUUID",
        )
    renames = relevant.filter(pl.col("after").is_not_null()).select("entry_uuid", "before", "after", dn="new_dn")
    named = pl.concat([relevant["before"].alias("name"), relevant["after"].alias("name")]).to_frame()
    return Touched(
        entry_uuids=tuple(relevant["entry_uuid"].unique(maintain_order=True)),
        names=tuple(named.filter(_below("name", bases))["name"].unique(maintain_order=True)),
        renames=tuple(Renamed(**row) for row in renames.iter_rows(named=True)),
    )


def former_names(name: str, renames: Sequence[Renamed]) -> Iterator[str]:
    """Names that an entry had before it, or something above it, was renamed; the latest first."""
    for renamed in reversed(renames):
        if name == renamed.after or name.endswith(f",{renamed.after}"):
            name = name.removesuffix(renamed.after) + renamed.before
            yield name


def _below(column: str, bases: Sequence[str]) -> pl.Expr:
    names = pl.col(column)
    keys = [ldap_dn_key(base) for base in bases]
    return pl.any_horizontal((names == key) | names.str.ends_with(f",{key}") for key in keys).fill_null(value=False)
