"""A modify reaches its goal whatever the server has already: a model of a server, and random sets."""

from __future__ import annotations

from collections.abc import Sequence

import ldap
from hypothesis import given
from hypothesis import strategies as st

from unisono.connectors.ldap.changes import arranged, flat, in_requests
from unisono.connectors.ldap.modifying import Modification, Refused
from unisono.connectors.ldap.requests import Conversation, Modify, Reply

# Few letters in both cases, so that values meet by accident and differ by case only.
_VALUES = st.lists(st.sampled_from([b"a", b"A", b"b", b"B", b"c", b"C", b"d"]), unique=True, max_size=5)


class FakeServer:
    """One set without regard to case, changed by a request as a whole or not at all (RFC 4511 §4.6)."""

    def __init__(self, values: Sequence[bytes], *, never_empty: bool = False) -> None:
        self.values = {value.lower(): value for value in values}
        self.never_empty = never_empty
        self.requests = 0

    def reply(self, request: Modify) -> Reply:
        self.requests += 1
        values = dict(self.values)
        for operation, _, changed in request.changes:
            for value in changed or ():
                if operation == ldap.MOD_ADD and value.lower() in values:
                    return Reply(20)
                if operation == ldap.MOD_DELETE and value.lower() not in values:
                    return Reply(16)
                if operation == ldap.MOD_ADD:
                    values[value.lower()] = value
                else:
                    del values[value.lower()]
        if self.never_empty and not values:
            return Reply(65)
        self.values = values
        return Reply()


def _result(server: FakeServer, conversation: Conversation[list[Refused]]) -> list[Refused]:
    request = next(conversation)
    while True:
        assert isinstance(request, Modify)
        try:
            request = conversation.send(server.reply(request))
        except StopIteration as end:
            refused: list[Refused] = end.value
            return refused


def _apply(
    server: FakeServer, added: list[bytes], removed: list[bytes], *, placeholder: bytes | None = None
) -> list[Refused]:
    modification = Modification(
        dn="cn=g", complete={}, references=frozenset(), members="member", placeholder=placeholder
    )
    requests = in_requests(arranged({}, {"member": added}, {"member": removed}), 3)
    return [refused for units in requests for refused in _result(server, modification.apply(units))]


@given(there=_VALUES, added=_VALUES, removed=_VALUES)
def test_a_set_ends_as_wanted_whatever_was_there_before(
    there: list[bytes], added: list[bytes], removed: list[bytes]
) -> None:
    # One value cannot come twice in two spellings, nor both come and go.
    added = list({value.lower(): value for value in added}.values())
    removed = [value for value in {value.lower(): value for value in removed}.values() if value not in added]
    server = FakeServer(list({value.lower(): value for value in there}.values()))
    before = set(server.values)
    assert _apply(server, added, removed) == []
    assert set(server.values) == (before - {v.lower() for v in removed}) | {v.lower() for v in added}


@given(added=_VALUES, removed=_VALUES)
def test_a_goal_that_is_reached_stays_reached(added: list[bytes], removed: list[bytes]) -> None:
    added = list({value.lower(): value for value in added}.values())
    removed = [value for value in removed if value.lower() not in {v.lower() for v in added}]
    server = FakeServer(removed)
    _apply(server, added, removed)
    reached = dict(server.values)
    assert _apply(server, added, removed) == []
    assert server.values == reached


def test_without_obstacles_a_change_is_one_request() -> None:
    server = FakeServer([b"a"])
    _apply(server, [b"b"], [b"a"])
    assert server.requests == 1


def test_one_value_among_many_is_found_by_halving() -> None:
    server = FakeServer([b"v700"])
    modification = Modification(dn="cn=g", complete={}, references=frozenset())
    values = [b"v%d" % i for i in range(1024)]
    assert _result(server, modification.apply(arranged({}, {"member": values}, {}))) == []
    assert set(server.values) == set(values)
    assert server.requests <= 2 * 11


def test_a_placeholder_comes_when_the_last_value_goes() -> None:
    server = FakeServer([b"a"], never_empty=True)
    assert _apply(server, [], [b"a"], placeholder=b"nobody") == []
    assert set(server.values) == {b"nobody"}


def test_without_a_placeholder_the_last_value_stays_and_the_refusal_is_told() -> None:
    server = FakeServer([b"a"], never_empty=True)
    assert [refused.reply.code for refused in _apply(server, [], [b"a"])] == [65]


def test_what_cannot_be_compared_is_replaced_and_references_are_left_to_their_changes() -> None:
    modification = Modification(dn="cn=g", complete={"photo": [b"1", b"2"]}, references=frozenset({"member"}))
    units = arranged({"title": [b"x"]}, {"photo": [b"2"], "member": [b"cn=a"]}, {"photo": [b"0"]})
    conversation = modification.apply(units)
    next(conversation)
    request = conversation.send(Reply(18))
    assert isinstance(request, Modify)
    assert sorted(request.changes) == [
        (ldap.MOD_ADD, "member", [b"cn=a"]),
        (ldap.MOD_REPLACE, "photo", [b"1", b"2"]),
        (ldap.MOD_REPLACE, "title", [b"x"]),
    ]


@given(added=_VALUES, removed=_VALUES, size=st.integers(1, 4))
def test_requests_hold_all_changes_once_and_no_more_values_than_allowed(
    added: list[bytes], removed: list[bytes], size: int
) -> None:
    units = arranged({"title": [b"x"]}, {"member": added}, {"member": removed})
    requests = list(in_requests(units, size))
    changes = [change for request in requests for change in flat(request)]
    for operation, wanted in ((ldap.MOD_ADD, added), (ldap.MOD_DELETE, removed)):
        sent = [value for op, name, values in changes if (op, name) == (operation, "member") for value in values or ()]
        assert sorted(sent) == sorted(wanted)
    for request in requests:
        assert len(request) == 1 or sum(len(values or ()) for _, _, values in flat(request)) <= size
