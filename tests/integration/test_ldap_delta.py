"""Delta imports by the log of changes of a real server: what changed, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import ldap
import pytest
from tests.integration.ldap_directory import (
    GROUP,
    PERSON,
    Imported,
    add_people,
    connector,
    log_settings,
    read,
)
from tests.servers.slapd import LdapTree, Slapd
from tests.servers.slapd_configuration import Overlay

from unisono.connectors.contract import Connector, ImportRequest
from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import ObjectType
from unisono.model.secrets import Secret


@pytest.fixture
def source(ldap_tree: LdapTree) -> Connector:
    return connector(ldap_tree, PERSON, GROUP, delta="accesslog")


def _anchors(imported: Imported) -> dict[str, str]:
    return {dn: row["anchor"] for dn, row in imported.objects.items()}


def _deleted(delta: Imported, before: Imported) -> set[str]:
    """DNs, as they were, of the objects that the delta deletes; unknown anchors are left out."""
    names = {anchor: dn for dn, anchor in _anchors(before).items()}
    return {names[anchor] for anchor, _ in delta.deletions if anchor in names}


def _refusal(source: Connector, watermark: str | None) -> StepStop:
    with pytest.raises(StepStop) as stop:
        read(source, since=watermark or "")
    return stop.value


def _unit(tree: LdapTree, name: str) -> str:
    dn = f"ou={name},{tree.base_dn}"
    tree.add(dn, objectClass=["organizationalUnit"], ou=[name])
    return dn


def _person(tree: LdapTree, dn: str) -> str:
    name = [dn.split("=")[1].split(",")[0]]
    tree.add(dn, objectClass=["inetOrgPerson"], uid=name, cn=name, sn=name)
    return dn


# --- what changed ----------------------------------------------------------------------------------------------------


def test_every_kind_of_change_is_seen_and_nothing_else(ldap_tree: LdapTree, source: Connector) -> None:
    people = [ldap_tree.add_person(uid) for uid in ("stays", "modified", "renamed", "deleted")]
    before = read(source)
    added = ldap_tree.add_person("added")
    ldap_tree.replace(people[1], title=[" with blanks "])
    ldap_tree.rename(people[2], "uid=other")
    ldap_tree.delete(people[3])
    delta = read(source, since=before.watermark)
    renamed = f"uid=other,{ldap_tree.base_dn}"
    assert set(delta.objects) == {added, people[1], renamed}
    assert delta.objects[people[1]]["title"] == " with blanks "
    assert delta.objects[renamed]["anchor"] == _anchors(before)[people[2]]
    assert (_deleted(delta, before), len(delta.deletions)) == ({people[3]}, 1)


def test_a_rename_of_a_rename_is_one_object(ldap_tree: LdapTree, source: Connector) -> None:
    ann = ldap_tree.add_person("ann")
    before = read(source)
    ldap_tree.rename(ann, "uid=b")
    ldap_tree.rename(f"uid=b,{ldap_tree.base_dn}", "uid=c")
    delta = read(source, since=before.watermark)
    assert _anchors(delta) == {f"uid=c,{ldap_tree.base_dn}": _anchors(before)[ann]}
    assert delta.deletions == []


def test_a_refused_operation_is_no_change(ldap_tree: LdapTree, source: Connector) -> None:
    ann = ldap_tree.add_person("ann")
    before = read(source)
    with pytest.raises(ldap.OBJECT_CLASS_VIOLATION):
        ldap_tree.replace(ann, sn=[])
    delta = read(source, since=before.watermark)
    assert (delta.objects, delta.deletions) == ({}, [])


def test_a_changed_password_is_not_given(ldap_tree: LdapTree, source: Connector) -> None:
    ann = ldap_tree.add_person("ann")
    before = read(source)
    ldap_tree.replace(ann, userPassword=["new secret"])
    assert read(source, since=before.watermark).only("userPassword") == [(None,)]


def test_a_change_outside_the_base_is_none(ldap_tree: LdapTree, source: Connector) -> None:
    before = read(source)
    ldap_tree.server.new_tree().add_person("ann")
    delta = read(source, since=before.watermark)
    assert (delta.objects, delta.deletions) == ({}, [])
    assert delta.watermark != before.watermark


def test_an_entry_that_changes_its_type_comes_as_what_it_is_and_one_that_loses_it_goes(ldap_tree: LdapTree) -> None:
    labelled = ObjectType(name="labelled", attributes=PERSON.attributes)
    types = {"labelled": {"classes": ["labeledURIObject"]}, "person": {"classes": ["pilotPerson"]}}
    source = connector(ldap_tree, labelled, PERSON, object_types=types, delta="accesslog")
    changes, loses = ldap_tree.add_person("ann"), ldap_tree.add_person("bob")
    ldap_tree.replace(changes, objectClass=["inetOrgPerson", "labeledURIObject"])
    ldap_tree.replace(loses, objectClass=["inetOrgPerson", "labeledURIObject"])
    before = read(source)
    ldap_tree.replace(loses, objectClass=["inetOrgPerson"])
    ldap_tree.delete(changes)
    ldap_tree.add(changes, objectClass=["pilotPerson"], uid=["ann"], cn=["ann"], sn=["ann"])
    delta = read(source, since=before.watermark)
    assert set(before.types.values()) == {"labelled"}
    assert dict(delta.types) == {changes: "person"}
    assert _deleted(delta, before) == {changes, loses}


def test_a_group_that_gains_a_member_comes_with_all_members(ldap_tree: LdapTree, source: Connector) -> None:
    ann, bob = ldap_tree.add_person("ann"), ldap_tree.add_person("bob")
    group = f"cn=g,{ldap_tree.base_dn}"
    ldap_tree.add(group, objectClass=["groupOfNames"], cn=["g"], member=[ann])
    before = read(source)
    with ldap_tree.server.connect() as connection:
        connection.modify_s(group, [(ldap.MOD_ADD, "member", [bob.encode()])])
    delta = read(source, since=before.watermark)
    assert {dn: sorted(row["member"]) for dn, row in delta.objects.items()} == {group: [ann, bob]}


def test_what_is_written_during_a_full_import_is_in_it_or_in_the_next_delta(
    ldap_tree: LdapTree, source: Connector
) -> None:
    add_people(ldap_tree, (f"p{i}" for i in range(10)))
    session = source.open_import(ImportRequest(full=True, page_objects=1))
    batches = session.batches()
    first = next(batches).objects["dn"][0]
    ldap_tree.replace(first, title=["changed"])
    added = ldap_tree.add_person("added")
    list(batches)
    session.close()
    assert {first, added} <= read(source, since=session.watermark).objects.keys()


@pytest.mark.parametrize(("changed", "searches"), [(10, 1), (250, 3)])
def test_touched_entries_are_read_by_the_hundred(
    ldap_tree: LdapTree, source: Connector, monkeypatch: pytest.MonkeyPatch, changed: int, searches: int
) -> None:
    before = read(source)
    add_people(ldap_tree, (f"p{i}" for i in range(changed)))
    asked: list[str] = []
    search: Callable[..., int] = ldap.ldapobject.SimpleLDAPObject.search_ext

    def noted(self: object, base: str, *arguments: object, **options: object) -> int:
        asked.append(base)
        return search(self, base, *arguments, **options)

    monkeypatch.setattr(ldap.ldapobject.SimpleLDAPObject, "search_ext", noted)
    assert len(read(source, since=before.watermark).objects) == changed
    assert asked.count(ldap_tree.base_dn) == searches + 1  # one of them makes sure that the base is there


# --- containers and moves --------------------------------------------------------------------------------------------


def test_what_is_below_a_renamed_container_has_new_names(ldap_tree: LdapTree, source: Connector) -> None:
    unit = _unit(ldap_tree, "a")
    inner = f"ou=inner,{unit}"
    ldap_tree.add(inner, objectClass=["organizationalUnit"], ou=["inner"])
    ann, bob = _person(ldap_tree, f"uid=ann,{unit}"), _person(ldap_tree, f"uid=bob,{inner}")
    before = read(source)
    ldap_tree.rename(unit, "ou=b")
    delta = read(source, since=before.watermark)
    assert _anchors(delta) == {
        ann.replace("ou=a,", "ou=b,"): _anchors(before)[ann],
        bob.replace("ou=a,", "ou=b,"): _anchors(before)[bob],
    }
    assert _deleted(delta, before) == set()


def test_what_moves_out_of_the_base_is_deleted_with_all_below_it(ldap_tree: LdapTree, source: Connector) -> None:
    unit = _unit(ldap_tree, "a")
    ann, bob = ldap_tree.add_person("ann"), _person(ldap_tree, f"uid=bob,{unit}")
    stays = ldap_tree.add_person("stays")
    before = read(source)
    elsewhere = ldap_tree.server.new_tree().base_dn
    ldap_tree.rename(ann, "uid=ann", superior=elsewhere)
    ldap_tree.rename(unit, "ou=a", superior=elsewhere)
    delta = read(source, since=before.watermark)
    assert (delta.objects, _deleted(delta, before)) == ({}, {ann, bob})
    assert set(before.objects) == {ann, bob, stays}


def test_what_moves_into_the_base_is_added_with_all_below_it(ldap_tree: LdapTree, source: Connector) -> None:
    elsewhere = ldap_tree.server.new_tree()
    unit = _unit(elsewhere, "a")
    ann, _ = elsewhere.add_person("ann"), _person(elsewhere, f"uid=bob,{unit}")
    before = read(source)
    elsewhere.rename(ann, "uid=ann", superior=ldap_tree.base_dn)
    elsewhere.rename(unit, "ou=a", superior=ldap_tree.base_dn)
    delta = read(source, since=before.watermark)
    assert set(delta.objects) == {f"uid=ann,{ldap_tree.base_dn}", f"uid=bob,ou=a,{ldap_tree.base_dn}"}


def test_what_moves_between_two_bases_stays_one_object(ldap_tree: LdapTree) -> None:
    bases = [_unit(ldap_tree, name) for name in ("a", "b")]
    source = connector(ldap_tree, PERSON, base=None, bases=bases, delta="accesslog")
    ann = _person(ldap_tree, f"uid=ann,{bases[0]}")
    before = read(source)
    ldap_tree.rename(ann, "uid=ann", superior=bases[1])
    delta = read(source, since=before.watermark)
    assert (_anchors(delta), delta.deletions) == ({f"uid=ann,{bases[1]}": _anchors(before)[ann]}, [])


def test_with_the_name_as_anchor_a_rename_is_an_object_that_goes_and_one_that_comes(ldap_tree: LdapTree) -> None:
    source = connector(ldap_tree, PERSON, anchor="dn", delta="accesslog")
    unit = _unit(ldap_tree, "a")
    ann, bob, eve = (_person(ldap_tree, f"uid={uid},{unit}") for uid in ("ann", "bob", "eve"))
    before = read(source)
    ldap_tree.rename(bob, "uid=rob")
    ldap_tree.rename(unit, "ou=b")
    ldap_tree.rename(f"uid=ann,ou=b,{ldap_tree.base_dn}", "uid=anna")
    delta = read(source, since=before.watermark)
    assert set(delta.objects) == {f"uid={uid},ou=b,{ldap_tree.base_dn}" for uid in ("anna", "rob", "eve")}
    assert _deleted(delta, before) == {ann, bob, eve}
    assert {anchor for anchor, _ in delta.deletions}.isdisjoint(_anchors(delta).values())


# --- the log ---------------------------------------------------------------------------------------------------------


def test_a_log_without_a_record_is_a_position_too() -> None:
    with Slapd() as server:
        tree = LdapTree(server=server, base_dn=server.suffix)
        source = connector(tree, PERSON, delta="accesslog")
        before = read(source)
        assert read(source, since=before.watermark).objects == {}
        ann = tree.add_person("ann")
        delta = read(source, since=before.watermark)
        assert list(delta.objects) == [ann]
        assert read(source, since=delta.watermark).objects == {}


def test_a_record_that_appears_behind_the_position_is_not_missed(ldap_tree: LdapTree, source: Connector) -> None:
    """The log names records by the time at which an operation began, and has them when it ended."""
    ann = ldap_tree.add_person("ann")
    start, csn, recent = str(read(source).watermark).split(" ")
    assert read(source, since=f"{start} {csn} {recent}").objects == {}
    as_if_it_came_later = f"{start} {csn} {int(recent) - 1}"
    delta = read(source, since=as_if_it_came_later)
    assert list(delta.objects) == [ann]
    assert delta.watermark == f"{start} {csn} {recent}"


@pytest.mark.parametrize(
    "watermark",
    [
        pytest.param("20000101000000.000000Z 20000101000000.000000Z#000000#000#000000 1", id="before the log began"),
        pytest.param("20990101000000.000000Z 20990101000000.000000Z#000000#000#000000 1", id="after its end"),
        pytest.param("rid=000,csn=20261123044732.762699Z#000000#000#000000", id="of another kind"),
        pytest.param("", id="empty"),
    ],
)
def test_a_watermark_that_the_log_does_not_know_asks_for_a_full_import(source: Connector, watermark: str) -> None:
    with pytest.raises(StepStop) as stop:
        source.open_import(ImportRequest(full=False, watermark=watermark))
    assert stop.value.status is Status.NO_START_FULL_IMPORT_REQUIRED


def test_a_log_that_was_emptied_after_the_position_asks_for_a_full_import_and_before_it_does_not() -> None:
    with Slapd() as server:
        tree = server.new_tree()
        source = connector(tree, PERSON, delta="accesslog")
        tree.add_person("ann")
        early = read(source).watermark
        tree.add_person("bob")
        late = read(source).watermark
        with log_settings(server, olcAccessLogPurge="00:00:01 00:00:01"):
            _wait_until_the_log_is_empty(server)
        assert _refusal(source, early).status is Status.NO_START_FULL_IMPORT_REQUIRED
        assert read(source, since=late).objects == {}
        eve = tree.add_person("eve")
        assert list(read(source, since=late).objects) == [eve]


def _wait_until_the_log_is_empty(server: Slapd) -> None:
    with server.connect() as connection:
        while connection.search_s(server.accesslog, ldap.SCOPE_ONELEVEL, attrlist=["1.1"]):
            pass


def test_a_delta_without_a_log_does_not_start() -> None:
    with Slapd(overlays=[Overlay.SYNCPROV]) as server:
        stop = _refusal(connector(server.new_tree(), PERSON, delta="accesslog"), "20260101000000.000000Z x 1")
    assert stop.status is Status.NO_START_CHANGE_LOG_NOT_ENABLED


def test_a_delta_whose_log_may_not_be_read_does_not_start(ldap_tree: LdapTree, source: Connector) -> None:
    ordinary = ldap_tree.add_person("ordinary", userPassword=["secret"])
    account = {"bind_dn": ordinary, "password": Secret("secret")}
    stop = _refusal(connector(ldap_tree, PERSON, delta="accesslog", **account), read(source).watermark)
    assert stop.status is Status.NO_START_CHANGE_LOG_NOT_ENABLED


def test_a_delta_that_is_not_set_up_does_not_start(ldap_tree: LdapTree) -> None:
    stop = _refusal(connector(ldap_tree, PERSON), "20260101000000.000000Z x 1")
    assert stop.status is Status.NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED
