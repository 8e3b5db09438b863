"""Full imports from a real server: completeness, types, values, and never a shorter list."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import ldap
import pytest
from tests.integration.ldap_directory import (
    GROUP,
    PERSON,
    THING,
    UNIT,
    access,
    add_people,
    connector,
    define_things,
    read,
)
from tests.servers.slapd import LdapTree, Slapd
from tests.servers.slapd_configuration import Overlay

from unisono.model.errors import StepStop
from unisono.model.runs import Status
from unisono.model.schema import Attribute, AttributeType, ObjectType
from unisono.model.secrets import Secret


def _reader(tree: LdapTree) -> dict[str, object]:
    return {"bind_dn": tree.server.reader_dn, "password": Secret(tree.server.reader_password)}


# --- completeness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ldap_page", "batch", "batches"),
    [
        pytest.param(4, 0, [10], id="several pages make one batch"),
        pytest.param(100, 4, [4, 4, 2], id="one page makes several batches"),
        pytest.param(5, 5, [5, 5], id="pages as large as batches"),
        pytest.param(1, 1, [1] * 10, id="pages of one"),
    ],
)
def test_batches_are_as_large_as_asked_whatever_the_pages_are(
    ldap_tree: LdapTree, ldap_page: int, batch: int, batches: list[int]
) -> None:
    add_people(ldap_tree, (f"p{i}" for i in range(10)))
    imported = read(connector(ldap_tree, PERSON, page_objects=ldap_page), page_objects=batch)
    assert imported.batches == batches
    assert len(imported.objects) == 10


def test_several_bases_are_read_one_after_another(ldap_tree: LdapTree) -> None:
    bases = [f"ou=a,{ldap_tree.base_dn}", f"ou=b,{ldap_tree.base_dn}"]
    for base in bases:
        ldap_tree.add(base, objectClass=["organizationalUnit"], ou=[base[3]])
        ldap_tree.add(f"uid=ann,{base}", objectClass=["inetOrgPerson"], uid=["ann"], cn=["Ann"], sn=["A"])
    ldap_tree.add_person("outside")
    assert sorted(read(connector(ldap_tree, PERSON, base=None, bases=bases)).objects) == [
        f"uid=ann,{base}" for base in bases
    ]


def test_a_server_that_limits_the_size_is_an_error_and_not_a_shorter_list(ldap_tree: LdapTree) -> None:
    """slapd's size limit for ordinary accounts counts over all pages."""
    add_people(ldap_tree, (f"p{i}" for i in range(5000)))
    ordinary = ldap_tree.add_person("ordinary", userPassword=["of an ordinary account"])
    account = {"bind_dn": ordinary, "password": Secret("of an ordinary account")}
    with pytest.raises(StepStop, match="sizeLimitExceeded") as stop:
        read(connector(ldap_tree, PERSON, page_objects=100, **account))
    assert (stop.value.status, stop.value.connection) == (Status.STOPPED_IMPORT_READ, "failed-search")
    assert "size limit" in stop.value.hint
    assert len(read(connector(ldap_tree, PERSON, page_objects=100, **_reader(ldap_tree))).objects) == 5001


# --- object types ----------------------------------------------------------------------------------------------------


def test_an_entry_is_of_the_most_specific_type(ldap_tree: LdapTree) -> None:
    human = ObjectType(name="human", attributes=(Attribute(name="sn"),))
    member = ObjectType(name="staff", attributes=(Attribute(name="sn"),))
    types = {
        "human": {"classes": ["top", "person"]},
        "person": {"classes": ["top", "person", "organizationalPerson", "inetOrgPerson"]},
        "staff": {"classes": ["labeledURIObject", "inetOrgPerson"]},
    }
    for name, classes in {
        "human": ["person"],
        "person": ["top", "person", "organizationalPerson", "inetOrgPerson"],
        "staff": ["inetOrgPerson", "labeledURIObject"],
    }.items():
        ldap_tree.add(f"cn={name},{ldap_tree.base_dn}", objectClass=classes, cn=[name], sn=["x"])
    imported = read(connector(ldap_tree, human, PERSON, member, object_types=types))
    assert {dn.split(",")[0]: name for dn, name in imported.types.items()} == {
        f"cn={name}": name for name in ("human", "person", "staff")
    }


