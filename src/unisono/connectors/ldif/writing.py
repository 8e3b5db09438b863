"""Lines of LDIF (RFC 2849) from values, by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from unisono.connectors.files.values import texts
from unisono.model.schema import Attribute, AttributeType

# SAFE-STRING of RFC 2849, and only printable: some readers strip control characters as if they were blanks. So the
# first character is no blank, colon or less-than sign, and the last one no blank.
_FIRST, _INNER, _LAST = "[!-9;=-~]", "[ -~]", "[!-~]"
_SAFE = rf"^(?:{_FIRST}(?:{_INNER}*{_LAST})?)?$"
_FOLDED = r"([^\n]{74})([^\n])"  # a line of 74 characters and one more; 76 with what folding adds


def attribute_lines(attribute: Attribute, values: pl.Series) -> pl.Series:
    """Per row the lines of the attribute, joined with line breaks; null where there is no value."""
    if not attribute.multivalued:
        return lines_of(attribute.name, _texts(attribute, values))
    rows = pl.DataFrame({"row": pl.int_range(len(values), eager=True)})
    single = rows.with_columns(value=values).explode("value")
    single = single.with_columns(text=lines_of(attribute.name, _texts(attribute, single["value"]))).drop_nulls("text")
    joined = single.group_by("row").agg(pl.col("text").sort().str.join("\n"))
    return rows.join(joined, on="row", how="left", maintain_order="left")["text"]


def lines_of(name: str | pl.Series, values: pl.Series) -> pl.Series:
    """One line per value, base64 where it must be; null stays null. Values are text or octets; ``name`` is that of all
    lines, or has one for each."""
    names = pl.Series([name]) if isinstance(name, str) else name
    coded = values.cast(pl.Binary).bin.encode("base64").cast(pl.String)
    coded_lines = pl.select(pl.format("{}:: {}", names, coded)).to_series()
    if values.dtype == pl.Binary:
        return coded_lines
    plain_lines = pl.select(pl.format("{}: {}", names, values)).to_series()
    return plain_lines.zip_with(values.str.contains(_SAFE), coded_lines)


def entry_texts(names: pl.DataFrame, lines: pl.DataFrame) -> pl.Series:
    """The text of each entry, without folds: ``names`` with ``entry`` and ``dn``; ``lines`` with ``entry`` and
    ``text``, which is one line or several."""
    texts = lines.group_by("entry", maintain_order=True).agg(pl.col("text").str.join("\n"))
    entries = names.select("entry", dn=lines_of("dn", names["dn"]))
    entries = entries.join(texts, on="entry", how="left", maintain_order="left")
    return entries.select(pl.concat_str("dn", "text", separator="\n", ignore_nulls=True).alias("text")).to_series()


def file_chunks(texts: Iterable[pl.Series]) -> Iterator[bytes]:
    """A file of entries, page by page."""
    yield b"version: 1\n\n"
    for page in texts:
        folded = page.str.replace_all(_FOLDED, "${1}\n ${2}")
        yield "".join(f"{text}\n\n" for text in folded).encode()


def _texts(attribute: Attribute, values: pl.Series) -> pl.Series:
    match attribute.type:
        case AttributeType.BINARY:
            return values
        case AttributeType.BOOLEAN:
            return values.cast(pl.String).str.to_uppercase()
        case AttributeType.DATETIME:
            return texts(values, attribute.type, "%Y%m%d%H%M%S%.fZ")
        case _:
            return texts(values, attribute.type)
