"""In which order entries may be sent, and which names an entry had."""

from __future__ import annotations

import polars as pl
import pytest

from unisono.connectors.contract import ExportBatch, ExportOperation
from unisono.connectors.ldap.order import waves
from unisono.connectors.ldap.touched import Renamed, former_names
from unisono.model.frames import EXPORTED


def _batch(operation: ExportOperation, *names: tuple[str, str | None]) -> ExportBatch:
    rows: list[dict[str, object]] = [
        {"id": number, "anchor": None, "dn": dn, "new_dn": new_dn, "changed": []}
        for number, (dn, new_dn) in enumerate(names)
    ]
    return ExportBatch(
        object_type="unit", operation=operation, entries=pl.DataFrame(rows, schema=dict(EXPORTED.columns))
    )


@pytest.mark.parametrize(
    ("operation", "names", "expected"),
    [
        pytest.param(
            ExportOperation.ADD,
            [("ou=b,ou=a,dc=x", None), ("ou=a,dc=x", None), ("ou=c,dc=x", None)],
            [[1, 2], [0]],
            id="adds: parents first",
        ),
        pytest.param(
            ExportOperation.DELETE,
            [("ou=a,dc=x", None), ("ou=b,ou=a,dc=x", None)],
            [[1], [0]],
            id="deletes: children first",
        ),
        pytest.param(
            ExportOperation.ADD,
            [(r"ou=a\,b\2C,dc=x", None), ("ou=c,dc=x", None), ('ou="d,e",dc=x', None)],
            [[0, 1, 2]],
            id="escaped and quoted commas are no levels",
        ),
        pytest.param(
            ExportOperation.UPDATE,
            [("ou=a,dc=x", "ou=b,dc=x"), ("ou=c,dc=x", None)],
            [[1], [0]],
            id="renames after updates",
        ),
        pytest.param(
            ExportOperation.UPDATE,
            [("ou=a,dc=x", "ou=b,dc=x"), ("OU=b,DC=x", "ou=c,dc=x"), ("ou=d,dc=x", "ou=e,dc=x")],
            [[1, 2], [0]],
            id="a name is taken when it is free",
        ),
        pytest.param(
            ExportOperation.UPDATE,
            [("ou=a,dc=x", "ou=b,dc=x"), ("ou=b,dc=x", "ou=a,dc=x")],
            [[0, 1]],
            id="a ring goes at once",
        ),
        pytest.param(
            ExportOperation.UPDATE, [("ou=a,dc=x", "ou=A,dc=x")], [[0]], id="a name that changes its case is its own"
        ),
        pytest.param(ExportOperation.UPDATE, [], [], id="nothing"),
    ],
)
def test_entries_are_sent_in_waves(
    operation: ExportOperation, names: list[tuple[str, str | None]], expected: list[list[int]]
) -> None:
    assert [sorted(wave) for wave in waves(_batch(operation, *names))] == expected


def _renamed(*pairs: tuple[str, str]) -> list[Renamed]:
    return [Renamed(entry_uuid="-", before=before, after=after, dn=after) for before, after in pairs]


@pytest.mark.parametrize(
    ("name", "renames", "former"),
    [
        pytest.param("uid=ann,ou=b", [("ou=a", "ou=b")], ["uid=ann,ou=a"], id="by its container"),
        pytest.param("uid=c", [("uid=a", "uid=b"), ("uid=b", "uid=c")], ["uid=b", "uid=a"], id="twice"),
        pytest.param(
            "uid=rob,ou=b",
            [("uid=bob,ou=a", "uid=rob,ou=a"), ("ou=a", "ou=b")],
            ["uid=rob,ou=a", "uid=bob,ou=a"],
            id="itself, then its container",
        ),
        pytest.param("uid=ann,ou=xb", [("ou=a", "ou=b")], [], id="another container with a similar name"),
    ],
)
def test_former_names_follow_the_renames_backwards(
    name: str, renames: list[tuple[str, str]], former: list[str]
) -> None:
    assert list(former_names(name, _renamed(*renames))) == former
