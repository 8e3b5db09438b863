"""Claims: the names that new objects want in connector spaces (engine specification §5.11).

One metaverse object after the other gets its names, in the order of the selected objects. A name is free when nobody
has it, or when who has it gives it up before: an object that leaves the connector space, or one that was never exported
and gets another name. So an account that somebody deleted behind our back is created again under its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from unisono.engine.linking import GONE, Linking
from unisono.engine.provision import FAILED

if TYPE_CHECKING:
    from unisono.engine.outbound import Outbound
    from unisono.engine.planning import TypeResult

Name = tuple[str, str]  # connector and dn_key
_NAME = ["connector", "dn_key"]
_TAKEN = "{} exists already: join it, or give the new object another name"
_GIVEN = "another new object is named {} already"


def settle_claims(types: list[TypeResult], linking: Linking, deprovisioned: pl.DataFrame) -> list[TypeResult]:
    """The results, with an error for each metaverse object that cannot have a name it wants.

    ``deprovisioned``: connectors of deleted metaverse objects, as ``deletion.deprovision`` gives them.
    """
    outbound = [one for result in types for one in result.outbound]
    if not outbound:
        return types
    failed = pl.concat([result.errors["mv_id"] for result in types]).unique()
    order = _order(linking.objects)
    claims = pl.concat([_claims(one) for one in outbound]).filter(~pl.col("mv_id").is_in(failed.implode()))
    held = pl.concat([one.held.with_columns(connector=pl.lit(one.target[0])) for one in outbound]).unique()
    contested = _contested(claims, held).join(order, on="mv_id").sort("order", maintain_order=True)
    if contested.is_empty():
        return types
    turns = _Turns(
        holding=_holding(held.join(contested, on=_NAME, how="semi")),
        releases=_releases(outbound, linking.objects, deprovisioned, order),
        gone_wrong=set(failed),
    )
    for _, rows in contested.group_by("mv_id", maintain_order=True):
        turns.take([_Claim(**row) for row in rows.to_dicts()])
    return [_settled(result, turns) for result in types]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    connector: str
    dn_key: str
    dn: str
    mv_id: int
    id: int
    rule: str | None  # that creates the object; None: it is there, and gets another name
    order: int

    @property
    def name(self) -> Name:
        return self.connector, self.dn_key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    order: int
    mv_id: int | None  # when this one fails, the name stays where it is
    leaves: bool


@dataclass(slots=True, kw_only=True)
class _Turns:
    """Gives names; in Python, for only metaverse objects that somebody is in the way of come here.

    ``lost``: metaverse object → its claim, and why it failed; ``heirs``: (target, metaverse object) → the leaving
    object whose place in the connector space, with the references that lead there, the new one takes.
    """

    holding: dict[Name, list[int]]
    releases: dict[int, _Release]  # by the id of the holder
    gone_wrong: set[int]
    given: set[Name] = field(default_factory=set)
    lost: dict[int, tuple[_Claim, str]] = field(default_factory=dict)
    heirs: dict[tuple[str, int], int] = field(default_factory=dict)

    def take(self, claims: list[_Claim]) -> None:
        """Give a metaverse object all names that it claims, or none."""
        for claim in claims:
            reason = self._refusal(claim)
            if reason is not None:
                self.gone_wrong.add(claim.mv_id)
                self.lost[claim.mv_id] = claim, reason
                return
        for claim in claims:
            self.given.add(claim.name)
            leaving = [one for one in self.holding.get(claim.name, []) if one != claim.id and self.releases[one].leaves]
            if claim.rule is not None and leaving:
                self.heirs[claim.connector, claim.mv_id] = leaving[0]

    def _refusal(self, claim: _Claim) -> str | None:
        if claim.name in self.given:
            return _GIVEN
        holders = self.holding.get(claim.name, [])
        return None if all(one == claim.id or self._is_free(one, claim.order) for one in holders) else _TAKEN

    def _is_free(self, holder: int, order: int) -> bool:
        release = self.releases.get(holder)
        return release is not None and release.order <= order and release.mv_id not in self.gone_wrong


def _claims(one: Outbound) -> pl.DataFrame:
    """The fields of ``_Claim`` but the order."""
    columns = [pl.lit(one.target[0]).alias("connector"), "dn_key", "dn", "mv_id", "id"]
    created = one.created.select(*columns, rule="link_rule")
    renamed = one.renamed_adds.select(*columns, rule=pl.lit(None, dtype=pl.String))
    return pl.concat([created, renamed])


def _order(objects: pl.DataFrame) -> pl.DataFrame:
    """(mv_id, order): where the first selected object of a metaverse object stands."""
    places = objects.select("mv_id", "old_mv_id").with_row_index("order").unpivot(index="order", value_name="linked")
    return places.drop_nulls("linked").group_by(mv_id="linked").agg(pl.col("order").min())


def _contested(claims: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """All claims of metaverse objects of which any claim has a rival or a holder."""
    theirs = claims.join(held, on=_NAME).filter(pl.col("id") != pl.col("holder"))["mv_id"]
    rivals = claims.filter(pl.struct(_NAME).is_duplicated())["mv_id"]
    return claims.filter(pl.col("mv_id").is_in(pl.concat([theirs, rivals]).implode()))


def _holding(held: pl.DataFrame) -> dict[Name, list[int]]:
    holding: dict[Name, list[int]] = {}
    for connector, dn_key, holder in held.select(*_NAME, "holder").sort("holder").iter_rows():
        holding.setdefault((connector, dn_key), []).append(holder)
    return holding


def _releases(
    outbound: list[Outbound], objects: pl.DataFrame, deprovisioned: pl.DataFrame, order: pl.DataFrame
) -> dict[int, _Release]:
    """Objects of connector spaces that give up their names, by id."""
    leaving = pl.concat([deprovisioned, *(one.deprovisioned for one in outbound)]).filter(pl.col("action") == "removed")
    gone = objects.with_row_index("place").filter(pl.col("event") == GONE)
    unlinked = pl.lit(None, dtype=pl.UInt32)
    given_up = pl.concat(
        [
            leaving.select("id", "mv_id", place=unlinked, leaves=pl.lit(value=True)),
            gone.select("id", mv_id="old_mv_id", place="place", leaves=pl.lit(value=True)),
            *(one.renamed_adds.select("id", "mv_id", place=unlinked, leaves=pl.lit(value=False)) for one in outbound),
        ]
    ).join(order, on="mv_id", how="left")
    rows = given_up.select("id", pl.coalesce("order", "place"), "mv_id", "leaves").iter_rows()
    return {holder: _Release(order=place, mv_id=mv_id, leaves=leaves) for holder, place, mv_id, leaves in rows}


def _settled(result: TypeResult, turns: _Turns) -> TypeResult:
    here = set(result.resolved.values["id"])
    errors = [
        {
            "mv_id": mv_id,
            "code": FAILED,
            "attribute": "dn",
            "rule": claim.rule,
            "message": reason.format(claim.dn),
            "algorithm_step": "provisioning",
            "target": claim.connector,
        }
        for mv_id, (claim, reason) in turns.lost.items()
        if mv_id in here
    ]
    lost = pl.DataFrame(errors, schema=result.errors.schema)
    targets = [_inheriting(one, turns) for one in result.outbound]
    return replace(result, errors=pl.concat([result.errors, lost]), outbound=targets)


def _inheriting(one: Outbound, turns: _Turns) -> Outbound:
    heirs = {mv_id: holder for (connector, mv_id), holder in turns.heirs.items() if connector == one.target[0]}
    if not heirs:
        return one
    place = pl.col("mv_id").replace_strict(heirs, default=None, return_dtype=pl.Int64)
    created = one.created.with_columns(
        id=pl.coalesce(place, "id"), takes_over=pl.col("takes_over") | place.is_not_null()
    )
    return replace(one, created=created)
