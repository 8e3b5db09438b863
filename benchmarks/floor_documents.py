"""Documents of a floor: columns of text to JSON and back, with Polars alone."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def documents(frame: pl.DataFrame) -> pl.Series:
    """One JSON document per row, without absent values; the last column must have none."""
    text = frame.select(document=pl.struct(pl.all()).struct.json_encode()).to_series()
    if frame.select(pl.any_horizontal(pl.all().is_null().any())).item():
        return text.str.replace_all(r'"[^"\\]+":null,', "")
    return text


def decoded(text: pl.Series, names: Sequence[str]) -> pl.DataFrame:
    """Documents as columns of text; keys that are not named are skipped."""
    lines = "\n".join(text.fill_null("{}").to_list()).encode()
    return pl.read_ndjson(lines, schema=dict.fromkeys(names, pl.String))
