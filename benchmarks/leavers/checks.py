"""What must be so once everything came to rest: in the target, in the metaverse and in every connector space.

Nothing is taken from the product's word: the target is asked itself, and the store's tables are read as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from benchmarks.databases import Database
from benchmarks.leavers.organization import MEMBERSHIP, Organization
from benchmarks.leavers.target import ACCOUNT, Received, Target
from benchmarks.population import hr_people

_ENDS = (("cs_reference", "cs_object"), ("export_reference", "cs_object"), ("mv_reference", "mv_object"))
_WITHOUT_END = """
SELECT count(*) FROM {edges} r LEFT JOIN {objects} s ON s.id = r.source_id LEFT JOIN {objects} t ON t.id = r.target_id
WHERE s.id IS NULL OR t.id IS NULL
"""
_IN_METAVERSE = """
SELECT g.value, p.value FROM mv_reference r
JOIN mv_join_key g ON g.mv_id = r.source_id AND g.attribute = 'teamId'
JOIN mv_join_key p ON p.mv_id = r.target_id AND p.attribute = 'employeeId'
WHERE r.attribute = 'member'
"""
# Memberships of a space, as pairs of metaverse objects; null where an end is linked with none.
_IN_SPACE = """
SELECT g.mv_id, p.mv_id FROM cs_reference r
JOIN cs_object g ON g.id = r.source_id JOIN cs_object p ON p.id = r.target_id JOIN connector c ON c.id = g.connector_id
WHERE r.attribute = 'member' AND c.name = '{connector}'
"""
_METAVERSE_PAIRS = "SELECT source_id, target_id FROM mv_reference WHERE attribute = 'member'"
_TO_NOBODY = """
SELECT count(*) FROM cs_reference r JOIN cs_object p ON p.id = r.target_id
WHERE p.object_type IS NULL AND r.attribute = 'member'
"""
_OBJECTS = """
SELECT count(*) FROM cs_object o JOIN connector c ON c.id = o.connector_id
WHERE c.name = '{connector}' AND {condition}
"""
_FORGOTTEN = """
SELECT count(*) FROM cs_object o WHERE o.object_type IS NULL
AND NOT EXISTS (SELECT 1 FROM cs_reference r WHERE r.target_id = o.id)
AND NOT EXISTS (SELECT 1 FROM export_reference r WHERE r.target_id = o.id)
"""
_PENDING = """
SELECT count(*) FROM cs_object WHERE import_operation IS NOT NULL OR export_operation IS NOT NULL
OR unconfirmed_operation IS NOT NULL OR import_error IS NOT NULL OR export_error IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something counted that must have a certain number."""

    what: str
    found: int
    expected: int = 0

    def __str__(self) -> str:
        return f"{self.what}: {self.found:,} instead of {self.expected:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """``accounts`` (``target.ACCOUNT``) and ``memberships`` (``organization.MEMBERSHIP``) that are to be there."""

    accounts: pl.DataFrame
    memberships: pl.DataFrame

    @classmethod
    def before(cls, organization: Organization) -> Expected:
        people = hr_people(organization.persons().select("number"))
        accounts = people.select(pl.col("employeeId").alias(ACCOUNT[0]), pl.col("manager").alias(ACCOUNT[1]))
        return cls(accounts=accounts, memberships=organization.memberships())

    def without(self, gone: pl.Series) -> Expected:
        """The same without some people: nobody is managed by them, and they are in no group."""
        employee, manager = ACCOUNT
        stays = self.accounts.filter(~pl.col(employee).is_in(gone.implode()))
        has_left = pl.col(manager).is_in(gone.implode())
        return Expected(
            accounts=stays.with_columns(pl.when(~has_left).then(manager).alias(manager)),
            memberships=self.memberships.filter(~pl.col(employee).is_in(gone.implode())),
        )


def wrong(target: Target, store: Database, expected: Expected) -> list[Fact]:
    """What is not as it must be: nothing, once everything came to rest."""
    facts = [*_of_target(target, expected), *_of_metaverse(store, expected), *_of_spaces(target, store, expected)]
    return [fact for fact in facts if fact.found != fact.expected]


def too_much(received: Received, removed: int, gone: int) -> list[Fact]:
    """What the target was sent beyond one value per membership that ended, and one deletion per leaver."""
    facts = [
        Fact(what="accounts deleted", found=received.accounts_deleted, expected=gone),
        Fact(what="members sent to be removed", found=received.members_removed, expected=removed),
        Fact(what="members sent to be added", found=received.members_added),
    ]
    return [fact for fact in facts if fact.found != fact.expected]


def _of_target(target: Target, expected: Expected) -> Iterator[Fact]:
    yield from _same("accounts with their managers", target.accounts(), expected.accounts)
    yield from _same("memberships in the target", target.memberships(), expected.memberships)
    yield Fact(what="memberships of nobody in the target", found=target.dangling())


def _of_metaverse(store: Database, expected: Expected) -> Iterator[Fact]:
    for edges, objects in _ENDS:
        dangling = store.value(_WITHOUT_END.format(edges=edges, objects=objects))
        yield Fact(what=f"edges without an end in {edges}", found=dangling)
    people = "SELECT count(*) FROM mv_object WHERE object_type = 'person'"
    yield Fact(what="people in the metaverse", found=store.value(people), expected=expected.accounts.height)
    found = pl.DataFrame(store.rows(_IN_METAVERSE), schema=dict.fromkeys(MEMBERSHIP, pl.String), orient="row")
    upper = found.with_columns(pl.col(MEMBERSHIP[0]).str.to_uppercase())
    yield from _same("memberships in the metaverse", upper, expected.memberships)


def _of_spaces(target: Target, store: Database, expected: Expected) -> Iterator[Fact]:
    pairs = {"source_id": pl.Int64, "target_id": pl.Int64}
    in_metaverse = pl.DataFrame(store.rows(_METAVERSE_PAIRS), schema=pairs, orient="row")
    in_space = pl.DataFrame(store.rows(_IN_SPACE.format(connector=target.connector)), schema=pairs, orient="row")
    yield from _same("memberships in the target's space", in_space, in_metaverse)
    in_teams = pl.DataFrame(store.rows(_IN_SPACE.format(connector="teams")), schema=pairs, orient="row")
    yield from _same("memberships of linked users in the groups' space", in_teams.drop_nulls(), in_metaverse)
    yield Fact(what="memberships of placeholders", found=store.value(_TO_NOBODY))
    yield Fact(what="placeholders that nobody refers to", found=store.value(_FORGOTTEN))
    placeholders = store.value(_OBJECTS.format(connector=target.connector, condition="object_type IS NULL"))
    yield Fact(what="placeholders in the target's space", found=placeholders)
    for connector in (target.connector, "hr"):
        people = store.value(_OBJECTS.format(connector=connector, condition="object_type = 'person'"))
        yield Fact(what=f"people in the space of {connector}", found=people, expected=expected.accounts.height)
    yield Fact(what="objects with something pending or in error", found=store.value(_PENDING))
    yield Fact(what="pending references", found=store.value("SELECT count(*) FROM export_reference"))
    unsynchronized = "SELECT count(*) FROM cs_reference WHERE layer <> 'hologram'"
    yield Fact(what="references not synchronized", found=store.value(unsynchronized))


def _same(what: str, found: pl.DataFrame, expected: pl.DataFrame) -> Iterator[Fact]:
    """Both frames have the same rows, each once."""
    columns = expected.columns
    yield Fact(what=what, found=found.height, expected=expected.height)
    yield Fact(what=f"{what}, missing", found=expected.join(found, on=columns, how="anti", nulls_equal=True).height)
    yield Fact(what=f"{what}, too many", found=found.join(expected, on=columns, how="anti", nulls_equal=True).height)
