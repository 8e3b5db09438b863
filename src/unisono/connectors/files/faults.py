"""Records with faults: told as discovery errors, and taken out of what goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from unisono.model.frames import DISCOVERY_ERRORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Rows that share a fault; ``rows`` marks them. ``column`` counts from 1."""

    rows: pl.Series
    code: str
    message: str
    attribute: str | None = None
    column: int | None = None


def errors_of(rows: pl.DataFrame, faults: Sequence[Fault]) -> pl.DataFrame:
    """One discovery error per entry that has any of the faults: the first of them, in the order of ``faults``.

    ``rows`` has the columns ``entry`` and ``line``, and may have ``anchor`` and ``dn``.
    """
    told = [_told(rows, fault) for fault in faults if fault.rows.any()]
    if not told:
        return DISCOVERY_ERRORS.empty()
    return pl.concat(told).unique("entry", keep="first", maintain_order=True).sort("entry")


def without(rows: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    """The rows of entries that have no error."""
    if errors.is_empty():
        return rows
    return rows.join(errors.select("entry"), on="entry", how="anti", maintain_order="left")


def _told(rows: pl.DataFrame, fault: Fault) -> pl.DataFrame:
    names = {name: pl.col(name) if name in rows.columns else pl.lit(None, pl.String) for name in ("anchor", "dn")}
    told = rows.filter(fault.rows).select(
        "entry",
        "line",
        **names,
        code=pl.lit(fault.code),
        attribute=pl.lit(fault.attribute, pl.String),
        column=pl.lit(fault.column, pl.Int64),
        message=pl.lit(fault.message),
    )
    return DISCOVERY_ERRORS.check(told)
