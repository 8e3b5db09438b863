"""A server that dies or falls silent in the middle: nothing hangs, nothing is taken for done that is not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import ldap
import pytest
from tests.integration.ldap_directory import GROUP, PERSON, Sent, add_people, batch_of, connector, export, person, read
from tests.servers.slapd import LdapTree, Slapd

from unisono.connectors.contract import ExportBatch, ExportOperation, ExportSession, ImportRequest, PartialSend
from unisono.model.errors import StepStop
from unisono.model.runs import Status

ADD, UPDATE = ExportOperation.ADD, ExportOperation.UPDATE


@pytest.fixture
def tree() -> Iterator[LdapTree]:
    """In a server of its own, which the test may kill."""
    with Slapd() as server:
        yield server.new_tree()


@contextmanager
def _silent(server: Slapd) -> Iterator[None]:
    process = int((server.directory / "slapd.pid").read_text())
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _is_lost(stop: object) -> bool:
    assert isinstance(stop, StepStop)
    return (stop.status, stop.connection) == (Status.STOPPED_CONNECTIVITY, "dropped-connection")


def _people(tree: LdapTree, count: int) -> list[Sent]:
    return [person(f"uid=p{i},{tree.base_dn}") for i in range(count)]


# --- imports ---------------------------------------------------------------------------------------------------------


def test_a_server_that_dies_during_an_import_is_an_error_and_not_a_shorter_list(tree: LdapTree) -> None:
    add_people(tree, (f"p{i}" for i in range(1000)))
    session = connector(tree, PERSON, page_objects=10).open_import(ImportRequest(full=True, page_objects=50))
    batches = session.batches()
    assert next(batches).objects.height == 50
    tree.server.kill()
    with pytest.raises(StepStop) as stop:
        list(batches)
    session.close()
    assert _is_lost(stop.value)


def test_a_server_that_falls_silent_during_an_import_is_given_up(tree: LdapTree) -> None:
    add_people(tree, (f"p{i}" for i in range(1000)))
    session = connector(tree, PERSON, page_objects=10).open_import(
        ImportRequest(full=True, page_objects=50, timeout_s=1)
    )
    batches = session.batches()
    next(batches)
    with _silent(tree.server):
        with pytest.raises(StepStop) as stop:
            list(batches)
        session.close()
    assert _is_lost(stop.value)


# --- exports ---------------------------------------------------------------------------------------------------------


class _Sending(threading.Thread):
    """``send`` in the background; ``lost`` is what it raised."""

    def __init__(self, session: ExportSession, batch: ExportBatch) -> None:
        super().__init__()
        self._session = session
        self._batch = batch
        self.lost: PartialSend | None = None

    def run(self) -> None:
        try:
            self._session.send(self._batch)
        except PartialSend as lost:
            self.lost = lost


def _wait_for_entries(tree: LdapTree, count: int) -> None:
    with tree.server.connect() as connection:
        while len(connection.search_s(tree.base_dn, ldap.SCOPE_ONELEVEL, attrlist=["1.1"])) < count:
            pass


def test_a_server_that_dies_during_an_export_has_what_was_reported_and_takes_the_rest_later(tree: LdapTree) -> None:
    target = connector(tree, PERSON, window=64)
    people = _people(tree, 20_000)
    session = target.open_export()
    sending = _Sending(session, batch_of(ADD, PERSON, *people))
    sending.start()
    _wait_for_entries(tree, 100)
    tree.server.kill()
    sending.join(timeout=20)
    session.close()
    assert sending.lost is not None
    assert _is_lost(sending.lost.__cause__)
    known = sending.lost.results
    assert known["code"].null_count() == known.height
    assert known["anchor"].null_count() == 0
    assert 0 < known.height < len(people)

    tree.server.start()
    reported = {people[id_ - 100].dn for id_ in known["id"]}
    assert reported <= tree.entries().keys()
    unknown = [entry for entry in people if entry.dn not in reported][:500]
    again = export(target, ADD, PERSON, *unknown)
    assert {result["code"] for result in again} <= {None, "cd-existing-object"}
    assert {entry.dn for entry in unknown} <= tree.entries().keys()


def test_a_server_that_falls_silent_during_an_export_is_given_up(tree: LdapTree) -> None:
    session = connector(tree, PERSON, timeout_s=1).open_export()
    with _silent(tree.server):
        with pytest.raises(PartialSend) as lost:
            session.send(batch_of(ADD, PERSON, *_people(tree, 100)))
        session.close()
    assert _is_lost(lost.value.__cause__)
    assert lost.value.results.is_empty()


def test_a_server_that_stops_reading_does_not_block_a_large_export(tree: LdapTree) -> None:
    """More than fits into the buffers between both is on its way when the server falls silent."""
    members = [f"cn=a member with a long name and the number {i},{tree.base_dn}" for i in range(500)]
    groups = [Sent(dn=f"cn=g{i},{tree.base_dn}", added={"member": members}) for i in range(300)]
    session = connector(tree, GROUP, timeout_s=1, window=300).open_export()
    with _silent(tree.server):
        with pytest.raises(PartialSend) as lost:
            session.send(batch_of(ADD, GROUP, *groups))
        session.close()
    assert _is_lost(lost.value.__cause__)


def test_after_a_lost_connection_nothing_further_is_sent(tree: LdapTree) -> None:
    session = connector(tree, PERSON).open_export()
    tree.server.kill()
    for _ in range(2):
        with pytest.raises(PartialSend) as lost:
            session.send(batch_of(ADD, PERSON, *_people(tree, 3)))
        assert _is_lost(lost.value.__cause__)
    session.finish()
    session.close()


def test_an_export_can_be_repeated_from_the_start_after_a_loss(tree: LdapTree) -> None:
    target = connector(tree, PERSON)
    people = _people(tree, 5)
    session = target.open_export()
    tree.server.kill()
    with pytest.raises(PartialSend):
        session.send(batch_of(ADD, PERSON, *people))
    session.close()
    tree.server.start()
    assert {result["code"] for result in export(target, ADD, PERSON, *people)} == {None}
    assert len(read(target).objects) == 5