def test_an_entry_that_names_only_its_lowest_class_is_of_a_type_that_names_a_higher_one(ldap_tree: LdapTree) -> None:
    ldap_tree.add_person("ann")  # objectClass: inetOrgPerson, and nothing else
    human = ObjectType(name="human", attributes=(Attribute(name="sn"),))
    imported = read(connector(ldap_tree, human, object_types={"human": {"classes": ["top", "person"]}}))
    assert imported.only("sn") == [("ann",)]


def test_a_type_without_settings_is_an_object_class(ldap_tree: LdapTree) -> None:
    ldap_tree.add_person("ann")
    people = ObjectType(name="inetOrgPerson", attributes=(Attribute(name="sn"),))
    assert read(connector(ldap_tree, people, object_types=None)).only("sn") == [("ann",)]


def test_entries_of_no_type_are_out_of_scope(ldap_tree: LdapTree) -> None:
    dn = ldap_tree.add_person("ann")
    ldap_tree.add(f"ou=x,{ldap_tree.base_dn}", objectClass=["organizationalUnit"], ou=["x"])
    imported = read(connector(ldap_tree, PERSON, GROUP))
    assert (list(imported.objects), imported.errors) == ([dn], [])


def test_an_entry_whose_classes_may_not_be_read_is_an_error_and_not_left_out(ldap_tree: LdapTree) -> None:
    seen, hidden = ldap_tree.add_person("ann"), ldap_tree.add_person("bob")
    with access(ldap_tree.server, f'to dn.exact="{hidden}" attrs=objectClass by * search'):
        imported = read(connector(ldap_tree, PERSON, **_reader(ldap_tree)))
    assert list(imported.objects) == [seen]
    assert [(error["code"], error["dn"]) for error in imported.errors] == [("missing-object-class", hidden)]


def test_an_entry_whose_anchor_may_not_be_read_is_an_error_and_not_left_out(ldap_tree: LdapTree) -> None:
    seen, hidden = ldap_tree.add_person("ann"), ldap_tree.add_person("bob")
    with access(ldap_tree.server, f'to dn.exact="{hidden}" attrs=entryUUID by * none'):
        imported = read(connector(ldap_tree, PERSON, **_reader(ldap_tree)))
    assert list(imported.objects) == [seen]
    assert [(error["code"], error["dn"]) for error in imported.errors] == [("missing-anchor-component", hidden)]


# --- values ----------------------------------------------------------------------------------------------------------


def _thing(tree: LdapTree, name: str, **values: str | bytes | list[str]) -> str:
    define_things(tree.server)
    dn = f"cn={name},{tree.base_dn}"
    given = {attribute: value if isinstance(value, list) else [value] for attribute, value in values.items()}
    classes = ["inetOrgPerson", "testThing"]
    tree.add(dn, objectClass=classes, cn=[name], sn=["x"], employeeNumber=["1"], **given)
    return dn


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("20240229235959Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), id="seconds"),
        pytest.param("20240229235959.5Z", datetime(2024, 2, 29, 23, 59, 59, 500000, tzinfo=UTC), id="a fraction"),
        pytest.param("20240229235959,25Z", datetime(2024, 2, 29, 23, 59, 59, 250000, tzinfo=UTC), id="a comma"),
        pytest.param("202402292359Z", datetime(2024, 2, 29, 23, 59, tzinfo=UTC), id="minutes"),
        pytest.param("2024022923Z", datetime(2024, 2, 29, 23, tzinfo=UTC), id="hours"),
        pytest.param("20240301003000+0130", datetime(2024, 2, 29, 23, 0, tzinfo=UTC), id="east of Greenwich"),
        pytest.param("20240229180000-05", datetime(2024, 2, 29, 23, 0, tzinfo=UTC), id="west of Greenwich"),
    ],
)
def test_a_generalized_time_in_any_form_is_an_instant(ldap_tree: LdapTree, text: str, instant: datetime) -> None:
    _thing(ldap_tree, "one", testInstant=text)
    assert read(connector(ldap_tree, THING)).only("testInstant") == [(instant,)]


