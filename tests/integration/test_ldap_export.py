"""Exports to a real server: what is written, what comes back, what each refusal is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.ldap_directory import (
    GROUP,
    PERSON,
    UNIT,
    Sent,
    access,
    add_people,
    connector,
    export,
    person,
    read,
    settings,
)
from tests.servers.slapd import LdapTree, Slapd
from tests.servers.slapd_configuration import Overlay

from unisono.connectors.contract import Connector, ExportOperation
from unisono.connectors.ldap.connection import connected
from unisono.connectors.ldap.identities import identities
from unisono.connectors.ldap.settings import LdapSettings
from unisono.model.names import ldap_dn_key
from unisono.model.secrets import Secret

ADD, UPDATE, DELETE = ExportOperation.ADD, ExportOperation.UPDATE, ExportOperation.DELETE


@pytest.fixture
def target(ldap_tree: LdapTree) -> Connector:
    return connector(ldap_tree, PERSON, GROUP)


@pytest.fixture
def units(ldap_tree: LdapTree) -> Connector:
    return connector(ldap_tree, UNIT)


def _codes(results: list[Mapping[str, Any]]) -> list[str | None]:
    return [result["code"] for result in results]


def _group(tree: LdapTree, members: list[str]) -> str:
    dn = f"cn=g,{tree.base_dn}"
    tree.add(dn, objectClass=["groupOfNames"], cn=["g"], member=members)
    return dn


def _unit(tree: LdapTree, name: str) -> str:
    dn = f"ou={name},{tree.base_dn}"
    tree.add(dn, objectClass=["organizationalUnit"], ou=[name])
    return dn


def _anchor(target: Connector, dn: str) -> str:
    return str(read(target).objects[dn]["anchor"])


# --- adds ------------------------------------------------------------------------------------------------------------


def test_an_added_entry_has_its_classes_its_values_and_what_names_it(ldap_tree: LdapTree, target: Connector) -> None:
    dn = f"uid=ann,{ldap_tree.base_dn}"
    [result] = export(target, ADD, PERSON, person(dn, title=" Boss "))
    assert ldap_tree.entries()[dn] == {
        "objectClass": [b"top", b"person", b"organizationalPerson", b"inetOrgPerson"],
        "uid": [b"ann"],
        "cn": [b"ann"],
        "sn": [b"ann"],
        "title": [b" Boss "],
    }
    assert (result["code"], result["anchor"]) == (None, _anchor(target, dn))


@pytest.mark.parametrize(
    ("rdn", "value"),
    [
        pytest.param(r"uid=Smith\, John", "Smith, John", id="a comma"),
        pytest.param(r"uid=Smith\2C John", "Smith, John", id="a comma in hexadecimal"),
        pytest.param(r"uid=1\+1", "1+1", id="a plus"),
        pytest.param(r"uid=\ ann", " ann", id="a leading space"),
        pytest.param(r"uid=ann\ ", "ann ", id="a trailing space"),
        pytest.param(r"uid=\#1", "#1", id="a leading number sign"),
        pytest.param(r"uid=a\\b\"c\"\;\<\>", 'a\\b"c";<>', id="everything that is escaped"),
        pytest.param("uid=Zoë Łukasz 山田 😀", "Zoë Łukasz 山田 😀", id="Unicode"),
        pytest.param(r"uid=Zo\C3\AB", "Zoë", id="Unicode in hexadecimal"),
        pytest.param("uid=a=b", "a=b", id="an equals sign"),
    ],
)
def test_a_name_with_special_characters_is_written_and_found_again(
    ldap_tree: LdapTree, target: Connector, rdn: str, value: str
) -> None:
    dn = f"{rdn},{ldap_tree.base_dn}"
    [added] = export(target, ADD, PERSON, Sent(dn=dn, values={"sn": "x"}, added={"cn": ["x"]}))
    assert (added["code"], read(target).only("uid", "anchor")) == (None, [(value, added["anchor"])])
    [changed] = export(target, UPDATE, PERSON, Sent(dn=dn, anchor=added["anchor"], values={"title": "t"}))
    [moved] = export(
        target, UPDATE, PERSON, Sent(dn=dn, anchor=added["anchor"], new_dn=f"cn=x+{rdn},{ldap_tree.base_dn}")
    )
    assert (changed["code"], moved["code"]) == (None, None)
    assert read(target).only("uid", "title", "anchor") == [(value, "t", added["anchor"])]


def test_an_entry_with_a_name_of_several_parts_has_them_all(ldap_tree: LdapTree, target: Connector) -> None:
    dn = f"uid=ann+cn=Ann,{ldap_tree.base_dn}"
    assert _codes(export(target, ADD, PERSON, Sent(dn=dn, values={"sn": "x"}))) == [None]
    assert read(target).only("uid", "cn") == [("ann", ["Ann"])]


def test_parents_are_there_before_their_children_whatever_is_in_flight(ldap_tree: LdapTree, units: Connector) -> None:
    dns = [ldap_tree.base_dn]
    below = []
    for depth in range(4):
        dns = [f"ou=u{i}{depth},{dn}" for dn in dns for i in range(3)]
        below += [Sent(dn=dn, values={"description": "x"}) for dn in dns]
    below.reverse()
    assert set(_codes(export(units, ADD, UNIT, *below))) == {None}
    assert len(ldap_tree.entries()) == len(below)


def test_deletes_take_children_before_their_parents(ldap_tree: LdapTree, units: Connector) -> None:
    outer = _unit(ldap_tree, "outer")
    inner = f"ou=in\\,ner,{outer}"
    ldap_tree.add(inner, objectClass=["organizationalUnit"], ou=["in,ner"])
    assert _codes(export(units, DELETE, UNIT, Sent(dn=outer), Sent(dn=inner))) == [None, None]
    assert ldap_tree.entries() == {}


@pytest.mark.parametrize("anchor", ["entryUUID", "uid", "dn"])
def test_an_added_entry_tells_the_anchor_that_an_import_will_find(ldap_tree: LdapTree, anchor: str) -> None:
    target = connector(ldap_tree, PERSON, anchor=anchor)
    dn = f"uid=Ann,{ldap_tree.base_dn}"
    [result] = export(target, ADD, PERSON, person(dn))
    assert read(target).only("anchor") == [(result["anchor"],)]


def test_anchors_are_looked_up_where_the_reply_to_an_add_does_not_tell_them(
    ldap_tree: LdapTree, target: Connector
) -> None:
    unit = _unit(ldap_tree, "u")
    dns = [f"uid=a\\2C b,{ldap_tree.base_dn}", f"uid=(c)*,{ldap_tree.base_dn}", f"uid=d,{unit}"]
    results = export(target, ADD, PERSON, *(Sent(dn=dn, values={"sn": "x"}, added={"cn": ["d"]}) for dn in dns))
    parsed = LdapSettings.parse(settings(ldap_tree), Path())
    with connected(parsed) as connection:
        found = identities(connection, [*dns, f"uid=none,{unit}"], "entryUUID", 10)
    assert found == {ldap_dn_key(dn): result["anchor"] for dn, result in zip(dns, results, strict=True)}


# --- updates ---------------------------------------------------------------------------------------------------------


def test_single_values_are_replaced_and_cleared_and_sets_gain_and_lose(ldap_tree: LdapTree, target: Connector) -> None:
    dn = ldap_tree.add_person("ann", title=["old"], mail=["a@x", "b@x"], manager=[ldap_tree.base_dn])
    change = Sent(
        dn=dn,
        anchor=_anchor(target, dn),
        values={"title": "new", "manager": None},
        added={"mail": ["c@x"]},
        removed={"mail": ["a@x"]},
    )
    assert _codes(export(target, UPDATE, PERSON, change)) == [None]
    [row] = read(target).objects.values()
    assert (row["title"], row["manager"], sorted(row["mail"])) == ("new", None, ["b@x", "c@x"])


def test_what_is_there_or_gone_already_does_not_keep_the_rest_from_being_written(
    ldap_tree: LdapTree, target: Connector
) -> None:
    dn = ldap_tree.add_person("ann", mail=["there@x", "stays@x"])
    change = Sent(
        dn=dn,
        values={"title": "new"},
        added={"mail": ["there@x", *(f"new{i}@x" for i in range(5))]},
        removed={"mail": ["gone@x", "stays@x"]},
    )
    assert _codes(export(target, UPDATE, PERSON, change)) == [None]
    [row] = read(target).objects.values()
    assert (row["title"], sorted(row["mail"])) == ("new", ["new0@x", "new1@x", "new2@x", "new3@x", "new4@x", "there@x"])
    assert _codes(export(target, UPDATE, PERSON, change)) == [None]


def test_a_value_that_changes_its_case_only_is_not_lost(ldap_tree: LdapTree, target: Connector) -> None:
    """For the server both are one value; sent apart, the second would take away what the first found there."""
    dn = ldap_tree.add_person("ann", mail=["Ann@X", "twice@x"])
    change = Sent(dn=dn, added={"mail": ["ann@x", "twice@x"]}, removed={"mail": ["Ann@X"]})
    for _ in range(2):
        assert _codes(export(target, UPDATE, PERSON, change)) == [None]
        assert sorted(read(target).objects[dn]["mail"]) == ["ann@x", "twice@x"]


def test_an_attribute_whose_values_cannot_be_compared_is_written_as_a_whole(
    ldap_tree: LdapTree, target: Connector
) -> None:
    dn = ldap_tree.add_person("ann", jpegPhoto=[b"\xff\xd8one", b"\xff\xd8two"])
    change = Sent(
        dn=dn,
        values={"title": "new"},
        added={"jpegPhoto": [b"\xff\xd8three"]},
        removed={"jpegPhoto": [b"\xff\xd8one"]},
        complete={"jpegPhoto": [b"\xff\xd8two", b"\xff\xd8three"]},
    )
    assert _codes(export(target, UPDATE, PERSON, change)) == [None]
    [row] = read(target).objects.values()
    assert (row["title"], sorted(row["jpegPhoto"])) == ("new", [b"\xff\xd8three", b"\xff\xd8two"])


def test_a_rename_a_move_and_new_values_are_one_entry_that_keeps_its_identity(
    ldap_tree: LdapTree, target: Connector
) -> None:
    dn, unit = ldap_tree.add_person("ann"), _unit(ldap_tree, "u")
    anchor, new_dn = _anchor(target, dn), f"uid=anna,{unit}"
    change = Sent(dn=dn, anchor=anchor, new_dn=new_dn, values={"title": "new", "uid": "anna"})
    assert _codes(export(target, UPDATE, PERSON, change)) == [None]
    assert read(target).objects[new_dn]["anchor"] == anchor
    assert read(target).objects[new_dn]["title"] == "new"


def test_a_rename_whose_answer_got_lost_is_not_repeated(ldap_tree: LdapTree, target: Connector) -> None:
    dn = ldap_tree.add_person("ann")
    new_dn = f"uid=anna,{ldap_tree.base_dn}"
    change = Sent(dn=dn, anchor=_anchor(target, dn), new_dn=new_dn, values={"title": "new"})
    ldap_tree.rename(dn, "uid=anna")
    assert _codes(export(target, UPDATE, PERSON, change)) == [None]
    assert read(target).objects[new_dn]["title"] == "new"


def test_a_name_may_change_its_case_only(ldap_tree: LdapTree, target: Connector) -> None:
    dn, new_dn = ldap_tree.add_person("ann"), f"uid=Ann,{ldap_tree.base_dn}"
    assert _codes(export(target, UPDATE, PERSON, Sent(dn=dn, anchor=_anchor(target, dn), new_dn=new_dn))) == [None]
    assert list(read(target).objects) == [new_dn]


def test_a_name_is_taken_when_another_entry_of_the_batch_has_left_it(ldap_tree: LdapTree, target: Connector) -> None:
    add_people(ldap_tree, (f"p{i}" for i in range(9)))
    names = [f"uid=p{i},{ldap_tree.base_dn}" for i in range(10)]
    shifted = [Sent(dn=names[i], anchor=_anchor(target, names[i]), new_dn=names[i + 1]) for i in range(9)]
    assert _codes(export(target, UPDATE, PERSON, *shifted)) == [None] * 9
    assert [entry["sn"][0].decode() for _, entry in sorted(ldap_tree.entries().items())] == [f"p{i}" for i in range(9)]


def test_a_container_and_what_is_in_it_may_get_new_names_together(ldap_tree: LdapTree, units: Connector) -> None:
    outer = _unit(ldap_tree, "a")
    inner = f"ou=inner,{outer}"
    ldap_tree.add(inner, objectClass=["organizationalUnit"], ou=["inner"])
    changes = [
        Sent(dn=dn, anchor=_anchor(units, dn), new_dn=dn.replace("ou=a,", "ou=b,"), values={"description": "moved"})
        for dn in (inner, outer)
    ]
    assert _codes(export(units, UPDATE, UNIT, *changes)) == [None, None]
    assert {entry["description"][0] for entry in ldap_tree.entries().values()} == {b"moved"}


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_large_group_is_added_in_parts_and_changed_by_single_members(ldap_tree: LdapTree, target: Connector) -> None:
    members = [f"uid=m{i},{ldap_tree.base_dn}" for i in range(10_000)]
    dn = f"cn=g,{ldap_tree.base_dn}"
    [added] = export(target, ADD, GROUP, Sent(dn=dn, added={"member": members}))
    assert added["code"] is None
    newcomer = f"uid=new,{ldap_tree.base_dn}"
    change = Sent(dn=dn, anchor=added["anchor"], added={"member": [newcomer]}, removed={"member": [members[5]]})
    assert _codes(export(target, UPDATE, GROUP, change)) == [None]
    [row] = read(target).objects.values()
    assert set(row["member"]) == {*members, newcomer} - {members[5]}


def test_all_members_of_a_large_group_can_be_exchanged(ldap_tree: LdapTree) -> None:
    target = connector(ldap_tree, GROUP, member_chunk=50)
    old, new = ([f"uid={name}{i},{ldap_tree.base_dn}" for i in range(120)] for name in ("old", "new"))
    dn = _group(ldap_tree, old)
    assert _codes(export(target, UPDATE, GROUP, Sent(dn=dn, added={"member": new}, removed={"member": old}))) == [None]
    assert set(read(target).objects[dn]["member"]) == set(new)


def test_a_member_that_is_refused_keeps_nobody_else_out(ldap_tree: LdapTree, target: Connector) -> None:
    dn = _group(ldap_tree, [ldap_tree.base_dn])
    members = [f"uid=m{i},{ldap_tree.base_dn}" for i in range(30)]
    [result] = export(target, UPDATE, GROUP, Sent(dn=dn, added={"member": [*members, "no name", *members[:0]]}))
    assert (result["code"], result["attribute"]) == ("dn-attributes-failure", "member")
    assert set(read(target).objects[dn]["member"]) == {ldap_tree.base_dn, *members}


def test_the_last_member_cannot_be_removed(ldap_tree: LdapTree, target: Connector) -> None:
    dn = _group(ldap_tree, [ldap_tree.base_dn])
    [result] = export(target, UPDATE, GROUP, Sent(dn=dn, removed={"member": [ldap_tree.base_dn]}))
    assert (result["code"], result["cd_error"][:24]) == ("schema-violation", "65 objectClassViolation:")


def test_a_placeholder_stands_in_a_group_without_members_and_nobody_sees_it(ldap_tree: LdapTree) -> None:
    nobody = "cn=nobody,dc=example,dc=org"
    target = connector(ldap_tree, GROUP, placeholder_member=nobody)
    empty, emptied = f"cn=e,{ldap_tree.base_dn}", _group(ldap_tree, [ldap_tree.base_dn])
    assert _codes(export(target, ADD, GROUP, Sent(dn=empty))) == [None]
    removal = Sent(dn=emptied, values={"description": "empty"}, removed={"member": [ldap_tree.base_dn]})
    assert _codes(export(target, UPDATE, GROUP, removal)) == [None]
    assert {dn: entry["member"] for dn, entry in ldap_tree.entries().items()} == {
        dn: [nobody.encode()] for dn in (empty, emptied)
    }
    assert read(target).only("member", "description") == [(None, None), (None, "empty")]


def test_a_group_swaps_its_only_member(ldap_tree: LdapTree, target: Connector) -> None:
    dn = _group(ldap_tree, [ldap_tree.base_dn])
    swap = Sent(dn=dn, added={"member": ["cn=other"]}, removed={"member": [ldap_tree.base_dn]})
    assert _codes(export(target, UPDATE, GROUP, swap)) == [None]
    assert read(target).only("member") == [(["cn=other"],)]


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "entry", "code", "literal"),
    [
        pytest.param(ADD, person("uid=ann,BASE"), "cd-existing-object", "68 entryAlreadyExists", id="existing"),
        pytest.param(ADD, person("uid=x,ou=none,BASE"), "non-existent-parent", "32 noSuchObject", id="no parent"),
        pytest.param(ADD, Sent(dn="uid=x,BASE"), "schema-violation", "65 objectClassViolation", id="sn missing"),
        pytest.param(
            ADD, person("uid=x,BASE", title=""), "syntax-violation", "21 invalidAttributeSyntax", id="empty text"
        ),
        pytest.param(
            ADD, person("uid=x,BASE", uid="y"), "modify-naming-attribute", None, id="a name that contradicts a value"
        ),
        pytest.param(ADD, person("nothing"), "invalid-dn", None, id="a new name that is none"),
        pytest.param(ADD, person("uid=x\0,BASE"), "invalid-dn", None, id="a new name with NUL"),
        pytest.param(
            UPDATE,
            Sent(dn="uid=x,BASE", values={"title": "t"}),
            "cd-missing-object",
            "32 noSuchObject",
            id="updating nothing",
        ),
        pytest.param(
            UPDATE,
            Sent(dn="uid=ann,BASE", values={"sn": None}),
            "schema-violation",
            "65 objectClassViolation",
            id="clearing what must be there",
        ),
        pytest.param(
            UPDATE,
            Sent(dn="uid=ann,BASE", values={"uid": "y"}),
            "modify-naming-attribute",
            "64 namingViolation",
            id="changing what names it",
        ),
        pytest.param(
            UPDATE,
            Sent(dn="uid=ann,BASE", new_dn="uid=bob,BASE"),
            "rename-to-existing-dn",
            "68 entryAlreadyExists",
            id="a name in use",
        ),
        pytest.param(
            UPDATE,
            Sent(dn="uid=ann,BASE", new_dn="uid=ann,ou=none,BASE"),
            "non-existent-parent",
            "32 noSuchObject",
            id="moving to nowhere",
        ),
        pytest.param(
            UPDATE,
            Sent(dn="uid=x,BASE", anchor="-", new_dn="uid=y,BASE"),
            "cd-missing-object",
            "32 noSuchObject",
            id="renaming nothing",
        ),
        pytest.param(
            UPDATE,
            Sent(dn="uid=x,BASE", anchor="-", new_dn="uid=bob,BASE"),
            "cd-missing-object",
            "32 noSuchObject",
            id="renaming nothing to another entry",
        ),
        pytest.param(UPDATE, Sent(dn="uid=ann,BASE", new_dn="none"), "invalid-dn", None, id="no name at all"),
        pytest.param(DELETE, Sent(dn="uid=x,BASE"), None, None, id="deleting nothing"),
        pytest.param(DELETE, Sent(dn="BASE"), "cd-error", "66 notAllowedOnNonLeaf", id="deleting what is not empty"),
    ],
)
def test_a_refusal_has_the_code_of_the_table_and_the_servers_own_words(
    ldap_tree: LdapTree,
    target: Connector,
    operation: ExportOperation,
    entry: Sent,
    code: str | None,
    literal: str | None,
) -> None:
    add_people(ldap_tree, ["ann", "bob"])
    base = ldap_tree.base_dn
    new_dn = entry.new_dn.replace("BASE", base) if entry.new_dn else None
    placed = replace(entry, dn=entry.dn.replace("BASE", base), new_dn=new_dn)
    neighbour = {ADD: person(f"uid=eve,{base}"), UPDATE: Sent(dn=f"uid=bob,{base}", values={"title": "t"})}
    [result, *others] = export(
        target, operation, PERSON, placed, *([neighbour[operation]] if operation in neighbour else [])
    )
    assert result["code"] == code
    assert (result["cd_error"] or "").startswith(f"{literal}: " if literal else "")
    assert _codes(others) in ([], [None])


def test_an_account_that_may_not_write_is_told_so(ldap_tree: LdapTree) -> None:
    server = ldap_tree.server
    target = connector(ldap_tree, PERSON, bind_dn=server.reader_dn, password=Secret(server.reader_password))
    dn = ldap_tree.add_person("ann")
    results = [
        *export(target, ADD, PERSON, person(f"uid=x,{ldap_tree.base_dn}")),
        *export(target, UPDATE, PERSON, Sent(dn=dn, values={"title": "t"})),
        *export(target, UPDATE, PERSON, Sent(dn=dn, new_dn=f"uid=y,{ldap_tree.base_dn}")),
        *export(target, DELETE, PERSON, Sent(dn=dn)),
    ]
    assert _codes(results) == ["permission-issue"] * 4


def test_an_object_class_that_the_server_does_not_have_is_a_schema_violation(ldap_tree: LdapTree) -> None:
    target = connector(ldap_tree, PERSON, object_types={"person": {"classes": ["person", "inetOrgPersson"]}})
    assert _codes(export(target, ADD, PERSON, person(f"uid=x,{ldap_tree.base_dn}"))) == ["syntax-violation"]


def test_names_are_made_of_the_prescribed_attribute(ldap_tree: LdapTree) -> None:
    classes = ["top", "person", "organizationalPerson", "inetOrgPerson"]
    target = connector(ldap_tree, PERSON, object_types={"person": {"classes": classes, "rdn": "UID"}})
    right, wrong = person(f"uid=x,{ldap_tree.base_dn}"), person(f"cn=x,{ldap_tree.base_dn}")
    assert _codes(export(target, ADD, PERSON, right, wrong)) == [None, "invalid-dn"]
    renamed = Sent(dn=right.dn, new_dn=wrong.dn)
    assert _codes(export(target, UPDATE, PERSON, renamed)) == ["invalid-dn"]


# --- passwords -------------------------------------------------------------------------------------------------------


def test_a_password_is_not_sent_over_an_open_connection(ldap_tree: LdapTree) -> None:
    dn = ldap_tree.add_person("ann")
    open_target = connector(ldap_tree, PERSON, require_secure_passwords=True)
    change = Sent(dn=dn, values={"userPassword": "secret of Ann"})
    assert _codes(export(open_target, UPDATE, PERSON, change)) == ["encryption-not-enabled"]
    assert "userPassword" not in ldap_tree.entries()[dn]
    server = ldap_tree.server
    tls = {"url": server.tls_url, "ca_file": str(server.certificate_authority), "require_secure_passwords": True}
    assert _codes(export(connector(ldap_tree, PERSON, **tls), UPDATE, PERSON, change)) == [None]
    with server.connect(dn, "secret of Ann"):
        pass


def test_a_password_that_the_policy_refuses_is_told_as_such_and_does_not_show() -> None:
    with Slapd(overlays=[Overlay.PPOLICY]) as server:
        tree = LdapTree(server=server, base_dn=server.suffix)
        tree.add(f"ou=policies,{server.suffix}", objectClass=["organizationalUnit"], ou=["policies"])
        policy = {"pwdAttribute": ["userPassword"], "pwdCheckQuality": ["2"], "pwdMinLength": ["20"]}
        tree.add(
            f"cn=default,ou=policies,{server.suffix}", objectClass=["device", "pwdPolicy"], cn=["default"], **policy
        )
        dn = tree.add_person("ann")
        account = {"bind_dn": server.reader_dn, "password": Secret(server.reader_password)}
        with access(server, f'to * by dn.exact="{server.reader_dn}" write by * auth'):
            change = Sent(dn=dn, values={"userPassword": "of Ann"})
            [result] = export(connector(tree, PERSON, **account), UPDATE, PERSON, change)
    assert result["code"] == "password-policy-violation"
    assert "of Ann" not in str(result)
