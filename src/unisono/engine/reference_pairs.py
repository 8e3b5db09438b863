"""Which references can have changed: pairs of objects, so that one member more in a large group costs one edge.

A synchronization of changes knows them: edges whose layer it pushed through, and edges to objects whose link it
changed. They are followed inward, to pairs of metaverse objects, and outward, to pairs in each connector space that
references flow to. Where one reference decides about others, all of the object's have to be looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from unisono.engine.compile import CompiledRules
from unisono.engine.facts import Facts
from unisono.model.frames import EDGES

_PAIR: Final = ["source_id", "target_id"]
NO_PAIRS: Final = pl.DataFrame(schema={"source_id": pl.Int64, "target_id": pl.Int64})
_FLOWS: Final = {"connector": pl.String, "object_type": pl.String, "attribute": pl.String, "separable": pl.Boolean}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inward:
    """``whole``: metaverse objects of which all references are to be computed; ``pairs``: those between which some."""

    whole: pl.Series
    pairs: pl.DataFrame


def sources_of(pairs: pl.DataFrame) -> pl.Series:
    return pairs["source_id"].unique().alias("id")


def separable_attributes(rules: CompiledRules) -> frozenset[str]:
    """Reference attributes of the metaverse whose edges do not depend on each other.

    Multivalued ones that only one flow fills: where there are several, the strongest that offers anything takes all.
    """
    filled = Counter(
        (compiled.rule.metaverse_type, flow.target) for compiled in rules.inbound for flow in compiled.reference_flows
    )
    bound = {name for (_, name), number in filled.items() if number > 1}
    bound |= {name for kind, name in filled if not rules.metaverse_type(kind)[name].multivalued}
    return frozenset(name for _, name in filled) - bound


def among(pairs: pl.DataFrame, attributes: Iterable[str]) -> pl.DataFrame:
    """The edges that there may be between the pairs, by these attributes."""
    names = pl.DataFrame({"attribute": sorted(set(attributes))}, schema={"attribute": pl.String})
    return pairs.join(names, how="cross").select(list(EDGES.columns))


def inward(edges: pl.DataFrame, moved: pl.DataFrame, rules: CompiledRules, facts: Facts) -> Inward:
    """Edges of a connector space, seen from the metaverse.

    ``edges``: (``source_id``, ``attribute``, ``target_id``); ``moved``: (``id``, ``old_mv_id``) of targets whose link
    is another one now.
    """
    ends = facts.linked(pl.concat([edges["source_id"], edges["target_id"]]).unique().alias("id"))
    sources = ends.select("connector", "object_type", source_id="id", source_mv="mv_id")
    flowing = edges.join(sources, on="source_id").join(_flows(rules), on=["connector", "object_type", "attribute"])
    targets = pl.concat(
        [
            ends.select(target_id="id", target_mv="mv_id"),
            moved.select(target_id="id", target_mv="old_mv_id").drop_nulls(),
        ]
    )
    pairs = flowing.filter("separable").join(targets, on="target_id")
    return Inward(
        whole=flowing.filter(~pl.col("separable"))["source_mv"].unique().alias("id"),
        pairs=pairs.select(source_id="source_mv", target_id="target_mv").unique().sort(_PAIR),
    )


def bound(references: pl.DataFrame, rules: CompiledRules) -> pl.DataFrame:
    """Of metaverse references (``attribute`` among the columns) those that decide about others of the same object."""
    return references.filter(~pl.col("attribute").is_in(sorted(separable_attributes(rules))))


def outward(
    targets: Sequence[str], mv_pairs: pl.DataFrame, relinked: pl.Series, edges: pl.DataFrame, facts: Facts
) -> pl.DataFrame:
    """Pairs of the targets' connector spaces between which references may be missing, or too many.

    ``mv_pairs``: metaverse objects between which references changed; ``relinked``: objects of the connector spaces
    whose link changed; ``edges``: edges there that changed.
    """
    there = facts.linked(relinked)["mv_id"].alias("id")
    meant = pl.concat([mv_pairs.select(_PAIR), facts.references_to(there).select(_PAIR)]).unique()
    linked = (facts.linked_pairs(target, meant) for target in targets)
    known = [facts.edges_to(relinked), facts.export_edges_to(relinked), edges, *linked]
    return pl.concat([NO_PAIRS, *(frame.select(_PAIR) for frame in known)]).unique().sort(_PAIR)


def _flows(rules: CompiledRules) -> pl.DataFrame:
    """Per attribute of a connector space from which references flow, whether each of its edges stands for itself."""
    separable = separable_attributes(rules)
    rows = [
        {
            "connector": compiled.rule.connector,
            "object_type": compiled.rule.connector_type,
            "attribute": flow.source,
            "separable": flow.target in separable and compiled.scope is None,
        }
        for compiled in rules.inbound
        for flow in compiled.reference_flows
    ]
    return pl.DataFrame(rows, schema=_FLOWS).unique()
