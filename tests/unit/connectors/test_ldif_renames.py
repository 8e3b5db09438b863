"""Renames in a file, page by page and set by set, give what renaming one entry after another in a tree gives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.connectors.delimited import batch
from tests.unit.connectors.ldif_files import PERSON, exported, imported

from unisono.connectors.contract import ExportOperation

PARTS = st.sampled_from(["ou=a", "ou=b", r"cn=c\,ou=a"])
NAMES = st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: ",".join([*parts, "dc=x"]))
Names = list[str]  # by entry


def one_by_one(before: Names, renames: list[tuple[int, str]]) -> Names | None:
    """None where a name is taken, or two entries come to have one."""
    names = list(before)
    for entry, new in renames:
        old = names[entry]
        if new in names and new != old:
            return None
        names[entry] = new
        for other, name in enumerate(names):
            if other != entry and name.endswith(f",{old}") and not name.endswith(rf"\,{old}"):
                names[other] = name.removesuffix(old) + new
        if len(set(names)) < len(names):
            return None
    return names


@pytest.mark.parametrize("together", [False, True])
@given(before=st.lists(NAMES, min_size=1, max_size=5, unique=True), data=st.data())
def test_renames_give_what_one_after_another_gives(before: Names, data: st.DataObject, together: bool) -> None:
    rename = st.tuples(st.integers(0, len(before) - 1), NAMES)
    once = (lambda each: each[0]) if together else None  # a batch says one thing of an entry
    renames = data.draw(st.lists(rename, max_size=4, unique_by=once))
    expected = one_by_one(before, renames)
    assume(expected is not None)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "people.ldif"
        path.write_text("".join(_entry(number, name, before) for number, name in enumerate(before)))
        entries = [{"anchor": str(entry), "dn": before[entry], "new_dn": new} for entry, new in renames]
        batches = [entries] if together else [[entry] for entry in entries]
        codes = exported(
            Path(directory), *(batch(ExportOperation.UPDATE, *each, object_type=PERSON) for each in batches)
        )
        # Within a batch, an entry that moved along is still known by its name before.
        assume(not together or codes == [[None] * len(entries)])
        assert [code for each in codes for code in each] == [None] * len(renames)
        objects = imported(Path(directory), path.read_bytes()).objects
    assert [found["dn"] for found in objects] == expected
    assert [found["manager"] for found in objects] == [expected[-1 - number] for number in range(len(before))]


def _entry(number: int, name: str, names: Names) -> str:
    manager = names[-1 - number]
    return f"dn: {name}\nobjectClass: inetOrgPerson\nuid: {number}\nmanager: {manager}\n\n"
