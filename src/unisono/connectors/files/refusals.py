"""Entries of an export that are not written, and the results of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unisono.model.frames import EXPORT_RESULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why one entry is not written: an export error and its explanation, which holds no value of the entry."""

    code: str
    message: str
    attribute: str | None = None


MISSING = Refusal(code="cd-missing-object", message="the file has no such object")
AMBIGUOUS = Refusal(code="ambiguous-update", message="the file has several records with this anchor")


def not_one(found: Sequence[int]) -> Refusal | None:
    """Why nothing can be done to the object of which these records were found."""
    match len(found):
        case 0:
            return MISSING
        case 1:
            return None
        case _:
            return AMBIGUOUS


def results(rows: pl.DataFrame, refusals: Mapping[int, Refusal]) -> pl.DataFrame:
    """One result per row, from its ``id``, ``anchor`` and ``dn``: refused, or accepted."""
    refused = [refusals.get(id_) for id_ in rows["id"]]
    told = rows.with_columns(
        code=pl.Series([r and r.code for r in refused], dtype=pl.String),
        attribute=pl.Series([r and r.attribute for r in refused], dtype=pl.String),
        message=pl.Series([r and r.message for r in refused], dtype=pl.String),
        cd_error=pl.lit(None, pl.String),
    )
    return EXPORT_RESULTS.check(told)
