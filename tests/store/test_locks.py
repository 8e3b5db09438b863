"""Named locks between processes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.store.conftest import Place
from unisono.store.contract import Store

_HOLDING = """
import sys
from pathlib import Path
from unisono.store import open_store
with open_store(sys.argv[1], Path(sys.argv[2]), create=False).lock(sys.argv[3]) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def test_one_holds_a_lock_and_another_is_refused_at_once(store: Store, place: Place) -> None:
    with place.opened() as other:
        with store.lock("HR") as first, other.lock("HR") as second, store.lock("HR") as third:
            assert (first, second, third) == (True, False, False)
        with other.lock("HR") as again:
            assert again


@pytest.mark.parametrize(
    ("one", "other"),
    [("HR", "AD"), ("HR", "hr"), ("a/b", "a-b"), ("a/b", "a b"), ("", "-"), ("ä", "ö"), ("x" * 300, "x" * 301)],
)
def test_locks_of_different_names_are_different(store: Store, one: str, other: str) -> None:
    with store.lock(one) as first, store.lock(other) as second:
        assert (first, second) == (True, True)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b", "CON", ".", "x" * 5000])
def test_any_name_may_be_locked_and_nothing_is_made_elsewhere(store: Store, place: Place, name: str) -> None:
    before = {path for path in place.directory.parent.rglob("*") if place.directory not in path.parents}
    with store.lock(name) as held:
        assert held
    assert {path for path in place.directory.parent.rglob("*") if place.directory not in path.parents} == before


def test_a_lock_dies_with_its_holder(store: Store, place: Place) -> None:
    arguments = [sys.executable, "-c", _HOLDING, place.url, str(place.directory), "HR"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        with store.lock("HR") as held:
            assert not held
        holder.kill()
        holder.wait(30)
        assert _free_within(store, "HR", seconds=10)  # a server learns of it a moment later


def _free_within(store: Store, name: str, *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with store.lock(name) as held:
            if held:
                return True
        time.sleep(0.01)
    return False


def test_a_lock_is_given_back_when_its_block_raises(store: Store) -> None:
    with pytest.raises(LookupError), store.lock("HR"):
        raise LookupError
    with store.lock("HR") as held:
        assert held
