"""What an export sends, page by page, in the order that the export needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from unisono.connectors.contract import Capabilities, ExportBatch, ExportOperation
from unisono.engine.exports import entries, without_references
from unisono.model.project import ConnectorDefinition
from unisono.model.schema import ObjectType
from unisono.store.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Objects of one type and operation (``CS_OBJECT`` rows, in the order of sending) and their batch."""

    objects: pl.DataFrame
    object_type: ObjectType
    batch: ExportBatch
    final: bool = True  # False: references follow in a second pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Reads pages from the store, each when it is asked for. ``first_pass`` comes before ``second_pass``."""

    definition: ConnectorDefinition
    capabilities: Capabilities
    store: Store
    page_objects: int
    later: list[pl.Series] = field(default_factory=list)  # ids of objects whose references follow in the second pass

    def first_pass(self, index: pl.DataFrame) -> Iterator[Page]:
        """Pages of one operation, type and depth of name, so that no child can overtake its parent.

        ``index``: as ``engine.exports.export_order`` gives it.
        """
        for group in index.partition_by("export_operation", "object_type", "level", maintain_order=True):
            split = self.capabilities.references_in_second_pass and group["export_operation"][0] == "add"
            for page_index in group.iter_slices(self.page_objects):
                if split and page_index["references"].sum():
                    self.later.append(page_index.filter(pl.col("references") > 0)["id"])
                yield self._page(page_index["id"], with_references=not split)

    def second_pass(self) -> Iterator[Page]:
        """References of objects that were added without them, once those are recorded."""
        for ids in self.later:
            page = self._page(ids, with_references=True)
            if page.objects.height:
                yield page

    def _page(self, ids: pl.Series, *, with_references: bool) -> Page:
        """Read what is pending for the objects, in the order of the ids."""
        with self.store.read() as reader:
            objects = ids.to_frame("id").join(reader.objects(ids), on="id", maintain_order="left")
            objects = objects.filter(pl.col("export_operation").is_not_null())
            edges = reader.waiting_edges_of(ids)
            whole = None
            if self.capabilities.complete_references:
                whole = _complete(reader.edges_of(ids), reader.export_edges_of(ids))
            targets = [edges["target_id"], *([whole["target_id"]] if whole is not None else [])]
            names = reader.names_of(pl.concat(targets).unique().alias("id"))
        schema = self.definition.schema
        object_type = schema[str(objects["object_type"][0])] if objects.height else schema.object_types[0]
        rows = entries(objects, object_type, edges, names, all_edges=whole)
        operation = ExportOperation(objects["export_operation"][0]) if objects.height else ExportOperation.UPDATE
        if not with_references:
            rows = without_references(rows, object_type)
        batch = ExportBatch(object_type=object_type.name, operation=operation, entries=rows)
        return Page(objects=objects, object_type=object_type, batch=batch, final=with_references)


def _complete(stored: pl.DataFrame, exported: pl.DataFrame) -> pl.DataFrame:
    """(source_id, attribute, target_id) as they will be when everything pending is done."""
    key = ["source_id", "attribute", "target_id"]
    present = stored.filter(pl.col("layer") != "delete").select(key)
    gone = exported.filter(pl.col("operation") == "delete")
    new = exported.filter(pl.col("operation") == "add").select(key)
    return pl.concat([present.join(gone, on=key, how="anti"), new]).unique()
