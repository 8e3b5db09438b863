"""From entries to objects: types by object class, anchors, values, and an error for every entry that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from unisono.connectors.files.faults import Fault, errors_of, without
from unisono.connectors.files.values import CODES, GENERALIZED_FORMATS, typed
from unisono.connectors.ldif.entries import Entries, decoded_bytes, decoded_text
from unisono.connectors.ldif.names import are_ldap_names, name_keys
from unisono.connectors.ldif.settings import DN, LdifSettings
from unisono.model.names import DnStyle, dn_key
from unisono.model.schema import Attribute, AttributeType, ObjectType, Schema

_LINES = {"entry": pl.Int64, "line": pl.Int64, "key": pl.String, "form": pl.String, "value": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """What entries say. ``objects`` by object type, of the contract's shape; ``errors``: of ``DISCOVERY_ERRORS``."""

    objects: Mapping[str, pl.DataFrame]
    errors: pl.DataFrame


class ImageReader:
    """Reads entries of one file."""

    def __init__(self, settings: LdifSettings, schema: Schema) -> None:
        self._settings = settings
        self._schema = schema
        self._base = str(name_keys(pl.Series([settings.base]))[0]) if settings.base else None

    def read(self, entries: Entries, *, maybe_cut: bool = False) -> Images:
        """``maybe_cut``: the last entry may miss lines, because nothing shows that it ends where it does."""
        names = entries.names.filter(self._in_base())
        by_key = _by_key(entries.lines)
        class_lines = _of(names, by_key.get("objectclass"))
        unreadable = errors_of(class_lines, _class_line_faults(class_lines))
        names = without(names, unreadable).with_columns(self._object_types(without(names, unreadable), class_lines))
        errors = [entries.errors, unreadable, errors_of(names, self._class_faults(names, maybe_cut=maybe_cut))]
        objects = {}
        for object_type in self._schema.object_types:
            members = names.filter(pl.col("object_type") == object_type.name)
            objects[object_type.name], unfit = self._objects(members, object_type, by_key)
            errors.append(unfit)
        return Images(objects=objects, errors=pl.concat(errors).sort("entry"))

    def _in_base(self) -> pl.Expr:
        if self._base is None:
            return pl.lit(value=True)
        key = dn_key("dn", DnStyle.LDAP)
        return (key == self._base) | key.str.ends_with(f",{self._base}")

    # --- classes ------------------------------------------------------------------------------------------------------

    def _object_types(self, names: pl.DataFrame, lines: pl.DataFrame) -> list[pl.Series]:
        """``object_type`` (null: of no named class) and ``classless`` of each entry."""
        classes = {name.lower(): rank for rank, name in enumerate(self._settings.object_classes)}
        types = dict(enumerate(self._settings.object_classes.values()))
        named = lines.select("entry", rank=decoded_text(lines).str.to_lowercase())
        named = named.with_columns(pl.col("rank").replace_strict(classes, default=None, return_dtype=pl.Int64))
        best = named.group_by("entry").agg(pl.col("rank").min(), known=pl.lit(value=True))
        best = names.join(best, on="entry", how="left", maintain_order="left")
        return [
            best["rank"].replace_strict(types, default=None, return_dtype=pl.String).alias("object_type"),
            best["known"].is_null().alias("classless"),
        ]

    def _class_faults(self, names: pl.DataFrame, *, maybe_cut: bool) -> list[Fault]:
        other = names["object_type"].is_null() & ~names["classless"]
        faults = [Fault(rows=names["classless"], code="missing-object-class", message="the entry has no object class")]
        if maybe_cut:
            message = "no known object class, and no blank line behind the last entry: it may be cut off"
            faults.append(Fault(rows=other, code="unmappable-object-type", message=message))
        if not self._settings.ignore_other_classes:
            message = "the entry has no object class that stands for an object type"
            faults.append(Fault(rows=other, code="unmappable-object-type", message=message))
        return faults

    # --- values -------------------------------------------------------------------------------------------------------

    def _objects(
        self, names: pl.DataFrame, object_type: ObjectType, by_key: Mapping[str, pl.DataFrame]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Objects, and the errors of entries that do not fit their type."""
        columns, errors = {}, []
        for attribute in object_type.attributes:
            lines = _of(names, None if attribute.export_only else by_key.get(attribute.name.lower()))
            values, unfit = self._values(lines, attribute)
            errors.append(unfit)
            by_entry = names.select("entry").join(values, on="entry", how="left", maintain_order="left")
            columns[attribute.name] = by_entry["value"]
        anchor = names["dn"] if self._settings.anchor == DN else columns[self._settings.anchor]
        message = f"the entry has no {self._settings.anchor}"
        nameless = Fault(rows=anchor.is_null(), code="missing-anchor-component", message=message)
        told = pl.concat([*errors, errors_of(names, [nameless])]).unique("entry", keep="first", maintain_order=True)
        good = ~names["entry"].is_in(told["entry"].implode())
        objects = pl.DataFrame({"anchor": anchor, "dn": names["dn"], **columns})
        return objects.filter(good), told

    def _values(self, lines: pl.DataFrame, attribute: Attribute) -> tuple[pl.DataFrame, pl.DataFrame]:
        """``entry`` and ``value``, typed, of each entry that has the attribute, and the errors of lines."""
        values, faults = _typed(lines, attribute)
        faults.append(_fault(lines["form"] == "url", "unsupported-value-type", attribute.name))
        if not attribute.multivalued:
            is_anchor = attribute.name == self._settings.anchor
            code = "multi-valued-anchor-component" if is_anchor else "multi-single-mismatch"
            faults.append(_fault(lines["entry"].is_duplicated(), code, attribute.name))
        errors = errors_of(lines, faults)
        good = without(lines.select("entry").with_columns(values.alias("value")), errors)
        return good.group_by("entry", maintain_order=True).agg("value") if attribute.multivalued else good, errors


def _class_line_faults(lines: pl.DataFrame) -> list[Fault]:
    """An object class that cannot be read must not make its entry one of another class."""
    return [
        _fault(lines["form"] == "url", "unsupported-value-type", "objectClass"),
        _fault(decoded_text(lines).is_null(), "invalid-base64-value", "objectClass"),
    ]


def _typed(lines: pl.DataFrame, attribute: Attribute) -> tuple[pl.Series, list[Fault]]:
    """The lines' values, and what is wrong with their texts."""
    name, is_url = attribute.name, lines["form"] == "url"
    if attribute.type is AttributeType.BINARY:
        octets = decoded_bytes(lines)
        return octets, [_fault(octets.is_null() & ~is_url, "invalid-base64-value", name)]
    texts = decoded_text(lines)
    unreadable = texts.is_null() & ~is_url
    undecodable = unreadable & decoded_bytes(lines).is_null() if unreadable.any() else unreadable
    faults = [
        _fault(undecodable, "invalid-base64-value", name),
        _fault(unreadable & ~undecodable, "invalid-attribute-value", name),
    ]
    if attribute.is_reference:
        strange = ~are_ldap_names(texts).fill_null(value=True)
        return texts, [*faults, _fault(strange, "reference-value-not-ldap-conformant", name)]
    column = typed(texts, attribute.type, GENERALIZED_FORMATS)
    if column.bad is not None:
        faults.append(_fault(column.bad, CODES[attribute.type], name))
    return column.values, faults


_REASONS = {
    "invalid-base64-value": "the value of {} is no base64",
    "invalid-attribute-value": "the value of {} does not fit its type",
    "invalid-numeric-value": "the value of {} is no integer",
    "invalid-boolean-value": "the value of {} is neither TRUE nor FALSE",
    "unsupported-value-type": "the value of {} is given as a URL, which is not followed",
    "multi-single-mismatch": "{} has several values",
    "multi-valued-anchor-component": "{} has several values",
    "reference-value-not-ldap-conformant": "the value of {} is no name of LDAP",
}


def _fault(rows: pl.Series, code: str, attribute: str) -> Fault:
    return Fault(rows=rows, code=code, message=_REASONS[code].format(attribute), attribute=attribute)


def _by_key(lines: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {str(key): part for (key,), part in lines.partition_by("key", as_dict=True).items()}


def _of(names: pl.DataFrame, lines: pl.DataFrame | None) -> pl.DataFrame:
    """The lines of those entries, with their DNs."""
    lines = pl.DataFrame(schema=_LINES) if lines is None else lines
    return lines.join(names.select("entry", "dn"), on="entry", how="inner", maintain_order="left")
