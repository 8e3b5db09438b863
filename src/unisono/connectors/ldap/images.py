"""Entries to columns: complete images of objects, and the entries that cannot be read.

A page of entries is decoded attribute by attribute. An entry with a value that does not fit its attribute becomes an
error row and leaves the objects, so that nobody takes half of it for the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from unisono.connectors.ldap.search import Entry
from unisono.connectors.ldap.settings import DN_ANCHOR
from unisono.connectors.ldap.values import decoded
from unisono.model.errors import StepStop
from unisono.model.frames import DISCOVERY_ERRORS
from unisono.model.names import DnStyle, dn_key, ldap_dn_key
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType

_BAD_VALUE: Mapping[AttributeType, tuple[str, str]] = {
    AttributeType.STRING: ("invalid-attribute-value", "not text in UTF-8"),
    AttributeType.INTEGER: ("invalid-numeric-value", "not an integer of 64 bits"),
    AttributeType.BOOLEAN: ("invalid-boolean-value", "neither TRUE nor FALSE"),
    AttributeType.DATETIME: ("invalid-attribute-value", "not a generalized time"),
    AttributeType.REFERENCE: ("reference-value-not-ldap-conformant", "not a DN"),
}
_ROW = pl.UInt32
_NOTHING: Sequence[None] = (None,)  # stands for an absent set in the flat column

Values = list[list[bytes] | None]  # of one attribute, by entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """``objects``: anchor, dn and the object type's attributes; ``errors``: of entries that are not among them."""

    objects: pl.DataFrame
    errors: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """Rows of one column that cannot be used, and why."""

    rows: pl.Series
    code: str
    attribute: str
    reason: str


def images(
    entries: Sequence[Entry], object_type: ObjectType, *, anchor: str, hidden_reference: str | None = None
) -> Images:
    """One row per entry, in one of both frames.

    ``anchor`` is an attribute, or ``dn`` for the DN in the form in which DNs are compared. ``hidden_reference`` is a DN
    that is left out of multivalued references.
    """
    spelling = _Spelling(entries)
    faults: list[_Fault] = []
    dns = pl.Series("dn", [dn for dn, _ in entries], dtype=pl.String)
    columns = [_anchors(dns, spelling, anchor, faults), dns]
    hidden = ldap_dn_key(hidden_reference) if hidden_reference else None
    columns += [_column(attribute, spelling, faults, hidden) for attribute in object_type.attributes]
    return _split(pl.DataFrame(columns), faults)


class _Spelling:
    """Attribute names as this server spells them; they do not differ by case (RFC 4512 §2.5)."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._attributes = [attributes for _, attributes in entries]
        self._names = {name.lower(): name for name in set().union(*self._attributes)}
        for name in self._names:
            if ";range=" in name:
                # Some servers hand out long lists in parts. A part must not pass for the whole.
                raise StepStop(
                    Status.STOPPED_IMPORT_READ,
                    f"the server gives {name.partition(';')[0]} in ranges, which this connector cannot read",
                    hint="take the attribute out of the schema",
                    connection="failed-search",
                )

    def values(self, attribute: str) -> Values | None:
        """None: no entry has it. ``;binary`` only says how a value travels (RFC 4522)."""
        wanted = attribute.lower()
        name = self._names.get(wanted) or self._names.get(f"{wanted};binary")
        return [attributes.get(name) for attributes in self._attributes] if name else None

    def __len__(self) -> int:
        return len(self._attributes)


def _anchors(dns: pl.Series, spelling: _Spelling, anchor: str, faults: list[_Fault]) -> pl.Series:
    if anchor.lower() == DN_ANCHOR:
        return dns.to_frame().select(dn_key("dn", DnStyle.LDAP).alias("anchor")).to_series()
    attribute = Attribute(name=anchor)
    anchors = _column(attribute, spelling, faults, None).alias("anchor")
    if anchors.null_count():
        absent = anchors.is_null().arg_true().to_list()
        _note(faults, absent, "missing-anchor-component", anchor, "absent or not to be seen")
    return anchors


def _column(attribute: Attribute, spelling: _Spelling, faults: list[_Fault], hidden: str | None) -> pl.Series:
    values = None if attribute.export_only else spelling.values(attribute.name)
    if values is None:
        return pl.Series(attribute.name, [None] * len(spelling), dtype=attribute.dtype)
    if attribute.multivalued:
        return _lists(attribute, values, faults, hidden if attribute.is_reference else None)
    several = [row for row, found in enumerate(values) if found is not None and len(found) > 1]
    _note(faults, several, "multi-single-mismatch", attribute.name, "several values")
    first = pl.Series(attribute.name, [found[0] if found else None for found in values], dtype=pl.Binary)
    typed, wrong = decoded(first, attribute.type)
    if wrong is not None:
        _note(faults, wrong.arg_true().to_list(), *_about(attribute))
    return typed


def _lists(attribute: Attribute, values: Values, faults: list[_Fault], hidden: str | None) -> pl.Series:
    """Lists by way of one flat column: building nested ones from Python costs five times as much."""
    name = attribute.name
    rows = [row for row, found in enumerate(values) for _ in found or _NOTHING]
    flat = pl.Series(name, list(chain.from_iterable(found or _NOTHING for found in values)), dtype=pl.Binary)
    typed, wrong = decoded(flat, attribute.type)
    if wrong is not None:
        _note(faults, sorted({rows[place] for place in wrong.arg_true()}), *_about(attribute))
    found = pl.col(name).drop_nulls()
    if hidden is not None:
        found = found.filter(dn_key(name, DnStyle.LDAP).drop_nulls() != hidden)
    lists = pl.LazyFrame({"row": pl.Series(rows, dtype=_ROW), name: typed}).group_by("row", maintain_order=True)
    kept = pl.when(pl.col(name).list.len() > 0).then(pl.col(name))
    return lists.agg(found).select(kept).collect().to_series()


def _about(attribute: Attribute) -> tuple[str, str, str]:
    code, reason = _BAD_VALUE[attribute.type]
    return code, attribute.name, reason


def _note(faults: list[_Fault], rows: Sequence[int], code: str, attribute: str, reason: str) -> None:
    if rows:
        faults.append(_Fault(rows=pl.Series(rows, dtype=_ROW), code=code, attribute=attribute, reason=reason))


def _split(frame: pl.DataFrame, faults: Sequence[_Fault]) -> Images:
    if not faults:
        return Images(objects=frame, errors=DISCOVERY_ERRORS.empty())
    numbered = frame.with_row_index("row")
    described = pl.concat(list(_described(faults))).unique("row", keep="first", maintain_order=True).sort("row")
    errors = described.join(numbered.select("row", "anchor", "dn"), on="row", how="left", maintain_order="left")
    absent = [pl.lit(None, dtype=pl.Int64).alias(name) for name in ("entry", "line", "column")]
    return Images(
        objects=numbered.join(described, on="row", how="anti", maintain_order="left").drop("row"),
        errors=DISCOVERY_ERRORS.check(errors.with_columns(*absent)),
    )


def _described(faults: Sequence[_Fault]) -> Iterator[pl.DataFrame]:
    for fault in faults:
        yield (
            fault.rows.alias("row")
            .to_frame()
            .with_columns(
                code=pl.lit(fault.code),
                attribute=pl.lit(fault.attribute),
                message=pl.lit(f"{fault.attribute}: {fault.reason}"),
            )
        )
