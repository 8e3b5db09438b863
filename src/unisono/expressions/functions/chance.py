"""Chance. What is drawn follows from the run, the object and the place in the rules: asked twice, it is the same."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

from unisono.expressions import ast, typed
from unisono.expressions.kinds import NUMBER, TEXT
from unisono.expressions.registry import Checker, Family, Function, binary, number
from unisono.expressions.values import Failure

CHANCE = Family(title="Chance")

_DRAWN = (number("object"), binary("seed"))
_BYTES = 16


def _draw(identity: int, seed: bytes) -> bytes:
    return blake2b(identity.to_bytes(8, "big", signed=True), key=seed, digest_size=_BYTES).digest()


def _guid(identity: int, seed: bytes) -> str:
    return str(UUID(bytes=_draw(identity, seed), version=4))


def _random_number(identity: int, seed: bytes, start: int, end: int) -> int:
    if start > end:
        raise Failure("the start is greater than the end")
    return start + int.from_bytes(_draw(identity, seed), "big") % (end - start + 1)


_GUID = Function(name="Guid", parameters=_DRAWN, gives=TEXT, evaluate=_guid)
_RANDOM_NUMBER = Function(
    name="RandomNum",
    parameters=(*_DRAWN, number("start"), number("end")),
    gives=NUMBER,
    evaluate=_random_number,
    fails=True,
)


@CHANCE.form("Guid()", fewest=0, most=0, gives="text", deterministic=False, examples=("IsGuid(Guid()) => True",))
def guid(checker: Checker, call: ast.Call) -> typed.Node:
    """A new random GUID as text, in lower case and without braces; another one at every run."""
    return checker.drawn(call, _GUID)


@CHANCE.form(
    "RandomNum(start, end)",
    fewest=2,
    most=2,
    gives="a number",
    deterministic=False,
    examples=("RandomNum(5, 5) => 5", "RandomNum(100, 999) >= 100 => True"),
)
def random_num(checker: Checker, call: ast.Call) -> typed.Node:
    """A random number from start to end, both included; another one at every run."""
    return checker.drawn(call, _RANDOM_NUMBER)