def test_values_of_every_type_are_typed(ldap_tree: LdapTree) -> None:
    dn = _thing(
        ldap_tree,
        "one",
        testNote=" kept as it is ",
        testNotes=["b", "a"],
        testNumber="-12",
        testFlag="FALSE",
        testData=b"\x00\xff",
        testFriends=[f"cn=one,{ldap_tree.base_dn}", "cn=elsewhere"],
    )
    [row] = read(connector(ldap_tree, THING)).objects.values()
    assert (row["testNote"], sorted(row["testNotes"])) == (" kept as it is ", ["a", "b"])
    assert (row["testNumber"], row["testFlag"], row["testData"]) == (-12, False, b"\x00\xff")
    assert (row["testFriend"], sorted(row["testFriends"])) == (None, ["cn=elsewhere", dn])


@pytest.mark.parametrize(
    ("attribute", "values", "code"),
    [
        pytest.param(
            Attribute(name="title", type=AttributeType.INTEGER),
            ["twelve"],
            "invalid-numeric-value",
            id="a text for a number",
        ),
        pytest.param(
            Attribute(name="title", type=AttributeType.INTEGER),
            ["9223372036854775808"],
            "invalid-numeric-value",
            id="a number of more than 64 bits",
        ),
        pytest.param(
            Attribute(name="title", type=AttributeType.BOOLEAN), ["yes"], "invalid-boolean-value", id="no boolean"
        ),
        pytest.param(
            Attribute(name="title", type=AttributeType.DATETIME),
            ["20240230000000Z"],
            "invalid-attribute-value",
            id="no day of the calendar",
        ),
        pytest.param(
            Attribute(name="title", type=AttributeType.REFERENCE),
            ["somebody"],
            "reference-value-not-ldap-conformant",
            id="no DN",
        ),
        pytest.param(Attribute(name="jpegPhoto"), [b"\xff\xd8\xff"], "invalid-attribute-value", id="octets for a text"),
        pytest.param(
            Attribute(name="jpegPhoto", multivalued=True),
            ["fine", b"\xff\xd8\xff"],
            "invalid-attribute-value",
            id="octets among texts",
        ),
        pytest.param(Attribute(name="title"), ["one", "two"], "multi-single-mismatch", id="several values for one"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_of_its_object_only(
    ldap_tree: LdapTree, attribute: Attribute, values: list[str | bytes], code: str
) -> None:
    good = ldap_tree.add_person("good")
    bad = ldap_tree.add_person("bad", **{attribute.name: values})
    people = ObjectType(name="person", attributes=(attribute,))
    imported = read(connector(ldap_tree, people))
    assert list(imported.objects) == [good]
    [error] = imported.errors
    assert (error["code"], error["dn"], error["attribute"]) == (code, bad, attribute.name)
    assert error["anchor"]


def test_an_object_with_several_faults_is_one_error(ldap_tree: LdapTree) -> None:
    ldap_tree.add_person("bad", title=["one", "two"], employeeType=["x"])
    people = ObjectType(
        name="person", attributes=(Attribute(name="title"), Attribute(name="employeeType", type=AttributeType.INTEGER))
    )
    assert len(read(connector(ldap_tree, people)).errors) == 1


def test_attribute_names_differ_by_more_than_case(ldap_tree: LdapTree) -> None:
    ldap_tree.add_person("ann", telephoneNumber=["1"])
    people = ObjectType(name="person", attributes=(Attribute(name="TELEPHONENUMBER", multivalued=True),))
    assert read(connector(ldap_tree, people)).only("TELEPHONENUMBER") == [(["1"],)]


def test_a_certificate_is_found_with_and_without_its_option(ldap_tree: LdapTree) -> None:
    pem = ldap_tree.server.certificate_authority.read_text()
    der = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
    dn = ldap_tree.add_person("ann")
    with ldap_tree.server.connect() as connection:
        connection.modify_s(dn, [(ldap.MOD_ADD, "userCertificate;binary", [der])])
    for name in ("userCertificate", "userCertificate;binary"):
        attribute = Attribute(name=name, type=AttributeType.BINARY, multivalued=True)
        people = ObjectType(name="person", attributes=(attribute,))
        assert read(connector(ldap_tree, people)).only(name) == [([der],)]


def test_a_password_is_never_read(ldap_tree: LdapTree) -> None:
    ldap_tree.add_person("ann", userPassword=["secret of Ann"])
    assert read(connector(ldap_tree, PERSON)).only("userPassword") == [(None,)]


def test_the_placeholder_of_an_empty_group_is_hidden_however_it_is_spelled(ldap_tree: LdapTree) -> None:
    ann = ldap_tree.add_person("ann")
    for name, members in {"a": ["cn=nobody,dc=example,dc=org"], "b": ["CN=Nobody, dc=example, dc=org", ann]}.items():
        ldap_tree.add(f"cn={name},{ldap_tree.base_dn}", objectClass=["groupOfNames"], cn=[name], member=members)
    imported = read(connector(ldap_tree, GROUP, placeholder_member="cn=nobody,dc=example,dc=org"))
    assert imported.only("member") == [(None,), ([ann],)]


# --- names -----------------------------------------------------------------------------------------------------------


def test_the_anchor_is_the_identity_that_the_server_gave(ldap_tree: LdapTree) -> None:
    dn = ldap_tree.add_person("ann")
    with ldap_tree.server.connect() as connection:
        [(_, entry)] = connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["entryUUID"])
    assert read(connector(ldap_tree, PERSON)).only("anchor") == [(entry["entryUUID"][0].decode(),)]


def test_with_the_name_as_anchor_its_spelling_does_not_matter(ldap_tree: LdapTree) -> None:
    classes, name = ["inetOrgPerson"], ["Ann, B"]
    ldap_tree.add(f"uid=Ann\\2C B,{ldap_tree.base_dn}", objectClass=classes, uid=name, cn=name, sn=name)
    [(anchor,)] = read(connector(ldap_tree, PERSON, anchor="dn")).only("anchor")
    assert anchor == f"uid=ann\\, b,{ldap_tree.base_dn}"


def test_units_are_objects_like_others(ldap_tree: LdapTree) -> None:
    ldap_tree.add(f"ou=x,{ldap_tree.base_dn}", objectClass=["organizationalUnit"], ou=["x"])
    assert sorted(read(connector(ldap_tree, UNIT)).objects) == sorted([ldap_tree.base_dn, f"ou=x,{ldap_tree.base_dn}"])


# --- watermark -------------------------------------------------------------------------------------------------------


def test_without_a_log_of_changes_a_full_import_succeeds_and_has_no_watermark() -> None:
    with Slapd(overlays=[Overlay.SYNCPROV]) as server:
        tree = server.new_tree()
        dn = tree.add_person("ann")
        imported = read(connector(tree, PERSON, delta="accesslog"))
    assert (list(imported.objects), imported.watermark) == ([dn], None)


def test_a_log_that_may_not_be_read_gives_no_watermark(ldap_tree: LdapTree) -> None:
    ordinary = ldap_tree.add_person("ordinary", userPassword=["secret"])
    account = {"bind_dn": ordinary, "password": Secret("secret")}
    assert read(connector(ldap_tree, PERSON, delta="accesslog", **account)).watermark is None


def test_without_deltas_there_is_no_watermark(ldap_tree: LdapTree) -> None:
    assert read(connector(ldap_tree, PERSON)).watermark is None
